"""What is known of an app before the first question: its URL rules, hooks and callbacks, with what they read.

The running app says which functions there are (``Server.described``); the source says what each of them reads
from a request and what it compares that with.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dash_migrate.compat.material import Material
from dash_migrate.facts.reads import Read
from dash_migrate.facts.values import Func
from dash_migrate.project import Loaded
from dash_migrate.verify.derive.credentials import Credentials, credentials_in

_PATH = re.compile(r"/[\w.~-]+(?:/[\w.~-]*)*")
_ORIGIN = re.compile(r"https?://[\w.-]+(?::\d+)?")
_LIBRARIES = ("dash.", "flask.", "werkzeug.")
_DASH_ENDPOINTS = ("_dash-", "_reload-hash", "_favicon.ico", "_alive")


@dataclass
class Rule:
    """One URL rule of the app's own (or of an extension), spelled as Flask spells it, its mount included."""

    rule: str
    methods: tuple[str, ...]
    arguments: Mapping[str, str]
    reads: Sequence[Read] = ()
    parameters: Mapping[str, Read] = field(default_factory=dict)
    #: string constants of the view, for arguments that are looked up somewhere
    words: Sequence[str] = ()
    name: str = ""

    @property
    def gets(self) -> bool:
        return "GET" in self.methods


@dataclass
class Site:
    """One Dash app: where it is, its pages, and what the parameters of each callback are compared with."""

    prefix: str
    pages: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    callbacks: Mapping[str, list[Read]] = field(default_factory=dict)


@dataclass
class Known:
    """Everything known of an app."""

    rules: list[Rule] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    #: what hooks, and functions that decorate views, read
    gates: list[Read] = field(default_factory=list)
    #: URL paths of static files
    files: list[str] = field(default_factory=list)
    #: folders of static files, to ask for one that is not there
    static: list[str] = field(default_factory=list)
    #: URL paths written out in the code that no rule has: hooks answer them, or let them pass
    paths: list[str] = field(default_factory=list)
    #: other sites that the code names, as ``https://host``
    origins: list[str] = field(default_factory=list)
    #: names that tables of the code hold: parts of a path may be looked up there
    words: list[str] = field(default_factory=list)
    credentials: Credentials = field(default_factory=Credentials)
    #: names of data files of the project
    data: list[str] = field(default_factory=list)
    #: words in the source that call for further requests (``ProxyFix``)
    uses: frozenset[str] = frozenset()


def known(described: Mapping[str, Any], loaded: Loaded, root: Path, env: Mapping[str, str]) -> Known:
    """Put together what the app said of itself and what its source says.

    ``loaded`` was read relative to ``root``; ``env`` are the variables that both sides are started with.
    """
    return _Gatherer(described, loaded, root, env).run()


class _Gatherer:
    def __init__(self, described: Mapping[str, Any], loaded: Loaded, root: Path, env: Mapping[str, str]) -> None:
        self.described, self.root = described, root.resolve()
        self.env = {**os.environ, **env}
        self.material = Material(loaded)
        self.project = loaded.facts.project
        for path in list(loaded.selection.files)[:1500]:
            self.project.file(path)
        self.functions = dict(self._functions())

    def run(self) -> Known:
        made = Known(credentials=credentials_in(self.project, self.root), data=list(_data_files(self.root)))
        made.uses = frozenset(
            word
            for word in ("ProxyFix", "Babel", "Compress", "CORS", "BasicAuth", "accept_languages")
            if any(word in source.text for source in self.material.loaded.sources.values())
        )
        for site in self.described.get("sites", ()):
            self._rules(site, made)
            self._hooks(site, made)
            for url, folder in [*([site["static"]] if site.get("static") else []), *site.get("blueprint_static", ())]:
                base = f"{site['prefix']}{url}".rstrip("/")
                made.static.append(base)
                made.files += [f"{base}/{name}" for name in _files_in(folder, 4)]
        made.sites = [self._site(one) for one in self.described.get("dashes", ())]
        made.sites.sort(key=lambda site: len(site.prefix))
        made.words = list(dict.fromkeys(self._tables()))
        made.origins = list(dict.fromkeys(self._strings(_ORIGIN)))
        made.paths = list(self._paths({rule.rule for rule in made.rules}))
        return made

    def _strings(self, pattern: re.Pattern[str]) -> Iterator[str]:
        for file in self.project.files.values():
            for node in ast.walk(file.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and pattern.fullmatch(node.value):
                    yield node.value

    def _tables(self) -> Iterator[str]:
        """The keys and members of the constant tables outside functions."""
        for file in self.project.files.values():
            for bindings in file.module.bindings.values():
                for value in (binding.value for binding in bindings):
                    if isinstance(value, ast.Dict):
                        members: Sequence[ast.expr | None] = value.keys
                    elif isinstance(value, (ast.List, ast.Tuple, ast.Set)):
                        members = value.elts
                    else:
                        continue
                    for member in members:
                        if isinstance(member, ast.Constant) and isinstance(member.value, (str, int)):
                            yield str(member.value)

    def _paths(self, rules: set[str]) -> Iterator[str]:
        """The strings that look like URL paths, those in functions first; each as a folder's beginning, too."""
        inside: list[str] = []
        outside: list[str] = []
        for file in self.project.files.values():
            functions = {part for function in _functions_in(file.tree) for part in ast.walk(function)}
            for node in ast.walk(file.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PATH.fullmatch(node.value):
                    (inside if node in functions else outside).append(node.value)
        for path in dict.fromkeys([*inside, *outside]):
            if path not in rules and not os.path.exists(path):
                yield path

    def _rules(self, site: Mapping[str, Any], made: Known) -> None:
        prefixes = [f"{one['mount']}{one['routes']}" for one in self.described.get("dashes", ())]
        for one in site["rules"]:
            rule = f"{site['prefix']}{one['rule']}"
            if self._is_dashs_own(rule, one, prefixes):
                continue
            function = self._function(one.get("place"))
            methods = tuple(m for m in one["methods"] if m not in ("HEAD", "OPTIONS"))
            found = Rule(rule, methods, one.get("arguments") or {}, name=one["endpoint"])
            if function is not None:
                found.reads = self._resolved(self.material.reads.of(function))
                found.parameters = {r.key or "": r for r in self._resolved(self.material.reads.parameters(function))}
                found.words = list(self._words(function))
            made.rules.append(found)

    def _is_dashs_own(self, rule: str, one: Mapping[str, Any], prefixes: list[str]) -> bool:
        if one["endpoint"] == "static" or one["endpoint"].endswith(".static"):
            return True
        for prefix in prefixes:
            rest = rule.removeprefix(prefix) if rule.startswith(prefix) else rule
            if rest.startswith(_DASH_ENDPOINTS) or (
                one.get("module", "").startswith(_LIBRARIES) and (rest in ("", "<path:path>") or "assets" in rest)
            ):
                return True
        return False

    def _hooks(self, site: Mapping[str, Any], made: Known) -> None:
        reads: dict[tuple[str, str | None], Read] = {}
        functions = [self._function(hook.get("place")) for hook in site["hooks"] if hook["kind"].startswith("before")]
        decorated = [f for f in self.functions.values() if _decorates(f.node)]
        for function in [*functions, *decorated]:
            if function is None:
                continue
            for inner in [function, *self._inside(function)]:
                for read in self.material.reads.of(inner):
                    reads.setdefault((read.kind, read.key), Read(read.kind, read.key)).add(read)
        views = {function.node for function in map(self._function, self._places(site)) if function is not None}
        for function in self.functions.values():
            for read in self.material.reads.of(function) if function.node not in views else ():
                if read.kind in ("headers", "authorization"):
                    reads.setdefault((read.kind, read.key), Read(read.kind, read.key)).add(read)
        made.gates += self._resolved(reads.values())

    def _places(self, site: Mapping[str, Any]) -> Iterator[Any]:
        """Where the views and callbacks are."""
        yield from (rule.get("place") for rule in site["rules"])
        for one in self.described.get("dashes", ()):
            yield from (spec.get("place") for spec in one.get("callbacks", {}).values())

    def _inside(self, function: Func) -> Iterator[Func]:
        for place, one in self.functions.items():
            if place[0] == function.file.display and one.node is not function.node:
                start, end = function.node.lineno, function.node.end_lineno or 0
                if start < one.node.lineno <= end:
                    yield one

    def _site(self, one: Mapping[str, Any]) -> Site:
        mount, routes = one.get("mount", ""), one["routes"]
        prefix = f"{mount}{routes}"
        callbacks = {}
        for output, spec in one.get("callbacks", {}).items():
            function = self._function(spec.get("place"))
            reads = self.material.reads.parameters(function) if function is not None else []
            callbacks[output] = self._resolved(reads)
        named = [page for page in one.get("pages", ()) if not page.startswith("template:")]
        templates = [page.removeprefix("template:") for page in one.get("pages", ()) if page.startswith("template:")]
        url, folder = one.get("assets") or ("assets", None)
        assets = [f"{prefix}{url.strip('/')}/{name}" for name in _files_in(folder, 4)]
        below = prefix.rstrip("/")
        pages = [page if page.startswith(prefix) else below + page for page in named]
        return Site(prefix, tuple(pages), tuple(below + t for t in templates), tuple(assets), callbacks)

    def _resolved(self, reads: Iterable[Read]) -> list[Read]:
        """The reads with what variables of the environment hold; ``${NAME}`` of one that is not set is left out."""
        found = []
        for read in reads:
            values = [self.env.get(value[2:-1], "") if value.startswith("${") else value for value in read.values]
            entries = [(key, tuple(filter(None, strings))) for key, strings in read.entries]
            found.append(Read(read.kind, read.key, read.type, [v for v in values if v], entries))
        return found

    # --- functions by place

    def _functions(self) -> Iterator[tuple[tuple[str, int], Func]]:
        for display, file in self.project.files.items():
            for node, scope in file.scope_of_node.items():
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                    yield (display, first), Func(file, node, scope.parent or scope)

    def _function(self, place: Sequence[Any] | None) -> Func | None:
        if not place:
            return None
        try:
            display = Path(place[0]).relative_to(self.root).as_posix()
        except ValueError:
            return None
        return self.functions.get((display, place[1]))

    def _words(self, function: Func) -> Iterator[str]:
        """Short string constants, and keys of the dictionaries of its module that it names."""
        names = {node.id for node in ast.walk(function.node) if isinstance(node, ast.Name)}
        for node in ast.walk(function.node):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) < 24:
                yield node.value
        for name in names:
            for binding in function.file.module.bindings.get(name, ()):
                if isinstance(binding.value, ast.Dict):
                    for key in binding.value.keys:
                        if isinstance(key, ast.Constant) and isinstance(key.value, (str, int)):
                            yield str(key.value)


def _functions_in(tree: ast.AST) -> Iterator[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)))


def _decorates(node: ast.AST) -> bool:
    """Whether a function wraps another one: it defines a function that it returns."""
    body = getattr(node, "body", [])
    inner = {one.name for one in body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))}
    returned = [one.value for one in body if isinstance(one, ast.Return)]
    return any(isinstance(one, ast.Name) and one.id in inner for one in returned)


def _files_in(folder: str | None, most: int) -> list[str]:
    if not folder or not os.path.isdir(folder):
        return []
    found: dict[str, str] = {}
    for base, directories, names in os.walk(folder):
        directories.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(base, name), folder).replace(os.sep, "/")
            if not path.startswith(".") and path.isascii() and " " not in path:
                found.setdefault(os.path.splitext(name)[1], path)  # one of each kind first
    return sorted(found.values())[:most]


def _data_files(root: Path) -> Iterator[str]:
    count = 0
    for base, directories, names in os.walk(root):
        directories[:] = sorted(d for d in directories if not d.startswith((".", "__")) and d != "node_modules")
        for name in sorted(names):
            if not name.endswith((".py", ".pyc", ".toml", ".cfg")) and not name.startswith(".") and name.isascii():
                yield os.path.relpath(os.path.join(base, name), root).replace(os.sep, "/")
                count += 1
                if count >= 200:
                    return
