"""Constructors, hooks, blueprints and the rest of Flask's surface on the server."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.project import last_name, server_argument
from dash_migrate.facts.scan import Reference
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of
from dash_migrate.facts.values import Blueprint, Const, DashApp, Ext, ExtInst, FlaskApp
from dash_migrate.findings.extensions import is_neutral
from dash_migrate.fixes import code
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.fastapi.views import Views
from dash_migrate.fixes.native.roles import ROUTE_METHODS
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table

_FLASK_OPTIONS = frozenset(["import_name", "static_folder", "static_url_path", "template_folder"])
_BLUEPRINT_USES = frozenset([*ROUTE_METHODS, "name", "add_url_rule"])


class Setup:
    """Converts where servers are made and what is done to them."""

    def __init__(self, work: Work, views: Views) -> None:
        self.work = work
        self.views = views
        self.rows: dict[str, Any] = table("native_fastapi")
        #: attributes of the server that only ``flask_like`` has
        self.needs: set[str] = set()
        self.backend = self.server = ""

    # --- Dash and Flask constructors

    def constructors(self) -> None:
        """Give every Dash app the backend, and make every Flask app a FastAPI one. To be done last."""
        self.backend = "FlaskLikeBackend" if self.needs_state() else "FastAPIBackend"
        self.server = "FlaskLikeServer" if self.needs_state() else "Server"
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
        file = scope.file
        passed = server_argument(call)
        self.work.need(file, self.backend)
        if last_name(call.func) in ("partial", "__init__") or len(call.args) > 2:
            self.work.decline(file, call, "Dash is not constructed directly")
            return
        values = self.work.facts.project.evaluator.eval(passed, scope) if passed is not None else frozenset()
        if passed is None or (values and all(v == Const(True) for v in values)):
            self.work.edit(file, call, code.set_keyword("backend", self.backend))
            return
        keyword = next((k for k in call.keywords if k.arg == "server"), None)
        if not any(isinstance(v, FlaskApp) for v in values) or (keyword is None and len(call.args) < 2):
            self.work.decline(file, call, "the server of this app is decided at run time")
            return
        if keyword is not None:
            self.work.edit(file, call, code.replace_keyword("server", "backend", _on(self.backend)))
        else:
            self.work.edit(file, call, code.positional_to_keyword(1, "backend", _on(self.backend)))
        named = bool(call.args) or any(k.arg in ("name", None) for k in call.keywords)
        if not named and isinstance(passed, ast.Name):
            self.work.edit(file, call, code.set_keyword("name", f"{passed.id}.name", first=True))

    def _flask(self, value: FlaskApp) -> None:
        call, file = value.site.node, value.site.file
        if not isinstance(call, ast.Call) or value.cls is not None or last_name(call.func) != "Flask":
            if isinstance(call, ast.Call):
                self.work.decline(file, call, "a Flask app of a class of its own")
            return
        unknown = [k.arg for k in call.keywords if k.arg not in _FLASK_OPTIONS]
        if unknown or len(call.args) > 1:
            self.work.decline(file, call, f"`Flask(…, {unknown[0] if unknown else '…'})` has no counterpart")
            return
        self.work.handled.add(call.func)
        self.work.need(file, self.server)
        self.work.edit(file, call, _renamed(self.server, {"import_name": "name"}))
        if any(k.arg == "template_folder" for k in call.keywords):
            self.needs.add("template_folder")

    def needs_state(self) -> bool:
        """Whether the app uses what only ``flask_like`` has: config, session, templates and so on."""
        modules = self.rows["exports"]
        base = {name for module in self.rows["base"]["modules"] for name in modules.get(module, ())}
        wanted = {name for edits in self.work.edits.values() for name in edits.imports.get(self.work.package, ())}
        uses = any(".session" in text for text in self.work.notes) or bool(self.needs)
        return uses or not wanted <= base

    # --- what is done to servers and blueprints

    def reference(self, file: FileIndex, reference: Reference) -> None:
        """Convert or decline one use of a server, a blueprint or a Dash app."""
        node = reference.node
        servers = [v for v in reference.values if self.work.is_server(v)]
        blueprints = [v for v in reference.values if isinstance(v, Blueprint)]
        parent = parent_of(node)
        if isinstance(node, ast.Call):
            if blueprints and blueprints[0].site.node is node:
                self._blueprint(file, node, blueprints[0])
            return
        if servers:
            self._server_use(file, node, parent, reference.scope)
        elif blueprints:
            self._blueprint_use(file, node, parent)
        elif any(isinstance(v, DashApp) for v in reference.values):
            self._app_use(file, node, parent, reference.scope)

    def _server_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        if isinstance(parent, ast.Attribute):
            self._server_attribute(file, parent)
            return
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call) and call.func is not node and self._leaves_the_project(call, scope):
            self.work.decline(file, call, f"`{ast.unparse(call.func)}` takes the server and needs Flask")

    def _server_attribute(self, file: FileIndex, attribute: ast.Attribute) -> None:
        attr = attribute.attr
        call = parent_of(attribute)
        called = isinstance(call, ast.Call) and call.func is attribute
        surface = table("flask_surface")["server"]
        if attr in ROUTE_METHODS or attr == "add_url_rule":
            if not any(r.attribute is attribute for role in self.work.roles.views() for r in role.registrations):
                self.work.decline(file, attribute, "a route whose view is not known")
        elif attr == "errorhandler":
            self.work.edit(file, attribute, code.rename_attribute("exception_handler"))
            self._error_key(file, call)
        elif attr == "register_error_handler":
            self.work.edit(file, attribute, code.rename_attribute("add_exception_handler"))
            self._error_key(file, call)
        elif attr == "register_blueprint" and called:
            assert isinstance(call, ast.Call)
            self._register(file, call)
        elif attr == "run" and called:
            self.work.need(file, "serve")
            self.work.edit(file, call, code.call_with_owner("serve"))  # type: ignore[arg-type]
        elif attr in self.rows["server"]["kept"] or attr not in surface:
            if attr not in self.rows["base"]["server"]:
                self.needs.add(attr)
        else:
            self.work.decline(file, attribute, f"`{attr}` of the Flask app has no counterpart")

    def _error_key(self, file: FileIndex, call: ast.AST | None) -> None:
        """Error handlers get the request too."""
        if not isinstance(call, ast.Call) or not call.args:
            return
        key = call.args[0]
        for role in self.work.roles.by_function.values():
            if role.kind == "error" and any(r.call is call for r in role.registrations):
                function = role.function
                arguments = function.args.args
                if isinstance(function, ast.Lambda) or len(arguments) != 1:
                    self.work.decline(file, call, "an error handler of an unusual shape")
                    return
                self._error_uses(file, function, arguments[0].arg)
                self.work.edits[file.display].need("fastapi", "Request")
                self.work.edit(role.file, function, _with_first_parameter("request: Request"))
        if isinstance(key, ast.Constant):
            return
        for value in self.work.facts.project.evaluator.eval(key, file.module):
            if isinstance(value, Ext) and value.dotted.startswith("werkzeug"):
                self.work.decline(file, key, "an error handler for a werkzeug exception")

    def _error_uses(self, file: FileIndex, function: ast.AST, name: str) -> None:
        """``e.code`` and ``e.description`` are ``status_code`` and ``detail`` on FastAPI's HTTP errors."""
        from dash_migrate.fixes.native.fastapi.requests import replacement

        scope = file.scope_of_node[function]
        key_is_http = True
        for load in scope.loads.get(name, ()):
            parent = parent_of(load)
            if isinstance(parent, ast.Attribute) and parent.attr in ("code", "description", "name", "get_response"):
                self.work.need(file, "as_werkzeug_error")
                self.work.edit(file, load, replacement(f"as_werkzeug_error({name})"))
            elif key_is_http and isinstance(parent, ast.Attribute) and parent.attr == "original_exception":
                continue

    def _leaves_the_project(self, call: ast.Call, scope: Scope) -> bool:
        evaluator = self.work.facts.project.evaluator
        if isinstance(call.func, ast.Attribute):
            owners = evaluator.eval(call.func.value, scope)
            if any(isinstance(v, ExtInst) for v in owners):
                return True
        for value in evaluator.eval(call.func, scope):
            if isinstance(value, Ext):
                return not is_neutral(value.dotted)
            return False
        return isinstance(call.func, ast.Attribute)

    def _app_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(parent, ast.Attribute):
            if parent.attr == "init_app":
                self.work.decline(file, parent, "Dash gets its server later")
            return
        if isinstance(call, ast.Call) and call.func is not node:
            evaluator = self.work.facts.project.evaluator
            for value in evaluator.eval(call.func, scope):
                if isinstance(value, Ext) and not is_neutral(value.dotted):
                    self.work.decline(file, call, f"`{value.dotted}` takes the app and may need Flask")

    # --- blueprints

    def _blueprint(self, file: FileIndex, call: ast.Call, blueprint: Blueprint) -> None:
        options = {k.arg: k.value for k in call.keywords}
        if set(options) - {"url_prefix", "name", "import_name"} or not self.views.label(blueprint):
            self.work.decline(file, call, "a blueprint with folders or options of its own")
            return
        self.work.handled.add(call.func)
        self.work.edits[file.display].need("fastapi", "APIRouter")
        prefix = options.get("url_prefix")
        if prefix is not None and not _is_plain_prefix(prefix):
            self.work.decline(file, call, "a prefix that is made at run time")
        self.work.edit(file, call, _router_call)

    def _blueprint_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None) -> None:
        if isinstance(parent, ast.Attribute) and parent.attr not in _BLUEPRINT_USES:
            self.work.decline(file, parent, f"`{parent.attr}` of a blueprint has no counterpart")

    def _register(self, file: FileIndex, call: ast.Call) -> None:
        options = {k.arg: k.value for k in call.keywords}
        scope = self.work.facts.project.scope_at(file, call)
        values = self.work.facts.project.evaluator.eval(call.args[0], scope) if call.args else frozenset()
        blueprints = [v for v in values if isinstance(v, Blueprint)]
        if len(blueprints) != 1 or set(options) - {"url_prefix"}:
            self.work.decline(file, call, "a blueprint that is registered in an unusual way")
            return
        own = blueprints[0].site.node
        has_own = isinstance(own, ast.Call) and any(k.arg == "url_prefix" for k in own.keywords)
        if "url_prefix" in options and (has_own or not _is_plain_prefix(options["url_prefix"])):
            self.work.decline(file, call, "a blueprint whose prefix is changed when it is registered")
            return
        self.work.edit(file, call, _include_call)


def _is_plain_prefix(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "<" not in node.value


def _on(backend: str) -> Edit:
    def change(value: Any) -> Any:
        import libcst as cst

        return cst.Call(cst.Attribute(cst.Name(backend), cst.Name("on")), [cst.Arg(value)])

    return change


def _renamed(function: str, keywords: dict[str, str]) -> Edit:
    def change(node: Any) -> Any:
        import libcst as cst

        arguments = [
            a.with_changes(keyword=cst.Name(keywords[a.keyword.value]))
            if a.keyword is not None and a.keyword.value in keywords
            else a
            for a in node.args
        ]
        return node.with_changes(func=cst.Name(function), args=arguments)

    return change


def _router_call(node: Any) -> Any:
    """``Blueprint("api", __name__, url_prefix="/api")`` → ``APIRouter(prefix="/api")``."""
    import libcst as cst

    kept = []
    for argument in node.args:
        if argument.keyword is not None and argument.keyword.value == "url_prefix":
            value = argument.value
            if isinstance(value, cst.SimpleString):
                inner = value.raw_value.rstrip("/")
                value = cst.SimpleString(f"{value.quote}{inner}{value.quote}")
            kept.append(cst.Arg(value, keyword=cst.Name("prefix"), equal=argument.equal))
    return node.with_changes(func=cst.Name("APIRouter"), args=kept, whitespace_before_args=cst.SimpleWhitespace(""))


def _include_call(node: Any) -> Any:
    """``register_blueprint(bp, url_prefix="/api")`` → ``include_router(bp, prefix="/api")``."""
    import libcst as cst

    arguments = [
        a.with_changes(keyword=cst.Name("prefix")) if a.keyword is not None and a.keyword.value == "url_prefix" else a
        for a in node.args
    ]
    return node.with_changes(func=node.func.with_changes(attr=cst.Name("include_router")), args=arguments)


def _with_first_parameter(text: str) -> Edit:
    def change(node: Any) -> Any:
        return add_parameter(node, text)

    return change


def add_parameter(node: Any, text: str) -> Any:
    """A function with one more parameter in front (behind ``self``)."""
    import libcst as cst

    made = cst.parse_statement(f"def f({text}): pass")
    parameter = made.params.params[0]  # type: ignore[union-attr]
    parameters = list(node.params.params)
    if any(p.name.value == parameter.name.value for p in parameters):
        return node
    place = 1 if parameters and parameters[0].name.value in ("self", "cls") else 0
    separator = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    for existing in parameters[:-1]:
        if isinstance(existing.comma, cst.Comma):
            separator = existing.comma
    if place == len(parameters):
        if parameters:
            parameters[-1] = parameters[-1].with_changes(comma=separator)
        parameters.append(parameter)
    else:
        parameters.insert(place, parameter.with_changes(comma=separator))
    return node.with_changes(params=node.params.with_changes(params=parameters))
