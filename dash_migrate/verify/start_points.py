"""Where the app of a project can be started from, most likely first."""

from __future__ import annotations

import ast
import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dash_migrate.compat.material import Material
from dash_migrate.deploy.starts import Start as Command
from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, parent_of
from dash_migrate.project import Loaded
from dash_migrate.verify._serve import SCRIPT

_ASGI_TARGET = re.compile(
    r"(?:uvicorn|hypercorn|UvicornWorker|granian)\b[^\n]*?[\s\"'=,:]((?:[A-Za-z_][\w.]*):(?:[A-Za-z_][\w.]*)(?:\(\))?)"
)
_STARTERS = frozenset(["run_simple", "make_server", "WSGIServer", "DispatcherMiddleware"])
_DEPLOY = ("Procfile", "Dockerfile", "Makefile", "*.sh", "*.yml", "*.yaml", "*.toml", "*.service")
_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASS|PASSWORD|PASSWD|PWD|USER|USERNAME|ADMIN|PIN)\d*$")


@dataclass(frozen=True)
class StartPoint:
    """One way to start an app.

    ``target`` as ``_serve.py`` takes it: ``module:attr``, a module alone, or ``python script``; ``cwd`` and
    ``sys_path`` are relative to the project; ``why`` says where it was found.
    """

    target: str
    cwd: str = "."
    sys_path: tuple[str, ...] = ()
    why: str = ""
    #: of a script
    argv: tuple[str, ...] = ()


def start_points(loaded: Loaded, root: Path) -> list[StartPoint]:
    """The ways to start the app of a project that was read relative to ``root``."""
    found = list(_found(Material(loaded), root))
    return [one for at, one in enumerate(found) if all(_key(one) != _key(earlier) for earlier in found[:at])]


def _key(point: StartPoint) -> tuple[str, str]:
    return point.target, point.cwd


def given(spelled: str, root: Path) -> StartPoint:
    """What ``--app`` says: ``module:attr``, ``folder/module:attr``, or a script's path and its arguments."""
    script, *arguments = shlex.split(spelled) or [""]
    if script.endswith(".py"):
        folder = posixpath.dirname(script)
        return StartPoint(f"{SCRIPT}{posixpath.basename(script)}", folder or ".", (), "--app", tuple(arguments))
    module, colon, attr = spelled.partition(":")
    folder, _, name = module.removesuffix(".py").rpartition("/")
    return StartPoint(f"{name}:{attr}" if colon else name, folder or ".", (), "--app")


def _found(material: Material, root: Path) -> Iterator[StartPoint]:
    for command in material.starts:
        point = _of_command(command, material)
        if point is not None:
            yield point
    scripts = list(_scripts(material))
    homes = [app.file for app in material.facts.apps]
    for file in _hand_started(material):
        folder, name = posixpath.split(file.display)
        yield StartPoint(f"{SCRIPT}{name}", folder or ".", (), f"python {file.display}")
        yield _of_module(file.display, material)
    for file, guarded in scripts:
        folder, name = posixpath.split(file.display)
        run = StartPoint(f"{SCRIPT}{name}", folder or ".", (), f"python {file.display}")
        module = _of_module(file.display, material)
        if guarded and any(app.file is file for app in material.facts.apps) and _at_top(material, file):
            yield from (module, run)
        else:
            yield from (run, module)
    for name in ("wsgi.py", "asgi.py", "passenger_wsgi.py", "index.py", "run.py", "main.py", "app.py"):
        for path in sorted(material.facts.project.files):
            known = name.endswith("sgi.py") or path in {h.display for h in homes} or _imports(material, path)
            if posixpath.basename(path) == name and known:
                yield _of_module(path, material)
    for home in homes:
        yield _of_module(home.display, material)
    del root


def _of_command(command: Command, material: Material) -> StartPoint | None:
    target = command.target
    if target is None or not target.path or target.kind not in ("server", "dash"):
        return None
    spelled = f"{target.module}:{target.attr}"
    if target.factory and not spelled.endswith(")"):
        spelled += "()"
    home = _root_of(target.path, target.module)
    folders = command.command.folders
    cwd = home if home in folders or not folders else folders[0]
    place = material.loaded.files.locate(cwd or ".")
    if not Path(place).is_dir():
        cwd = home
    return StartPoint(spelled, cwd or ".", () if cwd == home else (home or ".",), command.file.path)


def _root_of(path: str, module: str) -> str:
    """The folder from which a module in a file is imported."""
    stem = path.removesuffix(".py").removesuffix("/__init__")
    ending = module.replace(".", "/")
    return stem.removesuffix(ending).rstrip("/") if stem.endswith(ending) else posixpath.dirname(path)


def _of_module(path: str, material: Material) -> StartPoint:
    names = material.loaded.selection.modules.module_names(path)
    name = min(names, key=len) if names else posixpath.basename(path).removesuffix(".py")
    package = posixpath.dirname(path)
    if "." not in name and path.endswith("/__init__.py") and name == "__init__":
        name = posixpath.basename(package)
    # a module of a package is imported from above the package
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    files = material.facts.project.files
    while package and (f"{package}/__init__.py" in files or _is_package(material, package)):
        package = posixpath.dirname(package)
    name = dotted[len(package) + 1 if package else 0 :]
    return StartPoint(name, package or ".", (), path)


def _is_package(material: Material, folder: str) -> bool:
    return Path(material.loaded.files.locate(f"{folder}/__init__.py")).is_file()


def _imports(material: Material, path: str) -> bool:
    """Whether a file imports a file that makes an app."""
    homes = {app.file.display for app in material.facts.apps}
    return not homes.isdisjoint(material.sides.imports(path))


def _scripts(material: Material) -> Iterator[tuple[FileIndex, bool]]:
    """The files that run an app, and whether they do so only when they are run themselves."""
    for path in sorted(material.facts.project.files, key=lambda p: (p.count("/"), p)):
        file = material.facts.project.files[path]
        if posixpath.basename(path).startswith(("test_", "conftest")):
            continue
        for name in ("run", "run_server", "serve"):
            uses = [node for node, _ in file.attributes.get(name, ())]
            ours = [node for node in uses if material.facts.dash_apps(node.value) or material.facts.servers(node.value)]
            if ours:
                yield file, all(_under_guard(node) for node in ours)
                break


def _hand_started(material: Material) -> Iterator[FileIndex]:
    """The files that hand apps of other files to a server themselves (``run_simple``)."""
    for path in sorted(material.facts.project.files, key=lambda p: (p.count("/"), p)):
        file = material.facts.project.files[path]
        calls = {last_name(call.func) for call, _ in file.calls}
        tests = posixpath.basename(path).startswith(("test_", "conftest"))
        if calls & _STARTERS and not tests and _imports(material, path):
            yield file


def _under_guard(node: ast.AST) -> bool:
    current: ast.AST | None = node
    while current is not None:
        if isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return True
        if isinstance(current, ast.If) and "__name__" in ast.unparse(current.test):
            return True
        current = parent_of(current)
    return False


def _at_top(material: Material, file: FileIndex) -> bool:
    """Whether a file makes an app when it is imported."""
    for call in material.facts.constructors_in(file):
        current = parent_of(call)
        while current is not None and not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef)):
            current = parent_of(current)
        if current is None:
            return True
    return False


def asgi_targets(root: Path) -> list[str]:
    """What the deploy files of a migrated project hand to an ASGI server."""
    found: list[str] = []
    for pattern in _DEPLOY:
        for path in sorted(root.rglob(pattern))[:40]:
            if path.is_file() and path.stat().st_size < 200_000 and "node_modules" not in path.parts:
                text = path.read_text(encoding="utf-8", errors="replace")
                found += [match[1] for match in _ASGI_TARGET.finditer(text) if match[1] not in found]
    return [one for one in found if not re.search(r":\d|^(?:http|redis)", one)]


def needed_environment(loaded: Loaded) -> dict[str, str]:
    """Values for variables that the code cannot do without, or that keep a gate shut, and that are not set here."""
    found: dict[str, str] = {}
    optional: set[str] = set()
    for file in list(loaded.facts.project.files.values()):
        for subscript, _ in file.subscripts:
            if last_name(subscript.value) == "environ" and isinstance(subscript.ctx, ast.Load):
                name = subscript.slice.value if isinstance(subscript.slice, ast.Constant) else None
                if isinstance(name, str):
                    found[name] = _value(name)
        for call, _ in file.calls:
            name = _asked_for(call)
            if name is None:
                continue
            alone = len(call.args) == 1 and not call.keywords and not isinstance(parent_of(call), ast.BoolOp)
            if alone and _SECRET.search(name):
                found[name] = _value(name)
            else:
                optional.add(name)
    return {name: value for name, value in sorted(found.items()) if name not in {*os.environ, *optional}}


def _asked_for(call: ast.Call) -> str | None:
    """The variable that ``os.getenv`` or ``os.environ.get`` is asked for."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    reads = last_name(call.func) == "getenv" or (
        last_name(call.func) == "get" and owner is not None and last_name(owner) == "environ"
    )
    name = call.args[0].value if reads and call.args and isinstance(call.args[0], ast.Constant) else None
    return name if isinstance(name, str) else None


def _value(name: str) -> str:
    if re.search(r"PORT|COUNT|SIZE|LIMIT|TIMEOUT|WORKERS|SECONDS|DAYS", name):
        return "8050" if "PORT" in name else "3"
    if re.search(r"(DATABASE|DB|SQL\w*)_(URL|URI)$", name):
        return "sqlite://"
    if re.search(r"DIR$|FOLDER$|PATH$|ROOT$", name):
        return "."
    return f"verify-{name.lower().replace('_', '-')}"


def spelled(environment: Mapping[str, str]) -> str:
    """The names of variables, for a note."""
    return ", ".join(environment)
