"""Which file an import means, without running anything and without knowing how the program is started."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable, Sequence

from dash_migrate.files.layout import Layout, join, read_layout
from dash_migrate.files.walk import FileSet

_SUFFIX = ".py"
_PACKAGE_FILE = "__init__.py"

# How a directory comes to be on the import path, from the surest way to the least sure.
_LIKELY, _DECLARED, _RENAMED, _SAME_PROJECT, _PROJECT_AROUND, _PROJECT_BELOW, _ELSEWHERE = range(7)
#: From here on it is a guess, of use only where nothing better is found.
_GUESS = _SAME_PROJECT


class ModuleMap:
    """The modules of a project.

    Directories are display paths without a slash at the end; the working directory is ``""``. What is on the
    import path depends on how the program is started, so an absolute import can mean several files; they come
    best first: from the importing file's own root, then from those that metadata names. Only where these have
    nothing are other directories of the project, and then those around it, believed to be on the path.
    """

    def __init__(self, paths: Iterable[str], layout: Layout | None = None) -> None:
        self._layout = layout if layout is not None else Layout()
        #: Path without suffix (a package: its directory) → file.
        self._by_stem: dict[str, str] = {}
        self._by_last_name: dict[str, list[str]] = {}
        self._packages: set[str] = set()
        self._found: dict[tuple[str, int, str], list[str]] = {}
        self._likely: dict[str, list[str]] = {}
        self._projects: dict[str, str] = {}
        for path in paths:
            if path.endswith(_SUFFIX):
                self._add(path)

    @classmethod
    def of(cls, files: FileSet) -> ModuleMap:
        return cls(files.python, read_layout(files))

    def of_some(self, paths: Iterable[str]) -> ModuleMap:
        """The map of some of the files."""
        return ModuleMap(paths, self._layout)

    def _add(self, path: str) -> None:
        directory, _, name = path.rpartition("/")
        if name == _PACKAGE_FILE:
            self._packages.add(directory)
            stem = directory
        else:
            stem = path[: -len(_SUFFIX)]
            if stem in self._by_stem:  # a package of the same name wins
                return
        if stem not in self._by_stem:
            self._by_last_name.setdefault(stem.rpartition("/")[2], []).append(stem)
        self._by_stem[stem] = path

    # Questions

    def resolve_import(self, from_path: str, level: int, dotted: str) -> list[str]:
        """The files that ``import dotted`` (level 0) or ``from ..dotted import …`` can mean, best first.

        For ``from a import b`` ask for ``a``, and for ``a.b`` to see whether ``b`` is a module. A namespace
        package is no file and so no answer.
        """
        if not level and not self._layout.renamed and dotted.rpartition(".")[2] not in self._by_last_name:
            return []
        directory = from_path.rpartition("/")[0]
        key = (directory, level, dotted)
        found = self._found.get(key)
        if found is None:
            found = self._relative(directory, level, dotted) if level else self._absolute(directory, dotted)
            self._found[key] = found
        return found

    def resolve_module(self, dotted: str, directory: str = "") -> list[str]:
        """The files a start command such as ``gunicorn dotted:app`` can mean when run in ``directory``."""
        return self.resolve_import(posixpath.join(directory, "-"), 0, dotted)

    def module_names(self, path: str) -> list[str]:
        """The dotted names under which a file can be imported, the most likely first."""
        if not path.endswith(_SUFFIX):
            return []
        directory, _, name = path.rpartition("/")
        stem = directory if name == _PACKAGE_FILE else path[: -len(_SUFFIX)]
        parent = posixpath.dirname(stem)
        names: list[str] = []
        for root in self._roots_for(parent):
            dotted = (stem[len(root) + 1 :] if root else stem).replace("/", ".")
            if all(part.isidentifier() for part in dotted.split(".")):
                names.append(dotted)
        return names

    def is_package(self, directory: str) -> bool:
        return directory in self._packages

    def is_project(self, directory: str) -> bool:
        """Whether a directory is marked as a project: a repository, packaging metadata, requirements."""
        return directory in self._layout.projects

    def project_of(self, path: str) -> str:
        """The directory of the project a file or directory belongs to; ``""`` if nothing marks one."""
        found = self._projects.get(path)
        if found is None:
            projects = self._layout.projects
            found = path
            while found not in ("", "/") and found not in projects:
                found = posixpath.dirname(found)
            self._projects[path] = found
        return found

    def scope_of(self, path: str, roots: Sequence[str]) -> str:
        """The directory in which files may belong with this one even if no import says so.

        That is its project, or, where nothing marks one, what holds it directly below the root of the walk.
        """
        project = self.project_of(path)
        if project or self.is_project(""):
            return project
        scope = ""
        for root in roots:
            if len(root) >= len(scope) and is_below(path, root):
                below = path[len(root) + 1 if root else 0 :]
                first, slash, _ = below.partition("/")
                scope = (f"{root}/{first}" if root else first) if slash else root
        return scope

    # Answers

    def _relative(self, directory: str, level: int, dotted: str) -> list[str]:
        base = join(directory, "../" * (level - 1)) if level > 1 else directory
        path = self._by_stem.get(join(base, dotted.replace(".", "/")) if dotted else base)
        return [path] if path is not None else []

    def _absolute(self, directory: str, dotted: str) -> list[str]:
        inner = dotted.replace(".", "/")
        found: list[tuple[tuple[int, int, str], str]] = []
        for stem in self._by_last_name.get(inner.rpartition("/")[2], ()):
            if stem == inner:
                root = ""
            elif stem.endswith("/" + inner):
                root = stem[: -len(inner) - 1]
            else:
                continue
            rank = self._rank(directory, root, dotted)
            if rank is not None:
                found.append((rank, self._by_stem[stem]))
        for package, directories in self._layout.renamed.items():
            if dotted == package or dotted.startswith(package + "."):
                rest = dotted[len(package) + 1 :].replace(".", "/")
                for where in directories:
                    path = self._by_stem.get(join(where, rest) if rest else where)
                    if path is not None:
                        found.append(((_RENAMED, 0, where), path))
        found.sort()
        certain = bool(found) and found[0][0][0] < _GUESS
        return [path for rank, path in found if not certain or rank[0] < _GUESS]

    def _rank(self, directory: str, root: str, dotted: str) -> tuple[int, int, str] | None:
        """How likely ``root`` is on the import path of a file in ``directory``; None: not believable."""
        likely = self._roots_for(directory)
        if root in likely:
            return (_LIKELY, likely.index(root), root)
        top, _, rest = dotted.partition(".")
        if top in sys.stdlib_module_names or root in self._packages:
            return None
        distance = -len(posixpath.commonprefix([directory + "/", root + "/"]))
        own, other = self.project_of(directory), self.project_of(root)
        if root in self._layout.roots and is_below(directory, other):
            return (_DECLARED, distance, root)
        if own == other:
            return (_SAME_PROJECT, distance, root)
        if is_below(directory, other):
            return (_PROJECT_AROUND, distance, root)
        if is_below(root, own):
            return (_PROJECT_BELOW, distance, root)
        return (_ELSEWHERE, distance, root) if rest else None

    def _roots_for(self, directory: str) -> list[str]:
        """The directories above a file (its own included) by how likely imports start there.

        Inside a package that is the directory above its top; a file may also be run as a script, and so may
        any other in the directories above.
        """
        known = self._likely.get(directory)
        if known is not None:
            return known
        asked, above = directory, [directory]
        while directory not in ("", "/") and posixpath.basename(directory) != "..":
            directory = posixpath.dirname(directory)
            above.append(directory)
        top = next((index for index, one in enumerate(above) if one not in self._packages), 0)
        likely = self._likely[asked] = [above[top], *above[:top], *above[top + 1 :]]
        return likely


def is_below(path: str, directory: str) -> bool:
    """Whether a path is a directory or lies in it."""
    return not directory or path == directory or path.startswith(directory + "/")
