"""Parse ``requests.toml``: the app's targets and the requests to replay, in the order of the file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, cast

from dash_migrate.verify.bodies import body_of, callback_body
from dash_migrate.verify.steps import (
    ANONYMOUS,
    SERVER_KINDS,
    Headers,
    Parallel,
    Request,
    RequestsFile,
    Rules,
    ServerKind,
    Step,
    WebSocket,
)
from dash_migrate.verify.tables import RequestsFileError, Table

STEP_TABLES = ("request", "callback", "parallel", "websocket")
_HEADING = re.compile(rf"^\s*\[\[\s*({'|'.join(STEP_TABLES)})\s*\]\]", re.MULTILINE)


@dataclass(frozen=True)
class _Client:
    """A ``[session.NAME]`` table: what this client sends with each request."""

    headers: Headers = ()
    cookies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Defaults:
    prefix: str
    clients: Mapping[str, _Client]


def load(path: Path) -> RequestsFile:
    """Read and parse a requests file. Raises RequestsFileError, or OSError if it cannot be read."""
    return parse(path.read_text(encoding="utf-8"), path)


def parse(text: str, path: Path) -> RequestsFile:
    """Parse the text of a requests file; ``path`` is for messages and is kept. Raises RequestsFileError."""
    import tomli

    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise RequestsFileError(f"{path}: not TOML: {error}") from error
    top = Table(str(path), document)
    arrays = {name: _array(top, name) for name in STEP_TABLES}
    clients = {name: _client(top, name, value) for name, value in top.table("session").items()}
    defaults = _Defaults(prefix=top.text("prefix", "/"), clients=clients)
    target = top.text("target")
    port = top.take("port")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool)):
        raise top.fail(f"key 'port' must be a port number, not {port!r}")
    found = RequestsFile(
        path=path,
        target=target,
        after_target=top.text("after_target", target),
        kind=cast(ServerKind, top.choice("kind", SERVER_KINDS, "werkzeug")),
        cwd=top.text("cwd", "."),
        sys_path=top.texts("sys_path"),
        env=dict(top.pairs("env")),
        argv=top.texts("argv"),
        host=top.text("host", "localhost:8050"),
        port=port,
        steps=_named(_steps(text, path, arrays, defaults), path),
    )
    top.done()
    return found


def _array(top: Table, name: str) -> list[dict[str, Any]]:
    value = top.take(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise top.fail(f"{name!r} is written as [[{name}]]")
    return value


def _client(top: Table, name: str, value: Any) -> _Client:
    if not isinstance(value, dict):
        raise top.fail(f"[session.{name}] must be a table")
    table = Table(f"{top.where}: [session.{name}]", value)
    client = _Client(headers=table.pairs("headers"), cookies=table.pairs("cookies"))
    table.done()
    return client


def _steps(text: str, path: Path, arrays: Mapping[str, list[dict[str, Any]]], defaults: _Defaults) -> Iterator[Step]:
    """The steps in file order, which TOML itself does not keep across different arrays."""
    order = _HEADING.findall(text)
    for name, items in arrays.items():
        if order.count(name) != len(items):
            raise RequestsFileError(
                f"{path}: {len(items)} [[{name}]] tables but {order.count(name)} lines that start one; "
                f"write each as [[{name}]] at the start of its own line, and not inside a string"
            )
    waiting = {name: iter(items) for name, items in arrays.items()}
    for number, name in enumerate(order, start=1):
        values = next(waiting[name])
        label = f" ({values['name']})" if isinstance(values.get("name"), str) else ""
        table = Table(f"{path}: step {number}, [[{name}]]{label}", values)
        yield from _READERS[name](table, defaults)
        table.done()


def _requests(table: Table, defaults: _Defaults) -> Iterator[Request]:
    body, kind = body_of(table)
    if "path" not in table:
        raise table.fail("key 'path' is missing")
    paths = [_path(table, path) for path in table.texts("path")]
    return _crossed(table, defaults, paths, table.texts("method", ("GET",)), body, kind)


def _callbacks(table: Table, defaults: _Defaults) -> Iterator[Request]:
    output = table.take("output")
    if not isinstance(output, str) and not (isinstance(output, list) and output):
        raise table.fail("key 'output' must be \"id.prop\" or a list of them")
    names = table.texts("changed") if "changed" in table else None
    body = callback_body(output, _values(table, "inputs"), _values(table, "state"), names)
    query = table.text("query", "")
    path = table.text("prefix", defaults.prefix) + "_dash-update-component" + (f"?{query}" if query else "")
    return _crossed(table, defaults, [_path(table, path)], ["POST"], body, "application/json")


def _values(table: Table, key: str) -> dict[str, Any]:
    """``"id.prop" = value`` as a table, or as JSON text where a value is null."""
    value = table.take(key)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise table.fail(f"key {key!r} is not JSON: {error}") from error
    if not isinstance(value, dict | None):
        raise table.fail(f'key {key!r} must be a table or a JSON object of "id.prop" to value')
    return value or {}


def _parallels(table: Table, defaults: _Defaults) -> Iterator[Parallel]:
    if "max_seconds" not in table:
        raise table.fail("key 'max_seconds' is missing")
    count, limit = table.whole("count", 4, least=2), table.seconds("max_seconds", 1.0)
    read = _callbacks if "output" in table else _requests
    for request in read(table, defaults):
        yield Parallel(request=request, count=count, max_seconds=limit)


def _websockets(table: Table, defaults: _Defaults) -> Iterator[WebSocket]:
    path = _path(table, table.text("path", defaults.prefix + "_dash-ws-callback"))
    after = table.choice("after", ("open", "refused"))
    own, timeout, name = table.pairs("headers"), table.seconds("timeout", 10.0), table.text("name", "")
    for session in table.texts("session", (ANONYMOUS,)):
        headers = _headers(table, defaults.clients.get(session, _Client()), own, ())
        label = _label(name or f"websocket {path}", session)
        yield WebSocket(
            name=label,
            path=path,
            after="open" if after == "open" else "refused",
            headers=headers,
            session=session,
            timeout=timeout,
        )


_READERS: Mapping[str, Callable[[Table, _Defaults], Iterator[Step]]] = {
    "request": _requests,
    "callback": _callbacks,
    "parallel": _parallels,
    "websocket": _websockets,
}


def _crossed(
    table: Table,
    defaults: _Defaults,
    paths: Iterable[str],
    methods: Iterable[str],
    body: bytes | None,
    kind: str | None,
) -> Iterator[Request]:
    """One request for each combination of path, method and session."""
    sessions = table.texts("session", (ANONYMOUS,))
    name, own, cookies = table.text("name", ""), table.pairs("headers"), table.pairs("cookies")
    omitted = table.texts("without_headers")
    rules = _rules(table)
    pattern = Request(
        name="",
        path="",
        body=body,
        chunked=table.flag("chunked"),
        follow=table.flag("follow"),
        repeat=table.whole("repeat", 1),
        timeout=table.seconds("timeout", 30.0),
        wait=table.seconds("wait", 0.0),
        capture=_captures(table),
        rules=rules,
    )
    combinations = list(product(paths, methods, sessions))
    for path, method, session in combinations:
        headers = _headers(table, defaults.clients.get(session, _Client()), own, cookies)
        if kind is not None and not any(known.lower() == "content-type" for known, _ in headers):
            headers = (*headers, ("Content-Type", kind))
        label = name if name and len(combinations) == 1 else f"{name}: {method} {path}".removeprefix(": ")
        yield replace(
            pattern,
            name=_label(label, session if len(combinations) > 1 or not name else ANONYMOUS),
            path=path,
            method=method,
            headers=(*headers, *((omit, None) for omit in omitted)),
            session=session,
        )


def _label(label: str, session: str) -> str:
    return label if session == ANONYMOUS else f"{label} as {session}"


def _headers(
    table: Table, client: _Client, own: tuple[tuple[str, str], ...], cookies: tuple[tuple[str, str], ...]
) -> Headers:
    """The client's headers, replaced by the request's own of the same name; cookies joined into one line."""
    names = {name.lower() for name, _ in own}
    headers: Headers = (*(pair for pair in client.headers if pair[0].lower() not in names), *own)
    sent = (*client.cookies, *cookies)
    if sent and "cookie" in names:
        raise table.fail("either 'cookies' or a Cookie header, not both")
    if sent:
        headers = (*headers, ("Cookie", "; ".join(f"{name}={value}" for name, value in sent)))
    for name, value in headers:
        if not f"{name}{value}".isprintable() and "\t" not in f"{value}":
            raise table.fail(f"header {name!r} holds a control character")
    return headers


def _path(table: Table, path: str) -> str:
    if not path.isascii() or any(character.isspace() for character in path):
        raise table.fail(f"path {path!r} must be percent-encoded: it is sent as it is")
    return path


def _captures(table: Table) -> dict[str, str]:
    captures = dict(table.pairs("capture"))
    for name, pattern in captures.items():
        if _compiled(table, pattern).groups < 1:
            raise table.fail(f"capture {name!r} needs one group: {pattern!r}")
    return captures


def _compiled(table: Table, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise table.fail(f"{pattern!r} is not a regular expression: {error}") from error


def _rules(table: Table) -> Rules:
    ignore = [item if item.startswith("cookie:") else item.lower() for item in table.texts("ignore")]
    mask, why = table.texts("mask"), table.text("why", "")
    if "status" in ignore:
        raise table.fail("the status cannot be ignored")
    if (ignore or mask) and not why:
        raise table.fail("'ignore' and 'mask' need a 'why'")
    for pattern in mask:
        _compiled(table, pattern)
    compare = frozenset(name.lower() for name in table.texts("compare_headers"))
    return Rules(ignore=frozenset(ignore), mask=mask, compare_headers=compare, why=why)


def _named(steps: Iterable[Step], path: Path) -> tuple[Step, ...]:
    """Give later steps of the same name a number, so that each answer can be named."""
    seen: dict[str, int] = {}
    named: list[Step] = []
    for step in steps:
        seen[step.name] = seen.get(step.name, 0) + 1
        if seen[step.name] > 1:
            step = _renamed(step, f"{step.name} ({seen[step.name]})")
        named.append(step)
    if not named:
        raise RequestsFileError(f"{path}: no [[request]], [[callback]], [[parallel]] or [[websocket]]")
    return tuple(named)


def _renamed(step: Step, name: str) -> Step:
    if isinstance(step, Parallel):
        return replace(step, request=replace(step.request, name=name))
    return replace(step, name=name)
