"""Overrides that Dash no longer calls: their checks become hooks, or they get their place in Dash back.

This is done to the code as it is for Flask, before anything else: a hook then moves with the app like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from dash_migrate.facts.overrides import Override, dead_overrides, gone, is_replaced
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.facts.values import DashApp
from dash_migrate.fixes import code
from dash_migrate.fixes.checked import checked, raise_for_debugging
from dash_migrate.fixes.edits import FileEdits, apply_edits
from dash_migrate.fixes.imports import add_imports
from dash_migrate.fixes.override_checks import is_movable
from dash_migrate.fixes.override_code import add_url, before_hook, given_back, outside, refusal, refused, registration
from dash_migrate.project import Loaded

if TYPE_CHECKING:
    from dash_migrate.facts.project import Project


def rewrite(loaded: Loaded, only: Iterable[str] = ()) -> dict[str, bytes]:
    """The files whose dead overrides are brought back to life, by path.

    Args:
        only: leave all other files alone (default: take every file).
    """
    words = [name.encode() for name in gone()]
    chosen = set(only)
    changed: dict[str, bytes] = {}
    for name, file in list(loaded.facts.project.files.items()):
        if (chosen and name not in chosen) or name not in loaded.texts:
            continue
        source = loaded.sources[name]
        if not any(word in source.data for word in words):
            continue
        edits = FileEdits(file, loaded.texts[name])
        taken: set[ast.AST] = set()
        for override in dead_overrides(loaded.facts.project, file):
            if (
                not override.is_given
                and override.cls.node not in taken
                and _revive(loaded.facts.project, override, edits)
            ):
                taken.add(override.cls.node)  # one at a time, the next one in the next pass
        _close_replaced(loaded.facts.project, file, edits)
        if not edits:
            continue
        try:
            text = apply_edits(edits)
            if edits.imports:
                text = add_imports(text, edits.imports, source.newline)
            changed[name] = checked(source, text)
        except Exception as error:  # its finding stays
            raise_for_debugging(error)
    return changed


def _revive(project: Project, override: Override, edits: FileEdits) -> bool:
    """Make the edits for one override; False where it has been looked after already."""
    members = {s.name for s in override.cls.node.body if isinstance(s, (ast.FunctionDef, ast.AsyncFunctionDef))}
    hook = _hook_name(override)
    if hook in members or override.in_ancestors:
        return False  # a gate that refuses is there; or all of it is decided in the class inherited from
    can_register = "init_app" not in members or _super_init(override) is not None
    if can_register and not _is_taken(override, members) and is_movable(project, override):
        _as_hook(override, edits, members)
    elif _can_be_given_back(override, members):
        _give_back(override, edits)
    elif can_register:
        _refuse(override, edits, members)
    else:
        _mark(override, edits)
    return True


def _hook_name(override: Override) -> str:
    return f"before_{override.name.strip('_')}"


def _check_name(override: Override) -> str:
    return f"check_{override.name.strip('_')}"


def _is_taken(override: Override, members: set[str]) -> bool:
    return bool(override.method.decorator_list) and _check_name(override) in members


# --- a hook


def _as_hook(override: Override, edits: FileEdits, members: set[str]) -> None:
    """The check runs as a ``before_request`` hook, for the requests that the override answered."""
    for call in override.calls:
        edits.edit(call, code.replace("None"))
    leaving = outside(override.name, _of_flask("request", override.cls.file, edits))
    hook = _hook_name(override)
    decorated = bool(override.method.decorator_list)
    change = before_hook(hook, _check_name(override) if decorated else "", leaving)
    _register(override, edits, members, hook, change)


def _register(override: Override, edits: FileEdits, members: set[str], hook: str, change: Any) -> None:
    """Give the hook to the server where Dash gets one."""
    if "init_app" in members:
        statement = _super_init(override)
        assert statement is not None
        edits.insert_after(statement, f"self.server.before_request(self.{hook})")
        edits.edit(override.method, partial(change, first=None))
    else:
        edits.edit(override.method, partial(change, first=registration(hook)))


def _super_init(override: Override) -> ast.Expr | None:
    """The statement ``super().init_app(…)`` in an ``init_app`` of the class itself."""
    for method in override.cls.node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "init_app":
            for statement in method.body:
                call = statement.value if isinstance(statement, ast.Expr) else None
                if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".init_app"):
                    assert isinstance(statement, ast.Expr)
                    return statement
    return None


def _of_flask(name: str, file: FileIndex, edits: FileEdits) -> str:
    """What a name of flask is called in a file; it is imported where it is not."""
    module = file.module.bindings.get("flask", [])
    if module and all(b.kind == "import" and b.module == "flask" for b in module):
        return f"flask.{name}"
    for spelled in (name, f"flask_{name}"):
        bindings = [b for scope in file.scopes for b in scope.bindings.get(spelled, ())]
        if all(b.kind == "from" and b.module == "flask" and b.attr == name for b in bindings):
            break
    else:
        spelled, bindings = f"dash_{spelled}", []
    if not bindings:
        edits.need("flask", name if spelled == name else f"{name} as {spelled}")
    return spelled


# --- its own place


def _can_be_given_back(override: Override, members: set[str]) -> bool:
    method = override.method
    plain = isinstance(method, ast.FunctionDef) and not any(
        ast.unparse(d) in ("staticmethod", "classmethod") for d in method.decorator_list
    )
    return "holder" in gone()[override.name] and "_add_url" not in members and plain and not override.in_siblings


def _give_back(override: Override, edits: FileEdits) -> None:
    """Dash gets the override for a view, and ``super().dispatch()`` is the view that Dash would have had."""
    holder = gone()[override.name]["holder"]
    for call in override.calls:
        edits.edit(call.func, code.replace(f"self.{holder}"))
    edits.edit(override.method, given_back(add_url(override.name, holder)))


# --- no way on


def _refuse(override: Override, edits: FileEdits, members: set[str]) -> None:
    """A gate in the place of the one that is not asked any more: it lets nothing through."""
    leaving = outside(override.name, _of_flask("request", override.cls.file, edits))
    refuse = f"{_of_flask('abort', override.cls.file, edits)}(403)"
    hook = _hook_name(override)
    _register(override, edits, members, hook, refusal(hook, override.name, leaving + refuse))


def _mark(override: Override, edits: FileEdits) -> None:
    text = f"# TODO(dash-migrate): DM802 Dash does not call `{override.name}` any more: what it checks is not checked"
    if text not in edits.text.text:
        edits.comment(override.method, text)


def _close_replaced(project: Project, file: FileIndex, edits: FileEdits) -> None:
    """Where an app was given another method (``app.dispatch = guarded``), refuse what that method answered."""
    for name in gone():
        for target, scope, (_, _, _, statement) in project.attribute_assignments(name):
            if scope.file is not file or not is_replaced(project, target, scope):
                continue
            note = f"# TODO(dash-migrate): DM802 Dash does not call `{name}` any more: check this in a hook"
            if note in edits.text.text:
                continue
            edits.comment(statement, note)
            if any(isinstance(v, DashApp) for v in project.evaluator.eval(target.value, scope)):
                request, abort = _of_flask("request", file, edits), _of_flask("abort", file, edits)
                app = ast.unparse(target.value)
                edits.insert_after(statement, refused(app, name, request, abort))
