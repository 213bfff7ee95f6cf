"""Files sent as Flask sends them: entity tags, conditional and range requests, ``Cache-Control: no-cache``."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from quart import Response, current_app, request
from werkzeug import utils

from .answers import from_werkzeug


def send_file(
    path_or_file: Any,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | float | None = None,
    max_age: Any = None,
) -> Response:
    """The content of a file as an answer.

    Args:
        path_or_file: a path, relative to the app's folder; or an open binary file.
        max_age: seconds that clients may cache it, or a function of the path; default: the app's setting.
    """
    answer = utils.send_file(
        path_or_file,
        _environ(),
        mimetype=mimetype,
        as_attachment=as_attachment,
        download_name=download_name,
        conditional=conditional,
        etag=etag,
        last_modified=last_modified,
        max_age=current_app.get_send_file_max_age if max_age is None else max_age,
        use_x_sendfile=current_app.config.get("USE_X_SENDFILE", False),
        _root_path=current_app.root_path,
    )
    return from_werkzeug(answer)


def send_from_directory(directory: str | os.PathLike[str], path: str | os.PathLike[str], **options: Any) -> Response:
    """A file of a folder; options are those of ``send_file``.

    Raises:
        NotFound: there is no such file, or it is outside the folder.
    """
    if options.get("max_age") is None:
        options["max_age"] = current_app.get_send_file_max_age
    answer = utils.send_from_directory(
        directory,
        path,
        _environ(),
        use_x_sendfile=current_app.config.get("USE_X_SENDFILE", False),
        _root_path=current_app.root_path,
        **options,
    )
    return from_werkzeug(answer)


def _environ() -> dict[str, Any]:
    """What werkzeug asks of a request before it sends a file."""
    headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in request.headers.items()}
    return {"REQUEST_METHOD": request.method, **headers}
