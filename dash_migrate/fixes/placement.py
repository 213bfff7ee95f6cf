"""Where the bridge module goes, and how each file imports it."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property

from dash_migrate import deploy
from dash_migrate.facts.names import names
from dash_migrate.facts.scan import App
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.project import Loaded


class Placement:
    """One bridge module per import root that holds apps."""

    def __init__(self, loaded: Loaded, name: str) -> None:
        self.loaded = loaded
        self.facts = loaded.facts
        self.modules = loaded.selection.modules
        self.name = name
        self.placed: dict[str, str] = {}

    @cached_property
    def _votes(self) -> dict[str, Counter[str]]:
        """For each file, the folders on ``sys.path`` that its imports, and imports of it, speak for."""
        known: dict[str, Counter[str]] | None = self.loaded.memo.get("import roots")
        if known is None:
            known = self.loaded.memo["import roots"] = self._count_votes()
        return known

    def _count_votes(self) -> dict[str, Counter[str]]:
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for path, root in deploy.import_roots(self.loaded):
            votes[path][root] += 5
        for path, candidate in self._imported():
            for found in self.modules.resolve_import(path, 0, candidate)[:1]:
                stem = found.removesuffix(".py").removesuffix("/__init__")
                tail = candidate.replace(".", "/")
                root = "" if stem == tail else stem[: -len(tail) - 1]
                votes[path][root] += 3
                votes[found][root] += 1
        return votes

    def _imported(self) -> Iterator[tuple[str, str]]:
        """What each file may import by a name that begins at such a folder."""
        files = self.facts.project.files
        for file in files.values():
            for bindings in file.module.bindings.values():
                for binding in bindings:
                    if binding.kind not in ("import", "from", "star") or binding.level:
                        continue
                    if (binding.module or binding.attr).split(".")[0] in names().external_roots:
                        continue
                    dotted = binding.attr if binding.kind == "import" else binding.module
                    for candidate in (f"{dotted}.{binding.attr}", dotted) if binding.kind == "from" else (dotted,):
                        yield file.display, candidate
        for path, imports in self.loaded.selection.imports.items():
            for one in imports if path not in files else ():
                if not one.level and one.top not in names().external_roots:
                    yield from (
                        (path, candidate) for candidate in (*(f"{one.module}.{n}" for n in one.names), one.module)
                    )

    def root_of(self, file: FileIndex) -> str:
        """The folder that is on ``sys.path`` when a file runs, judged by how imports of the project resolve."""
        folder = file.display.rpartition("/")[0]
        votes = self._votes.get(file.display)
        while not votes and folder:
            # a neighbour in the same package is imported through the same root
            beside = Counter[str]()
            for name, theirs in self._votes.items():
                if name.startswith(folder + "/"):
                    beside.update(root for root in theirs if not root or folder.startswith(root))
            votes, folder = beside, folder.rpartition("/")[0]
            if not self.modules.is_package(folder) and not votes:
                break
        if votes:
            return votes.most_common(1)[0][0]
        folder = file.display.rpartition("/")[0]
        while folder and self.modules.is_package(folder):
            folder = folder.rpartition("/")[0]
        return folder

    def place(self, app: App) -> str:
        """The folder of the bridge for an app (the same for all apps of one root)."""
        file = app.constructors[0][1].file if app.constructors else app.file
        root = self.root_of(file)
        inside = file.display[len(root) + 1 :] if root else file.display
        first, _, rest = inside.partition("/")
        folder = root
        if rest and self.modules.is_package(f"{root}/{first}" if root else first):
            folder = f"{root}/{first}" if root else first
        path = f"{folder}/{self.name}" if folder else self.name
        dotted = f"{first}.{self.name}" if folder != root else self.name
        self.placed[path] = dotted
        return path

    def import_name(self, file: FileIndex, bridge: str) -> str:
        """How ``file`` imports the bridge in the folder ``bridge``: relatively where that is its habit."""
        package, _, name = bridge.rpartition("/")
        folder = file.display.rpartition("/")[0]
        root = self.root_of(file)
        inside = package != root and f"{folder}/".startswith(f"{package}/")  # no dots lead to the root itself
        if package and inside and _imports_relatively(file):
            return "." * (1 + folder.count("/") - package.count("/")) + name
        stem = bridge
        if not root:
            dotted = stem.replace("/", ".")
        elif stem.startswith(root + "/"):
            dotted = stem[len(root) + 1 :].replace("/", ".")
        else:
            return self.placed.get(bridge, self.name)
        if all(part.isidentifier() for part in dotted.split(".")):
            parents = dotted.split(".")[:-1]
            if len(parents) <= 1 or self._are_packages(root, parents):
                return dotted
        return self.placed.get(bridge, self.name)

    def _are_packages(self, root: str, parents: list[str]) -> bool:
        folder = root
        for part in parents:
            folder = f"{folder}/{part}" if folder else part
            if not self.modules.is_package(folder):
                return False
        return True


def _imports_relatively(file: FileIndex) -> bool:
    """Whether all that a file imports of its own package it imports relatively."""
    bindings = (b for scope in file.scopes for some in scope.bindings.values() for b in some)
    froms = [b.node for b in bindings if isinstance(b.node, ast.ImportFrom)]
    package = file.display.split("/")[-2:-1]
    absolute = [n for n in froms if not n.level and n.module and n.module.split(".")[0] in package]
    return any(n.level for n in froms) and not absolute
