"""Short words for answers, so that observed cells stay comparable from one run to the next."""

from __future__ import annotations

import json
from typing import Any

from dash_migrate.verify.client import Answer

CALLBACK = """
app.layout = html.Div([dcc.Input(id="i", value=1), html.Div(id="o"), html.Div(id="p")])
server = app.server
"""
"""A layout with an input ``i``, outputs ``o`` and ``p``, and the name of the server."""


def status(answer: Answer) -> str:
    """``200``, ``302 to /login``, ``no answer``."""
    if not answer.status:
        return "no answer" if "timed out" in answer.error.lower() else "connection broken"
    location = answer.get("location")
    return f"{answer.status} to {location}" if location else str(answer.status)


def text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")


def is_index(answer: Answer) -> bool:
    """Whether the answer is Dash's page."""
    return answer.status == 200 and b"_dash-config" in answer.body


def kind(answer: Answer) -> str:
    """``200 Dash index``, or status, media type and the start of the body."""
    if is_index(answer):
        return "200 Dash index"
    media = answer.get("content-type").partition(";")[0]
    short = " ".join(text(answer).split())[:40]
    if not answer.status or answer.status >= 300 or media == "text/html":
        return status(answer)
    return f"{status(answer)} {media} {short}".strip()


def value(answer: Answer, output: str = "o", prop: str = "children") -> Any:
    """What a callback set (None: nothing, or no answer that Dash's renderer would take)."""
    try:
        return json.loads(answer.body)["response"][output][prop]
    except (ValueError, KeyError, TypeError):
        return None


def error(answer: Answer) -> str:
    """The message of a server error, if it says one."""
    body = text(answer)
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if isinstance(found, dict):
        body = str(found.get("message") or found.get("detail") or found.get("error") or found)
    return "" if "<" in body else " ".join(body.split())[:80]
