"""What the walk takes and what it leaves out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dash_migrate.files.generated import is_generated
from dash_migrate.files.kinds import kind_of
from dash_migrate.files.walk import walk


def make(root: Path, *paths: str, text: str = "") -> None:
    for path in paths:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def test_paths_are_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "project/app.py", "project/pages/home.py", "other/x.py")
    monkeypatch.chdir(tmp_path / "project")
    assert walk(["."]).python == ["app.py", "pages/home.py"]
    assert walk([tmp_path / "project" / "pages"]).python == ["pages/home.py"]
    files = walk(["../other"])
    assert files.python == ["../other/x.py"]
    monkeypatch.chdir("/")
    assert Path(files.locate("../other/x.py")).exists()


def test_a_file_reached_twice_is_read_once(tmp_path: Path) -> None:
    make(tmp_path, "src/app.py", "src/pages/home.py")
    found = walk(["src", "src/pages", "src/app.py", "./src/../src"], base=tmp_path)
    assert found.python == ["src/app.py", "src/pages/home.py"]


def test_what_nobody_wrote_by_hand_is_left_out_and_reported(tmp_path: Path) -> None:
    make(tmp_path, "app.py", "pyproject.toml")
    make(tmp_path, "my-env/pyvenv.cfg", "my-env/lib/x.py", "env/bin/activate", "env/x.py", "conda/conda-meta/h")
    make(
        tmp_path,
        "node_modules/a/x.py",
        "lib/site-packages/x.py",
        "__pycache__/x.py",
        ".tox/x.py",
        "x.egg-info/x.py",
    )
    make(tmp_path, "build/lib/x.py", "dist/x.py", "vendor/x.py", "pkg/_vendor/x.py", ".git/hooks/x.py")
    found = walk(["."], base=tmp_path)
    assert found.python == ["app.py"]
    assert {reason: sorted(paths) for reason, paths in found.skipped_by_reason().items()} == {
        "virtual environment": ["conda", "env", "my-env"],
        "installed packages": ["lib/site-packages", "node_modules"],
        "cache": [".tox", "__pycache__"],
        "build output": ["build", "dist", "x.egg-info"],
        "vendored code": ["pkg/_vendor", "vendor"],
    }


def test_directories_with_such_names_that_people_do_write_are_read(tmp_path: Path) -> None:
    make(tmp_path, "build/x.py", "env/settings.py", "site/dist/x.py")
    make(tmp_path, "lib/pyproject.toml", "lib/build/__init__.py", ".hidden/x.py")
    expected = [".hidden/x.py", "build/x.py", "env/settings.py", "lib/build/__init__.py", "site/dist/x.py"]
    assert walk(["."], base=tmp_path).python == expected


def test_a_directory_asked_for_by_name_is_read_whatever_it_is(tmp_path: Path) -> None:
    make(tmp_path, "vendor/x.py", "venv/pyvenv.cfg", "venv/y.py")
    assert walk(["vendor", "venv"], base=tmp_path).python == ["vendor/x.py", "venv/y.py"]


def test_an_explicit_file_is_read_even_if_ignored(tmp_path: Path) -> None:
    make(tmp_path, ".gitignore", text="*.py\n")
    make(tmp_path, "a.py", "b.py")
    found = walk([".", "a.py"], base=tmp_path)
    assert found.python == ["a.py"]
    assert found.explicit == {"a.py"}
    assert [(one.path, one.reason) for one in found.skipped] == [("b.py", "ignored by git")]


def test_scripts_without_a_suffix_are_taken_when_asked_for(tmp_path: Path) -> None:
    make(tmp_path, "run", text="#!/usr/bin/env python3.11\n")
    make(tmp_path, "start", text="#!/bin/sh\nexec python run\n")
    assert walk(["."], base=tmp_path).python == []
    found = walk(["run", "start"], base=tmp_path)
    assert found.python == ["run"]
    assert [one.path for one in found.skipped] == ["start"]


def test_missing_paths_are_errors_not_exceptions(tmp_path: Path) -> None:
    make(tmp_path, "app.py")
    found = walk(["app.py", "nowhere", "bad\0name"], base=tmp_path)
    assert found.python == ["app.py"]
    assert [(error.path, error.message) for error in found.errors] == [
        ("nowhere", "no such file or directory"),
        ("bad\0name", "not a valid path"),
    ]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_directory_is_an_error(tmp_path: Path) -> None:
    make(tmp_path, "app.py", "closed/x.py")
    (tmp_path / "closed").chmod(0)
    found = walk(["."], base=tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert found.python == ["app.py"]
    assert [(error.path, error.message) for error in found.errors] == [("closed", "permission denied")]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_links_are_safe_and_read_once(tmp_path: Path) -> None:
    make(tmp_path, "project/app.py", "project/pkg/x.py", "outside/shared.py", "outside/dir/y.py")
    project = tmp_path / "project"
    (project / "pkg" / "loop").symlink_to(project)
    (project / "elsewhere").symlink_to(tmp_path / "outside" / "dir")
    (project / "alias.py").symlink_to("app.py")
    (project / "shared.py").symlink_to(tmp_path / "outside" / "shared.py")
    (project / "shared2.py").symlink_to(tmp_path / "outside" / "shared.py")
    (project / "broken.py").symlink_to("nowhere.py")
    (project / ".#app.py").symlink_to("user@host.1234")
    os.mkfifo(project / "pipe.py")
    found = walk(["project"], base=tmp_path)
    assert found.python == ["project/app.py", "project/pkg/x.py", "project/shared.py"]
    assert {one.path for one in found.skipped} == {
        "project/pkg/loop",
        "project/elsewhere",
        "project/alias.py",
        "project/shared2.py",
    }
    assert [error.path for error in found.errors] == ["project/broken.py"]


def test_deploy_and_dependency_files_are_told_by_name(tmp_path: Path) -> None:
    kinds = {
        "Procfile": "procfile",
        "Procfile.dev": "procfile",
        "Dockerfile": "dockerfile",
        "web.dockerfile": "dockerfile",
        "docker-compose.prod.yml": "compose",
        "compose.yaml": "compose",
        "requirements.txt": "requirements",
        "requirements-dev.txt": "requirements",
        "dev-requirements.in": "requirements",
        "requirements/base.txt": "requirements",
        "constraints.txt": "requirements",
        "pyproject.toml": "pyproject",
        "setup.cfg": "setup-cfg",
        "Pipfile": "pipfile",
        "poetry.lock": "lock",
        "environment.yml": "conda",
        "fly.toml": "toml",
        "render.yaml": "yaml",
        "app.json": "json",
        "start.sh": "shell",
        "dash.service": "service",
        "nginx.conf": "config",
        "uwsgi.ini": "ini",
        "Makefile": "make",
        "runtime.txt": "runtime",
        ".env.example": "env",
        "templates/index.html": "template",
    }
    make(tmp_path, *kinds, "notes.txt", "data.csv", "app.py", "app.wsgi", "explore.ipynb", "setup.py")
    found = walk(["."], base=tmp_path)
    assert found.others == dict(sorted(kinds.items()))
    assert found.python == ["app.py", "app.wsgi", "setup.py"]
    assert found.notebooks == ["explore.ipynb"]
    assert found.of_kind("procfile", "conda") == ["Procfile", "Procfile.dev", "environment.yml"]


def test_names_without_a_kind() -> None:
    for name in ("README.md", "py", ".py.swp", "LICENSE", "x.pyc", "Dock.txt", "environment.txt"):
        assert kind_of(name) is None, name


@pytest.mark.parametrize(
    "header",
    [
        b"# Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
        b"#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n\n# @generated by tool\n",
        b"# AUTO GENERATED FILE - DO NOT EDIT\n\nimport typing\n",
        b'\xef\xbb\xbf"""Auto-generated client.\n\nDo not edit this file."""\n',
        b"# file generated by setuptools-scm\n# don't change, don't track in version control\n",
    ],
)
def test_generated_files_say_so(header: bytes) -> None:
    assert is_generated(header)


@pytest.mark.parametrize(
    "header",
    [
        b'"""\nDjango settings.\n\nGenerated by \'django-admin startproject\' using Django 3.2.\n"""\n',
        b"# Generated by an assistant, then edited\nimport dash\n",
        b"import dash\n# generated: do not edit\n",
        b"# contact me@generated.example, do not edit lightly\n".replace(b"do not edit lightly", b""),
        b"x = '@generated'\n",
        b"# do not edit the port below\nPORT = 1\n",
        b"\n" * 10 + b"# @generated\n",
        b"",
    ],
)
def test_other_files_do_not_count_as_generated(header: bytes) -> None:
    assert not is_generated(header)
