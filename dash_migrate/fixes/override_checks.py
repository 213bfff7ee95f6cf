"""Whether an override only checks before it passes on, so that a hook can do the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dash_migrate.facts.overrides import Override
from dash_migrate.facts.project import Project, last_name
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Ext, Func

#: how deep helpers that make answers are followed
DEPTH = 4

#: functions of flask and werkzeug that always give an answer
_ANSWERS = frozenset(["redirect", "jsonify", "make_response", "Response", "render_template", "render_template_string",
                      "send_file", "send_from_directory"])  # fmt: skip
_RAISERS = frozenset(["abort"])


def is_movable(project: Project, override: Override) -> bool:
    """Whether a hook that gives None where the override passed on, does what the override did.

    It does where passing on is the last thing done, nothing else can give None (Flask answered 500 to that, a hook
    would let it through), no arguments are looked at, and nobody else calls the method.
    """
    method = override.method
    if not isinstance(method, ast.FunctionDef) or not override.calls or override.uses:
        return False
    if override.in_ancestors or override.in_descendants or override.in_siblings:
        return False
    if not override.is_dash or not _takes_only_self(method) or _reads_g(override.cls.file, method):
        return False
    if any(ast.unparse(d) in ("staticmethod", "classmethod", "property") for d in method.decorator_list):
        return False
    for call in override.calls:
        if not _passes_on(call, method):
            return False
    scope = override.cls.file.scope_of_node[method]
    asked = _Answers(project)
    return asked.ends(method.body, scope) and all(
        returned.value in override.calls or asked.is_answer(returned.value, scope) for returned in _returns(method)
    )


def _takes_only_self(method: ast.FunctionDef) -> bool:
    """No parameter but ``self`` is used, other than in passing it on."""
    arguments = method.args
    named = [*arguments.posonlyargs, *arguments.args][1:] + arguments.kwonlyargs
    named += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return not named or (all(a in (arguments.vararg, arguments.kwarg) for a in named) and not _is_read(method, named))


def _is_read(method: ast.FunctionDef, parameters: list[ast.arg]) -> bool:
    names = {a.arg for a in parameters}
    for node in ast.walk(method):
        if isinstance(node, ast.Name) and node.id in names:
            parent = parent_of(node)
            if not isinstance(parent, (ast.Starred, ast.keyword)):
                return True
    return False


def _reads_g(file: FileIndex, method: ast.FunctionDef) -> bool:
    """``flask.g`` may be filled by hooks that run later than this one would."""
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and node.attr == "g" and last_name(node.value) == "flask":
            return True
        if isinstance(node, ast.Name) and node.id == "g":
            return any(b.kind == "from" and b.module == "flask" for b in file.module.bindings.get("g", ()))
    return False


def _passes_on(call: ast.Call, method: ast.FunctionDef) -> bool:
    """``return super().dispatch()``, not in a ``try`` or ``with`` that would be around the callback too."""
    current = parent_of(call)
    if not isinstance(current, ast.Return):
        return False
    while current is not method:
        if not isinstance(current, (ast.Return, ast.If, ast.match_case, ast.Match)):
            return False
        current = parent_of(current)
    return True


def _returns(function: ast.AST) -> Iterator[ast.Return]:
    """The ``return`` statements of a function itself."""
    waiting = list(getattr(function, "body", ()))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


class _Answers:
    """Which expressions are answers, whatever happens: never None."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._depth = 0

    def ends(self, body: list[ast.stmt], scope: Scope) -> bool:
        """Whether a block never runs off its end."""
        last = body[-1]
        if isinstance(last, (ast.Return, ast.Raise)):
            return True
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
            return self._is_raiser(last.value, scope)
        if isinstance(last, ast.If):
            return bool(last.orelse) and self.ends(last.body, scope) and self.ends(last.orelse, scope)
        if isinstance(last, (ast.With, ast.AsyncWith)):
            return False  # it may swallow what is raised in it
        if isinstance(last, ast.Try):
            blocks = [last.orelse or last.body, *(handler.body for handler in last.handlers)]
            return (bool(last.finalbody) and self.ends(last.finalbody, scope)) or all(
                self.ends(b, scope) for b in blocks
            )
        return False

    def _is_raiser(self, call: ast.Call, scope: Scope) -> bool:
        values = self.project.evaluator.eval(call.func, scope)
        return bool(values) and all(
            isinstance(v, Ext)
            and v.dotted.split(".")[0] in ("flask", "werkzeug")
            and v.dotted.split(".")[-1] in _RAISERS
            for v in values
        )

    def is_answer(self, node: ast.expr | None, scope: Scope) -> bool:
        """Whether an expression is an answer."""
        if isinstance(node, ast.Constant):
            return node.value is not None
        if isinstance(node, (ast.Tuple, ast.Dict, ast.List, ast.JoinedStr)):
            return True
        if isinstance(node, ast.IfExp):
            return self.is_answer(node.body, scope) and self.is_answer(node.orelse, scope)
        if isinstance(node, ast.BoolOp):
            return isinstance(node.op, ast.Or) and self.is_answer(node.values[-1], scope)
        if isinstance(node, ast.Call):
            values = self.project.evaluator.eval(node.func, scope)
            return bool(values) and all(self._gives_answer(v) for v in values)
        if isinstance(node, ast.Name):
            return self._is_answer_variable(node, scope)
        return False

    def _is_answer_variable(self, node: ast.Name, scope: Scope) -> bool:
        bindings = scope.bindings.get(node.id, ())
        return bool(bindings) and all(
            b.kind == "assign" and not b.path and b.value is not None and self.is_answer(b.value, scope)
            for b in bindings
        )

    def _gives_answer(self, value: object) -> bool:
        if isinstance(value, Ext):
            return _is_one_of(value, _ANSWERS | _RAISERS)
        if not isinstance(value, Func) or not isinstance(value.node, ast.FunctionDef) or self._depth >= DEPTH:
            return False
        if value.node.decorator_list and not _is_plain(value.node):
            return False
        self._depth += 1
        try:
            scope = value.file.scope_of_node[value.node]
            answers = [self.is_answer(r.value, scope) for r in _returns(value.node)]
            is_generator = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(value.node))
            return not is_generator and self.ends(value.node.body, scope) and all(answers)
        finally:
            self._depth -= 1


def _is_plain(function: ast.FunctionDef) -> bool:
    return all(ast.unparse(d) in ("staticmethod", "classmethod") for d in function.decorator_list)


def _is_one_of(value: Ext, names: frozenset[str]) -> bool:
    root, _, name = value.dotted.rpartition(".")
    return root.split(".")[0] in ("flask", "werkzeug") and name in names
