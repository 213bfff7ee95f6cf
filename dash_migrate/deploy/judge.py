"""The two questions asked of a project's deploy files: what is wrong with them, and what they become."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from dash_migrate.deploy.chosen import chosen
from dash_migrate.deploy.deps.judge import Requirements
from dash_migrate.deploy.deps.locks import stale
from dash_migrate.deploy.deps.unused import Unused, kept
from dash_migrate.deploy.extras import documents, patched, templates
from dash_migrate.deploy.hosts import hosts
from dash_migrate.deploy.notebooks import places
from dash_migrate.deploy.report import finding
from dash_migrate.deploy.starts import BackendOf, Start, Starts
from dash_migrate.deploy.texts import Edit, apply
from dash_migrate.deploy.workspace import DeployFile, Workspace
from dash_migrate.facts.scan import App
from dash_migrate.files.project import is_below
from dash_migrate.fixes.guard.resolver import MODULE as RESOLVER
from dash_migrate.model import BACKENDS, Backend, Finding, Obligation
from dash_migrate.project import Loaded
from dash_migrate.rules_data import table

_LABELS = {"flask": "Flask", "fastapi": "FastAPI", "quart": "Quart"}


def findings(loaded: Loaded, targets: tuple[Backend, ...]) -> list[Finding]:
    """What the files around the code lack for the targets; nothing where no Dash app is made."""
    workspace = Workspace(loaded, loaded.contents)
    found: list[Finding] = list(_notebook_findings(workspace, targets))
    if not loaded.facts.apps:
        return [*found, *_requirement_findings(workspace, targets, set())]
    asgi = tuple(t for t in targets if t != "flask")
    if asgi:
        starts = Starts(workspace, _after(asgi[0]))
        found += _start_findings(starts, asgi)
        found += _host_findings(workspace, starts, asgi)
        servers = starts.servers
    else:
        servers = set()
    found += _requirement_findings(workspace, targets, servers)
    found += _major_findings(workspace, targets)
    for code, file, place, text, why in (*templates(workspace), *patched(workspace), *documents(workspace)):
        made = finding(code, file, place, targets, by_hand=True, text=text, why=why)
        if made is not None:
            found.append(made)
    found.sort(key=lambda f: f.sort_key)
    return found


def _notebook_findings(workspace: Workspace, targets: tuple[Backend, ...]) -> Iterator[Finding]:
    for place in places(workspace):
        made = finding("DM730", place.file, (place.start, place.end), targets, text=place.text, why=place.why)
        if made is not None:
            yield made


def _major_findings(workspace: Workspace, targets: tuple[Backend, ...]) -> Iterator[Finding]:
    """What the code uses that Dash 2 and 3 removed."""
    from dash_migrate.fixes.dash_majors import majors

    for one in majors(workspace.loaded):
        text = one.edits.text
        file = DeployFile(one.file.display, "python", b"", text.text)
        for removed in one.found:
            if not removed.code:
                continue
            place, by_hand = text.place(removed.node), removed.by_hand
            made = finding(removed.code, file, place, targets, by_hand=by_hand, text=removed.text, why=removed.why)
            if made is not None:
                yield made


def _after(target: Backend) -> BackendOf:
    """The backend of an app once everything on Flask has moved."""
    return lambda app: target if app.backend == "flask" else app.backend


def _start_findings(starts: Starts, targets: tuple[Backend, ...]) -> Iterator[Finding]:
    for start in starts.found:
        made = _start_finding(start, targets)
        if made is not None:
            yield made
    for config, edits in starts.configs():
        for edit in edits:
            made = finding(
                "DM715", config.file, (edit.start, edit.end), targets, text=config.file.text[edit.start : edit.end]
            )
            if made is not None:
                yield made
    for start in starts.shown():
        why = f"it would be `{start.plan.becomes}`" if start.plan.becomes else start.plan.why
        made = finding("DM741", start.file, start.command.span(), targets, text=start.command.text, why=why)
        if made is not None:
            yield made


def _start_finding(start: Start, targets: tuple[Backend, ...]) -> Finding | None:
    plan, place, text = start.plan, start.command.span(), start.command.text
    if plan.outcome == "nothing":
        return finding("DM711", start.file, place, targets, "optional", text=text, why=plan.why)
    if plan.outcome == "manual":
        code = "DM713" if start.command.manager == "flask" else "DM711"
        untold = start.target is None and not start.backends
        obligation: Obligation | None = "potential" if untold else None
        return finding(code, start.file, place, targets, obligation, text=text, why=plan.why)
    becomes = plan.becomes + (f" (without {'; '.join(plan.dropped)})" if plan.dropped else "")
    return finding("DM710", start.file, place, targets, text=text, becomes=becomes)


def _flask_only(start: Start, targets: tuple[Backend, ...]) -> Finding | None:
    """A command that cannot choose: it goes on serving Flask."""
    others = tuple(t for t in targets if t != "flask")
    instead = f"; on the others start `{start.plan.becomes}`" if start.plan.becomes else ""
    why = f"it serves Flask only{instead}"
    return finding(
        "DM711", start.file, start.command.span(), others, "potential", True, text=start.command.text, why=why
    )


def _host_findings(workspace: Workspace, starts: Starts, targets: tuple[Backend, ...]) -> Iterator[Finding]:
    seen = {start.file.path for start in starts.found if start.command.manager in ("uwsgi", "mod_wsgi-express")}
    for host in hosts(workspace, suggestion(workspace.loaded)):
        if host.file.path not in seen:
            why = f"{host.name} runs WSGI apps only: {host.todo}"
            made = finding("DM712", host.file, (host.start, host.end), targets, why=why)
            if made is not None:
                yield made


def suggestion(loaded: Loaded) -> str:
    """A command that starts the first app."""
    app = loaded.facts.apps[0]
    names = loaded.selection.modules.module_names(app.file.display)
    module = names[0] if names else posixpath.basename(app.file.display).removesuffix(".py")
    for name in ("server", "application", "app"):
        if name in app.file.module.bindings:
            attr = "app.server" if name == "app" else name
            return f"uvicorn {module}:{attr} --host 0.0.0.0 --port 8000"
    return "uvicorn MODULE:SERVER --host 0.0.0.0 --port 8000"


# --- requirements


def _requirement_findings(workspace: Workspace, targets: tuple[Backend, ...], servers: set[str]) -> Iterator[Finding]:
    apps = workspace.loaded.facts.apps
    merged: dict[tuple[str, str, int], tuple[DeployFile, tuple[int, int], str, dict[Backend, str], bool]] = {}
    for target in targets:
        after = {_after(target)(app) for app in apps} or {"flask"}  # notebooks stay on Flask
        backends = (after | {target} if "several" in after else after) & set(BACKENDS)
        served = servers if target != "flask" else set()
        judge = Requirements(workspace, backends, importer(workspace), served)
        for code, file, place, text, why, by_hand in _needs(workspace, judge):
            key = (code, file.path, place[0])
            known = merged.setdefault(key, (file, place, text, {}, by_hand))
            known[3][target] = why
    for (code, _, _), (file, place, text, whys, by_hand) in merged.items():
        if len(set(whys.values())) == 1:
            why = next(iter(whys.values()))
        else:
            why = "; ".join(f"{_LABELS[t]}: {w}" for t, w in whys.items())
        made = finding(code, file, place, tuple(whys), by_hand=by_hand, text=text, why=why)
        if made is not None:
            yield replace(made, obligation="optional") if code == "DM702" and not by_hand else made


def _needs(
    workspace: Workspace, judge: Requirements
) -> Iterator[tuple[str, DeployFile, tuple[int, int], str, str, bool]]:
    for need in judge.needs():
        file = workspace.file(need.requirement.path)
        if file is None:
            continue
        place = need.requirement.text.span
        code = "DM701" if need.requirement.name == "dash" else "DM702"
        yield code, file, place, need.requirement.shown, need.why, need.by_hand
        if need.steps:
            yield "DM706", file, place, need.requirement.shown, need.steps, True
    if not judge.backends:
        return
    for lock in stale(workspace, judge.wanted.floor, judge.extras):
        place = (lock.offset, lock.offset + 4)
        yield "DM703", lock.file, place, posixpath.basename(lock.file.path), lock.why, True
    if judge.extras and not judge.declared.named("dash"):
        app = workspace.loaded.facts.apps[0]
        file = workspace.file(app.file.display, "python")
        if file is not None:
            line = app.position[1]
            start = sum(len(row) for row in file.text.splitlines(keepends=True)[: line - 1])
            what = f'install `"dash[{",".join(judge.extras)}]>={judge.wanted.floor}"`'
            yield "DM704", file, (start, start), "", what, True
    yield from _pythons(workspace)


_PYTHON: dict[str, tuple[re.Pattern[str], ...]] = {
    "dockerfile": (re.compile(r"^FROM\s+(?:--\S+\s+)?\S*python:(?P<version>[23]\.\d+)", re.MULTILINE),),
    "runtime": (
        re.compile(r"^python-(?P<version>[23]\.\d+)", re.MULTILINE),
        re.compile(r"^(?P<version>[23]\.\d+)(?:\.\d+)?\s*$", re.MULTILINE),
    ),
    "pyproject": (
        re.compile(r"^python = [\"'](?:\^|~|>=)?(?P<version>[23]\.\d+)[^\n]*", re.MULTILINE),
        re.compile(r"^requires-python = [\"'](?:~=|>=|==) ?(?P<version>[23]\.\d+)[^\n]*", re.MULTILINE),
    ),
    "pipfile": (re.compile(r"^python_(?:full_)?version = [\"'](?P<version>[23]\.\d+)[^\n]*", re.MULTILINE),),
    "conda": (re.compile(r"^\s*- python ?[=~]=? ?(?P<version>[23]\.\d+)[^\n]*", re.MULTILINE),),
}


def _pythons(workspace: Workspace) -> Iterator[tuple[str, DeployFile, tuple[int, int], str, str, bool]]:
    """Images, runtimes and metadata with a Python that the needed Dash does not run on."""
    from dash_migrate.deploy.deps.versions import below

    floor, tested = table("dash_versions")["python"]["floor"], table("dash_versions")["tested"]
    for path, kind in workspace.paths.items():
        patterns = _PYTHON.get(kind, ()) if _serves(workspace, path) else ()
        file = workspace.file(path, kind) if patterns else None
        if file is None:
            continue
        for pattern in patterns:
            for match in pattern.finditer(file.text):
                if below(match["version"], floor):
                    why = f"Dash {tested} needs Python {floor} or newer"
                    yield "DM705", file, match.span(), match[0].strip(), why, True


def _serves(workspace: Workspace, path: str) -> bool:
    """Whether a file stands with an app, or in a folder that only holds such files."""
    folder = posixpath.dirname(path)
    if re.search(r"docker|deploy|build|infra|\.ci|container", posixpath.basename(folder), re.IGNORECASE):
        return True
    return any(is_below(posixpath.dirname(app.file.display), folder) for app in workspace.loaded.facts.apps)


def importer(workspace: Workspace) -> Callable[[str], bool]:
    """Whether code of the project names a module in an import, cells of its notebooks included."""
    loaded = workspace.loaded

    def imports(module: str) -> bool:
        word = module.encode()
        several = rb"import[ \t]+(?:[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*,[ \t]*)*"
        pattern = re.compile(rb"(?m)^[ \t]*(?:from[ \t]+|" + several + rb")" + re.escape(word) + rb"(?=[\s.,;#]|$)")
        for path, selected in loaded.selection.files.items():
            data = workspace.contents.get(path)
            if data is None:
                source = loaded.sources.get(path)
                data = source.data if source is not None else selected.source.data
            if word in data and pattern.search(data):
                return True
        for path in loaded.selection.notebooks:
            data = workspace.data(path)
            if data is not None and word in data and pattern.search(data.replace(b'"', b"\n").replace(b"\\n", b"\n")):
                return True
        return False

    return imports


# --- what they become


def changes(loaded: Loaded, targets: tuple[Backend, ...], state: Loaded | None = None) -> dict[str, bytes]:
    """New contents for deploy files, by path.

    Args:
        loaded: the project as it was before the Python rewrite.
        targets: the backend it moves to; several: those it can run on, the first by default.
        state: the project after the Python rewrite (default: the same).
    """
    moved = state is not None
    state = state or loaded
    contents = {**loaded.contents, **{path: source.data for path, source in state.sources.items()}, **state.contents}
    workspace = Workspace(loaded, contents)
    guarded = len(targets) > 1
    with_flask = guarded and "flask" in targets
    target = next(t for t in targets if t != "flask") if with_flask else targets[0]
    backend_of = _moved(state, target) if moved else _after(target)
    starts = Starts(workspace, backend_of)
    edits: dict[str, list[Edit]] = {}
    created: dict[str, bytes] = {}
    for place in places(workspace):
        edits.setdefault(place.file.path, []).extend(place.edits)
    if not loaded.facts.apps:
        judge = Requirements(workspace, {"flask"}, importer(workspace))
        for need in judge.needs():
            edits.setdefault(need.requirement.path, []).extend(need.edits)
        return _applied(workspace, edits)
    if with_flask:
        choosers = [path for path in state.created if path.rpartition("/")[2] == f"{RESOLVER}.py"]
        choice = chosen(starts, choosers)
        for path, new in choice.edits.items():
            edits.setdefault(path, []).extend(new)
        left = [f for start in choice.left if (f := _flask_only(start, targets)) is not None]
        state.memo.setdefault("flask only", left)
        created = {p: t.encode() for p, t in choice.created.items() if p not in contents}
    elif target != "flask":
        for start in starts.found:
            if start.changes:
                edits.setdefault(start.file.path, []).extend(start.plan.edits)
        for config, made in starts.configs():
            edits.setdefault(config.file.path, []).extend(made)
    backends = {backend_of(app) for app in loaded.facts.apps} & set(BACKENDS)
    if guarded and any(app.backend in ("flask", "several") and backend_of(app) != "flask" for app in loaded.facts.apps):
        backends = set(targets)
    if target == "flask" or backends != {"flask"}:
        judge = Requirements(workspace, backends, importer(workspace), starts.servers)
        unused = Unused(workspace, state, starts, judge, edits)
        judge.extra_needs += unused.brought
        drops = [] if guarded else list(unused.needs())
        for need in [*kept(judge.needs(), [d.requirement for d in drops]), *drops]:
            edits.setdefault(need.requirement.path, []).extend(need.edits)
    return {**_applied(workspace, edits), **created}


def _moved(state: Loaded, target: Backend) -> BackendOf:
    """The backend each app of the old state has in the new one: one that could not be moved is still on Flask."""
    now: dict[str, set[str]] = {}
    for app in state.facts.apps:
        now.setdefault(app.file.display, set()).add(app.backend)

    def backend_of(app: App) -> str:
        if app.backend != "flask":
            return app.backend
        found = now.get(app.file.display, set())
        if target in found or not found <= set(BACKENDS) or not found:
            return target
        return "flask" if "flask" in found else sorted(found)[0]

    return backend_of


def _applied(workspace: Workspace, edits: Mapping[str, list[Edit]]) -> dict[str, bytes]:
    changed: dict[str, bytes] = {}
    for path, wanted in edits.items():
        file = workspace.file(path)
        if file is None or not wanted:
            continue
        text = apply(file.text, wanted)
        if text != file.text and _is_whole(file, text):
            changed[path] = file.encode(text)
    return changed


def _is_whole(file: DeployFile, text: str) -> bool:
    """Whether the new text can still be read as what the file is."""
    if file.path.endswith((".yml", ".yaml")):
        from dash_migrate.deploy.readers.yaml_files import NotYaml, compose

        try:
            compose(file.text)
        except NotYaml:
            return True
        try:
            compose(text)
        except NotYaml:
            return False
    return True
