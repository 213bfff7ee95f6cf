"""Uses of flask's names: what must be awaited, and what Quart does not have."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Cls, Ext, Func
from dash_migrate.findings.extensions import is_neutral
from dash_migrate.fixes.native.quart.awaiting import Awaiting
from dash_migrate.fixes.native.quart.once import Once
from dash_migrate.fixes.native.quart.vocabulary import home
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


class Uses:
    """Converts what is done with names of flask."""

    def __init__(self, work: Work, awaiting: Awaiting, once: Once) -> None:
        self.work = work
        self.awaiting = awaiting
        self.once = once
        self.rows: dict[str, Any] = table("native_quart")

    def name(self, file: FileIndex, node: ast.expr, scope: Scope, dotted: str) -> None:
        """One expression that is ``flask.<something>``."""
        name = dotted.removeprefix("flask.")
        parent = parent_of(node)
        if name == "request":
            self._request(file, node, parent, scope)
            return
        if name == "redirect" and isinstance(parent, ast.Call) and parent.func is node:
            if len(parent.args) > 2 or any(k.arg not in ("location", "code") for k in parent.keywords):
                self.work.decline(file, parent, "`redirect` with an answer class of its own")
            return
        found = home(dotted)
        if found is None or not found.awaited:
            return  # what has no home is declined where it is imported
        if isinstance(parent, ast.Call) and parent.func is node:
            self.awaiting.need(file, parent)
        elif not isinstance(parent, ast.Attribute):
            self.work.decline(file, node, f"`{name}` must be awaited, and is passed on here")

    # --- request

    def _request(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        if not isinstance(parent, ast.Attribute):
            self._whole_request(file, node, parent, scope)
            return
        rows = self.rows["request"]
        attr = parent.attr
        if attr in rows["kept"]:
            return
        call = parent_of(parent)
        called = isinstance(call, ast.Call) and call.func is parent
        if attr in rows["awaited"] and isinstance(parent.ctx, ast.Load):
            self.once.add(file, parent, attr)
        elif attr in rows["awaited_calls"] and called:
            assert isinstance(call, ast.Call)
            self.awaiting.need(file, call)
        elif attr == "environ":
            self._environ(file, node, parent)
        else:
            self.work.decline(file, parent, f"`request.{attr}` has no counterpart")

    def _whole_request(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        """``request`` itself: Quart's is no request of werkzeug for those outside who take it for one."""
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if not isinstance(call, ast.Call) or call.func is node or _is_conditional(call):
            return
        values = self.work.facts.project.evaluator.eval(call.func, scope)
        if any(isinstance(v, Ext) and v.dotted == "builtins.getattr" for v in values) and len(call.args) > 1:
            self._named(file, call)
            return
        inside = any(isinstance(v, (Func, Cls)) for v in values)
        names = [v.dotted for v in values if isinstance(v, Ext)]
        if not inside and not (names and all(is_neutral(n) or n.startswith("builtins.") for n in names)):
            self.work.decline(file, node, f"`{ast.unparse(call.func)}` takes the request")

    def _named(self, file: FileIndex, call: ast.Call) -> None:
        """``getattr(request, name)``."""
        rows, attr = self.rows["request"], call.args[1]
        if not isinstance(attr, ast.Constant):  # what it gives may have to be awaited, or not
            self.work.edit(file, call, _wrapped(self.work.name(file, "result_of")))
        elif attr.value in rows["awaited"]:
            self.awaiting.need(file, call)
        elif attr.value not in rows["kept"]:
            self.work.decline(file, call, "an attribute of the request, asked for by name")

    def _environ(self, file: FileIndex, node: ast.expr, attribute: ast.Attribute) -> None:
        """``request.environ["REMOTE_ADDR"]`` → ``request.remote_addr``."""
        outer = parent_of(attribute)
        if isinstance(outer, ast.Call) and _is_conditional(outer):
            self.work.edit(file, attribute, _replaced(ast.unparse(node).replace("flask", "quart")))
            return
        key: ast.expr | None = None
        target: ast.expr | None = None
        optional: list[ast.expr] | None = None
        if isinstance(outer, ast.Subscript) and isinstance(outer.ctx, ast.Load):
            key, target = outer.slice, outer
        elif isinstance(outer, ast.Attribute) and outer.attr == "get":
            call = parent_of(outer)
            if isinstance(call, ast.Call) and call.func is outer and call.args:
                key, target, optional = call.args[0], call, call.args[1:]
        if target is None or not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            self.work.decline(file, attribute, "`request.environ` has no counterpart")
            return
        request = ast.unparse(node).replace("flask", "quart")
        simple: str | None = self.rows["environ"].get(key.value)
        if simple is not None:
            self.work.edit(file, target, _replaced(simple.replace("request", request, 1)))
        elif key.value.startswith("HTTP_"):
            header = key.value[5:].replace("_", "-").title()
            rest = "".join(f", {ast.unparse(o)}" for o in optional or ())
            spelled = f'.get("{header}"{rest})' if optional is not None else f'["{header}"]'
            self.work.edit(file, target, _replaced(f"{request}.headers{spelled}"))
        else:
            self.work.decline(file, attribute, f'`request.environ["{key.value}"]` has no counterpart')


def _is_conditional(call: ast.Call) -> bool:
    """``answer.make_conditional(request)``."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "make_conditional"


def _wrapped(function: str) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        bare = node.with_changes(lpar=[], rpar=[])
        return cst.Call(cst.Name(function), [cst.Arg(bare)], lpar=node.lpar, rpar=node.rpar)

    return change


def _replaced(text: str) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        return cst.parse_expression(text).with_changes(lpar=node.lpar, rpar=node.rpar)

    return change
