"""Which files of a project with Dash in it matter, from what imports what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum

from dash_migrate.files.imports import Import
from dash_migrate.files.project import ModuleMap, is_below


class Tier(IntEnum):
    """Why a file is selected, the strongest reason first."""

    COUPLED = 1  #: imports Dash and has a word for the server
    SERVER = 2  #: imports Flask, Werkzeug, Quart, FastAPI, Starlette or an extension of one
    SIBLING = 3  #: imports, at whatever remove, a file of the first two: may see its app or server
    HELPER = 4  #: imported by one of the others and able to handle an app or server it is given
    PLAIN = 5  #: imports Dash, and has nothing to do with the server


class Spread:
    """Finds the files around those that import Dash.

    A file of another project (one of its own beside the one with Dash) counts only where imports lead to it:
    a Flask app elsewhere in a large tree has nothing to do with this one.
    """

    def __init__(
        self,
        imports: Mapping[str, Sequence[Import]],
        modules: ModuleMap,
        handles: Callable[[str], bool],
        roots: Sequence[str] = ("",),
    ) -> None:
        self._imports = imports
        self._modules = modules
        self._handles = handles
        self._roots = roots
        self._targets: dict[str, frozenset[str]] = {}
        self._inside: dict[str, bool] = {}
        self.tiers: dict[str, Tier] = {}

    def run(self, dash: Mapping[str, bool], servers: set[str]) -> dict[str, Tier]:
        """The tier of every file that matters.

        Args:
            dash: the files that import Dash, and whether they have a word for the server.
            servers: the other files that import something of Flask's kind.
        """
        for path, coupled in dash.items():
            self.tiers[path] = Tier.COUPLED if coupled else Tier.PLAIN
            self._inside[self._scope_of(path)] = True
        for path in servers:
            if self._is_inside(path):
                self.tiers[path] = Tier.SERVER
        self._upwards(servers)
        self._downwards(servers)
        return self.tiers

    def _upwards(self, servers: set[str]) -> None:
        """Everything that imports a chosen file, and what imports that."""
        by_word: dict[str, list[str]] = {}
        for path, imports in self._imports.items():
            words: set[str] = set()
            for one in imports:
                words.add(one.module.rpartition(".")[2])
                words.update(one.names)
            for word in words:
                by_word.setdefault(word, []).append(path)
        todo = self._chosen()
        seen = set(todo)
        while todo:
            target = todo.pop()
            directory, _, name = target.rpartition("/")
            if name == "conftest.py":  # the tests below it get its fixtures without an import
                users = [path for path in self._imports if is_below(path, directory) and _is_test(path)]
            else:
                users = [path for path in by_word.get(_import_word(target), ()) if target in self.targets(path)]
            for path in users:
                if path not in seen:
                    seen.add(path)
                    todo.append(path)
                    if path in servers:
                        self.tiers[path] = Tier.SERVER
                    elif self._handles(path) or path.endswith("__init__.py"):  # these pass names on
                        self.tiers[path] = Tier.SIBLING

    def _downwards(self, servers: set[str]) -> None:
        """What the chosen files import, as far as it could do something with an app."""
        todo = self._chosen()
        seen = set(todo)
        while todo:
            for target in self.targets(todo.pop()):
                if target in seen or target not in self._imports:
                    continue
                seen.add(target)
                if target in servers:
                    self.tiers[target] = Tier.SERVER
                elif not self._is_inside(target):
                    continue
                elif self._handles(target):
                    self.tiers[target] = Tier.HELPER
                todo.append(target)

    def _chosen(self) -> list[str]:
        return [path for path, tier in self.tiers.items() if tier is not Tier.PLAIN]

    def targets(self, path: str) -> frozenset[str]:
        """The project files that the imports of a file can mean."""
        known = self._targets.get(path)
        if known is not None:
            return known
        resolve = self._modules.resolve_import
        found: set[str] = set()
        for one in self._imports[path]:
            found.update(resolve(path, one.level, one.module))
            prefix = one.module + "." if one.module else ""
            for name in one.names:
                if name != "*":
                    found.update(resolve(path, one.level, prefix + name))
        targets = self._targets[path] = frozenset(found)
        return targets

    def _scope_of(self, path: str) -> str:
        """The directory in which files may belong with this one even if no import says so.

        That is its project, or, where nothing marks one, what holds it directly below the root of the walk.
        """
        project = self._modules.project_of(path)
        if project or self._modules.is_project(""):
            return project
        scope = ""
        for root in self._roots:
            if len(root) >= len(scope) and is_below(path, root):
                below = path[len(root) + 1 if root else 0 :]
                first, slash, _ = below.partition("/")
                scope = (f"{root}/{first}" if root else first) if slash else root
        return scope

    def _is_inside(self, path: str) -> bool:
        """Whether a file lies in the scope of one that imports Dash."""
        directory = path.rpartition("/")[0]
        known = self._inside.get(directory)
        if known is None:
            known = bool(directory) and self._is_inside(directory)
            self._inside[directory] = known
        return known


def _import_word(path: str) -> str:
    """The last part of the names under which a file can be imported."""
    directory, _, name = path.rpartition("/")
    return directory.rpartition("/")[2] if name == "__init__.py" else name.removesuffix(".py")


def _is_test(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
