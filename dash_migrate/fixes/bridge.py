"""Edits that put an app behind the bridge: constructors, shapes of servers, starts, extensions."""

from __future__ import annotations

import ast
from functools import cached_property

from dash_migrate.facts.project import last_name, server_argument
from dash_migrate.facts.scan import App, Facts
from dash_migrate.facts.scopes import Binding, FileIndex, Scope, parent_of
from dash_migrate.facts.values import Const, DashApp, FlaskApp
from dash_migrate.fixes import code
from dash_migrate.fixes.edits import FileEdits
from dash_migrate.fixes.flow import Flow, Slot, Use
from dash_migrate.model import Backend
from dash_migrate.rules_data import table

MODULE = "dash_flask_bridge"

#: the order of Dash's positional parameters before 4.2, which put ``backend`` third
OLD_PARAMETERS = (
    "name", "server", "assets_folder", "pages_folder", "use_pages", "assets_url_path", "assets_ignore",
    "assets_external_path", "eager_loading", "include_assets_files", "include_pages_meta", "url_base_pathname",
)  # fmt: skip


class Bridge:
    """Makes the edits for one target backend."""

    #: whether the backend is named to every function that takes it, for it may be Flask
    names_backend_always = False

    def __init__(self, facts: Facts, apps: list[App], target: Backend, edits: dict[str, FileEdits]) -> None:
        self.facts = facts
        self.apps = apps
        self.target = target
        self.edits = edits
        self.flow = Flow(facts, apps)
        self._done: set[ast.AST] = set()

    def make(self) -> None:
        """Add all edits."""
        for app in self.apps:
            self._constructor(app)
        for slot in list(self.flow.slots.values()):
            if slot.twin:
                self._bind_twin(slot)
        for use in self.flow.uses:
            self._use(use)
        for file, node in self.flow.external_app_uses:
            self._edit(file, node, "flask_view")

    def file_edits(self, file: FileIndex) -> FileEdits:
        return self.edits[file.display]

    def backend(self, file: FileIndex) -> str:
        """The code that says which backend it is."""
        return f'"{self.target}"'

    def _need(self, file: FileIndex, name: str) -> None:
        self.file_edits(file).need(MODULE, name)

    def _edit(self, file: FileIndex, node: ast.AST, function: str, *extra: str) -> None:
        self._need(file, function)
        self.file_edits(file).edit(node, code.wrap(function, *extra))

    # --- constructors

    def _constructor(self, app: App) -> None:
        sites = app.constructors
        given = [(call, scope) for call, scope in sites if server_argument(call) is not None]
        inits = [(call, scope) for call, scope in sites if last_name(call.func) == "__init__"]
        inits = [(call, scope) for call, scope in inits if call not in self._forwarded]
        hidden = [(call, scope) for call, scope in sites if self.facts.project.hidden_server(call, scope)[0]]
        hidden = [(call, scope) for call, scope in hidden if call not in self._forwarded]
        for call, scope in given or hidden or inits[:1] or sites[-1:]:
            if call not in self._done:
                self._done.add(call)
                self._give_backend(call, scope)

    @cached_property
    def _forwarded(self) -> set[ast.Call]:
        """The ``super().__init__(…)`` that pass on what a call that makes an app gives as ``server``.

        All apps of such a class get their backend from the calls that make them.
        """
        found = set()
        for app in self.apps:
            if any(server_argument(call) is not None for call, _ in app.constructors[1:]):
                found |= {c for c, _ in app.constructors if last_name(c.func) == "__init__" and not server_argument(c)}
        return found

    def _give_backend(self, call: ast.Call, scope: Scope) -> None:
        file = scope.file
        edits = self.file_edits(file)
        shift = 1 if last_name(call.func) == "partial" else 0
        shift += self._unbound_init(call, scope)
        positional = len(call.args) - shift
        passed = server_argument(call) if not shift or shift == 1 else None
        if shift and positional > 1:
            passed = call.args[shift + 1]
        keyword = next((k for k in call.keywords if k.arg == "server"), None)
        values = self.facts.project.evaluator.eval(passed, scope) if passed is not None else frozenset()
        plain = passed is None or isinstance(passed, ast.Constant)
        if passed is None or isinstance(parent_of(passed), ast.Dict):
            holder, hidden, members = self.facts.project.hidden_server(call, scope)
            if any(not isinstance(v, Const) for v in hidden):
                self._give_options(call, holder, members, edits)
                return
        self._need(file, "flask_bridge")
        backend = f"flask_bridge({self.backend(file)})"
        for place in range(len(call.args) - 1, shift + 1, -1):
            name = OLD_PARAMETERS[place - shift] if place - shift < len(OLD_PARAMETERS) else None
            if name is not None:
                edits.edit(call, code.positional_to_keyword(place, name))
        if plain:
            if positional > 1:
                edits.edit(call, code.positional_to_keyword(shift + 1, "server"))
            edits.edit(call, code.set_keyword("backend", backend))
            return
        with_server = _bridge_call(self.backend(file))
        if keyword is not None:
            edits.edit(call, code.replace_keyword("server", "backend", with_server))
        elif positional > 1:
            edits.edit(call, code.positional_to_keyword(shift + 1, "backend", with_server))
        if not shift and positional < 1 and not any(k.arg in ("name", None) for k in call.keywords):
            name_of = self._name_of_server(passed, scope)
            if name_of and any(isinstance(v, FlaskApp) for v in values):
                edits.edit(call, code.set_keyword("name", f"{name_of}.name", first=True))

    def _give_options(self, call: ast.Call, holder: ast.AST | None, members: int, edits: FileEdits) -> None:
        """``Dash(**settings)`` → ``Dash(**bridge_options("fastapi", settings))``, for the server is in there."""
        self._need(edits.file, "bridge_options")
        backend = self.backend(edits.file)
        if isinstance(holder, ast.Starred):
            names = ", ".join(f'"{name}"' for name in OLD_PARAMETERS[:members])
            edits.edit(call, code.star_to_keywords(f"bridge_options({backend}, dict(zip(({names}), _)))"))
            return
        assert isinstance(holder, ast.keyword)
        named = bool(call.args) or any(k.arg == "name" for k in call.keywords)
        extra = "" if named else ", named=False"
        edits.edit(holder.value, code.fill(f"bridge_options({backend}, _{extra})"))

    def _unbound_init(self, call: ast.Call, scope: Scope) -> int:
        """1 for ``Dash.__init__(self, …)``, where ``self`` takes the first place."""
        if last_name(call.func) != "__init__" or not isinstance(call.func, ast.Attribute):
            return 0
        owner = call.func.value
        return 0 if isinstance(owner, ast.Call) else 1

    def _name_of_server(self, passed: ast.expr | None, scope: Scope) -> str:
        if not isinstance(passed, ast.Name):
            return ""
        slot = self.flow.slot_of(passed, scope)
        if slot is None:
            return ""
        if slot.shape == "flask":
            return slot.name
        return slot.twin

    # --- servers on their way

    def _use(self, use: Use) -> None:
        edits = self.file_edits(use.file)
        slot = self.flow.slot_of(use.node, use.scope)
        if self._is_start(use):
            return
        if self._is_constructor_argument(use):
            if slot is not None and slot.twin:
                edits.edit(use.node, code.rename(slot.twin))
            return
        if self._is_first_request_hook(use):
            return
        wanted = self.flow.wanted(use)
        if wanted is None:
            return
        carried = self.flow.carried(use)
        if use.kind == "assign" and wanted == "asgi" and carried == "flask" and self._twin_takes_over(use):
            return
        if wanted == carried:
            return
        if wanted == "flask":
            self._to_flask(use, slot)
        else:
            self._edit(use.file, use.node, "asgi_server", *self._backend_of(use.node, use.file))

    def _backend_of(self, node: ast.AST | None, file: FileIndex) -> tuple[str, ...]:
        """The second argument of ``asgi_server``, where it needs one."""
        return (self.backend(file),) if self.names_backend_always or node not in self.flow.composites else ()

    def _to_flask(self, use: Use, slot: Slot | None) -> None:
        edits = self.file_edits(use.file)
        if slot is not None and slot.twin:
            edits.edit(use.node, code.rename(slot.twin))
            return
        self._need(use.file, "flask_of")
        if isinstance(use.node, ast.Attribute) and use.node.attr == "server" and self._is_dash(use.node.value):
            edits.edit(use.node, code.wrap_owner("flask_of"))
        else:
            edits.edit(use.node, code.wrap("flask_of"))

    def _is_dash(self, node: ast.expr) -> bool:
        return any(isinstance(v, DashApp) for v in self.facts.values.get(node, ()))

    def _is_constructor_argument(self, use: Use) -> bool:
        return use.kind == "argument" and use.owner in self._done

    def _is_start(self, use: Use) -> bool:
        """``server.run(…)`` → ``serve(server, …)``."""
        attribute = use.owner
        if use.kind != "attribute" or not isinstance(attribute, ast.Attribute) or attribute.attr != "run":
            return False
        call = parent_of(attribute)
        if not isinstance(call, ast.Call) or call.func is not attribute or self.flow.wanted(use) is not None:
            return False
        if call not in self._done:
            self._done.add(call)
            self._need(use.file, "serve")
            self.file_edits(use.file).edit(call, code.call_with_owner("serve"))
        return True

    def _is_first_request_hook(self, use: Use) -> bool:
        """``@server.before_first_request`` → ``@before_first_request(server)``."""
        attribute = use.owner
        if use.kind != "attribute" or not isinstance(attribute, ast.Attribute):
            return False
        if attribute.attr != "before_first_request":
            return False
        if attribute not in self._done:
            self._done.add(attribute)
            self._need(use.file, "before_first_request")
            self.file_edits(use.file).edit(attribute, _owner_call("before_first_request"))
        return True

    # --- twins

    def _twin_takes_over(self, use: Use) -> bool:
        """``server = Flask(…)`` with a twin: the twin gets the Flask app, see ``_bind_twin``."""
        statement = use.owner
        if not isinstance(statement, ast.Assign) or not use.direct or len(statement.targets) != 1:
            return False
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            return False
        slot = self.flow._target_slot(target.id, use.scope)
        return bool(slot.twin)

    def _bind_twin(self, slot: Slot) -> None:
        for binding in slot.bindings:
            edits = self.file_edits(slot.file)
            if binding.kind == "from":
                assert isinstance(binding.node, ast.ImportFrom)
                exporter = self.flow._exporters(binding)[0]
                name = exporter.twin if exporter.twin == slot.twin else f"{exporter.twin} as {slot.twin}"
                edits.extend_import.setdefault(binding.node, [])
                if name not in edits.extend_import[binding.node]:
                    edits.extend_import[binding.node].append(name)
            else:
                self._bind_assigned_twin(slot, binding, edits)
        self._export(slot)

    def _bind_assigned_twin(self, slot: Slot, binding: Binding, edits: FileEdits) -> None:
        statement = binding.node
        assert isinstance(statement, (ast.Assign, ast.AnnAssign))
        value = binding.value
        source = self._use_of(value)
        single = isinstance(statement, ast.Assign) and len(statement.targets) == 1 and not binding.path
        if single and source is not None and self.flow.carried(source) == "flask":
            target = statement.targets[0]  # type: ignore[union-attr]
            edits.edit(target, code.rename(slot.twin))
            arguments = ", ".join((slot.twin, *self._backend_of(value, slot.file)))
            edits.insert_after(statement, f"{slot.name} = asgi_server({arguments})")
            self._need(slot.file, "asgi_server")
            return
        if value is None or not self._may_be_server(binding):
            return
        edits.insert_after(statement, f"{slot.twin} = flask_of({slot.name})")
        self._need(slot.file, "flask_of")

    def _may_be_server(self, binding: Binding) -> bool:
        values = self.facts.project.evaluator.binding(binding)
        return any(self.flow.is_moving(v) for v in values) or binding.value in self.flow.composites

    def _use_of(self, node: ast.AST | None) -> Use | None:
        return next((u for u in self.flow.uses if u.node is node), None)

    def _export(self, slot: Slot) -> None:
        """Name the twin in ``__all__`` where the slot is named there."""
        for binding in slot.file.module.bindings.get("__all__", ()):
            value = binding.value
            if not isinstance(value, (ast.List, ast.Tuple)):
                continue
            names = [e.value for e in value.elts if isinstance(e, ast.Constant)]
            if slot.name in names and slot.twin not in names:
                self.file_edits(slot.file).edit(value, _append_string(slot.twin))


def _bridge_call(backend: str):  # type: ignore[no-untyped-def]
    def change(value):  # type: ignore[no-untyped-def]
        import libcst as cst

        return cst.Call(
            cst.Name("flask_bridge"),
            [
                cst.Arg(
                    cst.parse_expression(backend),
                    comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")),
                ),
                cst.Arg(value),
            ],
        )

    return change


def _owner_call(function: str):  # type: ignore[no-untyped-def]
    def change(node):  # type: ignore[no-untyped-def]
        import libcst as cst

        return cst.Call(cst.Name(function), [cst.Arg(node.value)])

    return change


def _append_string(text: str):  # type: ignore[no-untyped-def]
    def change(node):  # type: ignore[no-untyped-def]
        import libcst as cst

        elements = list(node.elements)
        if not elements:
            return node
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        last = elements[-1]
        separator = elements[0].comma if len(elements) > 1 else comma
        elements[-1] = last.with_changes(comma=separator)
        elements.append(cst.Element(cst.SimpleString(f'"{text}"'), comma=last.comma))
        return node.with_changes(elements=elements)

    return change


def start_edits(facts: Facts, edits: dict[str, FileEdits]) -> None:
    """``app.run_server(…)`` → ``app.run(…)`` everywhere, with JupyterDash's argument names renamed."""
    renamed = table("run_options")["renamed"]
    for name, references in facts.references.items():
        file = facts.project.files[name]
        for reference in references:
            if not any(isinstance(v, DashApp) for v in reference.values):
                continue
            attribute = parent_of(reference.node)
            if not isinstance(attribute, ast.Attribute) or attribute.value is not reference.node:
                continue
            if attribute.attr == "run_server":
                edits[name].edit(attribute, code.rename_attribute("run"))
            call = parent_of(attribute)
            if attribute.attr in ("run_server", "run") and isinstance(call, ast.Call) and call.func is attribute:
                for keyword in call.keywords:
                    if keyword.arg is not None and keyword.arg in renamed:
                        new = renamed[keyword.arg]
                        change = code.rename_keyword(keyword.arg, new) if new else code.drop_keyword(keyword.arg)
                        edits[name].edit(call, change)
        del file
