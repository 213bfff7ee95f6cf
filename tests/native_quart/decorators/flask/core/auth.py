"""Tokens, roles and limits."""
import functools
import hmac
import inspect
import logging
from contextlib import contextmanager

import flask
from flask import current_app as app, g, request as req
from werkzeug.exceptions import Forbidden, Unauthorized

logger = logging.getLogger("core.auth")


def ensure(func):
    """As Flask's documentation has it."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        if not req.headers.get("X-Token"):
            raise Unauthorized("no token")
        return app.ensure_sync(func)(*args, **kwargs)

    return wrapper


def needs(permission):
    def outer(func):
        @functools.wraps(func)
        def inner(*args, **kwargs):
            token = req.headers.get("X-Token", "")
            if permission not in token.split("+"):
                raise Forbidden(f"{permission} needed")
            return app.ensure_sync(func)(*args, **kwargs)

        inner.permission = permission
        return inner

    return outer


def cached(seconds=60, key=lambda: req.full_path):
    store = {}

    def deco(f):
        @functools.wraps(f)
        def run(*a, **k):
            name = key()
            if name not in store:
                rv = app.make_response(f(*a, **k))
                store[name] = (rv.get_data(), rv.status_code, dict(rv.headers))
                hit = "miss"
            else:
                hit = "hit"
            body, status, headers = store[name]
            answer = flask.make_response(body, status, headers)
            answer.headers["X-Cache"] = hit
            return answer

        return run

    return deco


def with_json(f):
    """Gives the body as the first argument, whatever it is."""

    @functools.wraps(f)
    def inner(self=None, *args, **kwargs):
        payload = req.get_json(silent=True)
        if payload is None:
            payload = req.form.to_dict() or None
        if self is not None:
            return f(self, payload, *args, **kwargs)
        return f(payload, *args, **kwargs)

    return inner


class audited:
    """A decorator that is a class around the view."""

    def __init__(self, view):
        functools.update_wrapper(self, view)
        self.view = view
        self.calls = 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        result = self.view(*args, **kwargs)
        logger.info("%s called %s times", self.__name__, self.calls)
        return result


def arguments(view):
    """Passes query arguments by the names of the view's parameters."""
    names = [p for p in inspect.signature(view).parameters]

    @functools.wraps(view)
    def inner(**kwargs):
        for name in names:
            if name not in kwargs and name in req.args:
                kwargs[name] = req.args[name]
        return view(**kwargs)

    return inner


@contextmanager
def transaction():
    log = []
    try:
        yield log
    finally:
        g.log = log


def catch(*kinds, status=400):
    def deco(f):
        @functools.wraps(f)
        def inner(*args, **kwargs):
            with transaction() as log:
                try:
                    log.append("start")
                    return f(*args, **kwargs)
                except kinds as e:
                    log.append("failed")
                    return {"error": type(e).__name__, "log": log}, status

        return inner

    return deco


def same(secret):
    return hmac.compare_digest(secret, app.config["SECRET_KEY"])
