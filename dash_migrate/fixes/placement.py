"""Where the bridge module goes, and how each file imports it."""

from __future__ import annotations

from collections import Counter

from dash_migrate.facts.scan import App, Facts
from dash_migrate.facts.scopes import FileIndex
from dash_migrate.files.project import ModuleMap


class Placement:
    """One bridge module per import root that holds apps."""

    def __init__(self, facts: Facts, modules: ModuleMap, name: str) -> None:
        self.facts = facts
        self.modules = modules
        self.name = name
        self.placed: dict[str, str] = {}

    def root_of(self, file: FileIndex) -> str:
        """The folder that is on ``sys.path`` when a file runs, judged by how its imports of the project resolve."""
        votes: Counter[str] = Counter()
        for bindings in file.module.bindings.values():
            for binding in bindings:
                if binding.kind not in ("import", "from", "star") or binding.level:
                    continue
                dotted = binding.attr if binding.kind == "import" else binding.module
                for found in self.modules.resolve_import(file.display, 0, dotted)[:1]:
                    stem = found.removesuffix(".py").removesuffix("/__init__")
                    tail = dotted.replace(".", "/")
                    if stem == tail:
                        votes[""] += 1
                    elif stem.endswith("/" + tail):
                        votes[stem[: -len(tail) - 1]] += 1
        if votes:
            return votes.most_common(1)[0][0]
        folder = file.display.rpartition("/")[0]
        while folder and self.modules.is_package(folder):
            folder = folder.rpartition("/")[0]
        return folder

    def place(self, app: App) -> str:
        """The path of the bridge module for an app (the same for all apps of one root)."""
        file = app.constructors[0][1].file if app.constructors else app.file
        root = self.root_of(file)
        inside = file.display[len(root) + 1 :] if root else file.display
        first, _, rest = inside.partition("/")
        folder = root
        if rest and self.modules.is_package(f"{root}/{first}" if root else first):
            folder = f"{root}/{first}" if root else first
        path = f"{folder}/{self.name}.py" if folder else f"{self.name}.py"
        dotted = f"{first}.{self.name}" if folder != root else self.name
        self.placed[path] = dotted
        return path

    def import_name(self, file: FileIndex, bridge: str) -> str:
        """How ``file`` imports the bridge module at path ``bridge``."""
        root = self.root_of(file)
        stem = bridge.removesuffix(".py")
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
