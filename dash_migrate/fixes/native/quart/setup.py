"""Constructors, blueprints and the surface of the server."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.project import last_name, server_argument
from dash_migrate.facts.scan import Reference
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Blueprint, Cls, Const, DashApp, Ext, ExtInst, FlaskApp, Func
from dash_migrate.findings.extensions import is_neutral
from dash_migrate.fixes import code
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.extensions import Extensions
from dash_migrate.fixes.native.quart.awaiting import Awaiting
from dash_migrate.fixes.native.quart.vocabulary import home
from dash_migrate.fixes.native.quart.wrapped import Wrapped
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table


class Setup:
    """Converts where servers are made and what is done to them."""

    def __init__(self, work: Work, awaiting: Awaiting, extensions: Extensions) -> None:
        self.work = work
        self.awaiting = awaiting
        self.extensions = extensions
        self.wrapped = Wrapped(work, awaiting)
        self.rows: dict[str, Any] = table("native_quart")["server"]

    # --- constructors

    def constructors(self) -> None:
        """Give every Dash app the backend."""
        done: set[ast.Call] = set()
        for app in self.work.apps:
            given = [(c, s) for c, s in app.constructors if server_argument(c) is not None]
            inits = [(c, s) for c, s in app.constructors if last_name(c.func) == "__init__"]
            for call, scope in given or inits[:1] or app.constructors[-1:]:
                if call not in done:
                    done.add(call)
                    self._dash(call, scope)
        for value in sorted(self.work.servers, key=repr):
            if isinstance(value, FlaskApp):
                self._flask(value)

    def _dash(self, call: ast.Call, scope: Scope) -> None:
        file, passed = scope.file, server_argument(call)
        if last_name(call.func) == "partial" or len(call.args) > 2:
            self.work.decline(file, call, "Dash is not constructed directly")
            return
        if any(k.arg == "backend" for k in call.keywords) or self._is_hidden(call, scope):
            self.work.decline(file, call, "the backend or server of this app is decided at run time")
            return
        compress = next((k.value for k in call.keywords if k.arg == "compress"), None)
        if compress is not None and not (isinstance(compress, ast.Constant) and not compress.value):
            self.work.modules.add("compress")
        backend = self.work.name(file, "QuartBackend")
        values = self.work.facts.project.evaluator.eval(passed, scope) if passed is not None else frozenset()
        if passed is None or (values and all(v in (Const(True), Const(False)) for v in values)):
            self.work.edit(file, call, code.set_keyword("backend", backend))
            return
        keyword = next((k for k in call.keywords if k.arg == "server"), None)
        if not values or not all(isinstance(v, FlaskApp) for v in values) or (keyword is None and len(call.args) < 2):
            self.work.decline(file, call, "the server of this app is decided at run time")
            return
        if keyword is not None:
            self.work.edit(file, call, code.replace_keyword("server", "backend", _on(backend)))
        else:
            self.work.edit(file, call, code.positional_to_keyword(1, "backend", _on(backend)))
        named = bool(call.args) or any(k.arg in ("name", None) for k in call.keywords)
        if not named and isinstance(passed, ast.Name):
            self.work.edit(file, call, code.set_keyword("name", f"{passed.id}.name", first=True))
        elif not named:
            self.work.decline(file, call, "a Dash app that is named after its server")

    def _is_hidden(self, call: ast.Call, scope: Scope) -> bool:
        _, hidden, _ = self.work.facts.project.hidden_server(call, scope)
        return any(not isinstance(v, Const) for v in hidden)

    def _flask(self, value: FlaskApp) -> None:
        call, file = value.site.node, value.site.file
        if isinstance(call, ast.Call) and last_name(call.func) == "partial":
            self.work.decline(file, call, "a Flask app that is not constructed directly")
        for cls in self.work.facts.project.evaluator.objects.lineage(value.cls) if value.cls is not None else ():
            self._subclass(cls)

    def _subclass(self, cls: Cls) -> None:
        """A class of the project that inherits from Flask: it may add to it, not change how it works."""
        surface = {*table("flask_surface")["server"], *self.rows["internals"]} - set(self.rows["settings"])
        for name in sorted(surface & set(cls.file.scope_of_node[cls.node].bindings)):
            self.work.decline(cls.file, cls.node, f"`{name}` of the Flask app is overridden")
        if cls.file.display not in self.work.files:
            self.work.decline(cls.file, cls.node, "a Flask app of a class that is elsewhere")

    # --- what is done to servers and blueprints

    def reference(self, file: FileIndex, reference: Reference) -> None:
        """Convert or decline one use of a server, a blueprint or a Dash app."""
        node, parent = reference.node, parent_of(reference.node)
        if isinstance(node, ast.Call):
            return
        values = reference.values
        if any(self.work.is_server(v) for v in values) or Ext("flask.current_app") in values:
            self._server_use(file, node, parent, reference.scope)
        elif any(isinstance(v, Blueprint) for v in values):
            self._blueprint_use(file, parent)
        elif any(isinstance(v, DashApp) for v in values):
            self._app_use(file, node, parent, reference.scope)

    def _server_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        if isinstance(parent, ast.Attribute):
            self._attribute(file, parent)
            return
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call) and call.func is not node and self._leaves_the_project(call, scope):
            self.work.decline(file, call, f"`{ast.unparse(call.func)}` takes the server and needs Flask")
        elif isinstance(call, ast.Call) and call.func is node:
            self.work.decline(file, call, "the server is called as a WSGI app")

    def _attribute(self, file: FileIndex, attribute: ast.Attribute) -> None:
        attr, call = attribute.attr, parent_of(attribute)
        row = table("flask_surface")["server"].get(attr)
        if attr in self.rows["kept"]:
            return
        if attr in ("wsgi_app", "view_functions"):
            getattr(self.wrapped, attr)(file, attribute)
            return
        if attr == "ensure_sync" and self.awaiting.decorators.around(file, attribute):
            self.work.edit(file, attribute, code.rename_attribute("ensure_async"))
            return
        if attr in self.rows["made"] and isinstance(call, ast.Call) and call.func is attribute:
            return
        if attr in self.rows["awaited_calls"] and isinstance(call, ast.Call) and call.func is attribute:
            self.awaiting.need(file, call)
        elif attr in (*self.rows["declined"], *self.rows["internals"]) or (row is not None and row["quart"] != "same"):
            self.work.decline(file, attribute, f"`{attr}` of the Flask app has no counterpart")

    def _blueprint_use(self, file: FileIndex, parent: ast.AST | None) -> None:
        if isinstance(parent, ast.Attribute) and parent.attr in ("send_static_file", "open_resource"):
            self.work.decline(file, parent, f"`{parent.attr}` of a blueprint has no counterpart")

    def _leaves_the_project(self, call: ast.Call, scope: Scope) -> bool:
        evaluator = self.work.facts.project.evaluator
        if isinstance(call.func, ast.Attribute):
            held = evaluator.eval(call.func.value, scope)
            owners = [v for v in held if isinstance(v, ExtInst)]
            if owners:
                return not all(self.extensions.knows(v.dotted) for v in owners)
            if call.func.attr == "init_app" and any(isinstance(v, DashApp) for v in held):
                return False
        for value in evaluator.eval(call.func, scope):
            if isinstance(value, Ext):
                known = is_neutral(value.dotted) or self.extensions.knows(value.dotted)
                known = known or (
                    value.dotted.startswith("flask.") and home(value.dotted.rpartition(".")[0]) is not None
                )
                return not known and not value.dotted.startswith("dash.")
            return False
        return isinstance(call.func, ast.Attribute)

    def _app_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(parent, ast.Attribute):
            if parent.attr == "dispatch":
                self.work.decline(file, parent, "`dispatch` of Dash is gone")
            return
        if isinstance(call, ast.Call) and call.func is not node:
            values = self.work.facts.project.evaluator.eval(call.func, scope)
            if any(isinstance(v, (Func, Cls)) for v in values):
                return
            for value in values:
                if isinstance(value, Ext) and not (is_neutral(value.dotted) or self.extensions.knows(value.dotted)):
                    self.work.decline(file, call, f"`{value.dotted}` takes the app and may need Flask")


def _on(backend: str) -> Edit:
    def change(value: Any) -> Any:
        import libcst as cst

        return cst.Call(cst.Attribute(cst.Name(backend), cst.Name("on")), [cst.Arg(value)])

    return change
