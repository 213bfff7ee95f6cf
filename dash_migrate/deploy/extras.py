"""What only can be reported: templates that hold apps, names patched in tests, documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dash_migrate.deploy.workspace import DeployFile, Workspace

#: (rule, file, place, text, why)
Reported = tuple[str, DeployFile, tuple[int, int], str, str]

_APP = re.compile(rb"^[ \t]*(?:from dash[\w.]* import|import dash\b)", re.MULTILINE)
_MAKES = re.compile(r"\b(?:Dash|JupyterDash)\(|\.run_server\(|\.server\.|gunicorn")
_PATCH = re.compile(r"""\bpatch(?:\.object|\.dict)?\(\s*["'](?P<name>(?:[\w.]+\.)?(?:flask|flask_login)\.[\w.]+)["']""")
_RUN_SERVER = re.compile(r"\b\w+\.run_server\(")
#: documents of what was
_HISTORY = re.compile(r"(?i)(?:^|/)(?:change(?:s|log)|history|news|release[-_ ]?notes|releases)[^/]*$")


def templates(workspace: Workspace) -> Iterator[Reported]:
    """Templates (Jinja, cookiecutter) that become a Dash app."""
    for path, kind in workspace.paths.items():
        if kind != "template" or path.endswith((".html", ".htm")):
            continue
        file = workspace.file(path, kind)
        if file is None or not _APP.search(file.data):
            continue
        found = _MAKES.search(file.text)
        if found is not None:
            yield "DM731", file, found.span(), found[0], f"`{found[0].strip('(')}` in {path.rpartition('/')[2]}"


def patched(workspace: Workspace) -> Iterator[Reported]:
    """Flask names that tests patch by their dotted path."""
    loaded = workspace.loaded
    for path, selected in loaded.selection.files.items():
        data = selected.source.data
        if b"patch" not in data or b"flask" not in data:
            continue
        file = workspace.file(path, "python")
        for found in _PATCH.finditer(file.text if file is not None else ""):
            if file is not None:
                why = "see that the code under test still reads it from there"
                yield "DM740", file, found.span("name"), found["name"], why


def documents(workspace: Workspace) -> Iterator[Reported]:
    """Documents that show ``run_server``."""
    for path in workspace.documents:
        if _HISTORY.search(path):
            continue
        file = workspace.file(path)
        if file is None or b"run_server(" not in file.data:
            continue
        for found in _RUN_SERVER.finditer(file.text):
            yield "DM741", file, found.span(), found[0].rstrip("("), "it is `run` since Dash 3"
