"""The ignore rules against git itself, on random trees and random patterns."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dash_migrate.files.ignore import IgnoreFile
from dash_migrate.files.walk import walk

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")

NAMES = ["a", "b", "ab", "aab", "abc", "*", "a b", "#a", "!a", ".a", "-", "]", "[a"]
PIECES = [
    *[
        "a",
        "b",
        "ab",
        "abc",
        "*",
        "?",
        "**",
        "/",
        "/",
        "/",
        "/**/",
        "**/",
        "/**",
        "!",
        "*b",
        "a*",
        " ",
        "\\ ",
    ],
    *[
        "[ab]",
        "[!a]",
        "[a-c]",
        "[]a]",
        "[^]b]",
        "[b-]",
        "[!-a]",
        "[\\]]",
        "[[:alpha:]]",
        "[[:x]",
        "[a",
        "[z-a]",
    ],
    *["\\*", "\\a", "\\", "#", ".", "-"],
]

patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
ignore_files = st.lists(patterns, min_size=1, max_size=4).map("\n".join)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def _build(root: Path, files: list[str], ignores: dict[str, str]) -> None:
    for entry in root.iterdir():
        if entry.is_dir() and entry.name != ".git":
            shutil.rmtree(entry)
        elif entry.is_file():
            entry.unlink()
    for file in files:
        target = root / (file + ".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    for directory, text in ignores.items():
        if (root / directory).is_dir():
            (root / directory / ".gitignore").write_text(text)


def _ignored_by_git(root: Path, files: list[str]) -> set[str]:
    asked = "\0".join(file + ".py" for file in files)
    answer = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin", "--no-index"],
        cwd=root, input=asked, capture_output=True, text=True,
    )  # fmt: skip
    return set(answer.stdout.split("\0")) - {""}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(paths, min_size=1, max_size=12, unique=True),
    top=ignore_files,
    nested=st.dictionaries(st.sampled_from(["a", "b", "ab", "a/b", "a/a"]), ignore_files, max_size=2),
)
@example(["d/ab", "d/axx/y/b", "d/ax/b", "d/a"], "d/a**/b.py", {})
@example(["a/b", "a/ab", "b/a"], "*.py\n!a/\n!b.py", {"a": "!ab.py\n"})
@example(["a/b/a", "a/b/b"], "a/*\n!a/b", {"a/b": "/a.py\r\nb.py/\r\n"})
def test_the_walk_finds_what_git_does_not_ignore(
    repository: Path, files: list[str], top: str, nested: dict[str, str]
) -> None:
    _build(repository, files, {"": top, **nested})
    everything = {file + ".py" for file in files}
    expected = everything - _ignored_by_git(repository, files)
    assert set(walk([repository], base=repository).python) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(paths, min_size=1, max_size=10, unique=True), top=ignore_files)
def test_a_walk_from_a_subdirectory_obeys_the_files_above(repository: Path, files: list[str], top: str) -> None:
    files = ["a/" + file for file in files]
    _build(repository, files, {"": top})
    ignored = _ignored_by_git(repository, ["a", *files])
    if subprocess.run(["git", "check-ignore", "-q", "--no-index", "a"], cwd=repository).returncode == 0:
        return  # asked for by name, so it is read whatever git thinks of it
    expected = {file + ".py" for file in files} - ignored
    assert set(walk(["a"], base=repository).python) == expected


def test_patterns_are_read_as_git_reads_the_file() -> None:
    rules = IgnoreFile("\ufeff# a comment\r\n\r\n*.log  \r\nkeep\\ \r\nbuild/\n/only-here\ndocs/*.txt\n!docs/a.txt")
    asked = {
        ("x.log", "q/x.log", False): True,
        ("keep ", "keep ", False): True,
        ("build", "q/build", True): True,
        ("build", "q/build", False): None,
        ("only-here", "only-here", False): True,
        ("only-here", "q/only-here", False): None,
        ("b.txt", "docs/b.txt", False): True,
        ("a.txt", "docs/a.txt", False): False,
        ("# a comment", "# a comment", False): None,
    }
    assert {question: rules.decide(*question) for question in asked} == asked


def test_an_ignore_file_that_says_nothing_is_false() -> None:
    assert not IgnoreFile("# nothing\n\n   \n/\n[open\n")
    assert IgnoreFile("x")


def test_the_exclude_file_of_a_worktree_counts(tmp_path: Path) -> None:
    (tmp_path / "main" / ".git" / "info").mkdir(parents=True)
    (tmp_path / "main" / ".git" / "info" / "exclude").write_text("secret.py\n")
    (tmp_path / "main" / ".git" / "worktrees" / "other").mkdir(parents=True)
    (tmp_path / "main" / ".git" / "worktrees" / "other" / "commondir").write_text("../..\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".git").write_text("gitdir: ../main/.git/worktrees/other\n")
    for directory in ("main", "other"):
        for name in ("secret.py", "app.py"):
            (tmp_path / directory / name).touch()
    assert walk(["main"], base=tmp_path).python == ["main/app.py"]
    assert walk(["other"], base=tmp_path).python == ["other/app.py"]


def test_nothing_above_counts_without_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.py\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "app.py").touch()
    assert walk(["project"], base=tmp_path).python == ["project/app.py"]
    assert walk(["."], base=tmp_path).python == []


def test_a_nested_repository_starts_afresh(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("app.py\n")
    (tmp_path / "inner" / ".git").mkdir(parents=True)
    (tmp_path / "inner" / "app.py").touch()
    (tmp_path / "app.py").touch()
    assert walk([tmp_path], base=tmp_path).python == ["inner/app.py"]


def test_an_unreadable_ignore_file_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xff\xfe\x00*\n")
    (tmp_path / "app.py").touch()
    os.mkdir(tmp_path / "sub")
    os.mkdir(tmp_path / "sub" / ".gitignore")
    (tmp_path / "sub" / "page.py").touch()
    assert walk([tmp_path], base=tmp_path).python == ["app.py", "sub/page.py"]
