"""Imports read from bytes, against the parser."""

from __future__ import annotations

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dash_migrate.files.imports import Import, import_lines, imports_of

MODULES = ["dash", "dash.exceptions", "jupyter_dash", "app", "pkg.server", "importlib", "importing.imports"]
NAMES = ["Dash", "server", "app as a", "import_module", "imported", "html\tas\th"]

modules = st.sampled_from(MODULES)
gaps = st.sampled_from([" ", "  ", "\t", " \\\n", " \\\n    ", "\f "])
commas = st.sampled_from([",", ", ", " ,", ", \\\n  "])
inner = st.sampled_from([",", ",\n    ", ",  # a (comment), with import )\n    ", "\n,"])
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)


@st.composite
def statements(draw: st.DrawFn) -> str:
    gap, module = draw(gaps), draw(modules)
    form = draw(st.sampled_from(["import", "from", "paren", "star", "relative", "tight"]))
    if form == "import":
        parts = [one + draw(st.sampled_from(["", " as x", "\tas\tx"])) for one in draw(st.lists(modules, min_size=1))]
        return f"import{gap}" + draw(commas).join(parts)
    if form == "from":
        return f"from{gap}{module}{gap}import{gap}" + draw(commas).join(draw(names))
    if form == "paren":
        opening = draw(st.sampled_from(["(", "(\n", "(  # why ( not\n", " (\n\n"]))
        closing = draw(st.sampled_from([")", ",\n)", "\n  # last )\n)"]))
        return f"from{gap}{module}{gap}import{opening}" + draw(inner).join(draw(names)) + closing
    if form == "star":
        return f"from{gap}{module}{gap}import" + draw(st.sampled_from(["*", " *"]))
    if form == "tight":
        return f"from.import{gap}app"
    dots = draw(st.sampled_from([".", "..", ". ", " . ..", " ."]))
    return f"from{gap}{dots}{draw(st.sampled_from(['', module]))}{gap}import{gap}" + draw(commas).join(draw(names))


befores = st.sampled_from(
    ["", "x = 1; ", "x = ';'; ", "if x: ", "if x[1:2]: ", "try:\n  pass\nexcept E: ", "# import nothing\n",
     '"""import this (\n"""\n', "x = 'the important (thing'\n", "import_module = None  # (\n", "\f", "\\\n"]
)  # fmt: skip
afters = st.sampled_from(["", "; y = 2", "  # noqa (", "  # import os \\", "; import sys", "\nimporter(x)"])


def _truth(source: bytes) -> set[tuple[int, str, str]]:
    found: set[tuple[int, str, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update((0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update((node.level, node.module or "", alias.name) for alias in node.names)
    return found


def _seen(source: bytes) -> set[tuple[int, str, str]]:
    return {(one.level, one.module, name) for one in imports_of(source) for name in (one.names or ("",))}


@given(
    st.lists(st.tuples(befores, statements(), afters), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@example([("", "import os, \\\n dash", "")], "\n")
@example([("", "from app import (\n app,\n server,\n)", "")], "\r")
@example([("", "import dash  # clash with our dash() function", ""), ("", "import flask", "")], "\n")
@example([("\\\n", "import dash", ""), ("", "import dash", "")], "\n")
def test_no_import_is_missed(parts: list[tuple[str, str, str]], newline: str) -> None:
    source = "\n".join(before + statement + after for before, statement, after in parts) + "\n"
    data = b"\xef\xbb\xbf" + source.replace("\n", newline).encode()
    try:
        truth = _truth(data)
    except SyntaxError:
        return
    assert truth <= _seen(data)
    assert truth <= _seen(data), "and the second time they come from the cache"
    lines = import_lines(data).decode("utf-8", "replace")
    for _, module, name in truth:
        assert name in lines
        assert all(part in lines for part in module.split("."))


@given(
    st.binary(max_size=80),
    st.sampled_from([b"import ", b"from x import (", b"import_module(", b"__import__('"]),
)
def test_no_bytes_make_it_fall_over(data: bytes, beginning: bytes) -> None:
    for read in (imports_of, import_lines):
        read(beginning + data)
        read(data + b"\n" + beginning)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b'importlib.import_module("dash.dcc")', [Import(0, "dash.dcc")]),
        (b"x = import_module(\n    'dash',\n)\n", [Import(0, "dash")]),
        (b"x = import_module(name=f'dash')", []),
        (b"__import__('dash')", [Import(0, "dash")]),
        (b"import_module('.server', package='pkg.sub')", [Import(0, "pkg.sub.server")]),
        (b"import_module('..server', 'pkg.sub')", [Import(0, "pkg.server")]),
        (b"import_module('.server', __package__)", [Import(1, "server")]),
        (b"import_module(name)", []),
    ],
)
def test_dynamic_imports_with_a_written_name(source: bytes, expected: list[Import]) -> None:
    assert imports_of(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        b"# import dash",
        b"x = 1  # from dash import Dash",
        b'print("how to import dash")',
        b"reimport = 1\nimportant = 2",
        b">>> import dash",
        b"from the docs: call it",
        b"import",
    ],
)
def test_what_is_no_import(source: bytes) -> None:
    assert imports_of(source) == []
