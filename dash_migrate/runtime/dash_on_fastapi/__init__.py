"""Dash on FastAPI, answering as Dash on Flask does.

Put here by dash-migrate; yours to keep, read and change. It needs nothing but Dash and its FastAPI extra.

    app = Dash(__name__, backend=FastAPIBackend)
    server = app.server                              # FastAPI: uvicorn app:server

What differs from ``backend="fastapi"``: callbacks and layouts that are plain functions run in threads instead of
blocking the event loop; HEAD, OPTIONS, slash redirects, 404 and 405 answer as on Flask, and only paths under the
app's prefix are Dash's; errors give the same pages and are logged; the first request of a worker may be any page;
``app.run()`` runs the app in place, whatever the script looks like.
"""

from .backend import FastAPIBackend

__all__ = ["FastAPIBackend"]
