"""Which files of a tree are looked at together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dash_migrate.check import check
from dash_migrate.files.parts import split
from dash_migrate.files.prefilter import select
from dash_migrate.files.walk import walk

DASH = "from dash import Dash, html\napp = Dash(__name__)\nserver = app.server\n"
PLUGIN = "def add(server):\n    server.route('/x')(lambda: 'x')\n"


@pytest.fixture
def parts(tmp_path: Path) -> Callable[[dict[str, str]], list[set[str]]]:
    def of(files: dict[str, str]) -> list[set[str]]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        whole = walk([tmp_path], tmp_path)
        return [
            {*files.python, *files.notebooks, *files.others, *selection.files, *selection.notebooks}
            for files, selection in split(whole, select(whole))
        ]

    return of


def test_projects_side_by_side_are_parts(parts: Callable[[dict[str, str]], list[set[str]]]) -> None:
    found = parts(
        {
            "one/app.py": DASH,
            "one/requirements.txt": "dash\n",
            "two/app.py": DASH,
            "two/Procfile": "web: gunicorn app:server\n",
            "three/src/app.py": DASH,
            "four/tool.py": "print(1)\n",
        }
    )
    assert found == [
        {"one/app.py", "one/requirements.txt"},
        {"three/src/app.py"},
        {"two/app.py", "two/Procfile"},
    ]


TOGETHER = {
    "one project": {"app.py": DASH, "pages/home.py": "import dash\n", "docker/Dockerfile": "CMD gunicorn app:server\n"},
    "imports": {"web/app.py": DASH, "lib/plugin.py": "from web.app import server\nserver.route('/')(print)\n"},
    "imports through others": {
        "web/app.py": DASH + "from common.helper import add\nadd(server)\n",
        "common/helper.py": "from extra.plugin import add\n",
        "extra/plugin.py": "import flask\n" + PLUGIN,
    },
    "a file above": {"web/app.py": DASH, "api/app.py": DASH, "docker-compose.yml": "services: {}\n"},
    "a project above": {
        "requirements.txt": "dash\n",
        "main.py": DASH,
        "plugins/x/pyproject.toml": "[project]\nname = 'x'\n",
        "plugins/x/x.py": "import dash\n",
    },
    "a folder that only starts": {"web/app.py": DASH, "api/app.py": DASH, "docker/Dockerfile": "CMD gunicorn x:y\n"},
    "a folder of requirements": {"web/app.py": DASH, "api/app.py": DASH, "requirements/base.txt": "dash\n"},
    "tests with fixtures": {
        "web/app.py": DASH,
        "tests/conftest.py": "import pytest\nfrom web.app import app\n@pytest.fixture\ndef client():\n    return app\n",
        "tests/test_app.py": "def test(client):\n    client.server.test_client()\n",
    },
}


@pytest.mark.parametrize("name", TOGETHER)
def test_what_belongs_together_stays_together(parts: Callable[[dict[str, str]], list[set[str]]], name: str) -> None:
    files = TOGETHER[name]
    found = parts(files)
    assert len(found) == 1
    assert found[0] == set(files)


def test_a_start_file_joins_only_what_it_names(parts: Callable[[dict[str, str]], list[set[str]]]) -> None:
    found = parts(
        {
            "web/app.py": DASH,
            "api/app.py": DASH,
            "ops/Dockerfile": "COPY web /web\nCMD gunicorn app:server\n",
            "ops/tool.py": "print(1)\n",
        }
    )
    assert found == [{"api/app.py"}, {"ops/Dockerfile", "ops/tool.py", "web/app.py"}]


def test_a_report_has_all_parts_and_says_everything_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(DASH + "app.run_server()\n")
        (tmp_path / name / "requirements.txt").write_text("dash\n")
    (tmp_path / "a" / "broken.py").write_text("import dash\nfrom flask import request\nclass :\n")
    monkeypatch.chdir(tmp_path)
    report = check(["."], ("fastapi",))
    alone = check(["a"], ("fastapi",)), check(["b"], ("fastapi",))
    assert report.findings == [*alone[0].findings, *alone[1].findings]
    assert report.apps == [*alone[0].apps, *alone[1].apps]
    assert [e.path for e in report.errors] == ["a/broken.py"]
    assert report.read == 3


def test_folders_without_a_project_say_once_that_nothing_declares_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(DASH)
    (tmp_path / "three" / "Procfile").write_text("web: python app.py\n")
    monkeypatch.chdir(tmp_path)
    said = [f.path for f in check(["."], ("fastapi",)).findings if f.code == "DM704"]
    assert said == ["one/app.py", "three/app.py"]
