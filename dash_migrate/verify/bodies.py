"""Request bodies as a requests file spells them: json, form, text, base64, multipart, Dash callbacks."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash_migrate.verify.tables import Table

BOUNDARY = "dash-migrate-replay-boundary"
"""Fixed, so that both sides are sent the same bytes."""

Body = tuple["bytes | None", "str | None"]
"""The bytes and their content type; None: no body, no content type of its own."""


def body_of(table: Table) -> Body:
    """Read the body keys of a ``[[request]]``. Raises RequestsFileError if several kinds are given."""
    kinds = [key for key in ("json", "text", "bytes_base64") if key in table]
    if "form" in table or "files" in table:
        kinds.append("form/files")
    if len(kinds) > 1:
        raise table.fail(f"one body only, not {' and '.join(kinds)}")
    json_value, text, encoded = table.take("json"), table.take("text"), table.take("bytes_base64")
    form, files = table.pairs("form"), table.take("files")
    if not kinds:
        return None, None
    if kinds == ["json"]:
        return _json(table, json_value), "application/json"
    if kinds == ["text"]:
        if not isinstance(text, str):
            raise table.fail("key 'text' must be a string")
        return text.encode(), None
    if kinds == ["bytes_base64"]:
        return _decoded(table, "bytes_base64", encoded), None
    if files is None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    return _multipart(table, form, files), f"multipart/form-data; boundary={BOUNDARY}"


def _json(table: Table, value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except TypeError as error:
        raise table.fail(f"key 'json': {error}; write dates as strings") from error


def _decoded(table: Table, key: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise table.fail(f"key {key!r} is not base64: {error}") from error


def _multipart(table: Table, form: Sequence[tuple[str, str]], files: Any) -> bytes:
    if not isinstance(files, list) or not all(isinstance(item, dict) for item in files):
        raise table.fail("key 'files' must be a list of tables {field, filename, content, type}")
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form
    ]
    for number, item in enumerate(files, start=1):
        upload = Table(f"{table.where}: files {number}", item)
        field, filename = upload.text("field"), upload.text("filename")
        kind, encoded = upload.text("type", "application/octet-stream"), upload.take("content_base64")
        content = upload.text("content", "") * upload.whole("times", 1)
        upload.done()
        data = content.encode() if encoded is None else _decoded(upload, "content_base64", encoded)
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{filename}"\r\n'
        parts.append(f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def callback_body(
    output: str | Sequence[str],
    inputs: Mapping[str, Any],
    state: Mapping[str, Any],
    changed: Sequence[str] | None = None,
) -> bytes:
    """The JSON that Dash's renderer posts for one callback.

    ``output`` is ``"id.prop"`` or a list of them; ``inputs`` and ``state`` map ``"id.prop"`` to the value in
    the order of the callback's arguments; ``changed`` defaults to all inputs. An id in JSON
    (``'{"index":1}.n'``) is a pattern-matching id.
    """
    several = not isinstance(output, str)
    names = [output] if isinstance(output, str) else list(output)
    outputs = [_property(name) for name in names if "." in name]
    payload = {
        "output": f"..{'...'.join(names)}.." if several else names[0],
        "outputs": outputs if several else (outputs[0] if outputs else []),
        "inputs": [{**_property(name), "value": value} for name, value in inputs.items()],
        "changedPropIds": list(inputs) if changed is None else list(changed),
        "state": [{**_property(name), "value": value} for name, value in state.items()],
        "parsedChangedPropsIds": list(inputs) if changed is None else list(changed),
    }
    return json.dumps(payload).encode()


def _property(name: str) -> dict[str, Any]:
    identity, _, prop = name.rpartition(".")
    return {"id": json.loads(identity) if identity.startswith("{") else identity, "property": prop}
