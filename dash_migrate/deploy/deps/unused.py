"""Packages that the migrated project no longer uses, and those that only its new code uses."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from dash_migrate.deploy.deps.judge import Need, Requirements
from dash_migrate.deploy.deps.model import Requirement
from dash_migrate.deploy.deps.pep508 import normal
from dash_migrate.deploy.managers import worker_of
from dash_migrate.deploy.starts import Start, Starts
from dash_migrate.deploy.texts import Edit, apply
from dash_migrate.deploy.workspace import Workspace
from dash_migrate.project import Loaded
from dash_migrate.rules_data import table

#: files that declare packages; what they say of one is what is being decided
_DECLARING = frozenset(["requirements", "pyproject", "setup-cfg", "pipfile", "conda", "lock"])
_IMPORT = rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:[\w. \t]+,[ \t]*)*"


class Unused:
    """What the project needs no more once it has moved.

    Args:
        workspace: the project's files, the rewritten ones included.
        state: the project after the rewrite of its code.
        starts: its start commands.
        judge: its requirements.
        edits: what changes in its files besides.
    """

    def __init__(
        self,
        workspace: Workspace,
        state: Loaded,
        starts: Starts,
        judge: Requirements,
        edits: Mapping[str, list[Edit]],
    ) -> None:
        self.workspace = workspace
        self.state = state
        self.starts = starts
        self.judge = judge
        self.edits = edits

    def needs(self) -> Iterator[Need]:
        """Requirements to take out: shown to be used before and not after."""
        for row in table("dependencies")["manager"]:
            rewritten = [s for s in self.starts.found if s.plan.outcome == "uvicorn" and self._used(s, row["name"])]
            if rewritten:
                yield from self._drops(row["name"], "nothing starts it any more")
        for name in self._extensions():
            yield from self._drops(name, "nothing imports it any more")

    def _used(self, start: Start, name: str) -> bool:
        """Whether a command was one of a process manager, or had its worker class."""
        worker = worker_of(start.command) if start.command.manager.startswith("gunicorn") else None
        return start.command.manager.startswith(name) or (worker is not None and worker.value == name)

    def _drops(self, name: str, why: str) -> Iterator[Need]:
        asked = [r for r in self.judge.declared.named(normal(name)) if not r.fixed]
        drops = [Need("drop", r, why, r.drop()) for r in asked]
        if drops and not self._is_named(name, drops):
            yield from drops

    def _extensions(self) -> Iterator[str]:
        """The Flask extensions that the code imported and the rewritten code does not."""
        rows = {root for t in ("native_fastapi", "native_quart") for root in table(t).get("extension", {})}
        before = self.workspace.loaded
        for root in sorted(rows):
            if any(root.encode() in s.source.data for s in before.selection.files.values()):
                yield root

    def _is_named(self, name: str, drops: list[Need]) -> bool:
        """Whether something besides the requirements speaks of a package."""
        kinds = frozenset(self.workspace.paths.values()) - _DECLARING - {"template", "notebook"}
        for file in self.workspace.holding((name.encode(),), kinds):
            made = [
                *self.edits.get(file.path, ()),
                *(e for d in drops if d.requirement.path == file.path for e in d.edits),
            ]
            after = "\n".join(row for row in apply(file.text, made).splitlines() if not row.lstrip().startswith("#"))
            if re.search(rf"\b{name}", after):
                return True
        return self._in_python(name)

    def _in_python(self, name: str) -> bool:
        """Whether code imports it, or has its name as a string: subprocess, Popen, import_module."""
        word = name.encode()
        for path, data in self._python(word):
            if posixpath.basename(path) == "setup.py":
                continue
            if posixpath.basename(path).startswith("gunicorn") and name == "gunicorn":
                return True
            if re.search(_IMPORT + word + rb"\b", data) or re.search(rb"[\"']" + word + rb"[.\"']", data):
                return True
        return False

    def _python(self, word: bytes) -> Iterator[tuple[str, bytes]]:
        """The Python files and notebooks that hold a word, as they are after the rewrite."""
        loaded = self.workspace.loaded
        for path in (*loaded.files.python, *(p for p, k in self.workspace.paths.items() if k == "notebook")):
            data = self.workspace.data(path) if self.workspace.counts(path) else None
            if data is not None and (word in data or posixpath.basename(path).startswith("gunicorn")):
                yield path, data

    @cached_property
    def brought(self) -> list[str]:
        """Packages that the generated code imports and Dash does not bring."""
        found = []
        for row in table("dependencies")["generated"]:
            word = row["module"].encode()
            pattern = re.compile(_IMPORT + word + rb"\b")
            if any(word in data and pattern.search(data) for data in self.state.created.values()):
                found.append(row["package"])
        return found


def kept(needs: list[Need], drops: list[Requirement]) -> list[Need]:
    """The needs of requirements that stay."""
    return [n for n in needs if not any(n.requirement is d for d in drops)]
