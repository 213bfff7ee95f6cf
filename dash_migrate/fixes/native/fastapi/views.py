"""Routes: decorators, ``add_url_rule``, parameters and returns of views."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.scopes import Scope, parent_of
from dash_migrate.facts.values import Blueprint
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.fastapi.answers import Answers
from dash_migrate.fixes.native.roles import Registration, Role
from dash_migrate.fixes.native.rules import Converted, Unsupported, convert, literal_parts
from dash_migrate.fixes.native.work import Work

_ROUTE_OPTIONS = frozenset(["methods", "endpoint", "strict_slashes", "view_func", "rule"])


class Views:
    """Converts the routes of an app."""

    def __init__(self, work: Work, answers: Answers) -> None:
        self.work = work
        self.answers = answers
        self._labels: dict[Blueprint, str] = {}

    def convert(self) -> None:
        """All views, then what wrappers and handlers return."""
        for role in list(self.work.roles.by_function.values()):
            if role.kind == "view":
                self._view(role)
            elif role.kind in ("wrapper", "before", "error"):
                self._returns(role, wrap_text=True)

    # --- one view

    def _view(self, role: Role) -> None:
        rules: list[tuple[Registration, Converted]] = []
        for registration in role.registrations:
            converted = self._rule(registration)
            if converted is None:
                return
            rules.append((registration, converted))
        if isinstance(role.function, ast.Lambda):
            text = self.answers.kind(role.function.body, role.file.scope_of_node[role.function]) == "text"
            if not text and self.answers.kind(role.function.body, role.file.scope_of_node[role.function]) == "unknown":
                self.work.decline(role.file, role.function, "what this lambda returns is not known")
        else:
            text = self._returns(role, wrap_text=False)
            self._parameters(role, [converted for _, converted in rules])
        for registration, converted in rules:
            self._registration(registration, converted, text)

    def _rule(self, registration: Registration) -> Converted | None:
        call = registration.call
        if call is None:
            self.work.decline(registration.file, registration.attribute, "a route without a rule")
            return None
        rule = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "rule"), None)
        unknown = [k.arg for k in call.keywords if k.arg not in _ROUTE_OPTIONS]
        if rule is None or unknown:
            what = f"the option `{unknown[0]}`" if unknown and unknown[0] else "options that are not written out"
            self.work.decline(registration.file, call, f"a route with {what}")
            return None
        parts = literal_parts(rule)
        if parts is None:
            self.work.decline(registration.file, call, "a rule that is made at run time")
            return None
        parameters: dict[str, str] = {}
        try:
            for part in parts:
                parameters.update(convert(part).parameters)
        except Unsupported as error:
            self.work.decline(registration.file, call, str(error))
            return None
        return Converted("", parameters)

    def _returns(self, role: Role, wrap_text: bool) -> bool:
        """Convert what a function returns; True if its route must say that text is HTML."""
        scope = role.file.scope_of_node[role.function]
        if isinstance(role.function, ast.Lambda):
            return False
        if isinstance(role.function, ast.AsyncFunctionDef):
            self.work.decline(role.file, role.function, "an asynchronous view")
            return False
        if not scope.returns and role.kind == "view":
            self.work.decline(role.file, role.function, "a view that returns nothing")
            return False
        kinds = set()
        several = len({self._plain_kind(r, scope) for r in scope.returns}) > 1
        for value in scope.returns:
            if role.kind in ("wrapper", "before") and isinstance(value, (ast.Call, ast.Name)):
                continue  # the view's own answer, or an answer already
            if isinstance(value, ast.Constant) and value.value is None:
                continue
            kinds.add(self.answers.convert_return(role.file, value, scope, wrap_text, several))
        return "text" in kinds

    def _plain_kind(self, node: ast.expr, scope: Scope) -> str:
        return "tuple" if isinstance(node, ast.Tuple) else self.answers.kind(node, scope)

    def _parameters(self, role: Role, rules: list[Converted]) -> None:
        function = role.function
        assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        arguments = function.args
        outer = role.file.scope_of_node[function].parent
        plain = [*arguments.posonlyargs, *arguments.args]
        if outer is not None and outer.kind == "class":
            plain = plain[1:]
        if arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.posonlyargs:
            self.work.decline(role.file, function, "a view with parameters of an unusual kind")
            return
        for argument in plain:
            types = {rule.parameters.get(argument.arg) for rule in rules}
            if None in types:
                self.work.decline(role.file, argument, f"`{argument.arg}` is not in every rule of this view")
                return
            if len(types) > 1:
                self.work.decline(role.file, argument, f"`{argument.arg}` has several types")
                return
            if argument.annotation is None:
                type_name = types.pop() or "str"
                if type_name == "UUID":
                    self.work.edits[role.file.display].need("uuid", "UUID")
                self.work.edit(role.file, argument, _annotate(type_name))
        if function.returns is not None:
            self.work.edit(role.file, function, _drop_return_annotation)

    # --- its registration

    def _registration(self, registration: Registration, converted: Converted, text: bool) -> None:
        call, file = registration.call, registration.file
        assert call is not None
        options = {k.arg: k.value for k in call.keywords}
        if registration.attribute.attr == "add_url_rule":
            self._add_url_rule(registration, text)
            return
        if "strict_slashes" in options:
            self.work.decline(file, call, "`strict_slashes` has no counterpart")
            return
        methods = self._methods(options.get("methods"))
        if "methods" in options and methods is None:
            self.work.decline(file, call, "methods that are made at run time")
            return
        name = self._endpoint(registration, options.get("endpoint"))
        if text:
            self.work.need(file, "HTMLResponse")
        method = registration.attribute.attr
        if method == "route":
            chosen = methods or ["GET"]
            method = chosen[0].lower() if len(chosen) == 1 else "api_route"
            if method not in ("get", "post", "put", "delete", "patch", "api_route"):
                method = "api_route"
        self.work.edit(file, call, route_call(method, name, text))

    def _methods(self, node: ast.expr | None) -> list[str] | None:
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return None
        found = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
        return [m.upper() for m in found] if len(found) == len(node.elts) else None

    def _endpoint(self, registration: Registration, given: ast.expr | None) -> str:
        """The name to give the route, where it is not the function's own."""
        if isinstance(registration.owner, Blueprint):
            label = self.label(registration.owner)
            own = given.value if isinstance(given, ast.Constant) else self._function_name(registration)
            return f"{label}.{own}"
        return ""

    def label(self, blueprint: Blueprint) -> str:
        """The name of a blueprint: the first argument of its constructor."""
        if blueprint not in self._labels:
            call = blueprint.site.node
            first = call.args[0] if isinstance(call, ast.Call) and call.args else None
            self._labels[blueprint] = str(first.value) if isinstance(first, ast.Constant) else ""
        return self._labels[blueprint]

    def _function_name(self, registration: Registration) -> str:
        parent = parent_of(registration.call) if registration.call is not None else None
        return getattr(parent, "name", "")

    def _add_url_rule(self, registration: Registration, text: bool) -> None:
        """``add_url_rule(rule, endpoint, view_func, methods=…)`` → ``add_api_route(path, view, methods=…)``."""
        call, file = registration.call, registration.file
        assert call is not None
        options = {k.arg: k.value for k in call.keywords}
        endpoint = call.args[1] if len(call.args) > 1 else options.get("endpoint")
        if "methods" in options and self._methods(options["methods"]) is None:
            self.work.decline(file, call, "methods that are made at run time")
            return
        if isinstance(registration.owner, Blueprint):
            self.work.decline(file, call, "`add_url_rule` on a blueprint")
            return
        unnamed = endpoint is None or (isinstance(endpoint, ast.Constant) and endpoint.value is None)
        if text:
            self.work.need(file, "HTMLResponse")
        self.work.edit(file, call, api_route_call(text, unnamed))


def route_call(method: str, name: str, text: bool) -> Edit:
    """``server.route("/x/<int:n>", methods=["GET"])`` → ``server.get("/x/{n:int}")``."""

    def change(node: Any) -> Any:
        import libcst as cst

        arguments = []
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
        return _with_keyword(made, "response_class", "HTMLResponse") if text else made

    return change


def api_route_call(text: bool, unnamed: bool) -> Edit:
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
        arguments = [cst.Arg(convert_literals(given["rule"])), cst.Arg(given["view_func"]), *rest]
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
        return _with_keyword(made, "response_class", "HTMLResponse") if text else made

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
