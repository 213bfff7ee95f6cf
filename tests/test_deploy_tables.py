"""The tables of deployment say what installed programs and package metadata say."""

from __future__ import annotations

import importlib.metadata as metadata
import re
import subprocess
import sys
from collections import defaultdict

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from dash_migrate.deploy import managers
from dash_migrate.rules_data import table


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"COLUMNS": "200"},
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def uvicorn_help() -> str:
    return help_of("uvicorn", "--help")


def test_every_gunicorn_flag_is_gunicorns() -> None:
    shown = help_of("gunicorn", "--help")
    for row in table("process_managers")["gunicorn"]:
        for flag in row["flags"]:
            assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", shown), flag


def test_gunicorn_flags_take_a_value_where_the_table_says_so() -> None:
    from gunicorn.config import KNOWN_SETTINGS

    takes = {
        flag: s.action not in ("store_true", "store_false", "store_const")
        for s in KNOWN_SETTINGS
        for flag in s.cli or ()
    }
    for row in table("process_managers")["gunicorn"]:
        for flag in row["flags"]:
            if flag in takes and flag != "--proxy-protocol":
                assert takes[flag] == row.get("value", False), flag


def test_every_flag_of_gunicorn_has_a_row() -> None:
    from gunicorn.config import KNOWN_SETTINGS

    known = {flag for row in table("process_managers")["gunicorn"] for flag in row["flags"]}
    newer = {"--asgi", "--http2", "--http-p", "--dirty", "--websocket"}  # unknown flags keep gunicorn, these too
    for setting in KNOWN_SETTINGS:
        for flag in setting.cli or ():
            if flag.startswith("--") and not flag.startswith(tuple(newer)) and flag not in known:
                # one of its other names may be there
                assert set(setting.cli) & known, flag


@pytest.mark.parametrize("program", ["gunicorn", "waitress", "flask"])
def test_what_flags_become_is_uvicorns(program: str, uvicorn_help: str) -> None:
    for row in table("process_managers")[program]:
        becomes = row["becomes"]
        if becomes.startswith("--"):
            assert re.search(rf"(?<![\w-]){becomes}(?![\w-])", uvicorn_help), becomes
        else:
            special = {"drop", "keep", "impossible", "bind", "listen", "worker_class", "standard_output"}
            assert becomes in special
            assert row["why"]


def test_no_proxy_headers_is_uvicorns(uvicorn_help: str) -> None:
    assert "--no-proxy-headers" in uvicorn_help
    assert "--factory" in uvicorn_help


def test_waitress_flags_are_waitress_own() -> None:
    from waitress.adjustments import Adjustments

    known = {name.replace("_", "-") for name, _ in Adjustments._params} | {"call"}
    for row in table("process_managers")["waitress"]:
        for flag in row["flags"]:
            assert flag.removeprefix("--").removeprefix("no-") in known, flag


def test_flask_flags_are_flasks() -> None:
    shown = help_of("flask", "run", "--help")
    for row in table("process_managers")["flask"]:
        for flag in row["flags"]:
            assert re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", shown), flag


def test_the_worker_class_is_there() -> None:
    module, _, name = table("process_managers")["worker"].rpartition(".")
    import importlib
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert hasattr(importlib.import_module(module), name)


def test_gunicorn_takes_no_dotted_attribute() -> None:
    """Why ``app:app.server`` needs a global for gunicorn, and none for uvicorn."""
    from gunicorn.errors import AppImportError
    from gunicorn.util import import_app

    with pytest.raises(AppImportError):
        import_app("dash:dcc.Graph")
    assert managers.FROM_PLATFORM == "${PORT:-8000}"


# --- packages


def floors(name: str, extra: str) -> dict[str, list[str]]:
    """The constraints that the metadata of everything installed for an extra puts on packages."""
    found: dict[str, list[str]] = defaultdict(list)
    todo, seen = [(name, frozenset([extra]))], set()
    while todo:
        package, extras = todo.pop()
        if (package, extras) in seen:
            continue
        seen.add((package, extras))
        try:
            required = metadata.requires(package) or []
        except metadata.PackageNotFoundError:
            continue
        for line in required:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": e}) for e in (extras or {""})):
                continue
            normal = re.sub(r"[-_.]+", "-", requirement.name).lower()
            if requirement.specifier:
                found[normal].append(str(requirement.specifier))
            todo.append((normal, frozenset(requirement.extras)))
    return found


#: older releases that run on Python 3.9 and go with one another: fixtures were booted with them as a set
SET = ("fastapi", "starlette", "uvicorn", "quart", "hypercorn")


@pytest.mark.parametrize("backend", ["fastapi", "quart"])
def test_tested_companions_satisfy_everything_that_is_installed(backend: str) -> None:
    asked = floors("dash", backend)
    for row in table("dependencies")["companion"]:
        if row["name"] in ("pydantic-core", "plotly", *SET) or backend not in row.get("floor", ()):
            continue
        for spec in asked.get(row["name"], ()):
            assert SpecifierSet(spec).contains(row["tested"]), (row["name"], spec)


def test_extras_bring_what_the_table_says() -> None:
    every = [Requirement(line) for line in metadata.requires("dash") or []]
    required = [r for r in every if r.marker and "extra" in str(r.marker)]
    for extra, packages in table("dependencies")["extras"].items():
        direct = {
            r.name for r in required if r.marker and r.marker.evaluate({"extra": extra}) and "extra" in str(r.marker)
        }
        brought = set(direct)
        for name in direct:
            brought |= {Requirement(line).name for line in metadata.requires(name) or [] if "extra" not in line}
        assert set(packages) <= brought, extra


def test_quart_does_not_bring_uvicorn() -> None:
    assert "uvicorn" not in {Requirement(line).name for line in metadata.requires("quart") or []}
    servers = table("dependencies")["servers"]
    assert servers["uvicorn"]["comes_with"] == ["fastapi"]


def test_the_tested_dash_is_above_its_floors_and_below_nothing_installed() -> None:
    versions = table("dash_versions")
    for floor in versions["floor"].values():
        assert SpecifierSet(f">={floor}").contains(versions["tested"])
    needs = metadata.metadata("dash")["Requires-Python"]
    assert SpecifierSet(needs).contains(versions["python"]["floor"])


def test_what_dash_majors_took_away_is_gone_and_its_successors_are_there() -> None:
    import importlib
    import inspect

    import dash

    versions = table("dash_versions")
    for module, new in versions["modules"].items():
        assert hasattr(dash, new)
        with pytest.raises(ImportError):
            importlib.import_module(module)
    for old, new in versions["names"].items():
        with pytest.raises(ImportError):
            importlib.import_module(old.rpartition(".")[0])
        assert hasattr(dash, new.rpartition(".")[2])
    parameters = inspect.signature(dash.Dash.__init__).parameters
    for old, new in versions["arguments"].items():
        assert old not in parameters
        assert new in parameters
    assert "background" in inspect.signature(dash.callback).parameters
    for name in versions["properties"]:
        assert name not in inspect.signature(dash.dcc.Input.__init__).parameters
        assert name not in inspect.signature(dash.html.Div.__init__).parameters
    assert not hasattr(dash.dcc, "LogoutButton")
