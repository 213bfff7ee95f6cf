"""Dash on Quart, answering as Dash on Flask does.

Put here by dash-migrate; yours to keep, read and change. It needs nothing but Dash and its Quart extra.

    app = Dash(__name__, backend=QuartBackend)
    server = app.server                              # Quart: hypercorn app:server, or uvicorn

What differs from ``backend="quart"``: each request has a thread of its own, as on Flask, so callbacks, layouts, hooks
and views may block, whether they are plain functions or coroutine functions; websockets pass the hooks that gate
callbacks; the limits, error answers, cookies, files and cache headers are those of Flask; ``app.run()`` runs the app
in place, whatever the script looks like.
"""

from .backend import QuartBackend

__all__ = ["QuartBackend"]
