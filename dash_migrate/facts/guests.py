"""Libraries: functions and classes that take somebody else's Dash app and treat its server as Flask."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dash_migrate.rules_data import table

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

#: what parameters are called that take a Dash app, and its server
APP_NAMES = frozenset(["app", "dash_app", "dashapp", "dash", "application", "dashboard"])
SERVER_NAMES = frozenset(["server", "flask_server", "flask_app"])

#: files in which a library makes apps: for its tests, to show what it does
_ASIDE = re.compile(r"(?:^|/)(?:tests?|examples?|demos?|docs?|samples?|usage|conftest)(?:[/_\d.-][^/]*)?(?:/|\.py$)")
_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")

#: the file knows other backends already, or has been moved with an app
_KNOWS = re.compile(rb"(?i)\b(?:fastapi|quart|starlette|asgi|dash_flask_bridge|dash_on_\w+|dash_backend)\b")


#: calls that only ask what a server is
_ASKING = frozenset(["flask_of", "isinstance", "hasattr", "getattr", "type", "id", "print", "repr", "str"])


@dataclass(frozen=True)
class Guest:
    """One expression that is the server of an app somebody else makes."""

    #: ``add_routes`` or ``Banner.init_app``
    owner: str
    node: ast.expr
    #: the source of what ``flask_of`` is given instead: ``app`` for ``app.server``
    argument: str
    #: what is done with it, as a name of Flask's surface ("": it is passed on)
    attribute: str = ""


def is_aside(path: str) -> bool:
    """Whether a file only tests or shows a library."""
    return bool(_ASIDE.search(path) or _TEST.search(path))


def may_hold(data: bytes) -> bool:
    """Whether a file can be worth a look."""
    return (b"server" in data) and (b"def " in data) and not _KNOWS.search(data)


def guests(tree: ast.Module) -> list[Guest]:
    """Where a module treats the server of somebody else's app as Flask."""
    found: list[Guest] = []
    for node in tree.body:
        if isinstance(node, FunctionNode):
            found += _in_function(node, node.name, _parameters(node))
        elif isinstance(node, ast.ClassDef):
            found += _in_class(node)
    surface = table("flask_surface")["server"]
    known = [g for g in found if g.attribute in surface and g.attribute not in ("run", "name")]
    owners = {g.owner.split(".")[0] for g in known}
    return [g for g in found if g.owner.split(".")[0] in owners]


def _in_class(cls: ast.ClassDef) -> Iterator[Guest]:
    kept: set[str] = set()
    methods = [s for s in cls.body if isinstance(s, FunctionNode)]
    for method in methods:
        given = _parameters(method)
        for node in ast.walk(method):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in given:
                kept |= {ast.unparse(t) for t in node.targets if isinstance(t, ast.Attribute)}
    for method in methods:
        yield from _in_function(method, f"{cls.name}.{method.name}", _parameters(method), kept)


def _parameters(function: FunctionNode) -> dict[str, bool]:
    """The parameters that take an app (True) or a server (False)."""
    found = {}
    for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]:
        said = ast.unparse(argument.annotation) if argument.annotation is not None else ""
        if re.search(r"\bDash\b", said) or (argument.arg in APP_NAMES and not said):
            found[argument.arg] = True
        elif re.search(r"\bFlask\b", said) or (argument.arg in SERVER_NAMES and not said):
            found[argument.arg] = False
    return found


def _in_function(
    function: FunctionNode, owner: str, given: dict[str, bool], kept: Iterable[str] = ()
) -> Iterator[Guest]:
    """``app.server`` of an app that is given, or that was given and kept; a server that is given."""
    kept = set(kept)
    aliases = {name for name, is_app in given.items() if not is_app}
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr == "server" and isinstance(node.ctx, ast.Load):
            base = ast.unparse(node.value)
            if given.get(base) or base in kept:
                parent = parents.get(node)
                yield Guest(owner, node, base, _used_as(node, parents, function))
                if isinstance(parent, ast.Assign):
                    continue
        elif isinstance(node, ast.Name) and node.id in aliases and isinstance(node.ctx, ast.Load):
            parent = parents.get(node)
            if isinstance(parent, ast.keyword):
                parent = parents.get(parent)
            if isinstance(parent, ast.Attribute):
                yield Guest(owner, node, node.id, parent.attr)
            elif isinstance(parent, ast.Call) and ast.unparse(parent.func).split(".")[-1] not in _ASKING:
                yield Guest(owner, node, node.id)  # passed on to what will treat it likewise


def _used_as(node: ast.expr, parents: dict[ast.AST, ast.AST], function: FunctionNode) -> str:
    """The attribute that is taken of a server, directly or of the variable it is put in."""
    parent = parents.get(node)
    if isinstance(parent, ast.Attribute):
        return parent.attr
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        name = ast.unparse(parent.targets[0])
        used = [n.attr for n in ast.walk(function) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == name]
        surface = table("flask_surface")["server"]
        return next((attr for attr in used if attr in surface), used[0] if used else "")
    return ""
