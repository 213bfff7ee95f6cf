"""Rewrites one group of apps for FastAPI, or says why not."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.project import last_name
from dash_migrate.facts.scopes import FileIndex, parent_of
from dash_migrate.facts.values import Ext, ExtInst, Func
from dash_migrate.fixes.native.extensions import Extensions
from dash_migrate.fixes.native.fastapi.answers import Answers
from dash_migrate.fixes.native.fastapi.requests import RequestNames, replacement
from dash_migrate.fixes.native.fastapi.settings import decline_settings
from dash_migrate.fixes.native.fastapi.setup import Setup, first_parameter
from dash_migrate.fixes.native.fastapi.views import Views
from dash_migrate.fixes.native.unimport import remove_imports
from dash_migrate.fixes.native.work import Work
from dash_migrate.rules_data import table

PACKAGE = "dash_on_fastapi"


def convert(work: Work) -> None:
    """Make the edits; ``work.declines`` says what could not be."""
    answers = Answers(work, _full_answers(work))
    names = RequestNames(work, answers)
    views = Views(work, answers, flask_style=_thread_state(work))
    extensions = Extensions(work, "native_fastapi")
    setup = Setup(work, views, extensions)
    views.convert()
    for file, reference in work.references():
        setup.reference(file, reference)
        for value in reference.values:
            if isinstance(value, (Ext, ExtInst)) and extensions.reference(file, reference.node, value):
                continue
            if isinstance(value, Ext):
                _external(work, answers, names, file, reference.node, value.dotted)
            elif isinstance(value, ExtInst):
                _object(work, file, reference.node, value.dotted)
    extensions.convert()
    _looked_at_answers(work)
    decline_settings(work)
    setup.routers()
    for function in work.with_request:
        role = work.roles.by_function[function]
        work.edit(role.file, function, first_parameter(f"request: {work.name(role.file, 'Request', 'fastapi')}"))
    setup.constructors()
    remove_imports(work)


def _full_answers(work: Work) -> set[ast.AST]:
    """The calls whose answers are used in ways that only werkzeug's ``Response`` knows."""
    rows = table("native_fastapi")
    found: set[ast.AST] = set()
    for _, reference in work.references():
        parent = parent_of(reference.node)
        if isinstance(parent, ast.Attribute) and not _is_kept(parent, rows["answer"]):
            for value in reference.values:
                if isinstance(value, ExtInst) and value.dotted in rows["answers"]["makers"]:
                    found.add(value.site.node)
    return found


def _looked_at_answers(work: Work) -> None:
    """Hooks that ask how an answer is made."""
    rows = table("native_fastapi")["answer"]
    streams = _streams(work)
    for role in work.roles.by_function.values():
        if role.kind == "after":
            names = {a.arg for a in role.function.args.args}
            for node in ast.walk(role.function):
                if isinstance(node, ast.Attribute) and node.attr in rows["told_otherwise"]:
                    work.decline(role.file, node, f"`{node.attr}` of an answer has no counterpart")
                elif (
                    streams
                    and isinstance(node, ast.Attribute)
                    and node.attr in rows["bodies"]
                    and getattr(node.value, "id", "") in names
                ):
                    work.decline(role.file, node, f"`{node.attr}` of answers, where some are made while they are sent")


def _streams(work: Work) -> bool:
    """Whether answers are made while they are sent."""
    evaluator = work.facts.project.evaluator
    for _, reference in work.references():
        name = work.flask_name(reference.node)
        if name in ("stream_template", "stream_template_string", "stream_with_context"):
            return True
        call = parent_of(reference.node)
        if name == "Response" and isinstance(call, ast.Call) and call.func is reference.node and call.args:
            if isinstance(call.args[0], ast.GeneratorExp):
                return True
            made = call.args[0].func if isinstance(call.args[0], ast.Call) else None
            values = evaluator.eval(made, reference.scope) if made is not None else ()
            if any(isinstance(v, Func) and _yields(v.node) for v in values):
                return True
    return False


def _yields(function: ast.AST) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(function))


def _is_kept(attribute: ast.Attribute, rows: dict[str, Any]) -> bool:
    """Whether FastAPI's answers have this attribute, and for headers the method that is called."""
    outer = parent_of(attribute)
    if attribute.attr == "headers" and isinstance(outer, ast.Attribute):
        return outer.attr in rows["header_methods"]
    return attribute.attr in rows["kept"]


def _thread_state(work: Work) -> bool:
    """Whether state is kept per thread. Plain functions of one request share a thread, but for FastAPI's own views."""
    found = False
    for name in work.files:
        file = work.facts.project.files[name]
        for call, scope in file.calls:
            if last_name(call.func) in ("local", "scoped_session"):
                for value in work.facts.project.evaluator.eval(call.func, scope):
                    if isinstance(value, Ext) and value.dotted in THREAD_STATE:
                        found = True
                        if _leaves_the_thread(work):
                            work.decline(file, call, "state that is kept per thread, and callbacks that are not in it")
    return found


def _leaves_the_thread(work: Work) -> bool:
    """Whether callbacks are coroutines, or come over websockets."""
    for role in work.roles.by_function.values():
        if role.kind == "callback" and isinstance(role.function, ast.AsyncFunctionDef):
            return True
    calls = [call for name in work.files for call, _ in work.facts.project.files[name].calls]
    return any(k.arg in ("websocket", "websocket_callbacks") for call in calls for k in call.keywords)


THREAD_STATE = frozenset(["threading.local", "sqlalchemy.orm.scoped_session", "werkzeug.local.Local"])


def _external(work: Work, answers: Answers, names: RequestNames, file: FileIndex, node: ast.expr, dotted: str) -> None:
    if node in work.handled:
        return
    if not dotted.startswith("flask."):
        root = dotted.split(".")[0]
        if root.startswith("flask_") or root in ("quart", "quart_flask_patch"):
            work.decline(file, node, f"`{root}` needs Flask")
        return
    name = dotted[6:]
    if name.rpartition(".")[0].removeprefix("signals.") in table("native_fastapi")["exports"]["signals"]:
        return  # what a signal offers
    parent = parent_of(node)
    call = parent if isinstance(parent, ast.Call) and parent.func is node else None
    scope = work.facts.project.scope_at(file, node)
    if "." in name and name.split(".")[0] in table("flask_names")["names"]:
        return  # an attribute of request, session …: dealt with at the name itself
    if _in_annotation(node):
        _annotation(work, file, node, name)
    elif answers.convert_call(file, node, call, scope, name) or names.convert(file, node, scope, name):
        return
    else:
        _other(work, names, file, node, call, name)


def _other(work: Work, names: RequestNames, file: FileIndex, node: ast.expr, call: ast.Call | None, name: str) -> None:
    kept: dict[str, Any] = table("native_fastapi")["calls"]
    scope = work.facts.project.scope_at(file, node)
    if name in kept:
        work.handled.add(node)
        work.edit(file, node, replacement(work.name(file, kept[name])))
    elif name in ("send_file", "send_from_directory") and call is not None:
        work.handled.add(node)
        work.edit(file, call, _with_request(work.name(file, name), names.request_at(node, file, scope)))
    elif name in ("Markup", "escape"):
        work.handled.add(node)
        work.edit(file, node, replacement(work.name(file, name, "markupsafe")))
    elif name in ("json", "views", "helpers", "cli", "signals", "globals", "wrappers", "app", "ctx", "sessions"):
        return  # a module: what is taken from it speaks for itself
    elif name in ("json.dumps",):
        work.handled.add(node)
        work.edit(file, node, replacement(work.name(file, "dumps")))
    elif name in ("Flask", "Blueprint") and call is not None:
        return  # handled where the object is made, or none of ours
    else:
        work.decline(file, node, f"`flask.{name}` has no counterpart")


#: what Flask hands out that is the app's own, or that is looked at elsewhere
_OWN_OBJECTS = ("flask.Flask", "flask.session", "flask.g", "flask.request", "flask.current_app")


def _in_annotation(node: ast.AST) -> bool:
    child, parent = node, parent_of(node)
    while parent is not None and not isinstance(parent, (ast.stmt, ast.Call)):
        if isinstance(parent, ast.arg) or (isinstance(parent, ast.AnnAssign) and parent.annotation is child):
            return True
        child, parent = parent, parent_of(parent)
    if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return parent.returns is child
    return isinstance(parent, ast.AnnAssign) and parent.annotation is child


def _annotation(work: Work, file: FileIndex, node: ast.expr, name: str) -> None:
    spelled = {"Flask": "FlaskLikeServer", "Response": "Response"}.get(name)
    if spelled is None:
        work.decline(file, node, f"an annotation with `flask.{name}`")
        return
    work.handled.add(node)
    work.edit(file, node, replacement(work.name(file, spelled)))


def _object(work: Work, file: FileIndex, node: ast.expr, dotted: str) -> None:
    """What is done to an answer or another object of flask."""
    if node in work.handled:
        return
    root = dotted.split(".")[0]
    parent = parent_of(node)
    if root == "flask":
        rows = table("native_fastapi")
        known = dotted in rows["answers"]["makers"] or dotted.startswith(_OWN_OBJECTS)
        if not known and isinstance(parent, ast.Attribute):
            work.decline(file, parent, f"`{parent.attr}` of `{dotted}` has no counterpart")
    elif root.startswith("flask_") or dotted.startswith(("werkzeug.middleware", "authlib", "prometheus_flask")):
        work.decline(file, node, f"`{root}` needs Flask")


def _with_request(name: str, request: str) -> Any:
    def change(node: Any) -> Any:
        import libcst as cst

        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        first = cst.Arg(cst.parse_expression(request), comma=comma)
        return node.with_changes(func=cst.Name(name), args=[first, *node.args])

    return change
