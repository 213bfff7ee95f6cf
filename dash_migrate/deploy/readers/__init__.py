"""Finds the pieces of a deploy file that are run as commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from dash_migrate.deploy.argv import Item
from dash_migrate.deploy.commands import Command, Setting, commands_in_shell, commands_in_words
from dash_migrate.deploy.texts import Text
from dash_migrate.files.kinds import Kind


@dataclass
class Piece:
    """Something that is run: a text for a shell, or words."""

    setting: Setting
    text: Text | None = None
    words: list[Item] = field(default_factory=list)
    #: a text that is split into words as a shell would, and no more
    split_only: bool = False

    def commands(self) -> Iterator[Command]:
        """The process managers that are started."""
        if self.text is not None:
            if any(word in self.text.value for word in _WORDS):
                yield from commands_in_shell(self.text, self.setting, split_only=self.split_only)
        else:
            yield from commands_in_words(self.words, self.setting)


#: what a file must hold to be worth reading for commands
WORDS = (b"gunicorn", b"waitress", b"flask", b"uvicorn", b"hypercorn", b"granian", b"uwsgi", b"mod_wsgi")
_WORDS = tuple(word.decode() for word in WORDS)
#: … and a Python file
IN_PYTHON = (b"gunicorn", b"waitress-serve")
#: … and for requirements that are installed by command
INSTALLS = (b"pip install", b"pip3 install", b'"install"', b"uv add", b"poetry add", b"-m pip")


def pieces(path: str, kind: Kind | None, data: str, setting: Setting) -> list[Piece]:
    """The pieces of a file that are run as commands; none if the file cannot be read as what it is called."""
    reader = _reader(path, kind)
    return list(reader(data, setting)) if reader is not None else []


def _reader(path: str, kind: Kind | None) -> Callable[[str, Setting], Iterator[Piece]] | None:
    from dash_migrate.deploy.readers import dockerfile, json_files, lines, python_files, toml_files, yaml_files

    name = path.rpartition("/")[2]
    for ending in (".tmpl", ".template", ".tpl", ".example", ".sample", ".dist", ".j2", ".jinja"):
        name = name.removesuffix(ending)
    if kind == "procfile":
        return lines.procfile
    if kind == "python":
        return python_files.read
    if kind == "dockerfile":
        return dockerfile.read
    if kind in ("compose", "yaml") or name.endswith((".yml", ".yaml")):
        return yaml_files.read
    if kind == "json" or kind == "notebook":
        return json_files.read if kind == "json" else None
    if kind in ("toml", "pyproject"):
        return toml_files.read
    if kind == "make":
        return lines.makefile
    if kind == "shell":
        return lines.script
    if kind == "service" or kind == "ini" or (kind == "config" and not name.startswith("nginx")):
        return lines.ini
    if fnmatchcase(name, "*.md") or fnmatchcase(name, "*.rst"):
        return lines.document
    return None


def located(setting: Setting, folders: tuple[str, ...]) -> Setting:
    """The setting with other folders first."""
    return replace(setting, folders=tuple(dict.fromkeys([*folders, *setting.folders])))
