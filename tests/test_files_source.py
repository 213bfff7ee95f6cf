"""Decoding, and the way from a parser's positions to the characters and bytes of the file."""

from __future__ import annotations

import ast
import os
import tokenize
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dash_migrate.files.errors import SourceError
from dash_migrate.files.source import Source, read_source

# Positions

ENCODINGS = ["utf-8", "utf-8-sig", "latin-1", "cp1252", "shift_jis", "euc-jp", "gb18030", "koi8-r"]
FILLERS = ["", "x", "\t", "\f", "é", "日本", "ж", "𝒳", "\u2028", "\x85", "\x1c", "\x0b", "'", "#", "\\\\"]
fillers = st.lists(st.sampled_from(FILLERS), max_size=4).map("".join)
lines = st.lists(st.tuples(fillers, fillers, st.sampled_from(["plain", "triple", "form feed", "bare"])), max_size=8)
newlines = st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=3)


def _program(parts: list[tuple[str, str, str]], breaks: list[str]) -> str:
    """Statements with unique names, and things that are hard to count before and between them."""
    out: list[str] = []
    for number, (first, second, kind) in enumerate(parts):
        newline = breaks[number % len(breaks)]
        one, two = repr(first), repr(second)
        if kind == "triple":
            body = first.replace("'", "").replace("\\", "")
            out.append(f"a{number} = '''{body}{newline}{body}''' + b{number}{newline}")
        elif kind == "form feed":
            out.append(f"\f{newline}\fa{number} = {one} + b{number}{newline}")
        elif kind == "bare":
            out.append(f"b{number}; c{number}  # {second.replace(chr(12), '')}{newline}{newline}")
        else:
            out.append(f"f{number}({one}, a{number},{newline}  {two}, b{number}){newline}")
    return "".join(out) + "last"


@given(lines, newlines, st.sampled_from(ENCODINGS))
@example([("日本", "é", "plain"), ("\x85", "\u2028", "triple")], ["\r"], "utf-8-sig")
@example([("日本", "ж", "plain")], ["\r\n", "\n"], "shift_jis")
def test_positions_lead_to_the_names(parts: list[tuple[str, str, str]], breaks: list[str], encoding: str) -> None:
    text = f"# coding: {encoding.removesuffix('-sig')}{breaks[0]}" + _program(parts, breaks)
    data = text.encode(encoding, "ignore")
    source = Source("x.py", data)
    names = [node for node in ast.walk(ast.parse(data)) if isinstance(node, ast.Name)]
    assert names
    for node in names:
        start, end = source.byte_span(node)
        assert data[start:end] == node.id.encode()
        span = source.span(node)
        assert source.line(span.line)[span.column - 1 : span.end_column - 1] == node.id
        assert source.position(start) == (span.line, span.column)
    assert source.text.encode(encoding) == data


def test_lines_end_where_the_tokenizer_ends_them() -> None:
    source = Source("x.py", b"a\rb\r\nc\nd\x0ce\x0b\xc2\x85\xe2\x80\xa8f")
    assert source.line_count == 4
    assert [source.line(number) for number in range(6)] == ["", "a", "b", "c", "d\fe\v\x85\u2028f", ""]
    assert source.position(len(source.data)) == (4, 8)


@pytest.mark.parametrize(("data", "count"), [(b"", 1), (b"\n", 2), (b"a", 1), (b"a\n", 2), (b"\xef\xbb\xbf", 1)])
def test_the_end_of_the_file_has_a_place(data: bytes, count: int) -> None:
    source = Source("x.py", data)
    assert source.line_count == count
    assert source.offset(count, 0) == len(data) - (data == b"a")
    assert source.offset(99, 0) == len(data)


@pytest.mark.parametrize(
    ("data", "newline"),
    [(b"", "\n"), (b"a\nb\r\nc\r\n", "\r\n"), (b"a\rb\rc\n", "\r"), (b"a\r\nb\nc\n", "\n"), (b"a", "\n")],
)
def test_the_newline_is_the_one_used_most(data: bytes, newline: str) -> None:
    assert Source("x.py", data).newline == newline


# Encodings


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\n",
        b"\xef\xbb\xbfx = 1\n",
        b"\xef\xbb\xbf# -*- coding: utf-8 -*-\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n",
        b"\n# coding: euc-jp\nx = '\xc6\xfc'\n",
        b"x = 1\n# coding: latin-1\n",
        b"'''\n# coding: latin-1\n'''\n",
        b"# coding: utf_8_unix\n",
        b"# coding: latin-1-dos\nx = '\xe9'\n",
        b"\x0c\n# coding: koi8-r\r\nx = '\xc1'\r\n",
        b"# coding: latin-1\rx = '\xe9'\r",
    ],
)
def test_files_decode_as_the_tokenizer_decodes_them(data: bytes) -> None:
    source = Source("x.py", data)
    assert source.check() is None
    if b"\r" in data.replace(b"\r\n", b""):
        expected, _ = tokenize.detect_encoding(BytesIO(data.replace(b"\r", b"\n")).readline)
    else:
        expected, _ = tokenize.detect_encoding(BytesIO(data).readline)
    assert source.text.encode(source.encoding) == data.removeprefix(b"\xef\xbb\xbf")
    assert source.text == data.decode(expected)
    ast.parse(data)


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"x = 1\ny = '\xe9'\n", 2, "is not valid utf-8: byte 0xe9 (the file declares no other encoding)"),
        (b"# coding: ascii\rx = '\xe9'\r", 2, "is not valid ascii: byte 0xe9"),
        (b"\xef\xbb\xbfx\n\xff", 2, "is not valid utf-8"),
        (b"a\nb\0c\n", 2, "null byte"),
        (
            b"\n# coding: future_fstrings\n",
            2,
            "declares the encoding 'future_fstrings', in which Python source",
        ),
        (b"# coding: rot13\n", 1, "declares the encoding 'rot13'"),
        (b"# coding: zlib\n", 1, "declares the encoding 'zlib'"),
        (b"# coding: undefined\n", 1, "declares the encoding 'undefined'"),
        (b"# coding: cp037\n", 1, "declares the encoding 'cp037'"),
        (b"# coding: utf-16\n", 1, "declares the encoding 'utf-16'"),
        (b"\xef\xbb\xbf# coding: latin-1\n", 1, "byte order mark"),
    ],
)
def test_what_cannot_be_decoded_is_an_error_with_a_line(data: bytes, line: int, says: str) -> None:
    error = Source("x.py", data).check()
    assert error is not None
    assert (error.path, error.line) == ("x.py", line)
    assert says in error.message
    with pytest.raises((SyntaxError, ValueError)):
        compile(data, "x.py", "exec")


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"# coding: latin-1\n", b"# coding: utf-7\n", b"\xef\xbb\xbf"]),
)
def test_no_bytes_make_it_fall_over(data: bytes, beginning: bytes) -> None:
    source = Source("x.py", beginning + data)
    if source.check() is None:
        assert source.line(source.line_count + 5) == ""
        for offset in range(len(source.data) + 1):
            source.position(offset)


# Reading


def test_reading_keeps_the_bytes(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbfa\r\nb\rc\xff"
    (tmp_path / "x.py").write_bytes(data)
    source = read_source("shown.py", str(tmp_path / "x.py"))
    assert (source.path, source.data) == ("shown.py", data)


@pytest.mark.skipif(os.name == "nt", reason="pipes")
def test_what_cannot_be_read_is_an_error_not_a_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    cases = {
        "pipe.py": "is not a regular file",
        "gone.py": "no such file or directory",
        "": "is a directory",
    }
    for name, says in cases.items():
        with pytest.raises(SourceError) as raised:
            read_source(str(tmp_path / name))
        assert raised.value.message == says


def test_errors_print_as_path_line_message() -> None:
    assert str(SourceError("x.py", "is odd", 3)) == "x.py:3: is odd"
    assert str(SourceError("x.py", "is odd")) == "x.py: is odd"
    assert SourceError("x.py", "is odd", 3).as_file_error().as_json() == {
        "path": "x.py",
        "line": 3,
        "message": "is odd",
    }


def test_files_larger_than_one_read_are_read_whole(tmp_path: Path) -> None:
    for size in (256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 1_000_000):
        data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        (tmp_path / "x.py").write_bytes(data)
        assert read_source(str(tmp_path / "x.py")).data == data
