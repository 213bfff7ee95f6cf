"""What the bytes of a file say about Dash and its server: packages it imports, words it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dash_migrate.files.imports import Import

#: What a file that imports Dash says if it has to do with the server: one of these, or a ``Dash`` that does
#: not merely begin "Dashboard".
COUPLING_WORDS: tuple[bytes, ...] = (
    b"server",
    b"lask",
    b"get_app",
    b"init_app",
    b"backend",
    b"callback_context",
    b"ctx",
    b"hooks",
    b"jupyter_dash",
    b"long_callback",
    b"werkzeug",
    b"uart",
    b"fastapi",
    b"starlette",
    b".run(",
    b"import *",
)

#: What a file says that uses an app or a server it imports or is handed, whatever it calls them; or it says
#: ``app``, and may at least hand it on.
HANDLING_WORDS: tuple[bytes, ...] = (
    b"server",
    b"application",
    b"lask",
    b"Dash",
    b"route",
    b"_request",
    b"errorhandler",
    b"error_handler",
    b"url_rule",
    b"blueprint",
    b".config",
    b"secret_key",
    b"context_processor",
    b"template_",
    b".cli",
    b".logger",
    b".extensions",
    b"wsgi",
    b"test_client",
    b"view_functions",
    b"init_app",
    b".run(",
)

_DASH_NAME = re.compile(rb"Dash(?![a-z])")
_APP_NAME = re.compile(rb"app(?<![A-Za-z]app)(?![a-z])")

#: Top-level packages around Flask and its successors; besides these, any name with "flask" in it counts.
_SERVER_PACKAGES = frozenset(("werkzeug", "quart", "fastapi", "starlette", "connexion"))
_SERVER_PREFIXES = ("quart_", "fastapi_", "starlette_")


def is_dash(one: Import) -> bool:
    """Whether the import is of Dash or of a package around it, such as dash_auth or jupyter_dash."""
    top = one.top
    return "dash" in top and "dash" in top.split("_")


def is_server_package(one: Import) -> bool:
    """Whether the import is of a web framework Dash can run on, or of something made for one."""
    top = one.top
    if not top:
        return False
    return top in _SERVER_PACKAGES or "flask" in one.module or top.startswith(_SERVER_PREFIXES)


def is_coupled(data: bytes, words: Iterable[bytes] = COUPLING_WORDS) -> bool:
    """Whether a file that imports Dash has a word for its server."""
    return any(word in data for word in words) or (b"Dash" in data and _DASH_NAME.search(data) is not None)


def handles_apps(data: bytes, imports_dash: bool, words: Iterable[bytes] = HANDLING_WORDS) -> bool:
    """Whether a file has a word for what is done with an app or a server."""
    if any(word in data for word in words):
        return True
    # In a file that imports Dash, "app" stands for callbacks and layouts.
    return not imports_dash and b"app" in data and _APP_NAME.search(data) is not None
