"""Every Dash callback of a project: its function, what starts it, what it sets, how it runs, what it waits for."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from dash_migrate.facts.blocking import Blocking, BlockingCall
from dash_migrate.facts.project import Project, last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Const, DashApp, Ext, ExtInst, Func, Values

DependencyKind = Literal["Input", "Output", "State"]
Style = Literal["decorator", "call", "clientside"]

#: names of dash (and of dash_extensions) that declare callbacks, by what the last part of the name is
_DECLARING = {
    "callback": "decorator",
    "long_callback": "decorator",
    "clientside_callback": "clientside",
    "serverside_callback": "decorator",
}
_DEPENDENCIES: dict[str, DependencyKind] = {
    "Input": "Input",
    "Output": "Output",
    "State": "State",
    "Trigger": "Input",
    "ServersideOutput": "Output",
    "EventListener": "Input",
}
#: packages whose ``callback`` is Dash's
_DASH_ROOTS = ("dash", "dash_extensions", "jupyter_dash")


@dataclass(frozen=True)
class Dependency:
    """One ``Input``, ``Output`` or ``State``; ``id`` and ``prop`` are None where they are not written out."""

    kind: DependencyKind
    id: str | None
    prop: str | None
    node: ast.Call

    def __str__(self) -> str:
        return f"{self.id or '…'}.{self.prop or '…'}"


@dataclass(eq=False)
class Callback:
    """One callback as the source declares it.

    ``function`` is None for clientside callbacks and where what is decorated cannot be found. ``apps`` are the Dash
    apps it is declared on; empty for ``dash.callback``, which is every app's.
    """

    file: FileIndex
    call: ast.Call
    scope: Scope
    style: Style
    function: Func | None
    apps: tuple[DashApp, ...]
    dependencies: tuple[Dependency, ...]
    options: dict[str, ast.expr]
    _blocking: Blocking = field(repr=False)

    @property
    def line(self) -> int:
        """1-based line of the function, or of the declaration where there is none."""
        node = self.function.node if self.function is not None and self.function.file is self.file else self.call
        return node.lineno

    @property
    def name(self) -> str:
        """The function's name; for clientside callbacks what they set."""
        if self.function is not None:
            return self.function.name
        return ", ".join(map(str, self.outputs)) or "clientside"

    @property
    def is_async(self) -> bool:
        """Whether the function is ``async def``."""
        return self.function is not None and isinstance(self.function.node, ast.AsyncFunctionDef)

    @property
    def is_clientside(self) -> bool:
        return self.style == "clientside"

    @property
    def inputs(self) -> tuple[Dependency, ...]:
        return tuple(d for d in self.dependencies if d.kind == "Input")

    @property
    def outputs(self) -> tuple[Dependency, ...]:
        return tuple(d for d in self.dependencies if d.kind == "Output")

    @property
    def states(self) -> tuple[Dependency, ...]:
        return tuple(d for d in self.dependencies if d.kind == "State")

    def flag(self, name: str) -> bool | None:
        """A yes-or-no option: False where it is not given, None where only the run can tell."""
        node = self.options.get(name)
        if node is None:
            return False
        if isinstance(node, ast.Constant):
            return bool(node.value)
        values = self._blocking.project.evaluator.eval(node, self.scope)
        known = {bool(v.value) for v in values if isinstance(v, Const)}
        return known.pop() if len(known) == 1 and len(values) == 1 else None

    @property
    def is_background(self) -> bool:
        """Whether a worker runs it (``background=True``, ``long_callback``); taken as yes where it may be."""
        return last_name(self.call.func) == "long_callback" or self.flag("background") is not False

    @property
    def is_websocket(self) -> bool:
        """Whether it asks for a websocket by itself; an app can ask for all of its callbacks."""
        return self.flag("websocket") is not False

    @property
    def is_persistent(self) -> bool:
        return self.flag("persistent") is not False

    @property
    def api_endpoint(self) -> ast.expr | None:
        """The expression given as ``api_endpoint``."""
        return self.options.get("api_endpoint")

    @cached_property
    def blocking(self) -> tuple[BlockingCall, ...]:
        """The calls that keep its thread waiting, its helpers' included."""
        return self._blocking.in_function(self.function) if self.function is not None else ()

    @property
    def blocks_event_loop(self) -> bool:
        """Whether it keeps every other request waiting on FastAPI and Quart for as long as somebody else likes."""
        return not self.is_background and any(call.cost == "long" for call in self.blocking)


def callbacks_of(project: Project, paths: Iterable[str] = (), blocking: Blocking | None = None) -> list[Callback]:
    """The callbacks of a project, by file and line.

    Args:
        project: the joined files.
        paths: further files to look at; files that import Dash but have nothing to do with its server are not in
            ``project.files`` until somebody asks for them.
        blocking: to share what is known already.
    """
    for path in paths:
        project.file(path)
    asked = blocking or Blocking(project)
    found = []
    for name in sorted(project.files):
        file = project.files[name]
        for call, scope in file.calls:
            if last_name(call.func) in _DECLARING:
                callback = _callback(project, file, call, scope, asked)
                if callback is not None:
                    found.append(callback)
    found.sort(key=lambda c: (c.file.display, c.call.lineno, c.call.col_offset))
    return found


def _callback(project: Project, file: FileIndex, call: ast.Call, scope: Scope, blocking: Blocking) -> Callback | None:
    dependencies = tuple(_dependencies(call, scope))
    apps = _declared_on(project, call, scope, bool(dependencies))
    if apps is None:
        return None
    clientside = _DECLARING[last_name(call.func)] == "clientside"
    function = None if clientside else _function(project, file, call, scope)
    parent = parent_of(call)
    decorates = isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and call in parent.decorator_list
    style: Style = "clientside" if clientside else "decorator" if decorates else "call"
    options = {k.arg: k.value for k in call.keywords if k.arg is not None}
    return Callback(file, call, scope, style, function, apps, dependencies, options, blocking)


def _declared_on(project: Project, call: ast.Call, scope: Scope, dependent: bool) -> tuple[DashApp, ...] | None:
    """The apps a declaration is for (none: any app); None if it is no callback of Dash."""
    evaluator = project.evaluator
    func = call.func
    callee: Values = evaluator.eval(func, scope)
    external = [v.dotted for v in callee if isinstance(v, Ext)]
    if external:
        return () if any(one.split(".")[0] in _DASH_ROOTS for one in external) else None
    if isinstance(func, ast.Attribute):
        owners = evaluator.eval(func.value, scope)
        apps = tuple(sorted((v for v in owners if isinstance(v, DashApp)), key=lambda v: v.site.position))
        if apps:
            return apps
        if any(isinstance(v, ExtInst) and v.dotted.split(".")[0] in _DASH_ROOTS for v in owners):
            return ()
    if any(isinstance(v, Func) for v in callee):
        return None  # the project's own decorator
    return () if dependent else None


def _function(project: Project, file: FileIndex, call: ast.Call, scope: Scope) -> Func | None:
    """What is decorated, or what ``app.callback(...)(function)`` is given."""
    parent = parent_of(call)
    if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return Func(file, parent, scope) if call in parent.decorator_list else None
    if isinstance(parent, ast.Call) and parent.func is call and parent.args:
        for value in project.evaluator.eval(parent.args[0], scope):
            if isinstance(value, Func):
                return value
    return None


def _dependencies(call: ast.Call, scope: Scope) -> Iterator[Dependency]:
    """The dependencies in the arguments, in order, however lists and dictionaries nest them."""
    values = [*call.args, *(k.value for k in call.keywords if k.arg in (None, "inputs", "output", "outputs", "state"))]
    for value in values:
        yield from _in_expression(value, scope, 0)


def _in_expression(node: ast.expr, scope: Scope, depth: int) -> Iterator[Dependency]:
    if isinstance(node, ast.Call):
        kind = _DEPENDENCIES.get(last_name(node.func))
        if kind is not None:
            yield _dependency(kind, node)
        elif last_name(node.func) in ("dict", "list", "tuple"):
            for argument in [*node.args, *(k.value for k in node.keywords)]:
                yield from _in_expression(argument, scope, depth + 1)
        return
    if depth > 6:
        return
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        inner: list[ast.expr] = list(node.elts)
    elif isinstance(node, ast.Dict):
        inner = list(node.values)
    elif isinstance(node, ast.Starred):
        inner = [node.value]
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        inner = [node.elt]
    elif isinstance(node, ast.BinOp):  # [Input(...)] + more
        inner = [node.left, node.right]
    elif isinstance(node, ast.Name):
        owner = scope.owner_of(node.id)
        bindings = owner.bindings.get(node.id, []) if owner is not None else []
        inner = [b.value for b in bindings if b.kind == "assign" and b.value is not None and not b.path][:1]
    else:
        return
    for one in inner:
        yield from _in_expression(one, scope, depth + 1)


def _dependency(kind: DependencyKind, node: ast.Call) -> Dependency:
    arguments: dict[str, ast.expr] = dict(zip(("component_id", "component_property"), node.args, strict=False))
    arguments.update({k.arg: k.value for k in node.keywords if k.arg is not None})
    identity, prop = arguments.get("component_id"), arguments.get("component_property")
    return Dependency(kind, _text(identity), _text(prop), node)


def _text(node: ast.expr | None) -> str | None:
    """A literal id or property; a pattern-matching id as Dash spells it in JSON."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Dict):
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant):
                return None
            name = last_name(value)
            if name in _WILDCARDS:
                shown = f'["{name}"]'
            elif isinstance(value, ast.Constant):
                shown = json.dumps(value.value, default=str)
            else:
                return None
            pairs.append(f'"{key.value!s}":{shown}')
        return "{" + ",".join(sorted(pairs)) + "}"
    return None


_WILDCARDS = ("ALL", "MATCH", "ALLSMALLER")
