"""The generated resolver: what it understands, what it offers, and that it is code a reviewer would accept."""

from __future__ import annotations

import subprocess
import sys
import types
import warnings
from pathlib import Path

import pytest

from dash_migrate.fixes.guard.resolver import Resolver, badge
from dash_migrate.model import BACKENDS, Backend

EVERY = Resolver(BACKENDS, has_chooser=True, classes={"fastapi": "dash_on_fastapi:FastAPIBackend"})


def run(resolver: Resolver, monkeypatch: pytest.MonkeyPatch, asked: str | None) -> types.ModuleType:
    """Import the module with an environment."""
    if asked is None:
        monkeypatch.delenv("DASH_BACKEND", raising=False)
    else:
        monkeypatch.setenv("DASH_BACKEND", asked)
    module = types.ModuleType("dash_backend_under_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(resolver.text(), "dash_backend.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        (None, "flask"),
        ("", "flask"),
        ("  ", "flask"),
        ("flask", "flask"),
        ("FastAPI", "fastapi"),
        (" fast-api ", "fastapi"),
        ("FAST_API", "fastapi"),
        ("Quart", "quart"),
    ],
)
def test_spelling_is_forgiven(asked: str | None, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert chosen == run(EVERY, monkeypatch, asked).BACKEND


@pytest.mark.parametrize(("asked", "chosen"), [("fastpi", "fastapi"), ("falsk", "flask"), ("qart", "quart")])
def test_slips_are_taken_for_what_they_mean_and_said(asked: str, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(RuntimeWarning, match="is taken for"):
        assert chosen == run(EVERY, monkeypatch, asked).BACKEND


@pytest.mark.parametrize("asked", ["django", "tornado", "1", "asgi", "none"])
def test_unknown_names_fall_back_with_a_warning(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(RuntimeWarning, match="is none of flask, fastapi, quart; 'flask' is used"):
        assert run(EVERY, monkeypatch, asked).BACKEND == "flask"


def test_a_backend_that_is_not_listed_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.warns(RuntimeWarning, match="none of fastapi, quart"):
        assert run(Resolver(("fastapi", "quart")), monkeypatch, "flask").BACKEND == "fastapi"


@pytest.mark.parametrize("asked", BACKENDS)
def test_what_it_offers(asked: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    module = run(EVERY, monkeypatch, asked)
    assert module.SUPPORTED_BACKENDS == ("flask", "fastapi", "quart")
    assert module.DEFAULT_BACKEND == "flask"
    assert module.resolve_backend("Quart") == "quart"
    info = module.get_backend_info()
    assert isinstance(info, module.BackendInfo)
    assert info.name == asked
    assert info.is_async is (asked != "flask")
    for text in (info.label, info.description, info.color, info.icon):
        assert text
    assert module.get_backend_info("flask").label == "Flask"
    with pytest.raises(AttributeError):
        info.name = "other"


def test_dotenv_is_read_without_touching_the_environment(tmp_path: Path) -> None:
    pytest.importorskip("dotenv")
    (tmp_path / "dash_backend.py").write_text(Resolver(BACKENDS, reads_dotenv=True).text())
    (tmp_path / ".env").write_text("DASH_BACKEND=quart\nOTHER=1\n")
    code = "import os, dash_backend; print(dash_backend.BACKEND, 'OTHER' in os.environ)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["quart", "False"]


def test_it_is_small_and_clean(tmp_path: Path) -> None:
    for number, text in enumerate([EVERY.text(), Resolver(("flask", "fastapi")).text(), badge("")]):
        (tmp_path / f"module{number}.py").write_text(text)
        assert len(text.splitlines()) < 120
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--isolated", "--select", "E,F,W,UP,B,RUF", "--line-length", "120", "."],
                   cwd=tmp_path, check=True)  # fmt: skip
    subprocess.run([*ruff, "format", "--isolated", "--check", "--line-length", "120", "."], cwd=tmp_path, check=True)


def test_the_badge_says_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    module = run(EVERY, monkeypatch, "fastapi")
    monkeypatch.setitem(sys.modules, "dash_backend", module)
    made = types.ModuleType("dash_backend_badge")
    exec(badge(""), vars(made))
    span = made.backend_badge(marginLeft="8px")
    assert span.children == "FastAPI · async"
    assert "FastAPI" in span.title
    assert span.style["marginLeft"] == "8px"
