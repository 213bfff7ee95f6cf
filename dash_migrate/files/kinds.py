"""What a file is, told from its name alone."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Literal

Kind = Literal[
    "python",
    "notebook",
    "requirements",
    "pyproject",
    "setup-cfg",
    "pipfile",
    "conda",
    "lock",
    "procfile",
    "dockerfile",
    "compose",
    "service",
    "runtime",
    "make",
    "shell",
    "env",
    "config",
    "ini",
    "toml",
    "yaml",
    "json",
    "xml",
    "template",
]

#: Names that decide alone.
_BY_NAME: dict[str, Kind] = {
    "pyproject.toml": "pyproject",
    "setup.cfg": "setup-cfg",
    "Pipfile": "pipfile",
    "Pipfile.lock": "lock",
    "poetry.lock": "lock",
    "pdm.lock": "lock",
    "uv.lock": "lock",
    "pylock.toml": "lock",
    "conda-lock.yml": "lock",
    "meta.yaml": "conda",
    "runtime.txt": "runtime",
    ".python-version": "runtime",
    "Makefile": "make",
    "makefile": "make",
    "GNUmakefile": "make",
    "justfile": "make",
    "Justfile": "make",
    "Taskfile": "make",
    "Jenkinsfile": "shell",
    "Vagrantfile": "shell",
    "Caddyfile": "config",
    "Earthfile": "dockerfile",
    ".htaccess": "config",
    "tox.ini": "ini",
}

#: Names recognised by their form, tried in this order before the suffix is looked at.
_BY_PATTERN: tuple[tuple[str, Kind], ...] = (
    ("Procfile*", "procfile"),
    ("procfile*", "procfile"),
    ("Dockerfile*", "dockerfile"),
    ("dockerfile*", "dockerfile"),
    ("Containerfile*", "dockerfile"),
    ("*.dockerfile", "dockerfile"),
    ("*.Dockerfile", "dockerfile"),
    ("docker-compose*.yml", "compose"),
    ("docker-compose*.yaml", "compose"),
    ("compose*.yml", "compose"),
    ("compose*.yaml", "compose"),
    ("*requirements*.txt", "requirements"),
    ("*requirements*.in", "requirements"),
    ("*constraints*.txt", "requirements"),
    ("environment*.yml", "conda"),
    ("environment*.yaml", "conda"),
    ("conda*.yml", "conda"),
    ("conda*.yaml", "conda"),
    (".env*", "env"),
    (".flaskenv", "env"),
)

_BY_SUFFIX: dict[str, Kind] = {
    ".py": "python",
    ".pyw": "python",
    ".wsgi": "python",
    ".ipynb": "notebook",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".cfg": "ini",
    ".conf": "config",
    ".config": "config",
    ".ini": "ini",
    ".env": "env",
    ".service": "service",
    ".socket": "service",
    ".mk": "make",
    ".sh": "shell",
    ".bash": "shell",
    ".bat": "shell",
    ".cmd": "shell",
    ".ps1": "shell",
    ".html": "template",
    ".htm": "template",
    ".jinja": "template",
    ".jinja2": "template",
    ".j2": "template",
    ".xml": "xml",
}

#: The suffixes and beginnings of which every recognised name has one: a quick no for all the others.
_BEGINNINGS = (".env", ".flaskenv", "Procfile", "procfile", "Dockerfile", "dockerfile", "Containerfile")
_TEXT_SUFFIXES = frozenset((".txt", ".in", ".yml", ".yaml", ".dockerfile", ".Dockerfile"))

#: What a file is called that becomes another, and the kinds in which it is still read as that other.
_BECOMES = frozenset((".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".example", ".sample", ".dist"))
_STILL = frozenset(("compose", "yaml", "service", "shell", "procfile", "dockerfile", "ini", "config", "make", "toml"))

_PYTHON_SHEBANG = re.compile(rb"#!.*\bpython[\d.]*w?\b")


def kind_of(name: str, directory: str = "") -> Kind | None:
    """The kind of a file called ``name`` in the directory called ``directory``; None: not one we read."""
    suffix = name[name.rfind(".") :] if "." in name else ""
    if suffix == ".py":
        return "python"
    if name in _BY_NAME:
        return _BY_NAME[name]
    if suffix in _TEXT_SUFFIXES or name.startswith(_BEGINNINGS):
        for pattern, kind in _BY_PATTERN:
            if fnmatchcase(name, pattern):
                return kind
        if directory in ("requirements", "reqs", "deps") and suffix in (".txt", ".in"):
            return "requirements"
    if suffix in _BECOMES:
        inner = kind_of(name[: -len(suffix)], directory)
        if inner in _STILL:
            return inner
    return _BY_SUFFIX.get(suffix)


def is_python_script(beginning: bytes) -> bool:
    """Whether a file without a telling name starts with a shebang line that runs Python."""
    return beginning.startswith(b"#!") and _PYTHON_SHEBANG.match(beginning.splitlines()[0]) is not None
