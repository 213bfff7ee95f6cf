"""Lets code that was written for Flask add routes and hooks to any Dash app, whatever backend it runs on.

Put here by dash-migrate; yours to keep, read and change. It needs nothing but Flask, which Dash brings.

    server = flask_of(app)          # a Flask app, on every backend

On Dash's Flask backend that is the server itself. On FastAPI and Quart it is a Flask app of its own in front of the
server: its hooks run around every request, in a worker thread; its routes answer first; everything else goes on to the
server. Websockets are asked of its ``before_request`` hooks when they open.
"""

from .guest import flask_of

__all__ = ["flask_of"]
