"""The code that is written for overrides which Dash no longer calls."""

from __future__ import annotations

from textwrap import indent
from typing import Any

from dash_migrate.facts.overrides import gone
from dash_migrate.fixes.edits import Edit

_PREFIX = "{self.config.routes_pathname_prefix}"


def outside(name: str, request: str) -> str:
    """Statements that leave a function, unless the request is one that an override answered."""
    row = gone()[name]
    others = f"{request}.path != dash_path" if row["match"] == "exact" else f"not {request}.path.startswith(dash_path)"
    if row["method"] != "GET":
        others = f'{request}.method != "{row["method"]}" or {others}'
    return f'dash_path = f"{_PREFIX}{row["route"]}"\nif {others}:\n    return None\n'


def registration(hook: str) -> str:
    """The method that gives a hook to the server, once Dash has one."""
    return (
        "def init_app(self, *args, **kwargs):\n"
        "    super().init_app(*args, **kwargs)\n"
        f"    self.server.before_request(self.{hook})\n"
    )


def add_url(name: str, holder: str) -> str:
    """The method that hands an override to Dash in the place of Dash's own view."""
    row = gone()[name]
    test = f'name == "{row["route"]}"' if row["match"] == "exact" else f'name.startswith("{row["route"]}")'
    return (
        'def _add_url(self, name, view_func, methods=("GET",)):\n'
        f"    if {test}:  # from 4.2 on, Dash does not call {name} itself\n"
        f"        self.{holder}, view_func = view_func, self.{name}\n"
        "    super()._add_url(name, view_func, methods)\n"
    )


def before_hook(hook: str, check: str, leaving: str) -> Any:
    """The method itself as a hook; or, where decorators are on it, a hook that asks it under the name ``check``."""

    def change(node: Any, first: str | None) -> Any:
        import libcst as cst

        body = _indented(node.body)
        if check:
            asking = _method(f"def {hook}(self):\n{indent(leaving, '    ')}    return self.{check}()\n")
            return _in_a_row(first, [asking], node.with_changes(name=cst.Name(check), body=body))
        statements = list(body.body)
        at = 1 if _is_docstring(statements[0]) else 0
        body = body.with_changes(body=[*statements[:at], *cst.parse_module(leaving).body, *statements[at:]])
        return _in_a_row(first, [], node.with_changes(name=cst.Name(hook), body=body))

    return change


def refusal(hook: str, name: str, body: str) -> Any:
    """A hook that refuses, before an override that nobody calls."""

    def change(node: Any, first: str | None) -> Any:
        text = (
            f"def {hook}(self):\n"
            f"    # TODO(dash-migrate): DM802 `{name}` is not called any more: do here what it checks\n"
            f"{indent(body, '    ')}\n"
        )
        return _in_a_row(first, [_method(text)], node)

    return change


def refused(app: str, name: str, request: str, abort: str) -> str:
    """A hook of an app that refuses the requests a method answered."""
    row = gone()[name]
    path = f'f"{{{app}.config.routes_pathname_prefix}}{row["route"]}"'
    test = f"{request}.path == {path}" if row["match"] == "exact" else f"{request}.path.startswith({path})"
    return (
        f"\n\n@{app}.server.before_request\n"
        f"def refuse_{name}():\n"
        f'    if {request}.method == "{row["method"]}" and {test}:\n'
        f"        {abort}(403)\n"
    )


def given_back(handing: str) -> Edit:
    """The method that hands an override to Dash, before the override."""

    def change(node: Any) -> Any:
        return _in_a_row(handing, [], node)

    return change


def _in_a_row(first: str | None, between: list[Any], last: Any) -> Any:
    """New methods before a method, a blank line between them; the comments above it stay with it."""
    import libcst as cst

    made = [_method(first)] if first else []
    made += between
    if not made:
        return last
    above = list(last.leading_lines)
    lines = [line for line in above if line.comment is None and above.index(line) < len(above)]
    blank = cst.EmptyLine(indent=False)
    comments = above[next((n for n, line in enumerate(above) if line.comment is not None), len(above)) :]
    made[0] = made[0].with_changes(leading_lines=lines[:1])
    rest = [m.with_changes(leading_lines=[blank]) for m in made[1:]]
    return cst.FlattenSentinel([made[0], *rest, last.with_changes(leading_lines=[blank, *comments])])


def _method(text: str) -> Any:
    import libcst as cst

    return cst.parse_statement(text)


def _indented(body: Any) -> Any:
    """A body on lines of its own."""
    import libcst as cst

    if isinstance(body, cst.IndentedBlock):
        return body
    return cst.IndentedBlock([cst.SimpleStatementLine(list(body.body), trailing_whitespace=body.trailing_whitespace)])


def _is_docstring(statement: Any) -> bool:
    import libcst as cst

    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    return isinstance(statement.body[0], cst.Expr) and isinstance(
        statement.body[0].value, (cst.SimpleString, cst.ConcatenatedString)
    )
