"""Turns the command of a WSGI process manager into that of an ASGI one, word by word."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from dash_migrate.deploy.argv import Item
from dash_migrate.deploy.commands import Command, Flag, base_name, parse_flags
from dash_migrate.deploy.targets import Target
from dash_migrate.deploy.texts import Edit
from dash_migrate.rules_data import table

#: uvicorn: becomes uvicorn; worker: stays gunicorn, with uvicorn's worker; target: only what it loads changes;
#: manual: a person has to decide; nothing: fine as it is
Outcome = Literal["uvicorn", "worker", "target", "manual", "nothing"]

#: where a platform that sets $PORT expects the app
ANYWHERE, FROM_PLATFORM = "0.0.0.0", "${PORT:-8000}"


@dataclass
class Plan:
    """What becomes of a command."""

    outcome: Outcome
    edits: list[Edit] = field(default_factory=list)
    #: why it is not simply uvicorn, or what a person has to do
    why: str = ""
    #: what the command will be, for messages
    becomes: str = ""
    #: flags that go without a counterpart, with the table's reason
    dropped: list[str] = field(default_factory=list)


class Impossible(Exception):
    """The command cannot be carried over; the message says why."""


class KeepGunicorn(Exception):
    """uvicorn cannot do what the command asks for; the message says what that is."""


def plan(command: Command, target: Target, *, config: bool = False, keep: str = "", settled: bool = False) -> Plan:
    """What the command has to become for an app that is an ASGI server.

    Args:
        command: the command.
        target: what it loads.
        config: a gunicorn configuration file is read, besides the flags.
        keep: why gunicorn has to stay, for reasons outside the command.
        settled: gunicorn has an ASGI worker.
    """
    if command.manager in ("gunicorn", "gunicorn3"):
        if settled:
            return _retargeted(command, target, parse_flags(command, "gunicorn")[1], "gunicorn")
        return _gunicorn(command, target, config, keep)
    if command.manager in ("waitress-serve", "waitress"):
        return _guarded(_waitress, command, target)
    if command.manager in ("uvicorn", "hypercorn", "granian", "daphne"):
        return _asgi(command, target)
    return Plan("manual", why=f"{command.manager} runs no ASGI apps")


def _guarded(make: Callable[[Command, Target], Plan], command: Command, target: Target) -> Plan:
    try:
        return make(command, target)
    except Impossible as error:
        return Plan("manual", why=str(error))


# --- gunicorn


def worker_of(command: Command) -> Flag | None:
    """The worker class a gunicorn command asks for."""
    flags, _ = parse_flags(command, "gunicorn")
    return next((f for f in flags if f.row is not None and f.row["becomes"] == "worker_class"), None)


def _gunicorn(command: Command, target: Target, config: bool, keep: str) -> Plan:
    flags, others = parse_flags(command, "gunicorn")
    impossible = next((f for f in flags if f.row is not None and f.row["becomes"] == "impossible"), None)
    if impossible is not None and impossible.row is not None:
        return Plan("manual", why=f"{impossible.name}: {impossible.row['why']}")
    try:
        if config:
            raise KeepGunicorn("it reads a configuration file")
        if keep:
            raise KeepGunicorn(keep)
        return _to_uvicorn(command, target, flags, others)
    except KeepGunicorn as reason:
        try:
            return _with_worker(command, target, flags, others, str(reason))
        except Impossible as error:
            return Plan("manual", why=str(error))


def _to_uvicorn(command: Command, target: Target, flags: list[Flag], others: list[Item]) -> Plan:
    unknown = [o.value for o in others if o is not _target_item(others, target)]
    if unknown:
        raise KeepGunicorn(f"`{unknown[0]}` may hold flags")
    made = Plan("uvicorn")
    bound = False
    words: list[str] = []
    for flag in flags:
        if flag.row is None:
            raise KeepGunicorn(f"`{flag.name}` is not known to be uvicorn's")
        becomes = flag.row["becomes"]
        if becomes == "keep":
            raise KeepGunicorn(f"{flag.name}: {flag.row['why']}")
        if becomes == "bind":
            if bound:
                raise KeepGunicorn("it listens at several addresses")
            bound = True
            new = _bind(flag.value or "")
        elif becomes == "standard_output":
            if flag.value not in ("-", "/dev/stdout", "/dev/stderr", "/proc/1/fd/1"):
                raise KeepGunicorn(f"{flag.name} names a file")
            new = []
        elif becomes in ("worker_class", "drop"):
            new = []
        else:
            new = [(becomes, flag.value if flag.row.get("value") else None)]
        if flag.row.get("value") and flag.value is None:
            raise KeepGunicorn(f"{flag.name} lacks its value")
        if becomes == "worker_class" and flag.value not in table("process_managers")["wsgi_workers"]:
            made.dropped.append(f"the worker class {flag.value}")
        elif not new:
            made.dropped.append(f"{flag.name} ({flag.row['why']})")
        made.edits += _rewritten(flag, new)
        words += [w for name, value in new for w in ([name] if value is None else [name, value])]
    place = _target_edits(command, target, others, made, "uvicorn")
    if not bound:
        extra = _default_bind(command)
        if extra:
            made.edits += place.argv.insert_after(place.index, extra)
            words = [*extra, *words]
    made.edits += _renamed(command, "uvicorn")
    made.becomes = " ".join(["uvicorn", *_target_words(target, "uvicorn"), *words])
    return made


def _default_bind(command: Command) -> list[str]:
    """What gunicorn does without ``--bind``: port $PORT if that is set, else its own default, as uvicorn's."""
    if command.setting.local:
        return []
    if "PORT" in command.env and command.env["PORT"].isdigit():
        return ["--host", ANYWHERE, "--port", command.env["PORT"]]
    if command.setting.port and command.in_shell:
        return ["--host", ANYWHERE, "--port", FROM_PLATFORM]
    raise KeepGunicorn("without --bind gunicorn listens at $PORT")


def _bind(value: str) -> list[tuple[str, str | None]]:
    """uvicorn's flags for an address."""
    if "," in value:
        raise KeepGunicorn("it listens at several addresses")
    if value.startswith("unix:"):
        return [("--uds", re.sub(r"^unix:(//)?", "", value))]
    if value.startswith("fd://"):
        return [("--fd", value[5:])]
    value = value.removeprefix("tcp://")
    found = re.fullmatch(
        r"(?:\[(?P<six>[^\]]*)\]|(?P<host>\$\{[^}]*\}|\$\w+|[^:$]*))(?::(?P<port>\$\{[^}]*\}|\$\(\w+\)|\$+\w+|%\(\w+\)s|\d+))?",
        value,
    )
    if found is None or (found["port"] is None and "$" in value):
        raise KeepGunicorn(f"`{value}` is known only when it runs")
    host = found["six"] or found["host"] or ""
    host = {"": ANYWHERE, "*": ANYWHERE}.get(host, host)
    port = found["port"]
    return [("--host", host), *([("--port", port)] if port is not None else [])]


def _rewritten(flag: Flag, new: list[tuple[str, str | None]]) -> list[Edit]:
    """The edits that put other flags in the place of one, in its style."""
    first = flag.items[0]
    if new == [(flag.name, flag.value)]:
        return []
    if not new:
        return (
            first.argv.delete(first.index, flag.items[-1].index + 1)
            if _adjacent(flag)
            else [e for item in flag.items for e in item.argv.delete(item.index, item.index + 1)]
        )
    if len(new) == 1 and len(flag.items) == 2 and new[0][1] == flag.value:
        name = new[0][0]
        return [] if name == flag.name else first.argv.replace(first.index, [name])
    words: list[str] = []
    for name, value in new:
        if value is None:
            words.append(name)
        elif flag.style == "equals":
            words.append(f"{name}={value}")
        else:
            words += [name, value]
    if len(flag.items) == 1:
        return first.argv.replace(first.index, words)
    second = flag.items[1]
    return [*first.argv.replace(first.index, words[:1]), *second.argv.replace(second.index, words[1:])]


def without(flag: Flag) -> list[Edit]:
    """The edits that take a flag out of a command."""
    return _rewritten(flag, [])


def retarget(command: Command, target: Target) -> list[Edit]:
    """The edits that let gunicorn load the server of a Dash object, where it is told to load the object."""
    made = Plan("target")
    try:
        _target_edits(command, target, parse_flags(command, "gunicorn")[1], made, "gunicorn")
    except Impossible:
        return []
    return made.edits


def _adjacent(flag: Flag) -> bool:
    first, last = flag.items[0], flag.items[-1]
    return first.argv is last.argv and last.index - first.index == len(flag.items) - 1


def _with_worker(command: Command, target: Target, flags: list[Flag], others: list[Item], why: str) -> Plan:
    worker_class = table("process_managers")["worker"]
    made = Plan("worker", why=why)
    words: list[str] = []
    given = False
    for flag in flags:
        becomes = flag.row["becomes"] if flag.row is not None else "keep"
        if becomes == "worker_class":
            given = True
            made.edits += _rewritten(flag, [(flag.name, worker_class)])
            continue
        if flag.name == "--threads":
            made.edits += _rewritten(flag, [])
            made.dropped.append("--threads (an ASGI worker ignores it)")
    _target_edits(command, target, others, made, "gunicorn")
    if not given:
        words += ["-k", worker_class]
        name = command.name
        made.edits += name.argv.insert_after(name.index, ["-k", worker_class])
    made.becomes = " ".join(["gunicorn", "-k", worker_class, *_target_words(target, "gunicorn"), "…"])
    return made


# --- the target


def _target_item(others: list[Item], target: Target) -> Item | None:
    return next((o for o in others if o.value == target.spelled), None)


def _target_words(target: Target, manager: str) -> list[str]:
    """How a process manager is told what to load."""
    attr = target.attr
    if target.kind == "dash" and not target.factory:
        attr = target.server_attr
    if target.factory and manager == "uvicorn":
        found = re.fullmatch(r"([\w.]+)(?:\(\s*\))?", attr)
        if found is None:
            raise KeepGunicorn("it calls the factory with arguments")
        return ["--factory", f"{target.module}:{found[1]}"]
    if manager == "gunicorn" and re.search(r"[\w\])]\.\w", re.sub(r"\(.*\)", "", attr)):
        raise Impossible(f"gunicorn loads globals only: give the module a global for `{attr}`")
    if attr == target.attr and ":" not in target.spelled:
        return [target.spelled] if manager == "gunicorn" else [f"{target.module}:{attr}"]
    return [f"{target.module}:{attr}"]


def _target_edits(command: Command, target: Target, others: list[Item], made: Plan, manager: str) -> Item:
    """Make the command load the server; gives the word behind which more flags can stand."""
    if target.kind == "dash" and target.factory:
        raise Impossible(f"`{target.spelled}` makes a Dash object; let it give back its `server`")
    place = _target_item(others, target)
    if place is None:
        return (command.arguments or command.head)[-1]
    words = _target_words(target, manager)
    if words != [place.value]:
        made.edits += place.argv.replace(place.index, words)
    return place


def _renamed(command: Command, program: str) -> list[Edit]:
    """Call another program in the same way: from the same folder, or with ``-m``."""
    name = command.name
    old = name.value
    begin, end = name.argv.places[name.index]
    written = name.argv.host.value[begin:end]
    base = base_name(old)
    if written.count(base) == 1 and program not in written:
        at = begin + written.index(base)
        return [name.argv.host.edit(at, at + len(base), program)]
    folder = re.match(r"(.*[\\/])?", old)
    prefix = folder[0] if folder and len(command.head) == 1 else ""
    mark = re.match(r"[@-]+", old)
    suffix = ".exe" if old.endswith(".exe") else ""
    return name.argv.replace(name.index, [f"{mark[0] if mark else ''}{prefix}{program}{suffix}"])


def _retargeted(command: Command, target: Target, others: list[Item], manager: str) -> Plan:
    """A command of an ASGI server: only what it loads may be wrong."""
    made = Plan("target", why="the Dash object is no ASGI server")
    if target.kind != "dash" or target.factory:
        return Plan("nothing")
    try:
        _target_edits(command, target, others, made, manager)
    except (Impossible, KeepGunicorn) as error:
        return Plan("manual", why=str(error))
    made.becomes = " ".join([command.name.value, *_target_words(target, manager)])
    return made if made.edits else Plan("nothing")


# --- the others


def _asgi(command: Command, target: Target) -> Plan:
    others = [a for a in command.arguments if not a.value.startswith("-")]
    place = next((o for o in others if o.value == f"wsgi:{target.spelled}"), None)
    made = _retargeted(command, target, others, "uvicorn")
    items = command.arguments
    for index, item in enumerate(items):
        wsgi = item.value == "--interface" and index + 1 < len(items) and items[index + 1].value in ("wsgi", "asgi2")
        if command.manager == "uvicorn" and (wsgi or item.value in ("--interface=wsgi", "--interface=asgi2")):
            made = Plan("target", made.edits, "it asks for WSGI", made.becomes)
            made.edits += item.argv.delete(item.index, item.index + (2 if wsgi else 1))
        elif command.manager == "granian" and wsgi:
            made = Plan("target", made.edits, "it asks for WSGI", made.becomes)
            made.edits += items[index + 1].argv.replace(items[index + 1].index, ["asgi"])
    if command.manager == "hypercorn" and place is not None:
        loads = _target_words(target, "uvicorn")
        made = Plan("target", place.argv.replace(place.index, loads), "it asks for WSGI")
    if made.edits and not made.becomes:
        made.becomes = f"{command.name.value} …"
    return made


def _waitress(command: Command, target: Target) -> Plan:
    flags, others = parse_flags(command, "waitress")
    made = Plan("uvicorn")
    place = _target_item(others, target)
    if place is None:
        raise Impossible("what it starts is not written in it")
    names: set[str] = set()
    words: list[str] = []
    factory = False
    for flag in flags:
        if flag.row is None or flag.row["becomes"] == "impossible":
            raise Impossible(f"{flag.name}: {flag.row['why'] if flag.row else 'not known'}")
        becomes = flag.row["becomes"]
        new: list[tuple[str, str | None]] = []
        if becomes == "listen":
            new = _listen(flag.value or "")
        elif becomes == "--factory":
            factory = True
        elif becomes != "drop":
            new = [(becomes, flag.value)]
        else:
            made.dropped.append(f"{flag.name} ({flag.row['why']})")
        names |= {name for name, _ in new}
        made.edits += _rewritten(flag, new)
        words += [w for name, value in new if value is not None for w in (name, value)]
    loads = [target.spelled]
    if factory:
        loads = ["--factory", target.spelled]
    elif target.kind == "dash":
        loads = _target_words(target, "uvicorn")
    if loads != [place.value]:
        made.edits += place.argv.replace(place.index, loads)
    extra: list[str] = []
    if "--uds" not in names:
        extra += [] if "--host" in names else ["--host", ANYWHERE]
        extra += [] if "--port" in names else ["--port", "8080"]
    extra.append("--no-proxy-headers")  # waitress believes no X-Forwarded header
    made.edits += place.argv.insert_after(place.index, extra)
    made.edits += _renamed(command, "uvicorn")
    made.becomes = " ".join(["uvicorn", *loads, *words, *extra])
    return made


def _listen(value: str) -> list[tuple[str, str | None]]:
    if " " in value:
        raise Impossible("it listens at several addresses")
    if value.isdigit():
        return [("--port", value)]
    try:
        return _bind(value)
    except KeepGunicorn as reason:
        raise Impossible(str(reason)) from None


def flask_run(command: Command, target: Target | None, spelled: str) -> Plan:
    """``flask run`` → uvicorn, at the address ``flask run`` takes.

    Args:
        spelled: what --app or FLASK_APP says, as ``module:attr``; "" if nothing does.
    """
    if target is None or not spelled:
        return Plan("manual", why="`flask run` finds Flask apps only, and FLASK_APP is not set beside it")
    flags, others = parse_flags(command, "flask")
    run = next((o for o in others if o.value == "run"), None)
    if run is None:
        return Plan("manual", why="")
    made = Plan("uvicorn")
    names: set[str] = set()
    words: list[str] = []
    debug = command.env.get("FLASK_DEBUG", "") in ("1", "true", "True")
    items = command.arguments
    for index, item in enumerate(items):
        if item.value in ("--app", "-A", "-e", "--env-file") and index + 1 < len(items):
            if item.value in ("-e", "--env-file"):
                return Plan("manual", why=f"{item.value} of `flask run` reads a file of variables")
            made.edits += item.argv.delete(item.index, item.index + 2)
        elif item.value.startswith("--app="):
            made.edits += item.argv.delete(item.index, item.index + 1)
        elif item.value == "--debug":
            debug = True
            made.edits += item.argv.delete(item.index, item.index + 1)
    for flag in flags:
        if flag.name in ("--app", "-A", "--debug"):
            continue
        if flag.row is None:
            return Plan("manual", why=f"{flag.name} of `flask run` is not uvicorn's")
        becomes = flag.row["becomes"]
        new: list[tuple[str, str | None]] = []
        if becomes != "drop":
            new = [(becomes, flag.value if flag.row.get("value") else None)]
        if becomes == "--ssl-certfile" and flag.value == "adhoc":
            return Plan("manual", why="uvicorn makes no certificates of its own")
        names |= {name for name, _ in new}
        made.edits += _rewritten(flag, new)
        words += [w for name, value in new for w in ([name] if value is None else [name, value])]
    loads = _target_words(target, "uvicorn")
    extra: list[str] = []
    host, port = command.env.get("FLASK_RUN_HOST"), command.env.get("FLASK_RUN_PORT")
    if "--host" not in names and host:
        extra += ["--host", host]
    if "--port" not in names:
        extra += ["--port", port or "5000"]
    if debug and "--reload" not in names:
        extra.append("--reload")
    extra.append("--no-proxy-headers")
    made.edits += run.argv.replace(run.index, loads)
    last = items[-1] if items[-1].argv is run.argv else run
    made.edits += last.argv.insert_after(last.index, extra)
    made.edits += _renamed(command, "uvicorn")
    made.becomes = " ".join(["uvicorn", *loads, *words, *extra])
    return made
