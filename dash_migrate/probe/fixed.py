"""The same probes after ``fix``: the Flask app of a probe, moved to a backend, asked the same things."""

from __future__ import annotations

import ast
import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dash_migrate.model import Backend
from dash_migrate.probe.lab import HIDDEN, KINDS, Lab, Running
from dash_migrate.verify.boot import BootError, Server
from dash_migrate.verify.steps import ServerKind

FLASK_PRELUDE = """
import os, sys
for _name in os.environ.get("PROBE_HIDE", "").split():
    sys.modules[_name] = None
import dash
from dash import Dash, Input, Output, State, callback, dcc, html
"""

#: ``fix`` works on the current directory, which all threads share
_ONE_AT_A_TIME = threading.Lock()


class NotAsked(Exception):
    """The probe is about something that ``fix`` does not see."""


@dataclass
class FixedLab(Lab):
    """Boots apps as ``fix`` leaves them; a probe is told that the backend is Flask, and judges by that."""

    target: Backend = "fastapi"

    @contextlib.contextmanager
    def run(
        self,
        source: str,
        backend: Backend,
        kind: ServerKind | None = None,
        *,
        target: str = "app:server",
        options: Sequence[str] = (),
        shows: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        argv: Sequence[str] = (),
    ) -> Iterator[Running]:
        """As ``Lab.run``, on what ``fix`` makes of the app.

        Raises:
            NotAsked: the probe asks for a server of its own.
            BootError: it did not come up.
        """
        if kind not in (None, "script") or target != "app:server":
            raise NotAsked
        with tempfile.TemporaryDirectory(prefix="dash-migrate-probe-", ignore_cleanup_errors=True) as scratch:
            folder = Path(scratch).resolve()
            for name, text in {"app.py": as_flask(FLASK_PRELUDE + source), **(files or {})}.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            self._move(folder)
            hidden = " ".join(name for name in HIDDEN if name not in shows)
            server = Server(
                folder,
                "app.py" if kind == "script" else target,
                kind or KINDS[self.target],
                env={"PROBE_HIDE": hidden, "PYTHONWARNINGS": "ignore", **(env or {})},
                options=argv if kind == "script" else options,
                interpreter=self.interpreter,
                timeout=self.timeout,
            )
            with server:
                yield Running(server)

    def _move(self, folder: Path) -> None:
        from dash_migrate.fix import fix
        from dash_migrate.writes.apply import apply

        with _ONE_AT_A_TIME:
            before = Path.cwd()
            os.chdir(folder)
            try:
                outcome = fix([Path(".")], (self.target,))
                if outcome.errors:
                    raise BootError("fix: " + "; ".join(error.message for error in outcome.errors))
                apply(outcome.changes)
            finally:
                os.chdir(before)


def as_flask(source: str) -> str:
    """A probe's app as its author would have written it for Flask: ``make`` is ``Dash``, other branches are gone."""
    tree = _Fold().visit(ast.parse(source))
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


class _Fold(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> object:
        self.generic_visit(node)
        chosen = _on_flask(node.test)
        if chosen is None:
            return node
        return node.body if chosen else node.orelse

    def visit_Call(self, node: ast.Call) -> object:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "make":
            keywords = [k for k in node.keywords if not (k.arg is None and getattr(k.value, "id", "") == "SOCKETS")]
            return ast.Call(ast.Name("Dash", ast.Load()), [ast.Name("__name__", ast.Load())], keywords)
        node.keywords = [k for k in node.keywords if getattr(k.value, "id", "") != "BACKEND"]
        return node


def _on_flask(test: ast.expr) -> bool | None:
    """What ``BACKEND == "…"`` is on Flask."""
    if (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "BACKEND"
        and isinstance(test.comparators[0], ast.Constant)
    ):
        return test.comparators[0].value == "flask"
    return None
