"""Parts of templates, for plain code."""

from __future__ import annotations

import functools
from typing import Any

from quart import current_app

from .threads import result_of


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
