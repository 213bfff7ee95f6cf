"""Notebooks: Dash apps in cells, changed inside the JSON they are stored in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dash_migrate.deploy.readers.json_files import Node, NotJson, parse
from dash_migrate.deploy.texts import Edit, Text, escape_quoted
from dash_migrate.deploy.workspace import DeployFile, Workspace
from dash_migrate.files.errors import NO_CODE
from dash_migrate.rules_data import table
from dash_migrate.syntax.segments import TextMap

_MAGIC = re.compile(r"^[ \t]*(?:[%!?]|.*\?{1,2}[ \t]*$)")
_DASH = ("Dash", "JupyterDash", "DashProxy")


@dataclass(eq=False)
class Place:
    """Something in a cell that is gone from Dash."""

    file: DeployFile
    start: int
    end: int
    text: str
    why: str
    edits: list[Edit] = field(default_factory=list)


def places(workspace: Workspace) -> Iterator[Place]:
    """What the project's notebooks do with Dash that no longer works."""
    for path in workspace.loaded.selection.notebooks:
        file = workspace.file(path, "notebook")
        if file is None or not any(w in file.data for w in (b"run_server", b"jupyter_dash", b"dash_")):
            continue
        book = _Notebook(file)
        for number, code in code_cells(file):
            yield from book.cell(number, code)


def code_cells(file: DeployFile) -> Iterator[tuple[int, Text]]:
    """The number (from 1) and the code of each code cell; none if the file is no notebook."""
    try:
        root = parse(Text.raw(file.text))
    except NotJson:
        return
    cells = root.members.get("cells")
    for number, cell in enumerate(cells.elements if cells is not None else ()):
        kind, source = cell.members.get("cell_type"), cell.members.get("source")
        if kind is not None and source is not None and kind.value == "code":
            yield number + 1, _code(source)


def _code(source: Node) -> Text:
    """The code of a cell: one string, or a list of lines."""
    parts = [source] if source.kind == "string" else source.elements
    texts = [part.text for part in parts if part.text is not None]
    starts = [at for text in texts for at in text.starts]
    ends = [at for text in texts for at in text.ends]
    return Text("".join(t.value for t in texts), starts, ends, source.start + 1, _escape)


def _escape(new: str) -> str:
    return escape_quoted(new).replace("\n", "\\n")


class _Notebook:
    """The cells of a notebook, read from the top: names stay bound."""

    def __init__(self, file: DeployFile) -> None:
        self.file = file
        self.apps: set[str] = set()
        #: what `JupyterDash` is called
        self.classes: set[str] = set()
        self.modules: dict[str, str] = table("dash_versions")["modules"]

    def cell(self, number: int, text: Text) -> Iterator[Place]:
        code = "".join(_harmless(line) for line in text.value.splitlines(keepends=True))
        try:
            tree = ast.parse(code)
        except NO_CODE:
            return
        self.number, self.text, self.map = number, text, TextMap(code)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and _makes_app(node.value):
                self.apps |= {t.id for t in node.targets if isinstance(t, ast.Name)}
        classes = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        for statement in ast.walk(tree):
            if isinstance(statement, (ast.Expr, ast.Assign)):
                yield from self._class_member(statement)
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from self._import(node)
            elif isinstance(node, ast.Name) and node.id in self.classes and isinstance(node.ctx, ast.Load):
                if id(node) not in classes and node.id == "JupyterDash":
                    yield self._place(node, "JupyterDash", "`Dash` itself runs in notebooks", [(node, "Dash")])
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from self._call(node, node.func)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Place]:
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            top, _, rest = module.partition(".")
            if module == "jupyter_dash" and [a.name for a in node.names] == ["JupyterDash"]:
                local = node.names[0].asname
                self.classes.add(local or "JupyterDash")
                new = "from dash import Dash" + (f" as {local}" if local else "")
                yield self._place(node, "jupyter_dash", "it is part of dash", [(node, new)])
            elif top in self.modules and not node.level:
                dotted = f"dash.{self.modules[top]}" + (f".{rest}" if rest else "")
                start = self.map.place(node)[0]
                at = self.map.text.index(module, start)
                yield self._place_at(at, at + len(module), module, f"it is {dotted}", [(at, at + len(module), dotted)])
        elif all(name.name in self.modules for name in node.names):
            modules = [self.modules[name.name] for name in node.names]
            locals_ = [name.asname or name.name for name in node.names]
            parts = [new + (f" as {name}" if name != new else "") for new, name in zip(modules, locals_, strict=True)]
            why = f"it is dash.{', dash.'.join(modules)}"
            yield self._place(node, node.names[0].name, why, [(node, f"from dash import {', '.join(parts)}")])

    def _class_member(self, node: ast.Expr | ast.Assign) -> Iterator[Place]:
        """``JupyterDash.infer_jupyter_proxy_config()``: an object of dash has what the class had."""
        found = [
            n.value
            for n in ast.walk(node)
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in self.classes
        ]
        if found:
            start = self.map.place(node)[0]
            changes = [(start, start, "from dash import jupyter_dash; ")]
            changes += [(*self.map.place(n), "jupyter_dash") for n in found]
            why = "`dash.jupyter_dash` has what the class had"
            yield self._place_at(*self.map.place(found[0]), found[0].id, why, changes)

    def _call(self, node: ast.Call, func: ast.Attribute) -> Iterator[Place]:
        owner = func.value
        ours = (isinstance(owner, ast.Name) and owner.id in self.apps) or _makes_app(owner)
        if func.attr not in ("run_server", "run") or not ours:
            return
        renamed = {k: v for k, v in table("run_options")["renamed"].items() if v}
        changes: list[tuple[int, int, str]] = []
        why = []
        if func.attr == "run_server":
            end = self.map.place(func)[1]
            changes.append((end - len("run_server"), end, "run"))
            why.append("`run_server` is gone")
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg in renamed:
                start = self.map.place(keyword)[0]
                changes.append((start, start + len(keyword.arg), renamed[keyword.arg]))
                why.append(f"`{keyword.arg}` is `{renamed[keyword.arg]}`")
        if changes:
            start, end = self.map.place(func)
            yield self._place_at(start, end, f"{ast.unparse(func)}", ", ".join(why), changes)

    def _place(self, node: ast.AST, text: str, why: str, changes: list[tuple[ast.AST, str]]) -> Place:
        start, end = self.map.place(node)
        return self._place_at(start, end, text, why, [(*self.map.place(n), new) for n, new in changes])

    def _place_at(self, start: int, end: int, text: str, why: str, changes: list[tuple[int, int, str]]) -> Place:
        line, _ = self.map.position(start)
        span = self.text.part(start, end).span
        edits = [self.text.edit(a, b, new) for a, b, new in changes]
        return Place(self.file, *span, f"{text}` in cell {self.number}, line {line}: `{text}", why, edits)


def _harmless(line: str) -> str:
    """A magic or shell line made a comment of the same length."""
    if _MAGIC.match(line):
        stripped = line.lstrip(" \t")
        return line[: len(line) - len(stripped)] + "#" + stripped[1:]
    return line


def _makes_app(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    func = node.func
    return (isinstance(func, ast.Name) and func.id in _DASH) or (isinstance(func, ast.Attribute) and func.attr in _DASH)
