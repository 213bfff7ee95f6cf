"""Rewrites one group of apps for Quart, or says why not."""

from __future__ import annotations

import ast

from dash_migrate.facts.scopes import FileIndex, parent_of
from dash_migrate.facts.values import Ext, ExtInst
from dash_migrate.findings.extensions import is_neutral
from dash_migrate.fixes import code
from dash_migrate.fixes.native.extensions import Extensions
from dash_migrate.fixes.native.quart.answers import Answers
from dash_migrate.fixes.native.quart.awaiting import Awaiting
from dash_migrate.fixes.native.quart.imports import Imports
from dash_migrate.fixes.native.quart.once import Once
from dash_migrate.fixes.native.quart.setup import Setup
from dash_migrate.fixes.native.quart.uploads import saves
from dash_migrate.fixes.native.quart.uses import Uses
from dash_migrate.fixes.native.quart.wrapped import PROXY_FIX
from dash_migrate.fixes.native.work import Work


def convert(work: Work) -> None:
    """Make the edits; ``work.declines`` says what could not be."""
    awaiting = Awaiting(work)
    once = Once(work, awaiting)
    uses = Uses(work, awaiting, once)
    answers = Answers(work, awaiting)
    extensions = Extensions(work, "native_quart")
    setup = Setup(work, awaiting, extensions)
    for file, reference in work.references():
        setup.reference(file, reference)
        answers.reference(file, reference)
        for value in reference.values:
            if isinstance(value, (Ext, ExtInst)) and extensions.reference(file, reference.node, value):
                continue
            if isinstance(value, Ext) and value.dotted.startswith("flask."):
                uses.name(file, reference.node, reference.scope, value.dotted)
            elif isinstance(value, (Ext, ExtInst)):
                _foreign(work, file, reference.node, value.dotted)
    answers.hooks()
    for file, read in once.files():
        saves(work, awaiting, file, read)
    once.settle()
    extensions.convert()
    setup.constructors()
    awaiting.write()
    Imports(work).convert()


def _foreign(work: Work, file: FileIndex, node: ast.expr, dotted: str) -> None:
    """A name of a package that was made for Flask, or for WSGI."""
    root = dotted.split(".")[0]
    if dotted in _RESPONSES and _is_asked_for(node):
        work.edit(file, node, code.rename(work.name(file, "AnyResponse")))
        return
    if isinstance(parent_of(node), ast.Attribute) or is_neutral(dotted) or dotted.startswith(PROXY_FIX):
        return
    if root.startswith("flask_") or dotted.startswith(("werkzeug.middleware", "werkzeug.serving", "prometheus_flask")):
        work.decline(file, node, f"`{root}` needs Flask")


#: werkzeug's class of responses, of which Quart's are none
_RESPONSES = frozenset(
    [
        "werkzeug.Response",
        "werkzeug.wrappers.Response",
        "werkzeug.wrappers.response.Response",
        "werkzeug.wrappers.BaseResponse",
    ]
)


def _is_asked_for(node: ast.expr) -> bool:
    """``isinstance(x, node)``."""
    parent = parent_of(node)
    call = parent_of(parent) if isinstance(parent, ast.Tuple) else parent
    asks = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "isinstance"
    return asks and isinstance(node, ast.Name) and node is not call.args[0]  # type: ignore[union-attr]
