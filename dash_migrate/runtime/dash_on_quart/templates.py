"""Parts of templates, for plain code."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from quart import before_render_template, current_app, has_request_context, template_rendered

from .streams import stream_with_context
from .threads import at_once, result_of


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """A macro of a template, or a variable that it sets."""
    template = current_app.jinja_env.get_template(template_name)
    found = getattr(result_of(template.make_module_async()), attribute)
    if not callable(found):
        return found

    @functools.wraps(found)
    def called(*args: Any, **kwargs: Any) -> Any:
        return result_of(found(*args, **kwargs))

    return called


def stream_template(template_name: Any, **context: Any) -> Iterator[str]:
    """A template, rendered in pieces while the answer is sent."""
    return _stream(current_app.jinja_env.get_or_select_template(template_name), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """A template given as text, rendered in pieces while the answer is sent."""
    return _stream(current_app.jinja_env.from_string(source), context)


def _stream(template: Any, context: dict[str, Any]) -> Iterator[str]:
    app: Any = current_app
    told = {"_sync_wrapper": app.ensure_async, "template": template, "context": context}
    result_of(app.update_template_context(context))
    result_of(before_render_template.send_async(app, **told))

    def pieces() -> Iterator[str]:
        rendered: AsyncIterator[str] = template.generate_async(context)
        while True:
            try:
                piece = at_once(anext(rendered))
            except StopAsyncIteration:
                break
            yield piece
        result_of(template_rendered.send_async(app, **told))

    return stream_with_context(pieces()) if has_request_context() else pieces()
