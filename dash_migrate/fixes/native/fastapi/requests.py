"""``flask.request``, ``session``, ``g`` and ``current_app`` as what FastAPI has instead."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.fastapi.answers import Answers
from dash_migrate.fixes.native.fastapi.bind import Bound
from dash_migrate.fixes.native.roles import Role
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


class RequestNames:
    """Converts every use of Flask's context names."""

    def __init__(self, work: Work, answers: Answers) -> None:
        self.work = work
        self.answers = answers
        self.rows: dict[str, Any] = table("native_fastapi")
        self.bound = Bound(work, self.rows["request"]["plain"])

    # --- which request

    def request_at(self, node: ast.AST, file: FileIndex, scope: Scope) -> str:
        """The expression for the current request at a place; views and gates get it as a parameter."""
        return "request" if self._has_request(node, file) else self.work.name(file, "current_request") + "()"

    def _has_request(self, node: ast.AST, file: FileIndex) -> bool:
        """Whether ``request`` is the current request at a place; makes it a parameter of views and gates."""
        role = self._giving_role(node)
        if role is not None and self._can_take_request(role):
            self.work.with_request.add(role.function)
            return True
        return bool(self.bound.request(node, file))

    def _giving_role(self, node: ast.AST) -> Role | None:
        """The view or gate around a node, if the node runs while it does."""
        current = parent_of(node)
        while current is not None:
            role = self.work.roles.by_function.get(current)
            if role is not None:
                return role if not isinstance(current, ast.Lambda) and _is_given_requests(role) else None
            current = parent_of(current)
        return None

    def _can_take_request(self, role: Role) -> bool:
        """Whether the function may get a parameter ``request``: nobody else calls it, and the name is free."""
        if role.function in self.work.with_request:
            return True
        inner = role.file.scope_of_node[role.function]
        if "request" in inner.bindings or any("request" in s.bindings for s in _scopes_below(inner)):
            return False
        if self.work.facts.project.calls_of(role.function, inner):
            return False
        return self.work.roles.shows_parameters(role)

    # --- names

    def convert(self, file: FileIndex, node: ast.expr, scope: Scope, name: str) -> bool:
        """Convert one use of ``flask.<name>``; False if the name is not one of these."""
        converters = {
            "request": self._request,
            "session": self._session,
            "g": self._g,
            "current_app": self._current_app,
        }
        if name not in converters:
            return False
        if scope.function.kind != "function":
            self.work.decline(file, node, f"Flask's `{name}` is kept outside of functions")
            return True
        call = _unwrapping(node)
        if call is not None:
            self._unwrapped(file, node, call, scope, name)
        else:
            converters[name](file, node, scope)
        return True

    def _unwrapped(self, file: FileIndex, node: ast.expr, call: ast.Call, scope: Scope, name: str) -> None:
        """``current_app._get_current_object()``: what is here is no proxy."""
        if name == "current_app":
            text = self.work.name(file, "current_server") + "()"
        elif name == "g" or (isinstance(node, ast.Name) and self._is_variable(node, scope)):
            self.work.decline(file, node, f"Flask's `{name}` as an object")
            return
        else:
            request = self.request_at(node, file, scope)
            text = f"{self.work.name(file, 'FlaskRequest')}({request})" if name == "request" else f"{request}.session"
        self.work.handled.add(node)
        self.work.edit(file, call, replacement(text))

    def _session(self, file: FileIndex, node: ast.expr, scope: Scope) -> None:
        if self._is_variable(node, scope):
            self.work.handled.add(node)
            return
        text = f"{self.request_at(node, file, scope)}.session"
        if not text.startswith("request.") and _is_tested(node):  # outside of requests it is false, no error
            text = f"({self.work.name(file, 'has_request')}() and {text})"
        self._replace(file, node, text)

    def _current_app(self, file: FileIndex, node: ast.expr, scope: Scope) -> None:
        parent = parent_of(node)
        kept = self.rows["server"]["kept"]
        surface = table("flask_surface")["server"]
        if isinstance(parent, ast.Attribute) and parent.attr == "response_class":
            self.work.handled.add(node)
            self.answers.response_class(file, parent)
            return
        if isinstance(parent, ast.Attribute) and parent.attr in surface and parent.attr not in kept:
            outer = parent_of(parent)
            parts = self.rows["server"]["parts"].get(parent.attr, ())
            if not (isinstance(outer, ast.Attribute) and outer.attr in parts):
                self.work.decline(file, parent, f"`current_app.{parent.attr}` has no counterpart")
        if isinstance(parent, ast.Attribute) and parent.attr in self.rows["server"]["internals"]:
            self.work.decline(file, parent, f"`current_app.{parent.attr}` is something else on FastAPI")
        self._replace(file, node, self.work.name(file, "current_server") + "()")

    def _g(self, file: FileIndex, node: ast.expr, scope: Scope) -> None:
        parent = parent_of(node)
        if _is_tested(node):
            self._replace(file, node, f"{self.work.name(file, 'has_context')}()")
            return
        state = self._state_at(node, file)
        call = parent_of(parent) if parent is not None else None
        if isinstance(parent, ast.Attribute) and isinstance(call, ast.Call) and call.func is parent:
            if parent.attr == "get" and call.args and not call.keywords:
                self.work.handled.add(node)
                self.work.edit(file, call, _getattr_call(state))
                return
            if parent.attr in ("pop", "setdefault", "get"):
                owner = state.removesuffix(".state")
                self._replace(file, node, f"{self.work.name(file, 'vars_of')}({owner})")
                return
        if isinstance(parent, ast.Compare) and node in parent.comparators:
            self.work.handled.add(node)
            self.work.edit(file, parent, _hasattr_test(state))
            return
        self._replace(file, node, state)

    def _state_at(self, node: ast.expr, file: FileIndex) -> str:
        """The expression for ``g``: a function that is given no request may be called in an app context, too."""
        if self._has_request(node, file):
            return "request.state"
        return "state" if self.bound.state(node, file) else self.work.name(file, "current_state") + "()"

    def _request(self, file: FileIndex, node: ast.expr, scope: Scope) -> None:
        parent = parent_of(node)
        if not isinstance(parent, ast.Attribute):
            if _is_tested(node):
                self._replace(file, node, self.work.name(file, "has_request") + "()")
            else:
                self._whole(file, node, scope)
            return
        attr = parent.attr
        if self._is_variable(node, scope) and self._is_known(attr):
            self.work.handled.add(node)  # it holds an object that has the attribute
            return
        chained = parent_of(parent)
        if isinstance(chained, ast.Attribute) and f"{attr}.{chained.attr}" in self.rows["request"]:
            parent, attr = chained, f"{attr}.{chained.attr}"
        if attr in self.rows["request"]["whole"]:
            self._whole(file, node, scope)
            return
        if attr in self.rows["request"]["plain"] or (attr == "headers" and not _is_plain_lookup(parent)):
            request = self.request_at(node, file, scope)
            self._replace(file, node, self.bound.werkzeug(node, file, request))
            return
        row = self.rows["request"].get(attr)
        if not isinstance(row, dict):
            self.work.decline(file, parent, f"`request.{attr}` has no counterpart")
            return
        request = self.request_at(node, file, scope)
        outer = parent_of(parent)
        if "call" in row:
            if not (isinstance(outer, ast.Call) and outer.func is parent):
                self.work.decline(file, parent, f"`request.{attr}` is not called")
                return
            self.work.handled.add(node)
            self.work.edit(file, outer, _call_with_first(self.work.name(file, row["call"]), request))
            return
        if "otherwise" in row and not (_is_compared if attr == "path" else _is_looked_up)(parent):
            template = self.work.code(file, row["otherwise"], row.get("otherwise_needs", ()))
        else:
            template = self.work.code(file, row["code"], row.get("needs", ()))
        if not _is_in_fstring(node):  # quotes of its own would end it on older Pythons
            template = template.replace("'", '"')
        self.work.handled.add(node)
        self.work.edit(file, parent, replacement(template.format(r=request)))

    def _is_variable(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a name is one that the request was assigned or passed to."""
        owner = scope.owner_of(node.id) if isinstance(node, ast.Name) else None
        bindings = owner.bindings.get(node.id, ()) if owner is not None and isinstance(node, ast.Name) else ()
        return bool(bindings) and all(binding.kind not in ("import", "from") for binding in bindings)

    def _is_known(self, attr: str) -> bool:
        rows = self.rows["request"]
        return attr in rows["whole"] or attr in rows["plain"] or isinstance(rows.get(attr), dict)

    def _whole(self, file: FileIndex, node: ast.expr, scope: Scope) -> None:
        """An object that stands for the whole request."""
        request = self.request_at(node, file, scope)
        self._replace(file, node, f"{self.work.name(file, 'FlaskRequest')}({request})")

    def _replace(self, file: FileIndex, node: ast.expr, text: str) -> None:
        self.work.handled.add(node)
        self.work.notes.append(text)
        self.work.edit(file, node, replacement(text))


def _unwrapping(node: ast.expr) -> ast.Call | None:
    """The call in ``current_app._get_current_object()``."""
    attribute = parent_of(node)
    if not (isinstance(attribute, ast.Attribute) and attribute.attr == "_get_current_object"):
        return None
    call = parent_of(attribute)
    return call if isinstance(call, ast.Call) and call.func is attribute else None


def _is_looked_up(mapping: ast.expr) -> bool:
    """Whether a mapping of headers is only asked for one by its name, without underscores."""
    outer = parent_of(mapping)
    key: ast.AST | None = None
    if isinstance(outer, ast.Attribute) and outer.attr == "get":
        call = parent_of(outer)
        if isinstance(call, ast.Call) and call.func is outer and call.args and not call.keywords:
            key = call.args[0]
    elif isinstance(outer, ast.Subscript) and isinstance(outer.ctx, ast.Load):
        key = outer.slice
    elif isinstance(outer, ast.Compare) and mapping in outer.comparators and len(outer.ops) == 1:
        key = outer.left if isinstance(outer.ops[0], (ast.In, ast.NotIn)) else None
    return isinstance(key, ast.Constant) and isinstance(key.value, str) and "_" not in key.value


def _is_compared(path: ast.expr) -> bool:
    """Whether a path is only compared with something, or with what it starts or ends with."""
    outer = parent_of(path)
    others: list[ast.expr] = []
    if isinstance(outer, ast.Compare):
        if path is not outer.left and len(outer.ops) == 1 and isinstance(outer.ops[0], (ast.In, ast.NotIn)):
            others = [outer.left]
        elif not all(isinstance(op, (ast.Eq, ast.NotEq, ast.In, ast.NotIn)) for op in outer.ops):
            return False
        others += [outer.left, *outer.comparators]
    elif isinstance(outer, ast.Attribute) and outer.attr in ("startswith", "endswith"):
        call = parent_of(outer)
        if not (isinstance(call, ast.Call) and call.func is outer):
            return False
        others = call.args
    else:
        return False
    texts = [n.value for other in others for n in ast.walk(other) if isinstance(n, ast.Constant)]
    return not any(isinstance(text, str) and set(text) & set("?#\\%") for text in texts)


def _is_given_requests(role: Role) -> bool:
    """Whether a function is called with the request, if it has a parameter for it."""
    if role.kind == "teardown":  # some are called without one
        return all(r.attribute.attr in ("teardown_request", "teardown_app_request") for r in role.registrations)
    return role.kind in ("view", "before", "after", "error")


def replacement(text: str) -> Edit:
    """Any expression → the one written in ``text``, parentheses kept."""

    def change(node: Any) -> Any:
        import libcst as cst

        made = cst.parse_expression(text)
        return made.with_changes(lpar=node.lpar, rpar=node.rpar)

    return change


def _is_in_fstring(node: ast.AST) -> bool:
    current = parent_of(node)
    while current is not None and not isinstance(current, (ast.stmt, ast.JoinedStr)):
        current = parent_of(current)
    return isinstance(current, ast.JoinedStr)


def _is_plain_lookup(headers: ast.expr) -> bool:
    """Whether Starlette's headers give what werkzeug's do: one value by its name."""
    outer = parent_of(headers)
    if isinstance(outer, ast.Compare):
        return headers in outer.comparators
    if isinstance(outer, ast.Subscript):
        return outer.value is headers
    call = parent_of(outer) if outer is not None else None
    if not (isinstance(outer, ast.Attribute) and isinstance(call, ast.Call) and call.func is outer):
        return False
    return outer.attr == "getlist" or (outer.attr == "get" and not call.keywords and len(call.args) < 3)


def _is_tested(node: ast.expr) -> bool:
    """Whether it is asked of an object whether it is there."""
    parent = parent_of(node)
    if isinstance(parent, (ast.If, ast.IfExp, ast.While, ast.Assert)):
        return parent.test is node
    if isinstance(parent, ast.Call):
        return isinstance(parent.func, ast.Name) and parent.func.id == "bool" and node in parent.args
    if isinstance(parent, ast.BoolOp):  # the last one is what comes out, and so is the first that is there of an `or`
        return _is_tested(parent) or (isinstance(parent.op, ast.And) and node is not parent.values[-1])
    return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)


def _scopes_below(scope: Scope) -> list[Scope]:
    return [s for s in scope.file.scopes if s.parent is scope]


def _getattr_call(state: str) -> Edit:
    """``g.get("x", d)`` → ``getattr(request.state, "x", d)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        arguments = [cst.Arg(cst.parse_expression(state), comma=comma), *node.args]
        if len(node.args) == 1:
            arguments[1] = node.args[0].with_changes(comma=comma)
            arguments.append(cst.Arg(cst.Name("None")))
        return node.with_changes(func=cst.Name("getattr"), args=arguments)

    return change


def _hasattr_test(state: str) -> Edit:
    """``"x" in g`` → ``hasattr(request.state, "x")``."""

    def change(node: Any) -> Any:
        import libcst as cst

        call = cst.Call(
            cst.Name("hasattr"),
            [
                cst.Arg(cst.parse_expression(state), comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))),
                cst.Arg(node.left),
            ],
        )
        negative = isinstance(node.comparisons[0].operator, cst.NotIn)
        made: Any = cst.UnaryOperation(cst.Not(), call) if negative else call
        return made.with_changes(lpar=node.lpar, rpar=node.rpar)

    return change


def _call_with_first(function: str, first: str) -> Edit:
    """``request.get_json(silent=True)`` → ``json_of(request, silent=True)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        argument = cst.Arg(cst.parse_expression(first))
        if node.args:
            argument = argument.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        return node.with_changes(func=cst.Name(function), args=[argument, *node.args])

    return change
