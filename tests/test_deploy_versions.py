"""Constraints are raised in their own style, and only where they have to be."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from dash_migrate.deploy.deps.pep508 import can_be_true, split
from dash_migrate.deploy.deps.versions import Wanted, admits, guarantees, raised

WANTED = Wanted("4.4", "4.4.1")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ">=4.4"),
        ("==2.14.2", "==4.4.1"),
        ("===2.14.2", "===4.4.1"),
        ("==2.14.*", "==4.4.*"),
        ("==2.*", "~=4.4"),
        ("~=2.14", "~=4.4"),
        ("~=2.14.1", "~=4.4.1"),
        (">=2.9", ">=4.4"),
        (">=2.9.0", ">=4.4.0"),
        (">= 2.9", ">= 4.4"),
        (">=2.9,<3", ">=4.4,<5"),
        (">=2.9, <3.0", ">=4.4, <5.0"),
        (">2", ">=4.4"),
        ("<3", ">=4.4,<5"),
        ("<=2.0", ">=4.4,<5.0"),
        ("!=2.13.0", ">=4.4"),
        (">=2.0,!=2.13.0,<5", ">=4.4,<5"),
        (">=2,<6", ">=4.4,<6"),
        (">=4.4.1,<5.0", ">=4.4.1,<5.0"),
        ("~=4.4.1", "~=4.4.1"),
        ("==4.5.0rc2", "==4.5.0rc2"),
    ],
)
def test_pep440(old: str, new: str) -> None:
    assert raised(old, WANTED) == new
    assert raised(new, WANTED) == new
    assert SpecifierSet(new).contains("4.4.1", prereleases=True) or "4.5" in new
    assert not SpecifierSet(new).contains("4.3.0")


@pytest.mark.parametrize(
    ("old", "new"),
    [("^2.0.0", "^4.4.0"), ("*", ">=4.4"), ("2.14.1", "4.4.1"), ("2.*", "^4.4"), ("~2.14", "~4.4"), ("^4.4", "^4.4")],
)
def test_poetry(old: str, new: str) -> None:
    assert raised(old, WANTED, "poetry") == new
    assert raised(new, WANTED, "poetry") == new


@pytest.mark.parametrize(
    ("old", "new"),
    [("=2.14", "=4.4"), ("=2.14.2", "=4.4.1"), ("==2.14.2", "==4.4.1"), (">=2.9", ">=4.4"), ("", ">=4.4")],
)
def test_conda(old: str, new: str) -> None:
    assert raised(old, WANTED, "conda") == new


@pytest.mark.parametrize("spec", ["", ">=2.9", ">=2,<5", "!=2.13"])
def test_for_flask_only_pins_are_raised(spec: str) -> None:
    assert raised(spec, Wanted("4.2", "4.4.1", only_pins=True)) == spec


def test_pins_are_raised_for_flask_too() -> None:
    assert raised("~=2.14", Wanted("4.2", "4.4.1", only_pins=True)) == "~=4.2"
    assert raised("<3", Wanted("4.2", "4.4.1", only_pins=True)) == ">=4.2,<5"


def test_questions() -> None:
    assert guarantees(">=4.4", "4.4")
    assert not guarantees("<5", "4.4")
    assert admits("<5", "4.4")
    assert not admits("<4.4", "4.4")
    assert not admits("^2.0", "4.4", "poetry")
    assert admits("^4.0", "4.4", "poetry")


def test_parts_of_a_requirement() -> None:
    parts = split('dash[dev, testing] >= 2.0, <3 ; python_version > "3.7"')
    assert parts is not None
    assert (parts.name, parts.extras, parts.spec) == ("dash", ("dev", "testing"), ">= 2.0, <3")
    assert parts.marker == 'python_version > "3.7"'
    assert split("dash @ https://example.com/dash.whl") is not None
    assert split("./local") is None
    assert split("git+https://example.com/x.git#egg=dash") is None


def test_markers_that_no_python_of_ours_meets() -> None:
    assert not can_be_true("python_version == '2.7'")
    assert not can_be_true("python_version < '3.7'")
    assert can_be_true("python_version > '3.7'")
    assert can_be_true("sys_platform == 'win32'")
