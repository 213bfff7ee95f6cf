"""What the apps here take of Flask, on the side that is Flask."""

from dash import Dash
from flask import (  # noqa: F401
    Blueprint,
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template_string,
    request,
    session,
    url_for,
)


def dash_on(server, **options):
    return Dash(__name__, server=server, **options)


def page(server, path, *decorators):
    """Register a view that returns a string."""

    def register(view):
        name = view.__name__
        for decorator in reversed(decorators):
            view = decorator(view)
        return server.get(path, endpoint=name)(view)

    return register
