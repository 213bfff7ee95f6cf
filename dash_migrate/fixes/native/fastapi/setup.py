"""Constructors, hooks, blueprints and the rest of Flask's surface on the server."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.project import last_name, server_argument
from dash_migrate.facts.scan import Reference
from dash_migrate.facts.scopes import FileIndex, Scope, parent_of, statement_of
from dash_migrate.facts.values import Blueprint, Const, DashApp, Ext, ExtInst, FlaskApp, Value
from dash_migrate.findings.extensions import is_neutral
from dash_migrate.fixes import code
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.extensions import Extensions
from dash_migrate.fixes.native.fastapi import around
from dash_migrate.fixes.native.fastapi.views import Views
from dash_migrate.fixes.native.roles import ROUTE_METHODS, Registration
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table

_FLASK_OPTIONS = frozenset(
    ["import_name", "static_folder", "static_url_path", "template_folder", "instance_path", "instance_relative_config"]
)
_BLUEPRINT_OPTIONS = frozenset(
    ["name", "import_name", "url_prefix", "template_folder", "static_folder", "static_url_path"]
)
#: how registering error handlers is called on FastAPI
_HANDLERS = {
    "errorhandler": "exception_handler",
    "register_error_handler": "add_exception_handler",
    "app_errorhandler": "app_exception_handler",
}


class Setup:
    """Converts where servers are made and what is done to them."""

    def __init__(self, work: Work, views: Views, extensions: Extensions) -> None:
        self.work = work
        self.extensions = extensions
        self.views = views
        self.rows: dict[str, Any] = table("native_fastapi")
        #: attributes of the server that only ``flask_like`` has
        self.needs: set[str] = set()
        self._handlers: set[ast.AST] = set()
        self.backend = self.server = ""
        self.blueprints: dict[Blueprint, FileIndex] = {}

    # --- Dash and Flask constructors

    def constructors(self) -> None:
        """Give every Dash app the backend, and make every Flask app a FastAPI one. To be done last."""
        for call in [call for app in self.work.apps for call, _ in app.constructors]:
            if any(k.arg == "compress" and getattr(k.value, "value", True) for k in call.keywords):
                self.work.modules.add("compress")
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
        if last_name(call.func) == "partial" or len(call.args) > 2:
            self.work.decline(file, call, "Dash is not constructed directly")
            return
        hidden = self.work.facts.project.hidden_server(call, scope)[1] if passed is None else ()
        if any(not isinstance(value, Const) for value in hidden):
            self.work.decline(file, call, "the server of this app is decided at run time")
            return
        values = self.work.facts.project.evaluator.eval(passed, scope) if passed is not None else frozenset()
        if passed is None or (values and all(v in (Const(True), Const(False)) for v in values)):
            self.work.edit(file, call, code.set_keyword("backend", self.work.name(file, self.backend)))
            return
        keyword = next((k for k in call.keywords if k.arg == "server"), None)
        if not any(isinstance(v, FlaskApp) for v in values) or (keyword is None and len(call.args) < 2):
            self.work.decline(file, call, "the server of this app is decided at run time")
            return
        if keyword is not None:
            self.work.edit(
                file, call, code.replace_keyword("server", "backend", _on(self.work.name(file, self.backend)))
            )
        else:
            self.work.edit(
                file, call, code.positional_to_keyword(1, "backend", _on(self.work.name(file, self.backend)))
            )
        named = bool(call.args) or any(k.arg in ("name", None) for k in call.keywords)
        if not named and isinstance(passed, ast.Name):
            self.work.edit(file, call, code.set_keyword("name", f"{passed.id}.name", first=True))

    def _flask(self, value: FlaskApp) -> None:
        call, file = value.site.node, value.site.file
        if not isinstance(call, ast.Call):
            return
        if value.cls is not None or self.work.flask_name(call.func) != "Flask":
            self.work.decline(file, call, "a Flask app of a class of its own")
            return
        unknown = [k.arg for k in call.keywords if k.arg not in _FLASK_OPTIONS]
        if unknown or len(call.args) > 1:
            self.work.decline(file, call, f"`Flask(…, {unknown[0] if unknown else '…'})` has no counterpart")
            return
        self.work.handled.add(call.func)
        self.work.edit(file, call, _renamed(self.work.name(file, self.server), {"import_name": "name"}))
        self.needs |= {str(k.arg) for k in call.keywords if str(k.arg).startswith(("template", "instance"))}

    def needs_state(self) -> bool:
        """Whether the app uses what only ``flask_like`` has: config, session, templates and so on."""
        modules = self.rows["exports"]
        base = {name for module in self.rows["base"]["modules"] for name in modules.get(module, ())}
        wanted = {name for edits in self.work.edits.values() for name in edits.imports.get(self.work.package, ())}
        uses = any(".session" in text for text in self.work.notes) or bool(self.needs) or self.views.on_server
        uses = uses or bool(self.work.modules)
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
            self._server_use(file, node, parent, reference.scope, servers[0])
        elif blueprints:
            self._blueprint_use(file, node, parent, blueprints)
        elif any(isinstance(v, DashApp) for v in reference.values):
            self._app_use(file, node, parent, reference.scope)

    def _server_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope, owner: Value) -> None:
        if isinstance(parent, ast.Attribute):
            self._server_attribute(file, parent, owner)
            return
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(call, ast.Call) and call.func is not node and self._leaves_the_project(call, scope):
            self.work.decline(file, call, f"`{ast.unparse(call.func)}` takes the server and needs Flask")

    def _route(self, file: FileIndex, attribute: ast.Attribute, owner: Value, call: ast.AST | None) -> None:
        """A registration whose view is not known stays as it is."""
        if any(r.attribute is attribute for role in self.work.roles.views() for r in role.registrations):
            return
        made = call if isinstance(call, ast.Call) and call.func is attribute else None
        scope = self.work.facts.project.scope_at(file, attribute)
        self.views.keep(Registration(file, scope, made, attribute, owner))

    def _server_attribute(self, file: FileIndex, attribute: ast.Attribute, owner: Value) -> None:
        attr = attribute.attr
        call = parent_of(attribute)
        called = isinstance(call, ast.Call) and call.func is attribute
        surface = table("flask_surface")["server"]
        if attr in ROUTE_METHODS or attr == "add_url_rule":
            self._route(file, attribute, owner, call)
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
            self.work.edit(file, call, code.call_with_owner(self.work.name(file, "serve")))  # type: ignore[arg-type]
        elif attr in self.rows["server"]["parts"]:
            self.needs.add(attr)
            inner = parent_of(attribute)
            known = self.rows["server"]["parts"][attr]
            if not (isinstance(inner, ast.Attribute) and inner.attr in known):
                self.work.decline(file, attribute, f"`{attr}` of the Flask app, used this way, has no counterpart")
        elif attr in ("cli", "shell_context_processor"):
            self.needs.add(attr)
            self.work.modules.add("cli")
            program = f"python -m {self.work.package}.cli MODULE:SERVER"
            text = f"# TODO(dash-migrate): DM510 `flask` does not find this any more: call `{program} COMMAND` instead"
            self.work.edits[file.display].comment(attribute, text)
        elif attr == "view_functions" and around.is_known(self.work, file, attribute):
            self.needs.add(attr)
        elif attr == "response_class":
            self.views.answers.response_class(file, attribute)
        elif attr == "wsgi_app":
            self._wsgi_app(file, attribute)
        elif attr in self.rows["server"]["internals"]:
            self.work.decline(file, attribute, f"`{attr}` of the server is something else on FastAPI")
        elif attr in self.rows["server"]["kept"] or attr not in surface:
            if attr not in self.rows["base"]["server"]:
                self.needs.add(attr)
        else:
            self.work.decline(file, attribute, f"`{attr}` of the Flask app has no counterpart")

    def _wsgi_app(self, file: FileIndex, attribute: ast.Attribute) -> None:
        """``server.wsgi_app = ProxyFix(server.wsgi_app, …)`` → ``server.add_middleware(ProxyFix, …)``."""
        statement = statement_of(attribute)
        call = statement.value if isinstance(statement, ast.Assign) else None
        scope = self.work.facts.project.scope_at(file, attribute)
        known = (
            isinstance(statement, ast.Assign)
            and isinstance(call, ast.Call)
            and len(statement.targets) == 1
            and ast.unparse(statement.targets[0])
            == ast.unparse(attribute)
            == ast.unparse(call.args[0] if call.args else attribute)
            and Ext("werkzeug.middleware.proxy_fix.ProxyFix")
            in self.work.facts.project.evaluator.eval(call.func, scope)
        )
        if not known or not isinstance(call, ast.Call) or _trusts_prefix(call):
            self.work.decline(file, attribute, "`wsgi_app` of the Flask app, used this way, has no counterpart")
        elif attribute in statement.targets:  # type: ignore[union-attr]
            self.work.handled.update((attribute, call, call.func, *call.args))
            self.work.edit(file, statement, _add_middleware(self.work.name(file, "ProxyFix")))  # type: ignore[arg-type]

    def _error_key(self, file: FileIndex, call: ast.AST | None) -> None:
        """Error handlers get the request too."""
        if not isinstance(call, ast.Call) or not call.args:
            return
        for role in self.work.roles.by_function.values():
            if role.kind == "error" and any(r.call is call for r in role.registrations):
                function = role.function
                outer = role.file.scope_of_node[function].parent
                arguments = function.args.args[1 if outer is not None and outer.kind == "class" else 0 :]
                if len(arguments) != 1 or (isinstance(function, ast.Lambda) and arguments[0].arg == "request"):
                    self.work.decline(file, call, "an error handler of an unusual shape")
                elif isinstance(function, ast.Lambda):
                    self.work.edit(role.file, function, first_parameter("request"))
                elif function not in self._handlers:
                    self._handlers.add(function)
                    name = self.work.name(role.file, "Request", "fastapi")
                    self.work.edit(role.file, function, first_parameter(f"request: {name}"))

    def _leaves_the_project(self, call: ast.Call, scope: Scope) -> bool:
        evaluator = self.work.facts.project.evaluator
        if isinstance(call.func, ast.Attribute):
            owners = evaluator.eval(call.func.value, scope)
            if call.func.attr == "init_app" and any(isinstance(v, DashApp) for v in owners):
                return False
            if any(isinstance(v, ExtInst) and not self.extensions.knows(v.dotted) for v in owners):
                return True
            if any(isinstance(v, ExtInst) for v in owners):
                return False
        for value in evaluator.eval(call.func, scope):
            if isinstance(value, Ext):
                if value.dotted.split(".")[-2:-1] and value.dotted.split(".")[-2] in self.rows["exports"]["signals"]:
                    return False
                return not (is_neutral(value.dotted) or self.extensions.knows(value.dotted))
            return False
        return isinstance(call.func, ast.Attribute)

    def _app_use(self, file: FileIndex, node: ast.expr, parent: ast.AST | None, scope: Scope) -> None:
        call = parent_of(parent) if isinstance(parent, ast.keyword) else parent
        if isinstance(parent, ast.Attribute):
            return
        if isinstance(call, ast.Call) and call.func is not node:
            evaluator = self.work.facts.project.evaluator
            for value in evaluator.eval(call.func, scope):
                if isinstance(value, Ext) and not (is_neutral(value.dotted) or self.extensions.knows(value.dotted)):
                    self.work.decline(file, call, f"`{value.dotted}` takes the app and may need Flask")

    # --- blueprints

    def _blueprint(self, file: FileIndex, call: ast.Call, blueprint: Blueprint) -> None:
        """Note where a blueprint is made; ``routers`` makes it when all its uses are known."""
        options = {k.arg for k in call.keywords}
        if not options <= _BLUEPRINT_OPTIONS or len(call.args) > 2:
            self.work.decline(file, call, "a blueprint with options of its own")
            return
        self.work.handled.add(call.func)
        self.blueprints[blueprint] = file
        if options & {"template_folder", "static_folder", "static_url_path"} or self.views.is_flask_style(blueprint):
            self.views.routers.add(blueprint)

    def _blueprint_use(
        self, file: FileIndex, node: ast.expr, parent: ast.AST | None, blueprints: list[Blueprint]
    ) -> None:
        if not isinstance(parent, ast.Attribute):
            if isinstance(parent, ast.Call) and parent.func is not node and self._is_extension(file, parent.func):
                self.views.routers.update(blueprints)  # it may be given hooks
            return
        call = parent_of(parent)
        attr = parent.attr
        if attr in ROUTE_METHODS or attr == "add_url_rule":
            self._route(file, parent, blueprints[0], call)
        elif attr == "register_blueprint" and isinstance(call, ast.Call) and call.func is parent:
            self._register(file, call)
        elif attr in _HANDLERS:
            self.views.routers.update(blueprints)
            self.work.edit(file, parent, code.rename_attribute(_HANDLERS[attr]))
            self._error_key(file, call)
        elif attr in self.rows["router"]["kept"]:
            self.views.routers.update(blueprints)
        else:
            self.work.decline(file, parent, f"`{attr}` of a blueprint has no counterpart")

    def _is_extension(self, file: FileIndex, func: ast.expr) -> bool:
        """Whether a call is one of an extension that has a counterpart: ``CORS(blueprint)``, ``cors.init_app(…)``."""
        evaluator, scope = self.work.facts.project.evaluator, self.work.facts.project.scope_at(file, func)
        values = [*evaluator.eval(func, scope)]
        values += evaluator.eval(func.value, scope) if isinstance(func, ast.Attribute) else ()
        return any(isinstance(v, (Ext, ExtInst)) and self.extensions.knows(v.dotted) for v in values)

    def routers(self) -> None:
        """Make every blueprint a router of the kind it needs."""
        inside = list(self.views.routers)  # those around them, too: FastAPI's own know not what a `Router` brings
        while inside:
            outer = self.views.parents().get(inside.pop(), set())
            inside += [blueprint for blueprint in outer if blueprint not in self.views.routers]
            self.views.routers.update(outer)
        for blueprint, file in self.blueprints.items():
            call = blueprint.site.node
            assert isinstance(call, ast.Call)
            if blueprint in self.views.routers:
                label = self.views.label(blueprint)
                own = call.args[0] if call.args else None
                if self.views.parents().get(blueprint) and not (label and own is not None):
                    self.work.decline(file, call, "a blueprint inside another whose name is not written out")
                self.needs.add("Router")
                renamed = label if own is not None and label != getattr(own, "value", None) else ""
                self.work.edit(file, call, _named_router_call(self.work.name(file, "Router"), renamed))
            else:
                self.work.edit(file, call, _router_call(self.work.name(file, "APIRouter", "fastapi")))

    def _register(self, file: FileIndex, call: ast.Call) -> None:
        options = {k.arg: k.value for k in call.keywords}
        scope = self.work.facts.project.scope_at(file, call)
        values = self.work.facts.project.evaluator.eval(call.args[0], scope) if call.args else frozenset()
        if not values or set(options) - {"url_prefix", "name"} or len(call.args) != 1:
            self.work.decline(file, call, "a blueprint that is registered in an unusual way")
            return
        for value in values:
            if not isinstance(value, Blueprint):
                self.work.decline(file, call, "a blueprint that is not known")
                return
            own = value.site.node
            replaced = isinstance(own, ast.Call) and any(k.arg == "url_prefix" for k in own.keywords)
            if "url_prefix" in options and replaced:
                self.views.routers.add(value)  # the prefix given here takes the place of its own
        self.work.edit(file, call, _include_call)


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


def _router_call(function: str) -> Edit:
    """``Blueprint("api", __name__, url_prefix="/api")`` → ``APIRouter(prefix="/api")``."""

    def change(node: Any) -> Any:
        import libcst as cst

        kept = []
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value == "url_prefix":
                value = argument.value
                if isinstance(value, cst.SimpleString):
                    inner = value.raw_value.rstrip("/")
                    value = cst.SimpleString(f"{value.quote}{inner}{value.quote}")
                kept.append(cst.Arg(value, keyword=cst.Name("prefix"), equal=argument.equal))
        return node.with_changes(func=cst.Name(function), args=kept, whitespace_before_args=cst.SimpleWhitespace(""))

    return change


def _add_middleware(function: str) -> Edit:
    """``x.wsgi_app = ProxyFix(x.wsgi_app, …)`` → ``x.add_middleware(ProxyFix, …)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        first = node.value.args[0].with_changes(value=cst.Name(function), keyword=None)
        owner = node.targets[0].target.value
        call = cst.Call(cst.Attribute(owner, cst.Name("add_middleware")), [first, *node.value.args[1:]])
        return cst.Expr(call, semicolon=node.semicolon)

    return change


def _named_router_call(function: str, name: str) -> Edit:
    """``Blueprint("api", __name__, …)`` → ``Router("api", __name__, …)``, under another name if one is given."""

    def change(node: Any) -> Any:
        import libcst as cst

        arguments = list(node.args)
        if name:
            arguments[0] = arguments[0].with_changes(value=cst.SimpleString(f'"{name}"'))
        return node.with_changes(func=cst.Name(function), args=arguments)

    return change


def _include_call(node: Any) -> Any:
    """``register_blueprint(bp, url_prefix="/api")`` → ``include_router(bp, prefix="/api")``."""
    import libcst as cst

    arguments = [
        a.with_changes(keyword=cst.Name("prefix")) if a.keyword is not None and a.keyword.value == "url_prefix" else a
        for a in node.args
    ]
    return node.with_changes(func=node.func.with_changes(attr=cst.Name("include_router")), args=arguments)


def first_parameter(text: str) -> Edit:
    """A function with one more parameter in front."""

    def change(node: Any) -> Any:
        return _add_parameter(node, text)

    return change


def _add_parameter(node: Any, text: str) -> Any:
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


def _trusts_prefix(call: ast.Call) -> bool:
    """Whether a ``ProxyFix`` may believe a prefix: paths would have it in front then, and gates compare paths."""
    given = [k for k in call.keywords if k.arg in (None, "x_prefix")]
    return len(call.args) > 5 or any(not (isinstance(k.value, ast.Constant) and not k.value.value) for k in given)
