"""What the apps here take of Flask, on the side that must do without: Flask cannot even be imported."""

# ruff: noqa: E402, F401, F811, I001
import sys

sys.modules["flask"] = None

from dash import Dash
from dash_on_fastapi.answers import HTMLResponse, JSONResponse, abort, make_response, respond
from dash_on_fastapi.context import current_app, redirect, request, session
from dash_on_fastapi.current import current_request, vars_of
from dash_on_fastapi.current import has_request as has_request_context
from dash_on_fastapi.flask_like import FlaskLikeBackend
from dash_on_fastapi.flask_like import FlaskLikeServer as Flask
from dash_on_fastapi.flask_like import after_this_request, flash, get_flashed_messages
from dash_on_fastapi.flask_routes import Router as Blueprint
from dash_on_fastapi.templates import render_template_string
from dash_on_fastapi.urls import url_for
from starlette.requests import Request


class _G:
    def __getattr__(self, name):
        return getattr(current_request().state, name)

    def __setattr__(self, name, value):
        setattr(current_request().state, name, value)

    def get(self, name, default=None):
        return vars_of(current_request()).get(name, default)


g = _G()


def Response(response=None, status=200, headers=None, mimetype="text/html", content_type=None):
    return respond(response, status, headers, mimetype, content_type)


def jsonify(*args, **kwargs):
    return JSONResponse(kwargs or (args[0] if len(args) == 1 else list(args)))


def dash_on(server, **options):
    return Dash(__name__, backend=FlaskLikeBackend.on(server), **options)


def page(server, path, *decorators):
    """Register a view that returns a string, as FastAPI's own path operation."""

    def register(view):
        def operation(request: Request):
            return view()

        operation.__name__ = view.__name__
        for decorator in reversed(decorators):
            operation = decorator(operation)
        return server.get(path, response_class=HTMLResponse, name=view.__name__)(operation)

    return register
