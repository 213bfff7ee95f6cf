"""Routes: decorators, ``add_url_rule``, parameters and returns of views."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from dash_migrate.facts.scopes import Scope, parent_of
from dash_migrate.facts.values import Blueprint, Value
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.fastapi.answers import Answers
from dash_migrate.fixes.native.roles import Registration, Role
from dash_migrate.fixes.native.rules import Converted, Unsupported, convert, literal_parts
from dash_migrate.fixes.native.work import Work

_ROUTE_OPTIONS = frozenset(["methods", "endpoint", "view_func", "rule"])


class Views:
    """Converts the routes of an app."""

    def __init__(self, work: Work, answers: Answers, flask_style: bool = False) -> None:
        self.work = work
        #: whether all routes stay as they are
        self.flask_style = flask_style
        self.answers = answers
        self._labels: dict[Blueprint, str] = {}
        #: registrations that stay as they are
        self.kept: set[ast.Attribute] = set()
        #: blueprints that become a ``Router``, which has more than FastAPI's
        self.routers: set[Blueprint] = set()
        #: whether the server itself has to know Flask's rules
        self.on_server = False
        self._parents: dict[Blueprint, set[Blueprint]] | None = None

    def convert(self) -> None:
        """All views, then what wrappers and handlers return."""
        by_place: dict[ast.Attribute, set[Role]] = {}
        for role in self.work.roles.views():
            for registration in role.registrations:
                by_place.setdefault(registration.attribute, set()).add(role)
        for role in list(self.work.roles.by_function.values()):
            if role.kind == "view":
                shared = any(len(by_place[r.attribute]) > 1 for r in role.registrations)
                self._view(role, shared)
            elif role.kind in ("wrapper", "before", "error"):
                self._returns(role, wrap_text=True)

    @cached_property
    def processed(self) -> set[Value | None]:
        """The blueprints whose URLs are given to functions first; None: all URLs are."""
        found: set[Value | None] = set()
        for _, reference in self.work.references():
            parent = parent_of(reference.node)
            if isinstance(parent, ast.Attribute) and parent.attr in (
                "url_value_preprocessor",
                "app_url_value_preprocessor",
            ):
                blueprints = {v for v in reference.values if isinstance(v, Blueprint)}
                found |= blueprints if blueprints and not parent.attr.startswith("app") else {None}
        return found

    # --- one view

    def _view(self, role: Role, shared: bool) -> None:
        rules: list[Converted] = []
        try:
            for registration in role.registrations:
                rules.append(self._rule(registration))
        except Unsupported:
            shared = True
        if shared or not self._fits(role, rules):
            for registration in role.registrations:
                self.keep(registration)
            return
        text = self._returns(role, wrap_text=False)
        self._parameters(role, rules)
        for registration in role.registrations:
            self._registration(role, registration, text)

    def keep(self, registration: Registration) -> None:
        """Leave a registration as it is; the server or router it is made on has to know Flask's rules."""
        attribute, call = registration.attribute, registration.call
        if attribute in self.kept:
            return
        self.kept.add(attribute)
        if isinstance(registration.owner, Blueprint):
            self.routers.add(registration.owner)
        else:
            self.on_server = True
        if attribute.attr not in ("route", "add_url_rule"):
            if call is None:
                self.work.decline(registration.file, attribute, "a route without a rule")
            else:
                self.work.edit(registration.file, call, _as_flask_route(attribute.attr.upper()))

    def _fits(self, role: Role, rules: list[Converted]) -> bool:
        """Whether a view can be one of FastAPI's: its parameters are those of every rule, and it always answers."""
        function = role.function
        if isinstance(function, ast.Lambda):
            return False
        scope = role.file.scope_of_node[function]
        if not self.work.roles.shows_parameters(role):
            return False
        if not scope.returns or any(r is None or _is_none(r) for r in scope.returns):
            return False
        arguments = function.args
        if arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.posonlyargs:
            return False
        for argument in self._plain_parameters(role):
            types = {rule.parameters.get(argument.arg) for rule in rules}
            if None in types or len(types) > 1:
                return False
            annotation = argument.annotation
            if annotation is not None and ast.unparse(annotation).rpartition(".")[2] not in types:
                return False
        return True

    def _plain_parameters(self, role: Role) -> list[ast.arg]:
        outer = role.file.scope_of_node[role.function].parent
        plain = [*role.function.args.posonlyargs, *role.function.args.args]
        return plain[1:] if outer is not None and outer.kind == "class" else plain

    def _rule(self, registration: Registration) -> Converted:
        """What a registration says, if FastAPI's can say it.

        Raises:
            Unsupported: it cannot.
        """
        call = registration.call
        owner = registration.owner
        if self.flask_style:
            raise Unsupported("views that run in the thread of the request")
        if call is None or (isinstance(owner, Blueprint) and self.is_flask_style(owner)):
            raise Unsupported("a route without a rule")
        if None in self.processed or owner in self.processed:
            raise Unsupported("values of the URL that a function may change")
        rule = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "rule"), None)
        options = {k.arg: k.value for k in call.keywords}
        if rule is None or not set(options) <= _ROUTE_OPTIONS:
            raise Unsupported("a route with options of its own")
        if "methods" in options and self._methods(options["methods"]) is None:
            raise Unsupported("methods that are made at run time")
        if registration.attribute.attr == "add_url_rule":
            if isinstance(registration.owner, Blueprint) or len(call.args) > 3:
                raise Unsupported("`add_url_rule` on a blueprint")
            given = call.args[2] if len(call.args) > 2 else options.get("view_func")
            if given is None:
                raise Unsupported("a route without a view")
        elif not _is_text(options.get("endpoint")):
            raise Unsupported("a name that is made at run time")
        parts = literal_parts(rule)
        if parts is None:
            raise Unsupported("a rule that is made at run time")
        parameters: dict[str, str] = {}
        for part in parts:
            parameters.update(convert(part).parameters)
        return Converted("", parameters)

    def _returns(self, role: Role, wrap_text: bool) -> bool:
        """Convert what a function returns; True if its route must say that text is HTML."""
        scope = role.file.scope_of_node[role.function]
        if isinstance(role.function, ast.Lambda):
            return False
        kinds = set()
        several = len({self._plain_kind(r, scope) for r in scope.returns}) > 1
        for value in scope.returns:
            handed_on = isinstance(value, (ast.Call, ast.Name, ast.Attribute))
            if handed_on and (
                role.kind in ("before", "error") or (role.kind == "wrapper" and not _is_helpers(value, scope))
            ):
                continue  # the view's own answer, or one that is made of what hooks give
            if isinstance(value, ast.Constant) and value.value is None:
                continue
            if role.kind == "wrapper" and _is_choice(value) and self.answers.kind(value, scope) == "unknown":
                self.work.decline(role.file, value, "a decorator that gives one answer or another")
                continue
            is_left = self.answers.kind(value, scope) == "text" and not wrap_text
            if role.function in self.work.roles.around_callbacks and role.kind == "wrapper" and not is_left:
                self.work.decline(role.file, value, "a decorator of views and of callbacks that answers by itself")
                continue
            taken = role.kind in ("before", "error")
            kinds.add(self.answers.convert_return(role.file, value, scope, wrap_text, several, taken))
        if role.kind != "view" and "answer" in kinds and role.function.returns is not None:
            self.work.edit(role.file, role.function, _drop_return_annotation)
        return "text" in kinds

    def _plain_kind(self, node: ast.expr, scope: Scope) -> str:
        return "tuple" if isinstance(node, ast.Tuple) else self.answers.kind(node, scope)

    def _parameters(self, role: Role, rules: list[Converted]) -> None:
        function = role.function
        for argument in self._plain_parameters(role):
            type_name = rules[0].parameters[argument.arg]
            if type_name == "UUID":
                type_name = self.work.name(role.file, "UUID", "uuid")
            self.work.edit(role.file, argument, _annotate(type_name))
        if not isinstance(function, ast.Lambda) and function.returns is not None:
            self.work.edit(role.file, function, _drop_return_annotation)

    # --- its registration

    def _registration(self, role: Role, registration: Registration, text: bool) -> None:
        call, file = registration.call, registration.file
        assert call is not None
        options = {k.arg: k.value for k in call.keywords}
        page = self.work.name(file, "HTMLResponse") if text else ""
        method = registration.attribute.attr
        if method == "add_url_rule":
            endpoint = call.args[1] if len(call.args) > 1 else options.get("endpoint")
            unnamed = endpoint is None or (isinstance(endpoint, ast.Constant) and endpoint.value is None)
            self.work.edit(file, call, api_route_call(page, unnamed))
            return
        name = self._endpoint(role, registration, options.get("endpoint"))
        if method == "route":
            chosen = self._methods(options.get("methods")) or ["GET"]
            method = chosen[0].lower() if len(chosen) == 1 else "api_route"
            if method not in ("get", "post", "put", "delete", "patch", "api_route"):
                method = "api_route"
        self.work.edit(file, call, route_call(method, name, page))

    def _methods(self, node: ast.expr | None) -> list[str] | None:
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return None
        found = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
        return [m.upper() for m in found] if len(found) == len(node.elts) else None

    def _endpoint(self, role: Role, registration: Registration, given: ast.expr | None) -> str:
        """The name to give the route, where it is not the function's own."""
        if isinstance(registration.owner, Blueprint):
            own = str(given.value) if isinstance(given, ast.Constant) else getattr(role.function, "name", "")
            return f"{self.label(registration.owner)}.{own}"
        return ""

    # --- blueprints

    def label(self, blueprint: Blueprint) -> str:
        """The full name of a blueprint: its own behind that of the one it is in; empty if it is not written out."""
        if blueprint not in self._labels:
            self._labels[blueprint] = ""
            call = blueprint.site.node
            first = None
            if isinstance(call, ast.Call):
                named = next((k.value for k in call.keywords if k.arg == "name"), None)
                first = call.args[0] if call.args else named
            if isinstance(first, ast.Constant):
                outer = {self.label(parent) for parent in self.parents().get(blueprint, ())}
                if len(outer) <= 1:
                    self._labels[blueprint] = ".".join([*filter(None, outer), str(first.value)])
        return self._labels[blueprint]

    def parents(self) -> dict[Blueprint, set[Blueprint]]:
        """The blueprints each blueprint is registered on."""
        if self._parents is None:
            self._parents = {}
            for inner, owners, _ in self.included():
                for owner in owners:
                    if isinstance(owner, Blueprint):
                        self._parents.setdefault(inner, set()).add(owner)
        return self._parents

    def included(self) -> Iterator[tuple[Blueprint, frozenset[Value], ast.Call]]:
        """Every ``x.register_blueprint(b)``: the blueprint, what it is registered on, the call."""
        evaluator = self.work.facts.project.evaluator
        for name in sorted(self.work.files):
            for call, scope in self.work.facts.project.files[name].calls:
                func = call.func
                if isinstance(func, ast.Attribute) and func.attr == "register_blueprint" and call.args:
                    for value in evaluator.eval(call.args[0], scope):
                        if isinstance(value, Blueprint):
                            yield value, evaluator.eval(func.value, scope), call

    def is_flask_style(self, blueprint: Blueprint) -> bool:
        """Whether FastAPI's decorators cannot be used on it: its name or prefix is not a plain one."""
        call = blueprint.site.node
        prefixes = [k.value for k in call.keywords if k.arg == "url_prefix"] if isinstance(call, ast.Call) else []
        for inner, _, made in self.included():
            if inner == blueprint:
                if any(k.arg == "name" for k in made.keywords):
                    return True
                prefixes += [k.value for k in made.keywords if k.arg == "url_prefix"]
        outer = any(self.is_flask_style(parent) for parent in self.parents().get(blueprint, ()) if parent != blueprint)
        return outer or not self.label(blueprint) or not all(_is_plain_prefix(p) for p in prefixes)


def _is_choice(node: ast.expr) -> bool:
    """Whether it is one value or another; what is around a hook or a callback may then give it no answer."""
    return isinstance(node, (ast.IfExp, ast.BoolOp))


def _is_helpers(value: ast.expr, scope: Scope) -> bool:
    """Whether what a decorator returns in place of a view's answer comes from a function that is not the view."""
    if isinstance(value, ast.Name):
        found = scope.bindings.get(value.id, ())
        return bool(found) and all(b.kind == "assign" and b.value and _is_helpers(b.value, scope) for b in found)
    if not isinstance(value, ast.Call) or not isinstance(value.func, (ast.Name, ast.Attribute)):
        return False
    if any(isinstance(a, ast.Starred) for a in value.args) or any(k.arg is None for k in value.keywords):
        return False
    if isinstance(value.func, ast.Attribute):
        return True
    owner = scope.owner_of(value.func.id)
    bindings = owner.bindings.get(value.func.id, ()) if owner is not None else ()
    return not any(binding.kind == "param" for binding in bindings)


def _is_plain_prefix(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and not set("<{") & set(node.value)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_text(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _as_flask_route(method: str) -> Edit:
    """``server.post("/x")`` → ``server.route("/x", methods=["POST"])``."""

    def change(node: Any) -> Any:
        import libcst as cst

        made = node.with_changes(func=node.func.with_changes(attr=cst.Name("route")))
        return _with_keyword(made, "methods", f'["{method}"]')

    return change


def route_call(method: str, name: str, page: str) -> Edit:
    """``server.route("/x/<int:n>", methods=["GET"])`` → ``server.get("/x/{n:int}")``."""

    def change(node: Any) -> Any:
        import libcst as cst

        arguments: list[Any] = []
        for argument in node.args:
            keyword = argument.keyword.value if argument.keyword is not None else ""
            if keyword == "rule" or (not keyword and not arguments):
                argument = argument.with_changes(value=convert_literals(argument.value))
                if keyword == "rule":
                    argument = argument.with_changes(keyword=cst.Name("path"))
            elif keyword == "methods" and method != "api_route":
                continue
            elif keyword == "methods":
                argument = argument.with_changes(value=upper_methods(argument.value))
            elif keyword == "endpoint":
                argument = argument.with_changes(keyword=cst.Name("name"))
                if name:
                    argument = argument.with_changes(value=cst.SimpleString(f'"{name}"'))
            arguments.append(argument)
        made = node.with_changes(func=node.func.with_changes(attr=cst.Name(method)), args=_closed(arguments, node.args))
        keywords = {a.keyword.value for a in arguments if a.keyword is not None}
        if name and "name" not in keywords:
            made = _with_keyword(made, "name", f'"{name}"')
        return _with_keyword(made, "response_class", page) if page else made

    return change


def api_route_call(page: str, unnamed: bool) -> Edit:
    """``add_url_rule(rule, endpoint, view_func, …)`` → ``add_api_route(path, view_func, …)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        given: dict[str, Any] = {}
        rest = []
        for place, argument in enumerate(node.args):
            key = argument.keyword.value if argument.keyword is not None else ("rule", "endpoint", "view_func")[place]
            if key in ("rule", "endpoint", "view_func"):
                given[key] = argument.value
            else:
                if key == "methods":
                    argument = argument.with_changes(value=upper_methods(argument.value))
                rest.append(argument)
        arguments: list[Any] = [cst.Arg(convert_literals(given["rule"])), cst.Arg(given["view_func"]), *rest]
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        arguments = [a.with_changes(comma=comma) for a in arguments]
        arguments[-1] = arguments[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        made = node.with_changes(
            func=node.func.with_changes(attr=cst.Name("add_api_route")),
            args=arguments,
            whitespace_before_args=cst.SimpleWhitespace(""),
        )
        if not unnamed and "endpoint" in given:
            made = _with_keyword(made, "name", cst.Module([]).code_for_node(given["endpoint"]))
        return _with_keyword(made, "response_class", page) if page else made

    return change


def convert_literals(node: Any) -> Any:
    """The literal parts of a rule, converted."""
    import libcst as cst

    if isinstance(node, cst.SimpleString):
        prefix, quote = node.prefix, node.quote
        inner = node.value[len(prefix) + len(quote) : -len(quote)]
        return node.with_changes(value=f"{prefix}{quote}{convert(inner).path}{quote}")
    if isinstance(node, cst.FormattedString):
        parts = [
            p.with_changes(value=convert(p.value).path.replace("{", "{{").replace("}", "}}"))
            if isinstance(p, cst.FormattedStringText)
            else p
            for p in node.parts
        ]
        return node.with_changes(parts=parts)
    if isinstance(node, cst.BinaryOperation):
        return node.with_changes(left=convert_literals(node.left), right=convert_literals(node.right))
    if isinstance(node, cst.ConcatenatedString):
        return node.with_changes(left=convert_literals(node.left), right=convert_literals(node.right))
    return node


def upper_methods(node: Any) -> Any:
    """A list of methods as FastAPI takes it: a list, upper case."""
    import libcst as cst

    elements = []
    for element in getattr(node, "elements", ()):
        value = element.value
        if isinstance(value, cst.SimpleString):
            value = value.with_changes(value=value.value.upper() if not value.prefix else value.value)
        elements.append(element.with_changes(value=value))
    return cst.List(elements)


def _with_keyword(call: Any, name: str, code_text: str) -> Any:
    from dash_migrate.fixes import code

    return code.set_keyword(name, code_text)(call)


def _closed(arguments: list[Any], before: Any) -> list[Any]:
    """Arguments that end the way the old ones did."""
    import libcst as cst

    if arguments and before and arguments[-1] is not before[-1]:
        last = before[-1]
        arguments[-1] = arguments[-1].with_changes(
            comma=last.comma if isinstance(last.comma, cst.Comma) else cst.MaybeSentinel.DEFAULT,
            whitespace_after_arg=last.whitespace_after_arg,
        )
    return arguments


def _annotate(type_name: str) -> Edit:
    def change(node: Any) -> Any:
        import libcst as cst

        if node.annotation is not None:
            return node
        annotation = cst.Annotation(cst.Name(type_name), whitespace_before_indicator=cst.SimpleWhitespace(""))
        return node.with_changes(annotation=annotation)

    return change


def _drop_return_annotation(node: Any) -> Any:
    return node.with_changes(returns=None)
