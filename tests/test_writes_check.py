"""New contents must be what the old ones were."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from dash_migrate.writes.changes import Change
from dash_migrate.writes.check import check

PYTHON_2 = b"print 'x'\n"
DEEP = b"x = " + b"(" * 300 + b")" * 300 + b"\n"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a.py", b"x = 1\n", b"x = 2\n"),
        ("a.py", None, b"x = 2\n"),
        ("a.py", b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\ny = '\xe9'\n"),
        ("a.py", b"\xef\xbb\xbfx = 1\r\n", b"\xef\xbb\xbfx = 2\r\n"),
        ("a.py", b"", b"from __future__ import annotations\nx: y\n"),
        ("a.toml", b"a = 1\n", b"a = 2\n"),
        ("a.toml", b"a =\n", b"a = =\n"),
        ("a.json", b"{}", b"[]"),
        ("a.json", b"{//}", b"[//]"),
        ("Procfile", b"web: gunicorn app:server", b"web: uvicorn app:server"),
        ("requirements.txt", b"dash", b"dash[fastapi]"),
        ("run", b"#!/bin/sh\nx", b"#!/bin/sh\nif"),
    ],
)
def test_contents_that_are_fine(path: str, old: bytes | None, new: bytes) -> None:
    assert check(Change(path, new, old)) is None


@pytest.mark.parametrize(
    ("path", "old", "new", "line"),
    [
        ("a.py", b"x = 1\n", b"x = 1\ny = (\n", 2),
        ("a.py", None, PYTHON_2, 1),
        ("a.wsgi", b"x = 1\n", b"return\n", 1),
        ("a.py", b"x = 1\n", b"x = '\xe9'\n", None),
        ("a.py", b"x = 1\n", b"x\0", None),
        ("a.py", b"x = 1\n", DEEP, None),
        ("a.py", b"x = 1\n", b"x = 1\nfrom __future__ import annotations\n", 2),
        ("run", b"#!/usr/bin/env python3\n", b"#!/usr/bin/env python3\nx =\n", 2),
        ("a.toml", b"a = 1\n", b"a = \n", None),
        ("a.json", b"{}", b"{", None),
        ("a.ipynb", None, b"{", None),
    ],
)
def test_contents_that_are_broken(path: str, old: bytes | None, new: bytes, line: int | None) -> None:
    error = check(Change(path, new, old))
    assert error is not None
    assert error.path == path
    assert "the new contents would not" in error.message
    if line is not None:
        assert error.line == line


def test_grammar_this_python_does_not_know_is_judged_by_libcst() -> None:
    new_grammar = b"lazy import dash\n"
    old_contents = new_grammar + b"app.run_server()\n"
    with pytest.raises(SyntaxError):
        compile(old_contents, "a.py", "exec")
    assert check(Change("a.py", new_grammar + b"app.run()\n", old_contents)) is None
    broken = check(Change("a.py", new_grammar + b"app.run(\n", old_contents))
    assert broken is not None
    assert broken.line is not None


def test_nothing_heavy_is_loaded_for_files_that_compile() -> None:
    script = """
import sys
import dash_migrate.files.prefilter, dash_migrate.writes.apply, dash_migrate.writes.diff
from dash_migrate.writes.changes import Change
from dash_migrate.writes.check import check
assert check(Change("a.py", b"x = 2", b"x = 1")) is None
assert check(Change("a.py", b"x = (", b"x = 1")) is not None
print(*{"libcst", "pathspec", "rich", "click", "difflib", "tomllib", "tomli"} & set(sys.modules))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []


def test_warnings_of_the_compiler_are_not_ours_to_show() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(Change("a.py", b"x = '\\d' is 1\n", b"x = 1\n")) is None
