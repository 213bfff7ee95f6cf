"""What a guarded text is on one backend: the proof that a merge has lost nothing."""

from __future__ import annotations

import ast
import inspect


def is_same(merged: str, wanted: str, chosen: str, backend: str) -> bool:
    """Whether a merged text does on a backend what the text for that backend does; the order of imports apart."""
    try:
        tree = ast.parse(merged)
    except SyntaxError:  # tabs and blanks mixed
        return False
    return _forms(_projected(tree, chosen, backend)) == _forms(ast.parse(wanted))


def _projected(tree: ast.Module, chosen: str, backend: str) -> ast.Module:
    class Choose(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
            backends = _backends(node.test, chosen)
            self.generic_visit(node)
            if backends is None:
                return node
            return node.body if backend in backends else node.orelse

    made = Choose().visit(tree)
    assert isinstance(made, ast.Module)
    return made


def _backends(test: ast.expr, chosen: str) -> set[str] | None:
    """The backends a guard names."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    if not isinstance(test.left, ast.Name) or test.left.id != chosen:
        return None
    try:
        value = ast.literal_eval(test.comparators[0])
    except ValueError:
        return None
    return {value} if isinstance(value, str) else set(value)


def _forms(tree: ast.Module) -> tuple[list[str], list[str]]:
    """The imports of a module, sorted, and its other statements."""
    for node in ast.walk(tree):
        first = node.body[0] if isinstance(node, _WITH_DOCSTRING) and node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            first.value.value = inspect.cleandoc(first.value.value)
    imports = sorted(ast.dump(alias) + _origin(n) for n in tree.body if isinstance(n, _IMPORTS) for alias in n.names)
    others = [ast.dump(n) for n in tree.body if not isinstance(n, _IMPORTS)]
    return imports, others


_WITH_DOCSTRING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)
_IMPORTS = (ast.Import, ast.ImportFrom)


def _origin(node: ast.Import | ast.ImportFrom) -> str:
    return f" {node.level}{node.module}" if isinstance(node, ast.ImportFrom) else ""
