"""The commands that start the project's apps, and what each has to become."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from dash_migrate.deploy.argv import Argv, Item
from dash_migrate.deploy.commands import Command, parse_flags
from dash_migrate.deploy.managers import Plan, flask_run, plan, worker_of
from dash_migrate.deploy.readers import IN_PYTHON, WORDS, pieces
from dash_migrate.deploy.targets import USUAL_NAMES, Target, Targets
from dash_migrate.deploy.texts import Edit, Text, apply
from dash_migrate.deploy.workspace import DeployFile, Workspace
from dash_migrate.facts.scan import App
from dash_migrate.files.errors import NO_CODE
from dash_migrate.files.layout import join
from dash_migrate.rules_data import table
from dash_migrate.syntax.segments import TextMap

KINDS = frozenset(
    [
        "procfile",
        "dockerfile",
        "compose",
        "yaml",
        "json",
        "toml",
        "pyproject",
        "make",
        "shell",
        "service",
        "ini",
        "config",
    ]
)
_TARGET = re.compile(r"[A-Za-z_][\w.\-/]*:[A-Za-z_][\w.]*(\(.*\))?")
_MODULE = re.compile(r"[A-Za-z_][\w.]*(\.py)?")

#: gunicorn as the value of a variable, or behind one
_STARTED = re.compile(r"\bgunicorn3?\b(?![\w.-]*\.(?:py|conf|pid|log|sock))")
_MENTIONED = re.compile(
    r"^\s*(?:#|//|;|rem\b|--)|\binstall\b|\badd\b|\becho\b|\bp?kill\b|depend|systemctl|supervisorctl|[\w]-gunicorn|gunicorn[:-]",
    re.IGNORECASE,
)
#: gunicorn as the only word of a list or the key of a table, with a version or without: a package
_REQUIRED = re.compile(
    r"""\s*(?:-\s+)?["']?gunicorn["']?\s*(?:\[[\w, ]*\]\s*)?(?:[~=<>!^@][^$]*)?["']?,?\s*(?:\s#.*)?"""
)
#: gunicorn as one of several packages of a list
_QUOTED = re.compile(r"""(["'])gunicorn(?:\[[\w, ]*\])?\s*(?:[~=<>!^@][^"']*)?\1""", re.IGNORECASE)
#: the files in which it can be one
_LISTS = frozenset(["toml", "pyproject", "yaml", "json"])

#: the backend an app has, or will have
BackendOf = Callable[[App], str]


@dataclass(eq=False)
class Start:
    """A command that starts, or may start, one of the apps."""

    file: DeployFile
    command: Command
    target: Target | None
    plan: Plan
    #: the backends of the apps behind it
    backends: frozenset[str]

    @property
    def changes(self) -> bool:
        return self.plan.outcome in ("uvicorn", "worker", "target") and not self.command.setting.shown


@dataclass(eq=False)
class Config:
    """A gunicorn configuration file."""

    file: DeployFile
    worker_class: ast.Constant | None = None
    wsgi_app: ast.Constant | None = None

    def edit(self, node: ast.Constant, value: str) -> Edit:
        """Another string in the place of one."""
        start, end = TextMap(self.file.text).place(node)
        quote = self.file.text[start]
        return Edit(start, end, f"{quote}{value}{quote}")


def _unprefixed(word: str) -> str:
    """What hypercorn loads: ``wsgi:module:attr`` says that it is WSGI."""
    return word.removeprefix("wsgi:") if word.count(":") > 1 else word


class Starts:
    """Finds the start commands of a project.

    Args:
        workspace: its files.
        backend_of: the backend an app has, or will have.
        with_settled: give those too that may stay as they are.
    """

    def __init__(self, workspace: Workspace, backend_of: BackendOf, with_settled: bool = False) -> None:
        self.workspace = workspace
        self.backend_of = backend_of
        self.with_settled = with_settled
        self.targets = Targets(workspace.loaded)
        self._configs: dict[str, Config | None] = {}
        #: the ASGI servers that serve the apps, once everything has been rewritten
        self.servers: set[str] = set()

    @cached_property
    def found(self) -> list[Start]:
        """Every command that starts an app of this project, or cannot be told from one."""
        return list(self._find())

    def _find(self) -> Iterator[Start]:
        for file in (*self.workspace.holding(WORDS, KINDS), *self.workspace.scripts(IN_PYTHON)):
            commands = list(self._commands(file))
            if file.kind != "python" and not any(c.manager.startswith("gunicorn") for c in commands):
                unread = self._unread(file)
                if unread is not None:
                    yield unread
            for command in commands:
                start = self._start(file, command)
                if start is not None:
                    if start.plan.outcome in ("uvicorn", "worker"):
                        self.servers.add("uvicorn")
                    yield start

    def _unread(self, file: DeployFile) -> Start | None:
        """A file that starts gunicorn in a way that is not understood."""
        at = 0
        for line in file.text.splitlines(keepends=True):
            found = _STARTED.search(_QUOTED.sub("", line) if file.kind in ("toml", "pyproject") else line)
            package = file.kind in _LISTS and _REQUIRED.fullmatch(line.rstrip("\r\n"))
            if found is not None and not package and not _MENTIONED.search(line):
                piece = Text.raw(file.text, at + found.start(), at + len(line.rstrip()))
                argv = Argv.of_list(piece, [(0, len(piece.value), piece)], " ", str)
                setting = self.workspace.setting(file.path)
                command = Command("gunicorn", argv.items, [], setting, {}, setting.folders)
                if {self.backend_of(app) for app in self.workspace.loaded.facts.apps} & {"fastapi", "quart"}:
                    return self._untold(file, command)
            at += len(line)
        return None

    def shown(self) -> Iterator[Start]:
        """The same in documents, which only show them."""
        for path in self.workspace.documents:
            file = self.workspace.file(path)
            if file is not None and any(word in file.data for word in WORDS):
                for command in self._commands(file):
                    start = self._start(file, command)
                    if start is not None and start.target is not None:
                        yield start

    def becomes(self, start: Start) -> str:
        """The whole command that one becomes; "" for one that stays, or that a person has to change."""
        if not start.plan.becomes or not start.plan.edits:
            return start.plan.becomes
        names = [c.name.span for c in self._commands(start.file)]
        text = apply(start.file.text, start.plan.edits)
        made = DeployFile(start.file.path, start.file.kind, text.encode(), text)
        after = list(self._commands(made))
        at = names.index(start.command.name.span) if start.command.name.span in names else -1
        return after[at].text if at >= 0 and len(after) == len(names) else start.plan.becomes

    def _commands(self, file: DeployFile) -> Iterator[Command]:
        seen: set[tuple[int, int]] = set()
        for piece in pieces(file.path, file.kind, file.text, self.workspace.setting(file.path)):
            for command in piece.commands():
                place = command.name.span
                if place not in seen:
                    seen.add(place)
                    yield command

    @cached_property
    def has_cmd_args(self) -> bool:
        """Whether gunicorn gets flags from a variable."""
        kinds = KINDS | {"env"}
        return any(True for _ in self.workspace.holding((b"GUNICORN_CMD_ARGS",), kinds))

    # --- one command

    def _start(self, file: DeployFile, command: Command) -> Start | None:
        if command.manager == "flask":
            return self._flask(file, command)
        gunicorn = command.manager in ("gunicorn", "gunicorn3")
        config = self.config_of(command) if gunicorn else None
        item = self._target_item(command)
        spelled = item.value if item is not None else ""
        if not spelled and config is not None and config.wsgi_app is not None:
            spelled = str(config.wsgi_app.value)
        if command.manager in ("uwsgi", "mod_wsgi-express"):
            return self._wsgi_only(file, command)
        if not spelled:
            told = {"-v", "--version", "-h", "--help"} & {i.value for i in command.arguments}
            return self._untold(file, command) if gunicorn and not told and not self._is_settled(command) else None
        default = "application" if gunicorn else "app"
        target = self.targets.resolve(_unprefixed(spelled), command.folders, default)
        if target.kind == "missing" and (item is None or item.dynamic or "_" * 4 in spelled):
            return self._untold(file, command) if gunicorn and not self._is_settled(command) else None
        if target.kind not in ("server", "dash"):
            return None
        backends = frozenset(self.backend_of(app) for app in target.apps)
        if backends & {"fastapi", "quart"}:
            if command.manager in ("uvicorn", "hypercorn"):
                self.servers.add(command.manager)
            elif gunicorn and "uvicorn" in self._worker(command):
                self.servers.add("uvicorn")
        else:
            if self.with_settled and gunicorn and backends & {"unknown"} and not self._is_settled(command):
                return Start(file, command, target, Plan("nothing", why="the backend is chosen when it runs"), backends)
            return None
        read = config is not None or self._auto_config(command)
        keep = command.setting.keep or self._keep()
        settled = gunicorn and self._is_settled(command)
        made = plan(command, target, config=read, keep=keep, settled=settled)
        if config is not None and made.outcome == "worker" and self._worker_in(config) and worker_of(command) is None:
            word = command.name
            place = word.argv.host.edit(word.argv.places[word.index][1], word.argv.places[word.index][1], "").start
            made.edits = [e for e in made.edits if not (e.start == e.end == place)]
        return Start(file, command, target, made, backends) if made.outcome != "nothing" or self.with_settled else None

    def _keep(self) -> str:
        return "GUNICORN_CMD_ARGS holds flags for it" if self.has_cmd_args else ""

    def _is_settled(self, command: Command) -> bool:
        return self._worker(command) in table("process_managers")["asgi_workers"]

    def _worker(self, command: Command) -> str:
        """gunicorn's worker class, from the command or the configuration it reads; "" where none is set."""
        worker, config = worker_of(command), self.config_of(command)
        if worker is not None:
            return worker.value or ""
        return str(config.worker_class.value) if config is not None and config.worker_class is not None else ""

    def _untold(self, file: DeployFile, command: Command) -> Start:
        return Start(file, command, None, Plan("manual", why="what it starts is known only when it runs"), frozenset())

    def _wsgi_only(self, file: DeployFile, command: Command) -> Start | None:
        apps = self.workspace.loaded.facts.apps
        backends = frozenset(self.backend_of(app) for app in apps)
        if not backends & {"fastapi", "quart"}:
            return None
        return Start(file, command, None, Plan("manual", why=f"{command.manager} runs no ASGI apps"), backends)

    def _target_item(self, command: Command) -> Item | None:
        gunicorn = command.manager in ("gunicorn", "gunicorn3")
        if gunicorn or command.manager == "waitress-serve":
            _, others = parse_flags(command, "gunicorn" if gunicorn else "waitress")
            for other in others:
                if _TARGET.fullmatch(other.value) or (gunicorn and _MODULE.fullmatch(other.value)):
                    return other
            return None
        return next((a for a in command.arguments if _TARGET.fullmatch(_unprefixed(a.value))), None)

    # --- flask

    def _flask(self, file: DeployFile, command: Command) -> Start | None:
        spelled = command.env.get("FLASK_APP", "")
        items = command.arguments
        for index, item in enumerate(items):
            if item.value in ("--app", "-A") and index + 1 < len(items):
                spelled = items[index + 1].value
            elif item.value.startswith("--app="):
                spelled = item.value[6:]
        target = self._flask_target(spelled, command)
        if target is None or target.kind != "server":
            return None
        backends = frozenset(self.backend_of(app) for app in target.apps)
        if not backends & {"fastapi", "quart"}:
            return None
        if not any(i.value == "run" for i in items):
            if not items or items[0].value in ("--version", "--help"):
                return None
            why = "the `flask` command finds Flask apps only: let FLASK_APP name the Flask app behind the server"
            return Start(file, command, target, Plan("manual", why=why), backends)
        return Start(file, command, target, flask_run(command, target, target.spelled), backends)

    def _flask_target(self, spelled: str, command: Command) -> Target | None:
        for module in [spelled] if spelled else ["wsgi.py", "app.py"]:
            name, _, attr = module.partition(":")
            dotted = name.removesuffix(".py").strip("./").replace("/", ".")
            if not dotted:
                continue
            if attr:
                return self.targets.resolve(f"{dotted}:{attr}", command.folders)
            for usual in (
                "app",
                "application",
                *USUAL_NAMES,
                *self._globals(dotted, command.folders),
                "create_app",
                "make_app",
            ):
                found = self.targets.resolve(f"{dotted}:{usual}", command.folders, sure=True)
                if found.kind == "server" and (found.factory or usual not in ("create_app", "make_app")):
                    return found
        return None

    def _globals(self, dotted: str, folders: tuple[str, ...]) -> list[str]:
        files = self.targets._files(dotted, folders)
        return sorted(files[0].module.bindings) if files else []

    # --- gunicorn's configuration

    def config_of(self, command: Command) -> Config | None:
        """The configuration file a gunicorn command reads, where it can be found."""
        flags, _ = parse_flags(command, "gunicorn")
        named = next((f.value for f in flags if f.name in ("-c", "--config") and f.value), None)
        if named is None:
            named = "gunicorn.conf.py"
        name = re.sub(r"^(file:|python:)", "", named)
        if named.startswith("python:"):
            name = name.replace(".", "/") + ".py"
        python = set(self.workspace.loaded.files.python)
        for folder in command.folders:
            path = join(folder, name.lstrip("/") if name.startswith("/") else name)
            if path in python:
                return self._read_config(path)
        if name.startswith("/"):
            alike = [
                p for p in python if posixpath.basename(p) == posixpath.basename(name) and self.workspace.counts(p)
            ]
            if len(alike) == 1:
                return self._read_config(alike[0])
        return None

    def _auto_config(self, command: Command) -> bool:
        flags, _ = parse_flags(command, "gunicorn") if command.manager.startswith("gunicorn") else ([], [])
        return any(f.name in ("-c", "--config") for f in flags)

    def _read_config(self, path: str) -> Config | None:
        if path not in self._configs:
            file = self.workspace.file(path)
            self._configs[path] = None
            if file is not None:
                config = self._configs[path] = Config(file)
                try:
                    body = ast.parse(file.text).body
                except NO_CODE:
                    body = []
                for statement in body:
                    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                        for name in statement.targets:
                            if isinstance(name, ast.Name) and isinstance(statement.value.value, str):
                                if name.id == "worker_class":
                                    config.worker_class = statement.value
                                elif name.id == "wsgi_app":
                                    config.wsgi_app = statement.value
        return self._configs[path]

    def _worker_in(self, config: Config) -> bool:
        return config.worker_class is not None

    def configs(self) -> Iterator[tuple[Config, list[Edit]]]:
        """What changes in gunicorn's configuration files: the worker class, where it is set there."""
        for config in self._configs.values():
            if config is None:
                continue
            users = [s for s in self.found if s.plan.outcome == "worker" and self.config_of(s.command) is config]
            edits: list[Edit] = []
            worker = config.worker_class
            known = table("process_managers")
            if users and worker is not None and worker.value not in known["asgi_workers"]:
                edits.append(config.edit(worker, known["worker"]))
            target = next((s.target for s in users if s.target is not None and s.target.kind == "dash"), None)
            loads = config.wsgi_app
            if loads is None or target is None or loads.value != target.spelled or "." in target.server_attr:
                pass
            else:
                edits.append(config.edit(loads, f"{target.module}:{target.server_attr}"))
            if edits:
                yield config, edits
