"""Which identifiers can lead to a Dash app, a server or a Flask name at all: cheap, by spelling, before evaluating.

An identifier is of interest if some value that flows into that *spelling* anywhere starts at Dash or Flask.
Too many is slow, too few is wrong: every way a value can travel in ``evaluate`` has an edge here.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dash_migrate.facts.arguments import field_names
from dash_migrate.facts.names import names
from dash_migrate.facts.project import deferred_call, is_indirect, last_name
from dash_migrate.facts.scopes import FileIndex, parent_of

#: what every project starts from, besides what it imports from packages of interest
SEEDS = frozenset(["Dash", "Flask", "Quart", "FastAPI", "Blueprint", "server", "get_app", "init_app", "super"])


def interesting_names(files: Iterable[FileIndex]) -> set[str]:
    """The identifiers worth evaluating in these files."""
    files = list(files)
    edges: dict[str, set[str]] = defaultdict(set)
    found: set[str] = set(SEEDS)
    parameters: dict[str, list[Signature]] = defaultdict(list)
    for file in files:
        found |= _definitions(file, edges, parameters)
    held = [signature for name in _held_functions(files, parameters) for signature in parameters.get(name, ())]
    for file in files:
        _calls(file, edges, parameters, held)
    todo = list(found)
    while todo:
        for target in edges.get(todo.pop(), ()):
            if target not in found:
                found.add(target)
                todo.append(target)
    return found


def _definitions(file: FileIndex, edges: dict[str, set[str]], parameters: dict[str, list[Signature]]) -> set[str]:
    found = set()
    packages: set[str] = set()
    known = names()
    for scope in file.scopes:
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                if binding.kind in ("import", "from"):
                    if binding.kind == "from":
                        edges[binding.attr].add(name)
                    root = binding.module or binding.attr
                    if not binding.level and known.is_object_root(root):
                        found.add(name)
                        if binding.kind == "import" and root.split(".")[0] != "dash":
                            packages.add(name)
                elif binding.value is not None:
                    for head in heads(binding.value):
                        edges[head].add(name)
                    if isinstance(binding.value, ast.Call) and last_name(binding.value.func) in _NAMED_TUPLES:
                        parameters[name].append(Signature((*field_names(binding.value), name)))
        node = scope.node
        if isinstance(node, ast.Lambda):
            parameters[_LAMBDA].append(_signature(node.args))
            _defaults(node.args, edges)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for value in scope.returns:
                for head in heads(value):
                    edges[head].add(node.name)
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            signature = _signature(arguments)
            parameters[node.name].append(signature)
            if scope.parent is not None and scope.parent.kind == "class" and node.name == "__init__":
                parameters[getattr(scope.parent.node, "name", "")].append(signature)
            for argument in every:
                if argument.annotation is not None:
                    for head in heads(argument.annotation):
                        edges[head].add(argument.arg)
            _defaults(arguments, edges)
            if _is_fixture(node):
                edges[node.name].add(node.name)
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                for head in heads(base):
                    edges[head].add(node.name)
                    edges[head].add("self")
            fields = [s.target.id for s in node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
            if fields:
                parameters[node.name].append(Signature((*fields, node.name)))
    for target, value, _ in file.item_stores:
        for head in heads(value):
            edges[head].add(last_name(target.value))
    for attr, uses in file.attributes.items():
        for node, _scope in uses:
            if isinstance(node.value, ast.Name) and node.value.id in packages:
                found.add(attr)  # ``rq = flask.request``, ``cache = flask_caching.Cache()``
            bound = getattr(node, "_bound", None)
            if bound is not None:
                for head in heads(bound[1]):
                    edges[head].add(attr)
    return found


def _defaults(arguments: ast.arguments, edges: dict[str, set[str]]) -> None:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for default in (*arguments.defaults, *arguments.kw_defaults):
        for head in heads(default):
            edges[head].update(argument.arg for argument in every)


def _held_functions(files: list[FileIndex], parameters: dict[str, list[Signature]]) -> set[str]:
    """Functions that are put into variables or containers, or passed on."""
    found = {_LAMBDA}
    for file in files:
        for scope in file.scopes:
            for name, loads in scope.loads.items():
                if name in parameters and any(not _is_called(node) for node in loads):
                    found.add(name)
    return found


def _is_called(node: ast.Name) -> bool:
    call = parent_of(node)
    return isinstance(call, ast.Call) and call.func is node


def _calls(
    file: FileIndex,
    edges: dict[str, set[str]],
    parameters: dict[str, list[Signature]],
    held: list[Signature],
) -> None:
    for call, scope in file.calls:
        for one in (call, deferred_call(call)):
            if one is None:
                continue
            name = last_name(one.func)
            if name in _PUT_IN and isinstance(one.func, ast.Attribute):
                for argument in (*one.args, *(k.value for k in one.keywords)):
                    for head in heads(argument):
                        edges[head].update(heads(one.func.value))
            signatures = parameters.get(name)
            if signatures is None and is_indirect(call, scope):
                signatures = held
            if signatures:
                passed = set(_passed(one))
                reached = {target for signature in signatures for target in signature.reached_by(one)} if passed else ()
                for head in passed:
                    edges[head].update(reached)
            if name in _RECORDS:
                for keyword in one.keywords:
                    for head in heads(keyword.value):
                        edges[head].add(keyword.arg or "")


def _passed(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        yield from heads(argument)
    for keyword in call.keywords:
        yield from heads(keyword.value)


def heads(node: ast.expr | None) -> Iterable[str]:
    """The identifiers whose value an expression may pass on."""
    kind = node.__class__
    if kind is ast.Name:
        return (node.id,)  # type: ignore[union-attr]
    if kind is ast.Constant:
        value = node.value  # type: ignore[union-attr]
        return (value,) if value.__class__ is str and value.isidentifier() else ()
    return () if node is None else _heads(node)


def _heads(node: ast.expr) -> Iterator[str]:
    stack: list[ast.AST | None] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, ast.Name):
            yield current.id
        elif isinstance(current, ast.Attribute):
            yield current.attr
        elif isinstance(current, ast.Call):
            stack.append(current.func)
            if last_name(current.func) == "getattr":
                for argument in current.args[1:]:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value
            if last_name(current.func) in _PASS_ON:
                stack.extend(current.args)
                stack.extend(k.value for k in current.keywords)
            if isinstance(current.func, ast.Attribute) and current.func.attr in _PASS_ON:
                stack.append(current.func.value)
        elif isinstance(current, (ast.Tuple, ast.List, ast.Set)):
            stack.extend(current.elts)
        elif isinstance(current, ast.Dict):
            stack.extend(current.values)
        elif isinstance(current, ast.IfExp):
            stack += [current.body, current.orelse]
        elif isinstance(current, ast.BoolOp):
            stack.extend(current.values)
        elif isinstance(current, (ast.Await, ast.Starred, ast.NamedExpr, ast.Subscript)):
            stack.append(current.value)
            if isinstance(current, ast.Subscript):  # annotations: Optional[Dash]
                stack.append(current.slice)
        elif isinstance(current, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            stack.append(current.elt)
        elif isinstance(current, ast.DictComp):
            stack.append(current.value)
        elif isinstance(current, ast.Lambda):
            stack.append(current.body)
        elif isinstance(current, ast.BinOp):
            stack += [current.left, current.right]
        elif isinstance(current, ast.Constant) and isinstance(current.value, str) and current.value.isidentifier():
            yield current.value


_PASS_ON = frozenset(
    ["list", "tuple", "set", "dict", "reversed", "sorted", "iter", "next", "enumerate", "zip", "cast", "partial",
     "items", "values", "get", "pop", "copy", "frozenset", "SimpleNamespace", "Namespace"]
)  # fmt: skip
_PUT_IN = frozenset(["append", "add", "insert", "update", "setdefault"])
_NAMED_TUPLES = frozenset(["namedtuple", "NamedTuple"])
_LAMBDA = "<lambda>"
_RECORDS = frozenset(["SimpleNamespace", "Namespace"])


@dataclass(frozen=True)
class Signature:
    """The parameters a value passed in a call may reach."""

    named: tuple[str, ...]
    places: int = 0
    vararg: str | None = None
    kwarg: str | None = None

    def reached_by(self, call: ast.Call) -> list[str]:
        found = list(self.named)
        if self.vararg is not None and (
            len(call.args) >= self.places or any(isinstance(a, ast.Starred) for a in call.args)
        ):
            found.append(self.vararg)
        if self.kwarg is not None and any(k.arg not in self.named for k in call.keywords):
            found.append(self.kwarg)
        return found


def _signature(arguments: ast.arguments) -> Signature:
    plain = [*arguments.posonlyargs, *arguments.args]
    return Signature(
        tuple(a.arg for a in (*plain, *arguments.kwonlyargs)),
        len(plain),
        arguments.vararg.arg if arguments.vararg else None,
        arguments.kwarg.arg if arguments.kwarg else None,
    )


def _is_fixture(node: ast.AST) -> bool:
    return any(
        last_name(d.func if isinstance(d, ast.Call) else d) == "fixture" for d in getattr(node, "decorator_list", ())
    )
