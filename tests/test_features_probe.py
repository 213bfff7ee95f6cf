"""Some probes run again on the Dash that is installed: the table must say what they see."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

import pytest

from dash_migrate.features import feature, versions
from dash_migrate.model import BACKENDS, Backend
from dash_migrate.probe.lab import Lab, reason
from dash_migrate.probe.run import run_one
from dash_migrate.verify.boot import BootError

QUICK = (
    "sync-callbacks",
    "websocket-callbacks",
    "mcp",
    "head",
    "pages",
    "url-base-pathname",
    "backend-before-request",
    "http-gate",
    "server-hooks",
    "gunicorn",
)
"""Rows that decide most migrations, and whose probes need no package that the tests do not have."""

INSTALLED = version("dash")


@pytest.mark.boot
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", QUICK)
def test_the_table_says_what_is_seen_now(name: str, backend: Backend) -> None:
    if INSTALLED not in versions():
        pytest.skip(f"Dash {INSTALLED} is not in the table yet: python -m dash_migrate.probe --dash {INSTALLED}")
    lab = Lab(sys.executable, INSTALLED)
    assert run_one(lab, name, backend) == feature(name).cell(backend, INSTALLED), lab.kept


@pytest.mark.boot
def test_an_app_that_does_not_boot_says_why() -> None:
    lab = Lab(sys.executable, INSTALLED)
    with pytest.raises(BootError) as caught, lab.run("raise LookupError('no such thing')", "flask"):
        pass
    assert reason(caught.value) == "LookupError: no such thing"


@pytest.mark.boot
def test_packages_are_hidden_unless_asked_for() -> None:
    source = """
try:
    import asgiref
    found = "there"
except ImportError:
    found = "not there"
app = make()
app.layout = html.Div(found)
server = app.server
"""
    lab = Lab(sys.executable, INSTALLED)
    with lab.run(source, "flask") as app:
        assert b"not there" in app.ask("/_dash-layout").body
    assert os.environ.get("PROBE_HIDE") is None


def test_backends_are_not_asked_for_where_there_are_none() -> None:
    cell = run_one(Lab(sys.executable, "4.1.0"), "sync-callbacks", "fastapi")
    assert cell.status == "no"
    with pytest.raises(KeyError):
        run_one(Lab(sys.executable, "4.4.1"), "no-such-row", "flask")
