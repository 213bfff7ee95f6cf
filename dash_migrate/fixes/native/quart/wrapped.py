"""What is wrapped around the app by assignment: ``server.wsgi_app`` and ``server.view_functions[…]``."""

from __future__ import annotations

import ast
from typing import Any

from dash_migrate.facts.scopes import FileIndex, parent_of, statement_of
from dash_migrate.facts.values import Ext, ExtInst, Func
from dash_migrate.fixes import code
from dash_migrate.fixes.native.quart.awaiting import Awaiting
from dash_migrate.fixes.native.work import Work

PROXY_FIX = "werkzeug.middleware.proxy_fix.ProxyFix"


class Wrapped:
    """Converts or declines what is put around a server or its views."""

    def __init__(self, work: Work, awaiting: Awaiting) -> None:
        self.work = work
        self.awaiting = awaiting
        #: references to ``ProxyFix`` that are dealt with
        self.proxies: set[ast.AST] = set()

    # --- server.wsgi_app

    def wsgi_app(self, file: FileIndex, attribute: ast.Attribute) -> None:
        """``server.wsgi_app = ProxyFix(server.wsgi_app, …)`` → ``server.asgi_app = ProxyFix(server.asgi_app, …)``."""
        statement = statement_of(attribute)
        call = statement.value if isinstance(statement, ast.Assign) else None
        if not (
            isinstance(statement, ast.Assign)
            and isinstance(call, ast.Call)
            and call.args
            and [ast.unparse(t) for t in statement.targets] == [ast.unparse(attribute)]
            and ast.unparse(attribute) == ast.unparse(call.args[0])
            and self._is_proxy_fix(file, call.func)
        ):
            self.work.decline(file, attribute, "`wsgi_app` of the Flask app, used this way, has no counterpart")
            return
        self.work.edit(file, attribute, code.rename_attribute("asgi_app"))
        if call.func not in self.proxies:
            self.proxies.add(call.func)
            self._import(file, call.func)

    def _is_proxy_fix(self, file: FileIndex, node: ast.expr) -> bool:
        scope = self.work.facts.project.scope_at(file, node)
        return isinstance(node, ast.Name) and Ext(PROXY_FIX) in self.work.facts.project.evaluator.eval(node, scope)

    def _import(self, file: FileIndex, name: ast.expr) -> None:
        """Take ``ProxyFix`` from the generated package."""
        assert isinstance(name, ast.Name)
        for scope in file.scopes:
            for binding in scope.bindings.get(name.id, ()):
                if binding.kind != "from" or not isinstance(binding.node, ast.ImportFrom):
                    self.work.decline(file, name, "`ProxyFix` comes from elsewhere")
                    return
                self.work.edits[file.display].remove_import(binding.node, {name.id})
        self.work.edits[file.display].need(
            self.work.package, "ProxyFix" if name.id == "ProxyFix" else f"ProxyFix as {name.id}"
        )

    # --- server.view_functions

    def view_functions(self, file: FileIndex, attribute: ast.Attribute) -> None:
        """Names of views may be read, and views may be put under decorators; their results may be coroutines."""
        parent = parent_of(attribute)
        if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is attribute:
            return
        if isinstance(parent, ast.Compare):
            return
        if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in _READERS:
            return
        if isinstance(parent, ast.Attribute) and parent.attr == "keys":
            return
        if isinstance(parent, ast.Subscript) and self._is_decorated(file, parent):
            return
        if isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load):
            return  # what is put there is looked at where it is read
        self.work.decline(file, attribute, "`view_functions` of the Flask app, used this way, has no counterpart")

    def _is_decorated(self, file: FileIndex, view: ast.Subscript) -> bool:
        """Whether a view is read only to be put under a decorator, whose results are given back."""
        call = parent_of(view)
        if not isinstance(call, ast.Call) or view not in call.args:
            return False
        target = call.func.func if isinstance(call.func, ast.Call) else call.func
        scope = self.work.facts.project.scope_at(file, call.func)
        values = self.work.called(target, scope)
        return bool(values) and all(self._wraps(value, isinstance(call.func, ast.Call)) for value in values)

    def _wraps(self, value: Any, with_arguments: bool) -> bool:
        if isinstance(value, Func):
            return self.awaiting.decorators.takes_results(value, with_arguments)
        return isinstance(value, (Ext, ExtInst)) and self.awaiting.decorators.is_taker(value.dotted)


_READERS = frozenset(["list", "tuple", "set", "sorted", "len", "iter"])
