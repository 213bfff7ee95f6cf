"""Fills in what a backend class of the project, or an adapter, lacks: members that raise until they are written."""

from __future__ import annotations

import ast
from textwrap import indent

from dash_migrate.facts import backends
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.facts.values import Cls
from dash_migrate.findings.backend_surface import Member, required
from dash_migrate.fixes.checked import checked, raise_for_debugging
from dash_migrate.fixes.imports import add_imports
from dash_migrate.project import Loaded
from dash_migrate.syntax.segments import default_indent, split_lines

BASE = "dash.backends.base_server"
_ADAPTERS = {f"{BASE}.RequestAdapter": "RequestAdapter", f"{BASE}.ResponseAdapter": "ResponseAdapter"}
#: raises on Dash's own FastAPI backend too; Dash never asks for it
NEVER_ASKED = frozenset(["callback_response"])


def rewrite(loaded: Loaded) -> dict[str, bytes]:
    """The files whose backend classes and adapters get skeletons of what they lack, by path."""
    changed: dict[str, bytes] = {}
    for name, file in list(loaded.facts.project.files.items()):
        if name not in loaded.texts or b"dash.backends" not in loaded.sources[name].data:
            continue
        made = _File(loaded, file)
        for node, _ in file.classes:
            made.look(node)
        if made.inserted:
            try:
                changed[name] = checked(loaded.sources[name], made.text())
            except Exception as error:  # its finding stays
                raise_for_debugging(error)
    return changed


class _File:
    def __init__(self, loaded: Loaded, file: FileIndex) -> None:
        self.loaded, self.file = loaded, file
        self.evaluator = loaded.facts.project.evaluator
        self.source = loaded.sources[file.display]
        self.step = default_indent(self.source.text)
        #: what goes behind a line (1-based), in order
        self.inserted: dict[int, list[str]] = {}
        self.imports: set[str] = set()

    def look(self, node: ast.ClassDef) -> None:
        """One class: a backend without a part of Dash's, or an adapter."""
        if node.body[0].lineno == node.lineno:
            return  # all on one line
        scope = self.file.scope_of_node[node]
        cls = Cls(self.file, node, scope.parent or self.file.module)
        if any(other.node is not node for other in self.loaded.facts.project.subclasses(scope)):
            return
        found = backends.backend_class(self.evaluator, cls)
        if found is not None:
            if found.kind == "base" and found.complete:
                self._backend(node, cls)
            return
        for base in self.evaluator.objects.external_bases(cls):
            if base in _ADAPTERS and backends.bases_known(self.evaluator, cls, frozenset(_ADAPTERS)):
                bound = backends.members(self.evaluator, cls)
                self._append(node, [m for m in self._wanted(_ADAPTERS[base]) if m.name not in bound], "DM804")
                return

    def _wanted(self, kind: str) -> list[Member]:
        return [m for m in required(kind) if m.kind != "attribute" and m.name not in NEVER_ASKED]

    def _backend(self, node: ast.ClassDef, cls: Cls) -> None:
        bound = backends.members(self.evaluator, cls)
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        lines: list[str] = []
        for kind in _ADAPTERS.values():
            attribute = "request_adapter" if kind == "RequestAdapter" else "response_adapter"
            if backends.is_set(self.evaluator, cls, attribute):
                continue
            self.imports.add(kind)
            made = f"{node.name}{kind.removesuffix('Adapter')}"
            body = "\n".join(indent(_member(m, "DM804", self.step), self.step) for m in self._wanted(kind))
            self.inserted.setdefault(first - 1, []).append(f"class {made}({kind}):\n{body}\n\n")
            lines.append(f"{attribute} = {made}\n")
        self._append(node, [m for m in self._wanted("BaseDashServer") if m.name not in bound], "DM801", lines)

    def _append(self, node: ast.ClassDef, lacking: list[Member], code: str, first: list[str] | None = None) -> None:
        parts = [*(["".join(first)] if first else []), *(_member(m, code, self.step) for m in lacking)]
        if parts:
            column = " " * node.body[0].col_offset if self.step.isspace() and "\t" not in self.step else self.step
            text = "\n" + "\n".join(indent(part, column) for part in parts)
            self.inserted.setdefault(node.end_lineno or node.lineno, []).append(text)

    def text(self) -> str:
        """The file with the skeletons in it."""
        newline = self.source.newline
        lines = split_lines(self.source.text)
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += newline
        for line in sorted(self.inserted, reverse=True):
            lines[line:line] = [part.replace("\n", newline) for part in self.inserted[line]]
        text = "".join(lines)
        return add_imports(text, {BASE: self.imports}, newline) if self.imports else text


def _member(member: Member, code: str, step: str) -> str:
    """A member that raises, with what Dash says of it."""
    said = member.doc or f"Dash asks for `{member.name}`"
    inner = member.signature.strip("()")
    if member.kind == "static":
        head, arguments = "@staticmethod\n", inner
    else:
        head = "@property\n" if member.kind == "property" else ""
        arguments = ", ".join(part for part in ("self", "" if member.kind == "property" else inner) if part)
    word = "async def" if member.is_async else "def"
    todo = f"{step}# TODO(dash-migrate): {code} {said.rstrip('.')}\n"
    return f"{head}{word} {member.name}({arguments}):\n{todo}{step}raise NotImplementedError\n"
