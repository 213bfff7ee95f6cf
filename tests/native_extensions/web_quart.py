"""What the apps here take of Flask, on Quart: the extensions cannot even be imported."""

# ruff: noqa: E402, F401, I001
import sys

gone = [
    "flask_bcrypt",
    "dash_auth",
    "flask_caching",
    "flask_compress",
    "flask_cors",
    "flask_login",
    "flask_session",
    "flask_sqlalchemy",
]
sys.modules.update(dict.fromkeys(gone))

from dash import Dash
from dash_on_quart.backend import QuartBackend
from dash_on_quart.context import flash, make_response
from dash_on_quart.server import Server as Flask
from dash_on_quart.threads import result_of
from quart import (
    Blueprint,
    Response,
    abort,
    after_this_request,
    current_app,
    g,
    get_flashed_messages,
    has_request_context,
    jsonify,
    redirect,
    session,
    url_for,
)
import quart
from werkzeug.local import LocalProxy


class _Request:
    """Quart's request for plain code."""

    def __getattr__(self, name):
        value = getattr(quart.request, name)
        if name in ("get_json", "get_data"):
            return lambda *args, **kwargs: result_of(value(*args, **kwargs))
        return result_of(value)


request = _Request()


def render_template_string(*args, **kwargs):
    return result_of(quart.render_template_string(*args, **kwargs))


def dash_on(server, **options):
    return Dash(__name__, backend=QuartBackend.on(server), **options)


def page(server, path, *decorators):
    """Register a view that returns a string."""

    def register(view):
        name = view.__name__
        for decorator in reversed(decorators):
            view = decorator(view)
        return server.get(path, endpoint=name)(view)

    return register
