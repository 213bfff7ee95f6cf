"""Diffs, against the tools that apply them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dash_migrate.writes.diff import patch, unified_diff

git = pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")

lines = st.sampled_from([b"a", b"b", b"c", b"", b"\xe9", b"-- x", b"+++ x", b"\\ No newline", b"\f", "é".encode()])
ends = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\r"])
files = st.tuples(
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(lines, ends).map(b"".join), max_size=30).map(b"".join),
    st.sampled_from([b"", b"end", b"\r", b"\n"]),
).map(b"".join)


@git
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files, files, st.sampled_from(["a.py", "sub dir/b c.py", 'q"\\t\t.py', "é.py"]))
@example(b"a\n" * 20, b"b\n" + b"a\n" * 18 + b"b", "a.py")
@example(b"a", b"a\n", "a.py")
@example(b"a\n" * 9, b"a\n" * 10, "a.py")
@example(b"a\n" + b"b\n" * 4, b"b\n" * 5, "a.py")
def test_git_makes_the_new_file_of_the_old(tmp_path: Path, old: bytes, new: bytes, name: str) -> None:
    target = tmp_path / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(old)
    difference = patch(name, old, new)
    if old == new:
        assert difference == b""
        return
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, cwd=tmp_path, input=difference, check=True, capture_output=True)
    assert target.read_bytes() == new


@git
@pytest.mark.parametrize("new", [b"x = 1\n", b"x = 1", b"", b"a\r\nb"])
def test_git_makes_a_new_file(tmp_path: Path, new: bytes) -> None:
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch("new.py", None, new), check=True)
    assert (tmp_path / "new.py").read_bytes() == new


def test_what_a_person_sees() -> None:
    old = "".join(f"line {number}\n" for number in range(1, 30))
    new = old.replace("line 2\n", "line two\n").replace("line 29\n", "line 29")
    assert unified_diff("pkg/app.py", old.encode(), new.encode()) == (
        "--- a/pkg/app.py\n+++ b/pkg/app.py\n"
        "@@ -1,5 +1,5 @@\n line 1\n-line 2\n+line two\n line 3\n line 4\n line 5\n"
        "@@ -26,4 +26,4 @@\n line 26\n line 27\n line 28\n-line 29\n+line 29\n\\ No newline at end of file\n"
    )


def test_other_encodings_are_readable() -> None:
    old = "# coding: cp1252\nx = 'é€'\n".encode("cp1252")
    assert "+y = 'é€'\n" in unified_diff("a.py", old, old.replace(b"x", b"y"))
    assert "+y = 'é'\n" in unified_diff("a.cfg", b"x = '\xe9'\n", b"y = '\xe9'\n")
    assert "+\xff\n" in unified_diff("a.py", b"# coding: nonsense\n", b"# coding: nonsense\n\xff\n")
    assert unified_diff("a.py", old, old) == ""


def test_a_long_file_with_one_change_is_quick() -> None:
    old = b"x = 1\n" * 50_000
    new = old + b"y = 1\n" + old
    assert unified_diff("a.py", old + old, new).count("\n") == 10
