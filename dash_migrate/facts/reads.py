"""What a function asks of the request: arguments, form fields, headers, cookies, and what it compares them with."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from dash_migrate.facts.blocking import Blocking
from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.texts import texts_of
from dash_migrate.facts.values import Func

ReadKind = Literal[
    "args", "form", "values", "files", "headers", "cookies", "json", "session", "authorization", "body", "parameter"
]

#: where what is read comes from, by what it is reached through
_SOURCES: dict[str, ReadKind] = {
    "flask.request.args": "args",
    "flask.request.form": "form",
    "flask.request.values": "values",
    "flask.request.files": "files",
    "flask.request.headers": "headers",
    "flask.request.cookies": "cookies",
    "flask.request.json": "json",
    "flask.request.get_json()": "json",
    "flask.session": "session",
    "dash.callback_context.cookies": "cookies",
    "dash.callback_context.headers": "headers",
}
_WHOLE: dict[str, ReadKind] = {
    "flask.request.authorization": "authorization",
    "flask.request.authorization.username": "authorization",
    "flask.request.authorization.password": "authorization",
    "flask.request.authorization.token": "authorization",
    "flask.request.data": "body",
    "flask.request.get_data()": "body",
    "flask.request.stream": "body",
    "flask.request.json": "json",
    "flask.request.get_json()": "json",
}
_GETTERS = frozenset(["get", "getlist", "pop", "setdefault"])
#: methods and functions that hand on what they are given, more or less
_TRANSPARENT = frozenset(
    ["strip", "lower", "upper", "str", "int", "float", "encode", "decode", "title", "removeprefix"]
)


@dataclass
class Read:
    """One thing that is read; ``key`` is None for the whole body or all keys.

    ``type`` is what it is converted to (``int``), ``values`` what it is compared with or looked up in, as far as
    that is written out; ``${NAME}`` stands for a variable of the environment. ``entries`` are the dictionary entries
    it is looked up in: the key and every string that its value holds.
    """

    kind: ReadKind
    key: str | None
    type: str | None = None
    values: list[str] = field(default_factory=list)
    entries: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def add(self, other: Read) -> None:
        """Take over what another read of the same thing knows."""
        self.type = self.type or other.type
        self.values += [v for v in other.values if v not in self.values]
        self.entries += [e for e in other.entries if e not in self.entries]


@dataclass(eq=False)
class Reads:
    """Answers for the functions of one project."""

    blocking: Blocking
    _known: dict[ast.AST, list[Read]] = field(default_factory=dict)

    def of(self, function: Func) -> list[Read]:
        """What a function and the project's functions it calls read; each kind and key once."""
        found: dict[tuple[str, str | None], Read] = {}
        for reached in self.blocking.reached(function):
            for read in self._in_body(reached.function):
                found.setdefault((read.kind, read.key), Read(read.kind, read.key)).add(read)
        return list(found.values())

    def parameters(self, function: Func) -> list[Read]:
        """The function's own parameters, in order, with what it or the functions it hands them to compare them with."""
        return self._parameters(function, 0)

    def _parameters(self, function: Func, depth: int) -> list[Read]:
        found = {name: Read("parameter", name) for name in _names_of(function)}
        body = _Body(self.blocking, function, found)
        body.run()
        if depth < 3:
            for call, scope in self.blocking.calls_in(function):
                given = [(None, at, one) for at, one in enumerate(call.args)]
                handed = [(at, found[one.id]) for _, at, one in given if isinstance(one, ast.Name) and one.id in found]
                named = [
                    (keyword.arg, found[keyword.value.id])
                    for keyword in call.keywords
                    if isinstance(keyword.value, ast.Name) and keyword.value.id in found
                ]
                if not handed and not named:
                    continue
                for called in self.blocking.project.evaluator.eval(call.func, scope):
                    if isinstance(called, Func) and called.node is not function.node:
                        inner = self._parameters(called, depth + 1)
                        for at, read in handed:
                            if at < len(inner):
                                read.add(inner[at])
                        for name, read in named:
                            for one in inner:
                                if one.key == name:
                                    read.add(one)
        return list(found.values())

    def _in_body(self, function: Func) -> list[Read]:
        if function.node not in self._known:
            self._known[function.node] = list(_Body(self.blocking, function).run())
        return self._known[function.node]


class _Body:
    """One function's own body."""

    def __init__(self, blocking: Blocking, function: Func, parameters: Mapping[str, Read] | None = None) -> None:
        self.blocking = blocking
        self.project = blocking.project
        self.file: FileIndex = function.file
        self.function = function
        self.nodes: dict[ast.AST, Read] = {}
        self.carriers: dict[str, list[Read]] = {name: [read] for name, read in (parameters or {}).items()}

    def run(self) -> Iterable[Read]:
        body = self.function.node.body
        statements: list[ast.AST] = list(body) if isinstance(body, list) else [body]
        for decorator in getattr(self.function.node, "decorator_list", ()):
            statements.append(decorator)
        everything = [node for statement in statements for node in _walk(statement)]
        for node in everything:
            self._note(node)
        for node, read in list(self.nodes.items()):
            name = self._carried_by(node)
            if name:
                self.carriers.setdefault(name, []).append(read)
        for node in everything:
            if isinstance(node, ast.Compare):
                self._compare(node)
            elif isinstance(node, ast.Subscript):
                self._looked_up(node.value, node.slice)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GETTERS:
                self._looked_up(node.func.value, node.args[0] if node.args else None)
        return self.nodes.values()

    def _scope(self, node: ast.AST) -> Scope:
        return self.project.scope_at(self.file, node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GETTERS:
            kind = self._source(node.func.value)
            if kind is not None and node.args:
                for key in self._keys(node.args[0]):
                    self.nodes[node] = Read(kind, key, _converted(node))
                return
        if isinstance(node, ast.Subscript):
            kind = self._source(node.value)
            if kind is not None:
                for key in self._keys(node.slice):
                    self.nodes[node] = Read(kind, key, _cast(node))
                return
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            kind = self._source(node.comparators[0])
            if kind is not None:
                for key in self._keys(node.left):
                    self.nodes[node] = Read(kind, key)
        if isinstance(node, (ast.Attribute, ast.Call)) and node not in self.nodes:
            for origin in self._origins(node):
                if origin in _WHOLE:
                    part = origin.rpartition(".")[2] if ".authorization." in origin else None
                    self.nodes[node] = Read(_WHOLE[origin], part)

    def _origins(self, node: ast.expr) -> frozenset[str]:
        if isinstance(node, ast.Attribute) and not isinstance(node.value, (ast.Name, ast.Attribute, ast.Call)):
            return frozenset()
        return self.blocking.origins.of(node, self._scope(node))

    def _source(self, node: ast.expr) -> ReadKind | None:
        for origin in self._origins(node):
            if origin in _SOURCES:
                return _SOURCES[origin]
        return None

    def _keys(self, node: ast.expr) -> list[str]:
        return list(dict.fromkeys(texts_of(self.project, node, self._scope(node))))[:6]

    def _carried_by(self, node: ast.AST) -> str:
        """The name that what is read is bound to: ``x = (request.form.get("x") or "").strip()``."""
        current, parent = node, parent_of(node)
        while parent is not None:
            if isinstance(parent, ast.Assign):
                return parent.targets[0].id if isinstance(parent.targets[0], ast.Name) else ""
            if isinstance(parent, ast.NamedExpr):
                return parent.target.id
            passes = isinstance(parent, (ast.BoolOp, ast.IfExp, ast.Await))
            passes = passes or (isinstance(parent, ast.Attribute) and parent.attr in _TRANSPARENT)
            passes = passes or (isinstance(parent, ast.Call) and last_name(parent.func) in _TRANSPARENT)
            if not passes:
                return ""
            current, parent = parent, parent_of(parent)
        del current
        return ""

    # --- comparisons

    def _compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        for side in sides:
            for read in self._read_in(side):
                for other in sides:
                    if other is not side:
                        found = self._literals(other, isinstance(node.ops[0], (ast.In, ast.NotIn)))
                        read.values += [v for v in found if v not in read.values][:8]

    def _looked_up(self, container: ast.expr, key: ast.expr | None) -> None:
        """``USERS.get(name)``, ``app.config["KEYS"][key]``."""
        for read in self._read_in(key) if key is not None else ():
            for display in self._displays(container):
                if isinstance(display, ast.Dict):
                    for name, value in zip(display.keys, display.values, strict=True):
                        if isinstance(name, ast.Constant) and isinstance(name.value, str):
                            entry = (name.value, tuple(_strings_in(value)))
                            read.add(Read(read.kind, read.key, None, [name.value], [entry]))

    def _displays(self, node: ast.expr) -> Iterator[ast.expr]:
        """The lists and dictionaries an expression may be; one out of a config is found by its name."""
        if isinstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Set)):
            yield node
        elif isinstance(node, (ast.Name, ast.Attribute)):
            yield from self._bound(node)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            for file in list(self.project.files.values()):
                for binding in file.module.bindings.get(str(node.slice.value), ()):
                    if binding.kind == "assign" and binding.value is not None and not binding.path:
                        yield binding.value

    def _read_in(self, node: ast.expr) -> list[Read]:
        """The reads whose value an expression is, give or take ``.lower()``."""
        while True:
            if node in self.nodes and not isinstance(node, ast.Compare):
                return [self.nodes[node]]
            if isinstance(node, ast.Name):
                return self.carriers.get(node.id, [])
            if isinstance(node, ast.Call) and last_name(node.func) in _TRANSPARENT:
                node = node.func.value if isinstance(node.func, ast.Attribute) else (node.args or [node.func])[0]
                continue
            return []

    def _literals(self, node: ast.expr, members: bool) -> list[str]:
        """What an expression says: a constant, the members of a list, the values of a dict that is looked up in."""
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return self._entries(node.value, keys=False)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            entries = self._entries(node.func.value, keys=False)
            if entries:
                return entries
        if members:
            entries = self._entries(node, keys=True)
            if entries:
                return entries
        variable = _environment(node)
        if variable:
            return [variable, *_default(node)]
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return [str(node.value)]
        if isinstance(node, ast.Name):
            for value in self._bound(node):
                variable = _environment(value)
                if variable:
                    return [variable, *_default(value)]
        return list(dict.fromkeys(texts_of(self.project, node, self._scope(node))))[:8]

    def _entries(self, node: ast.expr, keys: bool) -> list[str]:
        if isinstance(node, ast.Dict):
            chosen = [k for k in node.keys if k is not None] if keys else node.values
            return [t for one in chosen for t in texts_of(self.project, one, self._scope(node))]
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [t for one in node.elts for t in texts_of(self.project, one, self._scope(node))] if keys else []
        return [t for value in self._displays(node) for t in self._entries(value, keys)]

    def _bound(self, node: ast.expr) -> Iterator[ast.expr]:
        """The displays that a name is bound to, in this module or the one it comes from."""
        scope = self._scope(node)
        if not isinstance(node, ast.Name):
            return
        owner = scope.owner_of(node.id)
        for binding in owner.bindings.get(node.id, ()) if owner is not None else ():
            if binding.kind == "assign" and binding.value is not None and not binding.path:
                if binding.value is not node:
                    yield binding.value
            elif binding.kind == "from":
                for module in self.project.imported_modules(self.file, binding):
                    for inner in module.module.bindings.get(binding.attr, ()):
                        if inner.kind == "assign" and inner.value is not None and not inner.path:
                            yield inner.value


def _names_of(function: Func) -> list[str]:
    arguments = function.node.args
    names = [one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _strings_in(node: ast.expr) -> Iterator[str]:
    """The string constants of an expression, keys of dictionaries aside, at most a few."""
    found = 0
    keys = {key for one in ast.walk(node) if isinstance(one, ast.Dict) for key in one.keys}
    keywords = {k.value for one in ast.walk(node) if isinstance(one, ast.Call) for k in one.keywords}
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and one not in keys | keywords and found < 6:
            found += 1
            yield one.value


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a statement without those of functions and classes defined in it."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        for child in ast.iter_child_nodes(current):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                stack.append(child)


def _converted(call: ast.Call) -> str | None:
    """``int`` of ``request.args.get("n", type=int)`` and of ``int(request.args["n"])``."""
    for keyword in call.keywords:
        if keyword.arg == "type":
            return last_name(keyword.value) or None
    if len(call.args) > 2:
        return last_name(call.args[2]) or None
    return _cast(call)


def _cast(node: ast.expr) -> str | None:
    """``int`` of ``int(node)``."""
    parent = parent_of(node)
    name = last_name(parent.func) if isinstance(parent, ast.Call) else ""
    return name if name in ("int", "float") else None


def _environment(node: ast.expr) -> str:
    """``${NAME}`` for ``os.environ["NAME"]`` and the like."""
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and last_name(node.value) == "environ":
        key = node.slice
    elif isinstance(node, ast.Call) and node.args:
        name = last_name(node.func)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name == "getenv" or (name == "get" and owner is not None and last_name(owner) == "environ"):
            key = node.args[0]
    return f"${{{key.value}}}" if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _default(node: ast.expr) -> list[str]:
    """What a variable of the environment is if it is not set, where that is written out."""
    if isinstance(node, ast.Call) and len(node.args) > 1:
        value = node.args[1]
        return [value.value] if isinstance(value, ast.Constant) and isinstance(value.value, str) else []
    return []
