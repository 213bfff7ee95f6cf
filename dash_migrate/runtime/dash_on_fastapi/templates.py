"""Jinja templates with the names Flask gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, FileSystemLoader

from .current import current_request, notify
from .json_text import dumps
from .requests import FlaskRequest
from .urls import url_for


def environment(server: Any) -> Environment:
    """The Jinja environment of a server: its folder, Flask's escaping rules and globals."""
    from .flask_like import get_flashed_messages

    loader = FileSystemLoader(())
    loader.searchpath = server.template_folders  # the list itself: routers add theirs later
    env = Environment(
        **{
            "loader": loader,
            "autoescape": _escapes,
            "auto_reload": server.config.get("TEMPLATES_AUTO_RELOAD"),
            **server.jinja_options,
        }
    )
    env.globals.update(url_for=url_for, get_flashed_messages=get_flashed_messages, config=server.config)
    env.policies["json.dumps_function"] = dumps
    return env


def _escapes(name: str | None) -> bool:
    return name is None or name.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))


def render_template(template_name_or_list: Any, **context: Any) -> str:
    """``flask.render_template``."""
    env = current_request().app.jinja_env
    return _rendered(env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """``flask.render_template_string``."""
    env = current_request().app.jinja_env
    return _rendered(env.from_string(source), context)


def _rendered(template: Any, given: dict[str, Any]) -> str:
    server, context = current_request().app, _context(given)
    notify("before_render_template", server, template=template, context=context)
    text = str(template.render(context))
    notify("template_rendered", server, template=template, context=context)
    return text


def stream_template(template_name_or_list: Any, **context: Any) -> Iterator[str]:
    """``flask.stream_template``: a page that is rendered while it is sent."""
    env = current_request().app.jinja_env
    return env.get_or_select_template(template_name_or_list).generate(_context(context))  # type: ignore[no-any-return]


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """``flask.stream_template_string``."""
    env = current_request().app.jinja_env
    return env.from_string(source).generate(_context(context))  # type: ignore[no-any-return]


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """``flask.get_template_attribute``: a macro or a variable of a template."""
    from .flask_like import current_server

    return getattr(current_server().jinja_env.get_template(template_name).module, attribute)


def _context(given: dict[str, Any]) -> dict[str, Any]:
    request = current_request()
    context: dict[str, Any] = {
        "request": FlaskRequest(request),
        "session": request.session,
        "g": request.state,
    }
    for processor in request.app.context_processors:
        context.update(processor())
    context.update(given)
    return context
