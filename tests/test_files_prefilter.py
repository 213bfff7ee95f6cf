"""Which files come through the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from dash_migrate.files import prefilter
from dash_migrate.files.imports import Import
from dash_migrate.files.prefilter import Selection, select
from dash_migrate.files.project import ModuleMap
from dash_migrate.files.walk import walk
from dash_migrate.files.words import is_dash, is_server_package


def project(root: Path, **files: str) -> Selection:
    """Write files (``pkg__app`` is pkg/app.py) and put them through the gate."""
    for name, text in files.items():
        target = root / _path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return select(walk(["."], base=root))


def _path(name: str) -> str:
    directory, _, last = name.rpartition("__")
    return "/".join([*directory.split("__"), "__init__" if last == "init" else last]).lstrip("/") + ".py"


def tiers(selection: Selection) -> dict[str, str]:
    return {path: one.tier.name for path, one in selection.files.items()}


APP = "import dash\napp = dash.Dash()\nserver = app.server\n"


def test_without_dash_nothing_comes_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("looked at without need")

    monkeypatch.setattr(ModuleMap, "of", fail)
    found = project(
        tmp_path,
        web="from flask import Flask\nserver = Flask(__name__)\n",
        about="# import dash, one day\nlines = 'dashed'\nimport dashing, my.dash\n",
        relative="from .dash import x\n",
    )
    assert tiers(found) == {}
    assert found.read == 3


def test_a_small_app(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        app=APP,
        wsgi="from app import server as application\n",
        gunicorn_conf="bind = '0.0.0.0'\n",
        pages__home="from dash import html\nlayout = html.Div('Dashboard')\n",
        pages__login="from dash import html\nfrom flask import session\n",
        auth="import flask_login\n",
        hooks="def register(where):\n    @where.route('/x')\n    def x(): ...\n",
        setup_all="import hooks\n\ndef setup(thing):\n    hooks.register(thing)\n",
        main="import setup_all, app\nsetup_all.setup(app.server)\n",
        maths="def add(a, b):\n    return a + b\n",
        tests__test_app="from app import server\n\ndef test(): server.test_client()\n",
    )
    assert tiers(found) == {
        "app.py": "COUPLED",
        "auth.py": "SERVER",
        "hooks.py": "HELPER",
        "main.py": "SIBLING",
        "pages/home.py": "PLAIN",
        "pages/login.py": "COUPLED",
        "tests/test_app.py": "SIBLING",
        "wsgi.py": "SIBLING",
    }
    assert [one.path for one in found.to_index] == [path for path in found.files if path != "pages/home.py"]
    assert found.files["wsgi.py"].imports == [Import(0, "app", ("server",))]
    assert found.files["app.py"].imports_dash
    assert not found.files["wsgi.py"].imports_dash


@pytest.mark.parametrize(
    "statement",
    [
        "import dash as d",
        "from dash import (\n    Dash,\n    html,\n)",
        "import os, \\\n    dash",
        "try:\n    import dash\nexcept ImportError:\n    pass",
        "def make():\n    from dash_extensions.enrich import DashProxy",
        "from jupyter_dash import JupyterDash",
        "import dash_enterprise_auth",
        "from django_plotly_dash import DjangoDash",
        "import importlib\ndash = importlib.import_module('dash')",
        "dash = __import__('dash')",
    ],
)
def test_ways_to_import_dash(tmp_path: Path, statement: str) -> None:
    assert list(project(tmp_path, app=statement + "\n").files) == ["app.py"]


def test_names_pass_through_files_that_say_nothing(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        board__app=APP,
        board__init="from .build import *\n",
        board__build="from . import app as _it\nmake = lambda: _it\n",
        start="import board\nboard.make().run(debug=True)\n",
    )
    assert tiers(found)["start.py"] == "SIBLING"
    assert tiers(found)["board/__init__.py"] == "SIBLING"


def test_tests_see_the_fixtures_of_a_conftest_above_them(tmp_path: Path) -> None:
    client = "def test(client):\n    client.application.test_client()\n"
    found = project(tmp_path, app=APP, tests__conftest="import app\n\ndef client(): ...\n", tests__a__test_b=client)
    assert tiers(found) == {
        "app.py": "COUPLED",
        "tests/conftest.py": "SIBLING",
        "tests/a/test_b.py": "SIBLING",
    }
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "test_c.py").write_text(client)
    assert "other/test_c.py" not in select(walk(["."], base=tmp_path)).files


def test_flask_apps_of_other_projects_stay_out_unless_imported(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "requirements.txt").touch()
    found = project(
        tmp_path,
        one__app="from two.shared import login\nimport dash\napp = dash.Dash()\nlogin(app.server)\n",
        one__admin="import flask\n",
        two__shared="import flask\n",
        two__shop="import flask\n",
        two__inner="import flask\nfrom one.app import app\n",
    )
    assert tiers(found) == {
        "one/admin.py": "SERVER",
        "one/app.py": "COUPLED",
        "two/inner.py": "SERVER",
        "two/shared.py": "SERVER",
    }


def test_without_any_mark_of_a_project_the_top_directory_is_one(tmp_path: Path) -> None:
    found = project(tmp_path, one__app=APP, one__deep__admin="import flask\n", two__shop="import flask\n")
    assert tiers(found) == {"one/app.py": "COUPLED", "one/deep/admin.py": "SERVER"}
    (tmp_path / "requirements.txt").touch()
    assert "two/shop.py" in select(walk(["."], base=tmp_path)).files


def test_generated_files_stay_out_unless_named(tmp_path: Path) -> None:
    header = "# AUTO GENERATED FILE - DO NOT EDIT\n"
    found = project(tmp_path, app=APP, Widget=header + "from dash.development import Component\nserver = 1\n")
    assert list(found.files) == ["app.py"]
    assert [(one.path, one.reason) for one in found.skipped] == [("Widget.py", "generated code")]
    assert list(select(walk(["Widget.py"], base=tmp_path)).files) == ["Widget.py"]


def test_notebooks_that_import_dash_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text('{"cells": [{"source": ["import os\\n",\n "from dash import Dash"]}]}')
    (tmp_path / "b.ipynb").write_text('{"cells": [{"source": "x = 1\\nimport jupyter_dash as j"}]}')
    (tmp_path / "c.ipynb").write_text('{"cells": [{"source": ["# a dashboard without dash"]}]}')
    found = project(tmp_path, web="import flask\n")
    assert found.notebooks == ["a.ipynb", "b.ipynb"]
    assert tiers(found) == {}


def test_files_that_vanish_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "gone.py").write_text("import app\n")
    files = walk(["."], base=tmp_path)
    (tmp_path / "gone.py").unlink()
    found = select(files)
    assert list(found.files) == ["app.py"]
    assert [(error.path, error.message) for error in found.errors] == [("gone.py", "no such file or directory")]


def test_nothing_changes_when_files_do_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = project(tmp_path, app=APP, wsgi="from app import server\n", maths="x = 1\n", auth="import flask\n")
    monkeypatch.setattr(prefilter, "_KEEP", 0)
    again = select(walk(["."], base=tmp_path))
    assert tiers(again) == tiers(found)
    assert {path: one.source.data for path, one in again.files.items()} == {
        path: one.source.data for path, one in found.files.items()
    }


def test_packages_are_told_by_name() -> None:
    dash = [
        "dash",
        "dash.html",
        "dash_auth",
        "jupyter_dash",
        "django_plotly_dash",
        "dash_bootstrap_components",
    ]
    others = ["dashboard", "dashing", "explainerdashboard", "mydash", "pkg.dash"]
    assert [name for name in dash + others if is_dash(Import(0, name))] == dash
    assert not is_dash(Import(1, "dash"))
    servers = [
        "flask",
        "flask_login",
        "quart",
        "fastapi.responses",
        "werkzeug.utils",
        "authlib.integrations.flask_client",
    ]
    others = ["pkg.quart", "flashy", "requests", ""]
    assert [name for name in servers + others if is_server_package(Import(0, name))] == servers
    assert not is_server_package(Import(2, "flask"))
