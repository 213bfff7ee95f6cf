"""What a report says of one app: identity, numbers, blocking callbacks, start commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from dash_migrate.app_records import name_of
from dash_migrate.compat.material import Material
from dash_migrate.compat.model import BlockingCallback, Coverage, Place, StartCommand, Waiting
from dash_migrate.deploy.starts import Start
from dash_migrate.facts.callbacks import Callback
from dash_migrate.facts.scan import App
from dash_migrate.findings.extensions import extension
from dash_migrate.model import Backend, Finding

_COST_ORDER = {"breaks": 0, "long": 1, "short": 2}


def constructor_of(material: Material, app: App, limit: int = 160) -> str:
    """The call that makes the app, on one line."""
    text = material.loaded.texts.get(app.file.display)
    node = app.value.site.node
    if text is None or not hasattr(node, "lineno"):
        return ""
    start, end = text.place(node)
    shown = re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", " ".join(text.text[start:end].split()))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def dash_of(material: Material, app: App) -> tuple[tuple[Place, str], ...]:
    """Where the app's project asks for Dash, and how; nearest files only."""
    folder = posixpath.dirname(app.file.display)
    asked = [r for r in material.requirements if not r.locked and not r.constraint]
    if not asked:
        return ()
    nearest = min(_depth(folder, posixpath.dirname(r.path)) for r in asked)
    return tuple(
        (Place(r.path, _line(material, r.path, r.text.span[0])), r.shown)
        for r in asked
        if _depth(folder, posixpath.dirname(r.path)) == nearest
    )


def _depth(folder: str, other: str) -> int:
    """How many steps lie between two folders."""
    ours, theirs = [p for p in folder.split("/") if p], [p for p in other.split("/") if p]
    common = 0
    for one, two in zip(ours, theirs, strict=False):
        if one != two:
            break
        common += 1
    return len(ours) + len(theirs) - 2 * common


def _line(material: Material, path: str, offset: int) -> int:
    file = material.workspace.file(path)
    return file.position(offset)[0] if file is not None else 1


def coverage_of(material: Material, app: App, callbacks: list[Callback], findings: list[Finding]) -> Coverage:
    """The numbers of one app."""
    routes = [r for r in material.routes if app in material.apps_of_path(r.file.display)]
    hooks = [h for h in material.hooks if app in material.apps_of_path(h.file.display)]
    server_side = [c for c in callbacks if not c.is_clientside]
    return Coverage(
        routes=len(routes),
        hooks=len(hooks),
        gates=sum(hook.may_refuse for hook in hooks),
        request_uses=sum(f.code.startswith("DM4") for f in findings),
        callbacks=len(server_side),
        async_callbacks=sum(c.is_async for c in server_side),
        background_callbacks=sum(c.is_background for c in server_side),
        clientside_callbacks=len(callbacks) - len(server_side),
        websocket_callbacks=sum(c.is_websocket for c in server_side),
        extensions=tuple(sorted(set(_extensions(material, app)))),
        process_managers=tuple(sorted({s.command.manager for s in _starts(material, app)})),
    )


def _extensions(material: Material, app: App) -> Iterator[str]:
    """Packages the table knows that files of the app import."""
    for path, file in material.facts.project.files.items():
        if app not in material.apps_of_path(path):
            continue
        for bindings in file.module.bindings.values():
            for binding in bindings:
                if binding.kind not in ("import", "from", "star") or binding.level or not binding.module:
                    continue
                dotted = f"{binding.module}.{binding.attr}" if binding.kind == "from" else binding.module
                root = dotted.split(".")[0]
                if root not in ("flask", "dash") and (extension(dotted) is not None or root.startswith("flask_")):
                    yield root


def blocking_of(callbacks: list[Callback]) -> tuple[BlockingCallback, ...]:
    """The callbacks that wait, those that wait longest first."""
    found = []
    for callback in callbacks:
        if callback.is_background or not callback.blocking:
            continue
        calls = sorted(callback.blocking, key=lambda c: (_COST_ORDER[c.cost], c.file.display, c.line))
        waiting = tuple(
            Waiting(c.kind, c.what, Place(c.file.display, c.line), c.through, c.cost, c.certain, c.instead)
            for c in calls
        )
        place = Place(callback.file.display, callback.line)
        found.append(BlockingCallback(callback.name, place, callback.is_async, waiting))
    found.sort(key=lambda b: (_COST_ORDER[b.calls[0].cost], b.place.path, b.place.line))
    return tuple(found)


def _starts(material: Material, app: App) -> list[Start]:
    return [s for s in material.starts if s.target is not None and app in s.target.apps]


def starts_of(
    material: Material, app: App, moved: tuple[Backend, ...], guarded: tuple[Backend, ...] = ()
) -> tuple[StartCommand, ...]:
    """How the app is started, before and after; a suggestion where no deploy file says.

    Args:
        moved: the backends to which ``fix`` moves the app.
        guarded: those beside which Flask stays, and is what commands start as before.
    """
    suggested = {t: _suggestion(material, app) for t in moved}
    suggested |= {t: f"DASH_BACKEND={t} {suggested[t]}" for t in guarded}
    moved = tuple(t for t in moved if t not in guarded)
    found = []
    starts = _starts(material, app)
    for start in starts:
        place = Place(start.file.path, start.file.position(start.command.span()[0])[0])
        becomes = material.start_finder.becomes(start) if moved else ""
        by_hand = start.plan.outcome == "manual" and bool(moved)
        why = "; ".join([*filter(None, [start.plan.why]), *(f"without {one}" for one in start.plan.dropped)])
        after: Mapping[Backend, str] = dict.fromkeys(moved, becomes) if becomes else {}
        found.append(StartCommand(place, start.command.text, after, why if moved else "", by_hand))
    found += (StartCommand(place, _run(material, place.path), {}) for place in _scripts(material, app))
    if guarded or (moved and not starts):
        found.append(StartCommand(None, "", suggested))
    return tuple(found)


def _run(material: Material, path: str) -> str:
    """The command that runs a file; one of a package is run as a module."""
    folder = posixpath.dirname(path)
    inside = f"{folder}/__init__.py" if folder else "__init__.py"
    names = material.loaded.selection.modules.module_names(path)
    if inside in material.loaded.files.python and names and "." in names[0]:
        return f"python -m {names[0].removesuffix('.__main__')}"
    return f"python {path}"


def _scripts(material: Material, app: App) -> list[Place]:
    """The files that run the app when they are run themselves, each once."""
    found: dict[str, Place] = {}
    for path, file in material.facts.project.files.items():
        for name in ("run", "run_server"):
            for node, _ in file.attributes.get(name, ()):
                values = material.facts.dash_apps(node.value)
                if any(material.facts.project.evaluator.objects.same_object(app.value, v) for v in values):
                    found.setdefault(path, Place(path, node.lineno))
    return list(found.values())


def _suggestion(material: Material, app: App) -> str:
    names = material.loaded.selection.modules.module_names(app.file.display)
    module = names[0] if names else posixpath.basename(app.file.display).removesuffix(".py")
    bound = name_of(app)
    attr = "server" if "server" in app.file.module.bindings else f"{bound}.server"
    return f"uvicorn {module}:{attr} --host 0.0.0.0 --port 8000"
