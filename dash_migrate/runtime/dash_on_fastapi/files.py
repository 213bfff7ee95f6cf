"""Files as Flask sends them: same headers, conditional and partial answers, 404 outside the folder."""

from __future__ import annotations

import mimetypes
import pkgutil
import sys
from datetime import timedelta
from typing import Any

from dash import _validate
from dash.fingerprint import check_fingerprint
from starlette.requests import Request
from starlette.responses import Response
from werkzeug.utils import send_file as werkzeug_send_file
from werkzeug.utils import send_from_directory as werkzeug_send_from_directory
from werkzeug.wrappers import Response as WerkzeugResponse

from .answers import from_werkzeug
from .plain_request import wsgi_environ


def send_file(request: Request, path_or_file: Any, *positional: Any, **options: Any) -> Response:
    """``flask.send_file``: the same options, for a path or a file object."""
    if options.get("max_age") is None and len(positional) < 7:  # it is the seventh
        options["max_age"] = _max_age(request)
    made = werkzeug_send_file(path_or_file, wsgi_environ(request), *positional, **options)
    return from_werkzeug(made, request)


def send_from_directory(request: Request, directory: Any, path: Any, **options: Any) -> Response:
    """``flask.send_from_directory``: a file in a folder.

    Raises:
        NotFound: no such file in the folder; for the app's error handlers.
    """
    if options.get("max_age") is None:
        options["max_age"] = _max_age(request)
    made = werkzeug_send_from_directory(directory, path, wsgi_environ(request), **options)
    return from_werkzeug(made, request)


def _max_age(request: Request) -> Any:
    """For how long a file may be kept, as the app's ``SEND_FILE_MAX_AGE_DEFAULT`` says, in seconds."""
    value = getattr(request.app, "config", {}).get("SEND_FILE_MAX_AGE_DEFAULT")
    return int(value.total_seconds()) if isinstance(value, timedelta) else value


def component(dash_app: Any, package_name: str, fingerprinted_path: str, request: Request) -> Response:
    """A file of a component package, cached by its fingerprint or its content."""
    path, has_fingerprint = check_fingerprint(fingerprinted_path)
    _validate.validate_js_path(dash_app.registered_paths, package_name, path)
    mimetype = mimetypes.types_map.get("." + path.split(".")[-1], "application/octet-stream")
    made = WerkzeugResponse(pkgutil.get_data(sys.modules[package_name].__name__, path), mimetype=mimetype)
    if has_fingerprint:
        made.cache_control.max_age = 31536000  # 1 year
    else:
        made.add_etag()
        if request.headers.get("if-none-match") == f'"{made.get_etag()[0]}"':
            made = WerkzeugResponse(None, status=304)
    return from_werkzeug(made)
