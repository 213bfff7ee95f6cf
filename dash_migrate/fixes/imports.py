"""Puts imports where the file keeps its own, once, after ``from __future__``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable

from dash_migrate.syntax.segments import split_lines

#: where a long import is broken, as formatters do
WIDTH = 88
#: packages that migrated code imports; all else that it needs is generated, or of the project
INSTALLED = frozenset(["dash", "fastapi", "flask", "hypercorn", "quart", "starlette", "uvicorn", "werkzeug"])

_Import = ast.Import | ast.ImportFrom


def add_imports(
    text: str, needed: dict[str, set[str]], newline: str, is_local: Callable[[str], bool] = lambda module: False
) -> str:
    """The text with ``from module import names`` added for what it lacks.

    Args:
        text: a module that parses.
        needed: names by the module to import them from.
        newline: the file's newline.
        is_local: whether a module of which the file imports is the project's own.
    """
    lines = split_lines(text)
    tree: ast.Module | None = ast.parse(text)
    for module in sorted(needed):
        names = needed[module]
        if tree is None:  # lines have moved
            tree = ast.parse("".join(lines))
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
                before, behind = _around(lines, existing)
                lines[existing.lineno - 1] = f"{before}from {module} import {', '.join(every)}{behind}"
                continue
            if existing.end_lineno != existing.lineno and lines[(existing.end_lineno or 0) - 1].strip() == ")":
                for name in missing:
                    _insert(lines, existing, name, newline)
                    tree = ast.parse("".join(lines))
                    existing = next(
                        n for n in tree.body if n.lineno == existing.lineno and isinstance(n, ast.ImportFrom)
                    )
                continue
            names, at, gap = set(missing), existing.end_lineno or 0, False
        else:
            at, gap = _place(tree, lines, module, is_local)
        at = _between(tree, at)
        statement = newline * gap + import_statement(module, sorted(names), newline)
        if at == len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += newline
        lines[at:at] = split_lines(statement)
        tree = None
    return "".join(lines)


def _between(tree: ast.Module, at: int) -> int:
    """The first line number from ``at`` on behind which no statement goes on."""
    for statement in tree.body:
        if statement.lineno <= at < (statement.end_lineno or 0):
            at = statement.end_lineno or 0
    return at


def _insert(lines: list[str], existing: ast.ImportFrom, name: str, newline: str) -> None:
    """Put one more name into an import in parentheses, in its order and manner: packed, or one name a line."""
    aliases = existing.names
    following = next((a for a in aliases if a.name.lower() > name.lower()), None)
    near = following or aliases[-1]
    line = lines[near.lineno - 1].encode()
    head, at, end = line[: near.col_offset], near.col_offset, near.end_col_offset or 0
    alone = not head.strip() and sum(a.lineno == near.lineno for a in aliases) == 1
    if alone and following is not None:
        lines.insert(near.lineno - 1, f"{head.decode()}{name},{newline}")
    elif following is not None:
        lines[near.lineno - 1] = (line[:at] + f"{name}, ".encode() + line[at:]).decode()
    elif alone:
        comma = b"" if line[end:].lstrip().startswith(b",") else b","
        lines[near.lineno - 1] = (line[:end] + comma + line[end:]).decode()
        lines.insert(near.lineno, f"{head.decode()}{name},{newline}")
    else:
        lines[near.lineno - 1] = (line[:end] + f", {name}".encode() + line[end:]).decode()


def import_statement(module: str, names: list[str], newline: str) -> str:
    """An import on one line, or one name a line where it would be long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line + newline
    return newline.join([f"from {module} import (", *[f"    {name}," for name in names], ")", ""])


def _spelled(node: ast.ImportFrom) -> str:
    return "." * node.level + (node.module or "")


def _around(lines: list[str], node: ast.ImportFrom) -> tuple[str, str]:
    """What stands before and behind an import on its line."""
    line = lines[node.lineno - 1].encode("utf-8")
    return line[: node.col_offset].decode("utf-8"), line[node.end_col_offset or 0 :].decode("utf-8")


def _place(tree: ast.Module, lines: list[str], module: str, is_local: Callable[[str], bool]) -> tuple[int, bool]:
    """The line to insert before (in the section of its kind, else after the imports), and whether a blank is due."""
    sections = _sections(tree)
    section = next((s for s in sections if any(_top(n) == "dash" for n in s)), None)
    if section is not None and _top_of(module) in INSTALLED:
        return _sorted_place(tree, section, module), False
    if not sections:
        return _head(tree, lines), False
    last = sections[-1]
    is_installed_only = not any(_is_own(n, is_local) for n in last) and any(_top(n) == "dash" for n in last)
    gap = is_installed_only and _top_of(module) not in sys.stdlib_module_names
    own = [n for n in last if isinstance(n, ast.ImportFrom) and n.level]
    if module.startswith(".") and own and own == sorted(own, key=_spelled) and _spelled(own[-1]) > module:
        following = next(n for n in own if _spelled(n) > module)
        return following.lineno - 1, False
    return last[-1].end_lineno or 0, gap


def _sections(tree: ast.Module) -> list[list[_Import]]:
    """The imports at the head of a module, a list for those that stand together."""
    sections: list[list[_Import]] = []
    start = 1 if ast.get_docstring(tree, clean=False) is not None else 0
    for statement in tree.body[start:]:
        if isinstance(statement, _Import):
            together = sections and statement.lineno <= (sections[-1][-1].end_lineno or 0) + 1
            if together and _top(sections[-1][-1]) != "__future__":
                sections[-1].append(statement)
            else:
                sections.append([statement])
        elif not _is_preamble(statement):
            break
    return sections


def _sorted_place(tree: ast.Module, section: list[_Import], module: str) -> int:
    """The line of a section to insert an import before, in the order of isort."""
    before = [n for n in section if isinstance(n, ast.Import) or _spelled(n).lower() < module]
    if before:
        return before[-1].end_lineno or 0
    first = section[0]
    is_shared = any(n.end_lineno == first.lineno for n in tree.body if n is not first)
    return (first.end_lineno or 0) if is_shared else first.lineno - 1


def _top_of(module: str) -> str:
    return module.partition(".")[0]


def _top(node: _Import) -> str:
    return _top_of(node.names[0].name if isinstance(node, ast.Import) else _spelled(node))


def _is_own(node: _Import, is_local: Callable[[str], bool]) -> bool:
    spelled = node.names[0].name if isinstance(node, ast.Import) else _spelled(node)
    return spelled.startswith(".") or is_local(spelled)


def _head(tree: ast.Module, lines: list[str]) -> int:
    """The line for a first import: behind a docstring, else behind a shebang, a coding line and opening comments."""
    if ast.get_docstring(tree, clean=False) is not None:
        return tree.body[0].end_lineno or 0
    return next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))


def _is_preamble(statement: ast.stmt) -> bool:
    """Statements that may stand between imports: ``sys.path`` set-up, ``try`` imports, version constants."""
    if isinstance(statement, ast.Try):
        return all(isinstance(s, _Import) for s in statement.body)
    if isinstance(statement, ast.If):
        return all(isinstance(s, _Import) for s in statement.body)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return "sys.path" in ast.unparse(statement.value) or "load_dotenv" in ast.unparse(statement.value)
    return False
