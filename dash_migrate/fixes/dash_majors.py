"""What Dash 2 and 3 took away, in code: component packages, long callbacks, JupyterDash, lost properties."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import DashApp
from dash_migrate.fixes import code
from dash_migrate.fixes.checked import checked, raise_for_debugging
from dash_migrate.fixes.edits import Edit, FileEdits, apply_edits
from dash_migrate.project import Loaded
from dash_migrate.rules_data import table

#: words one of which a file must hold
WORDS = (
    b"dash_html_components",
    b"dash_core_components",
    b"dash_table",
    b"jupyter_dash",
    b"long_callback",
    b"loading_state",
    b"LogoutButton",
)


@dataclass(frozen=True)
class Removed:
    """A place that no longer works: what it is, and what it becomes."""

    code: str
    node: ast.AST
    text: str
    why: str
    by_hand: bool = False


@dataclass(eq=False)
class FileMajors:
    """One file's places and edits."""

    file: FileIndex
    edits: FileEdits
    found: list[Removed] = field(default_factory=list)


def majors(loaded: Loaded) -> Iterator[FileMajors]:
    """The files that hold something Dash 2 or 3 removed."""
    for path, selected in loaded.selection.files.items():
        source = loaded.sources.get(path)
        data = source.data if source is not None else selected.source.data
        if not any(word in data for word in WORDS):
            continue
        file = loaded.facts.project.file(path)
        if file is None or path not in loaded.texts:
            continue
        made = FileMajors(file, FileEdits(file, loaded.texts[path]))
        _File(loaded, made).look()
        if made.found:
            yield made


def rewrite(loaded: Loaded) -> dict[str, bytes]:
    """The files with what Dash 2 and 3 removed replaced, by path."""
    changed: dict[str, bytes] = {}
    for one in majors(loaded):
        if not one.edits:
            continue
        source = loaded.sources[one.file.display]
        try:
            text = apply_edits(one.edits)
            encoded = checked(source, text)
        except Exception as error:  # its finding stays
            raise_for_debugging(error)
            continue
        if encoded != source.data:
            changed[one.file.display] = encoded
    return changed


class _File:
    def __init__(self, loaded: Loaded, made: FileMajors) -> None:
        self.loaded = loaded
        self.facts = loaded.facts
        self.made = made
        self.file = made.file
        self.edits = made.edits
        self.modules: dict[str, str] = table("dash_versions")["modules"]
        #: names that stand for dash.html or dash.dcc, and names of their components
        self.libraries: set[str] = set()
        self.components: set[str] = set()

    def look(self) -> None:
        every = (b for scope in self.file.scopes for bindings in scope.bindings.values() for b in bindings)
        for node in sorted({b.node for b in every if b.kind in ("import", "from", "star")}, key=_position):
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                self._import_from(node)
        for call, scope in self.file.calls:
            self._call(call, scope)
        for node, scope in self.file.attributes.get("long_callback", ()):
            self._long_callback(node, scope)

    def _note(self, code_: str, node: ast.AST, text: str, why: str, by_hand: bool = False) -> None:
        self.made.found.append(Removed(code_, node, text, why, by_hand))

    # --- imports

    def _import(self, node: ast.Import) -> None:
        moved: list[tuple[ast.alias, str]] = []
        for alias in node.names:
            top, _, rest = alias.name.partition(".")
            new = self.modules.get(top)
            if new is None:
                continue
            if rest and alias.asname is None:
                self._note("DM720", node, f"import {alias.name}", f"import it from dash.{new}", by_hand=True)
                return
            name = alias.asname or top
            if rest:
                owner, _, last = f"dash.{new}.{rest}".rpartition(".")
            else:
                owner, last = "dash", new
            moved.append((alias, f"from {owner} import {last}" + (f" as {name}" if name != last else "")))
            self.libraries.add(name)
        if not moved:
            return
        gone = {alias.name for alias, _ in moved}
        for alias, statement in moved:
            shown = f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
            self._note("DM720", node, shown, statement)
        if len(gone) == len(node.names):
            self.edits.edit(node, _replaced(moved[0][1]))
            for _, statement in moved[1:]:
                self.edits.insert_after(node, statement)
        else:
            self.edits.edit(node, _without_aliases(gone))
            for _, statement in moved:
                self.edits.insert_after(node, statement)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        top, _, rest = module.partition(".")
        new = self.modules.get(top)
        names = [alias.name for alias in node.names]
        if new is not None:
            dotted = f"dash.{new}" + (f".{rest}" if rest else "")
            self._note("DM720", node, f"from {module} import {', '.join(names)}", dotted)
            self.edits.edit(node, _from_module(dotted))
            self.components |= {alias.asname or alias.name for alias in node.names}
        elif module == "jupyter_dash" and names == ["JupyterDash"]:
            self._jupyter(node)
        elif module in ("dash.long_callback", "dash.long_callback.managers") or module.startswith(
            "dash.long_callback."
        ):
            self._managers(node)
        elif module == "dash":
            for alias in node.names:
                if alias.name in ("html", "dcc"):
                    self.libraries.add(alias.asname or alias.name)
                elif alias.name == "long_callback":
                    self._imported_long_callback(node, alias)
        elif module in ("dash.html", "dash.dcc"):
            self.components |= {alias.asname or alias.name for alias in node.names}

    def _jupyter(self, node: ast.ImportFrom) -> None:
        """``JupyterDash`` → ``Dash``, wherever the file uses it."""
        local = node.names[0].asname or "JupyterDash"
        uses = self._loads(local)
        proxied = [u for u in uses if isinstance(parent_of(u), ast.Attribute)]
        if proxied:
            self._note("DM721", node, "JupyterDash", "`dash.jupyter_dash` has what the class had", by_hand=True)
            return
        self._note("DM721", node, "from jupyter_dash import JupyterDash", "`Dash` itself runs in notebooks")
        taken = "Dash" in self.file.module.bindings
        if node.names[0].asname is None:
            for use in uses:
                self.edits.edit(use, code.rename("Dash"))
            known = taken and self._imports_dash()
            self.edits.edit(node, _dropped() if known else _replaced("from dash import Dash"))
        else:
            self.edits.edit(node, _replaced(f"from dash import Dash as {local}"))

    def _imports_dash(self) -> bool:
        """Whether ``Dash`` is dash's own in this file."""
        return any(b.kind == "from" and b.module == "dash" for b in self.file.module.bindings.get("Dash", ()))

    def _managers(self, node: ast.ImportFrom) -> None:
        renamed = {
            old.rpartition(".")[2]: new.rpartition(".")[2] for old, new in table("dash_versions")["names"].items()
        }
        if any(alias.name not in renamed for alias in node.names):
            self._note(
                "DM721", node, f"from {node.module} import …", "it is part of dash.background_callback", by_hand=True
            )
            return
        self._note("DM721", node, f"from {node.module} import …", "the managers are in dash, under shorter names")
        names = []
        for alias in node.names:
            new = renamed[alias.name]
            names.append(new + (f" as {alias.asname}" if alias.asname else ""))
            if alias.asname is None:
                for use in self._loads(alias.name):
                    self.edits.edit(use, code.rename(new))
        self.edits.edit(node, _replaced(f"from dash import {', '.join(names)}"))

    def _imported_long_callback(self, node: ast.ImportFrom, alias: ast.alias) -> None:
        local = alias.asname or alias.name
        uses = self._loads(local)
        calls = [parent_of(u) for u in uses]
        if alias.asname is not None or not all(isinstance(c, ast.Call) and c.func in uses for c in calls):
            self._note("DM721", node, "dash.long_callback", "use `callback(…, background=True)`", by_hand=True)
            return
        self._note("DM721", node, "dash.long_callback", "`callback(…, background=True)`")
        for use, call in zip(uses, calls, strict=True):
            assert call is not None
            self.edits.edit(use, code.rename("callback"))
            self.edits.edit(call, code.set_keyword("background", "True"))
        self.edits.edit(node, _renamed_alias("long_callback", "callback"))

    # --- uses

    def _loads(self, name: str) -> list[ast.Name]:
        return [node for scope in self.file.scopes for node in scope.loads.get(name, ()) if isinstance(node, ast.Name)]

    def _long_callback(self, node: ast.Attribute, scope: Scope) -> None:
        values = self.facts.project.evaluator.eval(node.value, scope)
        owner = isinstance(node.value, ast.Name) and node.value.id == "dash"
        if not owner and not any(isinstance(v, DashApp) for v in values):
            return
        call = parent_of(node)
        text = f"{ast.unparse(node.value)}.long_callback"
        if not isinstance(call, ast.Call) or call.func is not node:
            self._note("", node, text, "")  # DM110 says it
            return
        self._note("", node, text, "")
        self.edits.edit(node, code.rename_attribute("callback"))
        self.edits.edit(call, code.set_keyword("background", "True"))

    def _call(self, call: ast.Call, scope: Scope) -> None:
        for keyword in call.keywords:
            new = table("dash_versions")["arguments"].get(keyword.arg)
            if new is not None and self._makes_dash(call, scope):
                self._note("DM721", keyword, f"{keyword.arg}=", f"the argument is `{new}`")
                self.edits.edit(call, code.rename_keyword(str(keyword.arg), new))
            elif keyword.arg == "loading_state" and self._is_component(call.func):
                self._note("DM721", keyword, "loading_state=", "components have no such property any more")
                self.edits.edit(call, code.drop_keyword("loading_state"))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "LogoutButton" and self._is_component(call.func):
            self._note("DM721", call, "dcc.LogoutButton", "use a link or a button of dash.html", by_hand=True)

    def _makes_dash(self, call: ast.Call, scope: Scope) -> bool:
        return any(isinstance(v, DashApp) for v in self.facts.project.evaluator.eval(call, scope))

    def _is_component(self, func: ast.expr) -> bool:
        if isinstance(func, ast.Attribute):
            owner = func.value
            if isinstance(owner, ast.Name):
                return owner.id in self.libraries
            return isinstance(owner, ast.Attribute) and ast.unparse(owner) in ("dash.html", "dash.dcc")
        return isinstance(func, ast.Name) and func.id in self.components


def _position(node: ast.AST) -> tuple[int, int]:
    return (node.lineno, node.col_offset)  # type: ignore[attr-defined]


def _replaced(statement: str) -> Edit:
    """A statement → another."""

    def change(node: Any) -> Any:
        import libcst as cst

        small = cst.ensure_type(cst.parse_statement(statement), cst.SimpleStatementLine).body[0]
        return small.with_changes(semicolon=node.semicolon)

    return change


def _dropped() -> Edit:
    """An import that is not needed any more → nothing."""

    def change(node: Any) -> Any:
        import libcst as cst

        del node
        return cst.RemoveFromParent()

    return change


def _from_module(dotted: str) -> Edit:
    """``from old import …`` → ``from dotted import …``, names as they are."""

    def change(node: Any) -> Any:
        import libcst as cst

        return node.with_changes(module=cst.parse_expression(dotted))

    return change


def _without_aliases(gone: set[str]) -> Edit:
    """``import a, b`` → ``import a``."""

    def change(node: Any) -> Any:
        import libcst as cst

        kept = [alias for alias in node.names if alias.evaluated_name not in gone]
        kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return node.with_changes(names=kept)

    return change


def _renamed_alias(old: str, new: str) -> Edit:
    """``from dash import old, x`` → ``from dash import new, x`` (once)."""

    def change(node: Any) -> Any:
        import libcst as cst

        present = {alias.evaluated_name for alias in node.names}
        names = []
        for alias in node.names:
            if alias.evaluated_name == old:
                if new in present:
                    continue
                alias = alias.with_changes(name=cst.Name(new))
            names.append(alias)
        names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return node.with_changes(names=names)

    return change
