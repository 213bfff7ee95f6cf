"""Expressions that make an answer: Flask's calls, and what views return."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Literal

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, Scope
from dash_migrate.facts.values import Func
from dash_migrate.fixes.edits import Edit
from dash_migrate.fixes.native.work import Work

#: what an expression in the place of an answer is
AnswerKind = Literal["answer", "text", "plain", "json", "stream", "unknown"]

_TEXT_METHODS = frozenset(
    ["format", "join", "strip", "lower", "upper", "replace", "title", "to_html", "to_csv", "to_json", "read",
     "read_text", "render", "getvalue", "decode", "isoformat", "strftime", "hexdigest", "removeprefix", "rstrip"]
)  # fmt: skip
_RESPONSE_PARAMETERS = ("response", "status", "headers", "mimetype", "content_type")


class Answers:
    """Converts Flask's answers to those of ``dash_on_fastapi``."""

    def __init__(self, work: Work, full: set[ast.AST]) -> None:
        self.work = work
        #: calls whose answers stay werkzeug's
        self.full = full

    # --- calls of flask's names

    def convert_call(self, file: FileIndex, node: ast.expr, call: ast.Call | None, scope: Scope, name: str) -> bool:
        """Convert ``flask.<name>(…)``; False if the name is not one that makes answers."""
        converter: Callable[..., None] | None = getattr(self, f"_{name}", None)
        if call is not None and call in self.full:
            return self._full(file, node, call, name)
        if name not in ("jsonify", "redirect", "Response", "abort", "stream_with_context") or converter is None:
            return False
        if name == "stream_with_context" and (call is None or len(call.args) != 1):
            return False
        if call is None:
            self.work.decline(file, node, f"`{name}` is passed on, not called")
            return True
        self.work.handled.add(node)
        converter(file, call, scope)
        return True

    def _full(self, file: FileIndex, node: ast.expr, call: ast.Call, name: str) -> bool:
        """An answer that is used in ways only werkzeug's ``Response`` knows."""
        if name == "Response":
            made: Edit = renamed_call(self.work.name(file, "FullResponse"), {})
        elif name == "jsonify":
            made = _full_json(self.work.name(file, "full_response"), self.work.name(file, "JSONResponse"))
        elif name == "make_response":
            made = renamed_call(self.work.name(file, "full_response"), {})
        elif name == "redirect":
            made = renamed_call(self.work.name(file, "redirect", "werkzeug.utils"), {})
        else:
            self.work.decline(file, call, f"what `{name}` gives is changed afterwards")
            return True
        self.work.handled.add(node)
        self.work.edit(file, call, made)
        return True

    def _jsonify(self, file: FileIndex, call: ast.Call, scope: Scope) -> None:
        self.work.edit(file, call, json_response(self.work.name(file, "JSONResponse")))

    def _redirect(self, file: FileIndex, call: ast.Call, scope: Scope) -> None:
        if any(k.arg not in ("location", "code") for k in call.keywords):
            self.work.decline(file, call, "`redirect` with an answer class of its own")
        made = renamed_call(self.work.name(file, "RedirectResponse"), {"location": "url", "code": "status_code"})
        self.work.edit(file, call, made)

    def _stream_with_context(self, file: FileIndex, call: ast.Call, scope: Scope) -> None:
        self.work.edit(file, call, lambda node: node.args[0].value)

    def _Response(self, file: FileIndex, call: ast.Call, scope: Scope) -> None:
        given = {k.arg: k.value for k in call.keywords}
        for parameter, value in zip(_RESPONSE_PARAMETERS, call.args, strict=False):
            given[parameter] = value
        if None in given or not set(given) <= set(_RESPONSE_PARAMETERS) or len(call.args) > 5:
            self.work.decline(file, call, "`Response` with arguments that have no counterpart")
            return
        body = given.get("response")
        kind = self.kind(body, scope) if body is not None else "text"
        if kind == "stream":
            name = "StreamingResponse"
        elif kind == "text":
            name = "Response" if "mimetype" in given or "content_type" in given else "HTMLResponse"
        else:
            name = "respond"
        if "content_type" in given and not _is_exact_type(given["content_type"]):
            name = "respond"
        status = given.get("status")
        as_int = isinstance(status, ast.Constant) and isinstance(status.value, str)
        code = int(str(status.value).split()[0]) if as_int and isinstance(status, ast.Constant) else None
        self.work.edit(file, call, response_call(name, self.work.name(file, name), code))

    def response_class(self, file: FileIndex, attribute: ast.Attribute) -> None:
        """``server.response_class(…)``: an answer that is kept in a variable stays one of werkzeug's."""
        from dash_migrate.facts.scopes import parent_of

        call = parent_of(attribute)
        if not (isinstance(call, ast.Call) and call.func is attribute):
            self.work.decline(file, attribute, "`response_class` of the Flask app, used this way, has no counterpart")
        elif isinstance(parent_of(call), ast.Return):
            self._Response(file, call, self.work.facts.project.scope_at(file, call))
        else:
            self.work.edit(file, call, renamed_call(self.work.name(file, "FullResponse"), {}))

    def _abort(self, file: FileIndex, call: ast.Call, scope: Scope) -> None:
        from dash_migrate.facts.scopes import parent_of

        statement = parent_of(call)
        plain = (
            isinstance(statement, ast.Expr)
            and not self._is_caught(file, call)
            and call.args
            and self._is_code(call.args[0])
            and len(call.args) <= 2
            and all(k.arg == "description" for k in call.keywords)
        )
        if plain:
            name = self.work.name(file, "HTTPException", "fastapi")
            self.work.edit(file, call, renamed_call(name, {"description": "detail"}))
            self.work.edit(file, statement, _raise)  # type: ignore[arg-type]
        else:
            self.work.edit(file, call, renamed_call(self.work.name(file, "abort"), {}))

    def _is_caught(self, file: FileIndex, call: ast.Call) -> bool:
        """Whether the project may catch the error itself; it then has to be the one it was."""
        from dash_migrate.facts.scopes import parent_of

        child: ast.AST = call
        parent = parent_of(call)
        while parent is not None and not isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            if isinstance(parent, ast.Try) and child in parent.body and parent.handlers:
                return True
            child, parent = parent, parent_of(parent)
        return self.work.catches_http_errors

    def _is_code(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, int)

    # --- what is returned

    def kind(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> AnswerKind:
        """What an expression gives as an answer. Flask's own calls count as what they become."""
        if node is None:
            return "unknown"
        if isinstance(node, ast.Constant):
            return "text" if isinstance(node.value, (str, bytes)) else "unknown"
        if isinstance(node, ast.JoinedStr):
            return "text"
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
            return "text" if "text" in (self.kind(node.left, scope), self.kind(node.right, scope)) else "unknown"
        if isinstance(node, (ast.Dict, ast.List, ast.DictComp, ast.ListComp)):
            return "plain" if _is_plain(node) else "json"
        if isinstance(node, ast.GeneratorExp):
            return "stream"
        if isinstance(node, (ast.IfExp, ast.BoolOp)):
            parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
            kinds = {self.kind(part, scope, depth) for part in parts}
            return kinds.pop() if len(kinds) == 1 else "unknown"
        if isinstance(node, ast.Call):
            return self._kind_of_call(node, scope, depth)
        if isinstance(node, ast.Name) and depth < 4:
            return self._kind_of_name(node, scope, depth)
        return "unknown"

    def _kind_of_call(self, node: ast.Call, scope: Scope, depth: int) -> AnswerKind:
        name = self.work.flask_name(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("response_class", "send_static_file"):
            return "answer"
        if node in self.full:
            return "unknown"
        if name in ("jsonify", "redirect", "make_response", "Response", "send_file", "send_from_directory"):
            return "answer"
        if name in ("render_template", "render_template_string", "url_for"):
            return "text"
        if name == "stream_with_context" and node.args:
            return self.kind(node.args[0], scope, depth)
        for value in self.work.facts.project.evaluator.eval(node.func, scope):
            if isinstance(value, Func):
                inner = value.file.scope_of_node.get(value.node)
                if getattr(value.node, "decorator_list", ()):
                    return "unknown"  # what stands around it may answer something else
                if inner is not None and _is_generator(value.node):
                    return "stream"
                if inner is not None and inner.returns and depth < 3:
                    kinds = {self.kind(r, inner, depth + 1) for r in inner.returns}
                    return kinds.pop() if len(kinds) == 1 else "unknown"
                return "unknown"
        if isinstance(node.func, ast.Attribute) and node.func.attr in _TEXT_METHODS:
            return "text"
        if last_name(node.func) in ("str", "repr", "bytes", "dumps", "escape", "Markup"):
            return "text"
        if last_name(node.func) == "dict":
            return "json"
        return "unknown"

    def _kind_of_name(self, node: ast.Name, scope: Scope, depth: int) -> AnswerKind:
        owner = scope.owner_of(node.id)
        bindings = owner.bindings.get(node.id, []) if owner is not None else []
        kinds: set[AnswerKind] = set()
        for binding in bindings:
            if binding.kind != "assign" or binding.path or binding.value is None:
                return "unknown"
            kinds.add(self.kind(binding.value, binding.scope, depth + 1))
        kinds = {"json" if k == "plain" else k for k in kinds}  # it may be filled after it is made
        return kinds.pop() if len(kinds) == 1 else "unknown"

    def convert_return(
        self, file: FileIndex, node: ast.expr, scope: Scope, wrap_text: bool, wrap_plain: bool, taken: bool = False
    ) -> AnswerKind:
        """Make what a view returns an answer; gives the kind of what is returned then.

        Args:
            wrap_text: text becomes an ``HTMLResponse`` (else the route's response class sees to it).
            wrap_plain: literal dicts become a ``JSONResponse``.
            taken: whoever calls it takes what Flask takes, and None for no answer.
        """
        if taken and (isinstance(node, ast.Constant) and node.value is None):
            return "answer"
        if isinstance(node, ast.IfExp):
            parts = (node.body, node.orelse)
            kinds = {self.convert_return(file, part, scope, wrap_text, wrap_plain, taken) for part in parts}
            return "text" if "text" in kinds else kinds.pop()
        if isinstance(node, ast.Tuple):
            self._convert_tuple(file, node, scope)
            return "answer"
        kind = self.kind(node, scope)
        if kind == "text":
            if wrap_text:
                self._wrap(file, node, "HTMLResponse")
                return "answer"
            return "text"
        if kind == "plain" and not wrap_plain:
            return "plain"
        if kind in ("plain", "json"):
            self._wrap(file, node, "JSONResponse")
        elif kind == "stream":
            self._wrap(file, node, "StreamingResponse")
        elif kind == "unknown" and not taken:
            self._wrap(file, node, "make_response")
        return "answer"

    def _convert_tuple(self, file: FileIndex, node: ast.Tuple, scope: Scope) -> None:
        """``return body, status, headers`` → one answer."""
        parts = list(node.elts)
        body = parts[0]
        status: ast.expr | None = None
        headers: ast.expr | None = None
        if len(parts) == 3:
            status, headers = parts[1], parts[2]
        elif len(parts) == 2:
            if isinstance(parts[1], (ast.Dict, ast.List)):
                headers = parts[1]
            elif _is_status(parts[1]):
                status = parts[1]
        simple = (
            len(parts) in (2, 3)
            and (status is not None or headers is not None)
            and (status is None or _is_status(status))
            and (headers is None or isinstance(headers, ast.Dict))
        )
        kind = self.kind(body, scope)
        is_jsonify = isinstance(body, ast.Call) and self.work.flask_name(body.func) == "jsonify"
        if not simple or not (kind in ("text", "plain", "json") or is_jsonify):
            self._wrap(file, node, "make_response")
            return
        name = self.work.name(file, "HTMLResponse" if kind == "text" else "JSONResponse")
        self.work.edit(file, node, tuple_answer(name, is_jsonify, status is not None, headers is not None))

    def _wrap(self, file: FileIndex, node: ast.expr, name: str) -> None:
        from dash_migrate.fixes import code

        self.work.edit(file, node, code.wrap(self.work.name(file, name)))


def _is_status(node: ast.expr) -> bool:
    """Whether an expression is the status of an answer: a number, or something named so."""
    if isinstance(node, ast.IfExp):
        return _is_status(node.body) and _is_status(node.orelse)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    is_enum = isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("HTTPStatus")
    return is_enum or name in ("status", "status_code", "code", "http_status")


def _is_exact_type(node: ast.expr) -> bool:
    """Whether a content type says everything, so that nothing is added to it."""
    text = node.value if isinstance(node, ast.Constant) else None
    if not isinstance(text, str):
        return False
    return "charset" in text or not (text.startswith("text/") or text.endswith(("xml", "javascript")))


def json_response(function: str) -> Edit:
    """``jsonify(a=1)`` → ``JSONResponse({"a": 1})``, ``jsonify(x)`` → ``JSONResponse(x)``."""

    def change(node: Any) -> Any:
        import libcst as cst

        plain = [a for a in node.args if a.keyword is None and not a.star]
        if len(node.args) == 1 and plain:
            return node.with_changes(func=cst.Name(function))
        if not node.args:
            inner: Any = cst.Name("None")
        elif len(plain) == len(node.args):
            inner = cst.List([cst.Element(a.value, comma=a.comma) for a in node.args])
        elif plain:
            inner = node.with_changes(func=cst.Name("dict"), lpar=[], rpar=[])
        else:
            inner = _as_dict(node)
        return cst.Call(cst.Name(function), [cst.Arg(inner)], lpar=node.lpar, rpar=node.rpar)

    return change


def _as_dict(call: Any) -> Any:
    """``f(a=1, **more)`` → ``{"a": 1, **more}``, laid out as the call is."""
    import libcst as cst

    elements: list[Any] = []
    for argument in call.args:
        if argument.keyword is None:
            elements.append(cst.StarredDictElement(argument.value, comma=argument.comma))
        else:
            key = cst.SimpleString(f'"{argument.keyword.value}"')
            elements.append(cst.DictElement(key, argument.value, comma=argument.comma))
    return cst.Dict(
        elements,
        lbrace=cst.LeftCurlyBrace(whitespace_after=call.whitespace_before_args),
        rbrace=cst.RightCurlyBrace(whitespace_before=call.args[-1].whitespace_after_arg),
    )


def _full_json(full: str, function: str) -> Edit:
    """``jsonify(x)`` → ``full_response(JSONResponse(x))``."""

    def change(node: Any) -> Any:
        import libcst as cst

        return cst.Call(cst.Name(full), [cst.Arg(json_response(function)(node))], lpar=node.lpar, rpar=node.rpar)

    return change


def renamed_call(function: str, keywords: dict[str, str]) -> Edit:
    """The same call of another function, some keywords renamed."""

    def change(node: Any) -> Any:
        import libcst as cst

        arguments = []
        for argument in node.args:
            if argument.keyword is not None and argument.keyword.value in keywords:
                argument = argument.with_changes(keyword=cst.Name(keywords[argument.keyword.value]))
            arguments.append(argument)
        return node.with_changes(func=cst.Name(function), args=arguments)

    return change


def response_call(kind: str, function: str, status: int | None) -> Edit:
    """``Response(body, 404, mimetype="x")`` → ``Response(body, 404, media_type="x")``."""
    names = {"response": "content", "status": "status_code", "headers": "headers", "mimetype": "media_type"}

    def change(node: Any) -> Any:
        import libcst as cst

        arguments = []
        for place, argument in enumerate(node.args):
            parameter = argument.keyword.value if argument.keyword is not None else _RESPONSE_PARAMETERS[place]
            if parameter == "status" and status is not None:
                argument = argument.with_changes(value=cst.Integer(str(status)))
            if parameter == "mimetype" and isinstance(argument.value, cst.SimpleString):
                argument = argument.with_changes(value=_twice(argument.value))
            if parameter == "content_type" and kind == "respond":
                argument = argument.with_changes(keyword=cst.Name("content_type"), equal=_tight())
            elif parameter == "content_type":
                argument = argument.with_changes(keyword=cst.Name("media_type"), equal=_tight())
            elif argument.keyword is not None:
                argument = argument.with_changes(keyword=cst.Name(names[parameter]))
            elif place >= 2:
                argument = argument.with_changes(keyword=cst.Name(names[parameter]), equal=_tight())
            arguments.append(argument)
        return node.with_changes(func=cst.Name(function), args=arguments)

    return change


def _twice(mimetype: Any) -> Any:
    """A text type that names its charset, with the one that Flask adds to it all the same."""
    value, quote = mimetype.raw_value, mimetype.quote
    if not value.startswith("text/") or "charset" not in value:
        return mimetype
    return mimetype.with_changes(value=f"{mimetype.value.removesuffix(quote)}; charset=utf-8{quote}")


def tuple_answer(function: str, unwrap: bool, status: bool, headers: bool) -> Edit:
    """``body, 404, {…}`` → ``function(body, status_code=404, headers={…})``."""

    def change(node: Any) -> Any:
        import libcst as cst

        values = [e.value for e in node.elements]
        body = values[0].args[0].value if unwrap and isinstance(values[0], cst.Call) and values[0].args else values[0]
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        arguments = [cst.Arg(body)]
        if status:
            arguments.append(cst.Arg(values[1], keyword=cst.Name("status_code"), equal=_tight()))
        if headers:
            arguments.append(cst.Arg(values[-1], keyword=cst.Name("headers"), equal=_tight()))
        arguments = [a.with_changes(comma=comma) if n < len(arguments) - 1 else a for n, a in enumerate(arguments)]
        return cst.Call(cst.Name(function), arguments)

    return change


def _raise(node: Any) -> Any:
    import libcst as cst

    return cst.Raise(node.value, semicolon=node.semicolon)


def _tight() -> Any:
    import libcst as cst

    return cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))


def _is_plain(node: ast.expr) -> bool:
    """Whether a literal holds nothing but what every JSON encoder writes alike."""
    if isinstance(node, ast.Dict):
        keys = all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in node.keys)
        return keys and all(_is_plain(v) for v in node.values)
    if isinstance(node, ast.List):
        return all(_is_plain(e) for e in node.elts)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, int, bool, type(None)))
    return isinstance(node, ast.JoinedStr)


def _is_generator(function: ast.AST) -> bool:
    stack = list(ast.iter_child_nodes(function))
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return False
