"""Puts imports where the file keeps its own, once, after ``from __future__``."""

from __future__ import annotations

import ast

from dash_migrate.syntax.segments import split_lines

#: where a long import is broken, as formatters do
WIDTH = 88


def add_imports(text: str, needed: dict[str, set[str]], newline: str) -> str:
    """The text with ``from module import names`` added for what it lacks.

    Args:
        text: a module that parses.
        needed: names by the module to import them from.
        newline: the file's newline.
    """
    tree = ast.parse(text)
    lines = split_lines(text)
    for module in sorted(needed):
        names = needed[module]
        existing = next(
            (
                n
                for n in tree.body
                if isinstance(n, ast.ImportFrom) and _spelled(n) == module and n.names[0].name != "*"
            ),
            None,
        )
        if existing is not None:
            present = {f"{a.name} as {a.asname}" if a.asname else a.name for a in existing.names}
            missing = sorted(names - present)
            if not missing:
                continue
            if existing.lineno == existing.end_lineno and not any(a.asname for a in existing.names):
                every = sorted(present | names)
                lines[existing.lineno - 1] = f"from {module} import {', '.join(every)}{_rest(lines, existing)}"
                continue
            names, at = set(missing), existing.end_lineno or 0
        else:
            at = _place(tree, lines)
        statement = _statement(module, sorted(names), newline)
        if at == len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += newline
        lines[at:at] = split_lines(statement)
        tree = ast.parse("".join(lines))
    return "".join(lines)


def _statement(module: str, names: list[str], newline: str) -> str:
    """An import on one line, or one name a line where it would be long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line + newline
    return newline.join([f"from {module} import (", *[f"    {name}," for name in names], ")", ""])


def _spelled(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")


def _rest(lines: list[str], node: ast.ImportFrom) -> str:
    line = lines[node.lineno - 1]
    return line.encode("utf-8")[node.end_col_offset or 0 :].decode("utf-8")


def _place(tree: ast.Module, lines: list[str]) -> int:
    """The index of the line to insert before: after the first block of imports."""
    last = 0
    body = tree.body
    start = 0
    if ast.get_docstring(tree, clean=False) is not None:
        last = body[0].end_lineno or 0
        start = 1
    seen = False
    for statement in body[start:]:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            last = statement.end_lineno or last
            seen = True
        elif (seen and not _is_preamble(statement)) or (not seen and not _is_preamble(statement)):
            break
    if not seen and not last:
        # before the first statement, behind a shebang, a coding line and the comments of the file's head
        for number, line in enumerate(lines):
            if not line.startswith("#"):
                return number
        return len(lines)
    return last


def _is_preamble(statement: ast.stmt) -> bool:
    """Statements that may stand between imports: ``sys.path`` set-up, ``try`` imports, version constants."""
    if isinstance(statement, ast.Try):
        return all(isinstance(s, (ast.Import, ast.ImportFrom)) for s in statement.body)
    if isinstance(statement, ast.If):
        return all(isinstance(s, (ast.Import, ast.ImportFrom)) for s in statement.body)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return "sys.path" in ast.unparse(statement.value) or "load_dotenv" in ast.unparse(statement.value)
    return False
