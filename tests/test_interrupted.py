"""``fix`` that is ended half-way, as people see it: the project is as before or as after, never between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

APP = """\
import dash
from routes import register

app = dash.Dash(__name__)
server = app.server
register(server)

if __name__ == "__main__":
    app.run_server()
"""
ROUTES = """\
from flask import request


def register(server):
    @server.route("/who")
    def who():
        return request.args.get("name", "")
"""

#: the command, sent a signal before the n-th replacement (and once more when it takes files back)
ENDED = """
import os, signal, sys
left, number, real = int(sys.argv.pop(1)), int(sys.argv.pop(1)), os.replace
if number != signal.SIGKILL:  # whoever runs the tests may ignore it, as nohup does
    signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
def replace(source, target):
    global left
    if str(target).endswith(".py"):
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), number)
    real(source, target)
os.replace = replace
from dash_migrate.cli import main
main()
"""
FIX = ("fix", "--target", "fastapi")


class Project:
    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "project"
        self.env = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        self.path.mkdir()
        (tmp_path / "tmp").mkdir()
        (self.path / "app.py").write_text(APP)
        (self.path / "routes.py").write_text(ROUTES)

    def contents(self) -> dict[str, bytes | None]:
        return {
            one.relative_to(self.path).as_posix(): one.read_bytes() if one.is_file() else None
            for one in self.path.rglob("*")
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], cwd=self.path, env=self.env, capture_output=True, text=True, timeout=60
        )

    def fix(self, *paths: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "dash_migrate", *FIX, *paths)

    def ended(self, nth: int, number: int) -> subprocess.CompletedProcess[str]:
        return self.run("-c", ENDED, str(nth), str(int(number)), *FIX)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | None]:
    """What an undisturbed run makes of the project."""
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    assert project.fix().returncode == 0
    return project.contents()


@pytest.mark.parametrize("nth", [1, 3])
def test_the_run_after_a_killed_one_starts_from_the_old_files(
    project: Project, after: dict[str, bytes | None], nth: int
) -> None:
    before = project.contents()
    assert project.ended(nth, signal.SIGKILL).returncode == -signal.SIGKILL
    assert project.contents() not in (before, after)
    again = project.fix()
    assert again.returncode == 0
    assert ("restored app.py, which an interrupted run had left half-done" in again.stderr) == (nth > 1)
    assert project.contents() == after


@pytest.mark.parametrize(("number", "nth"), [(signal.SIGINT, 2), (signal.SIGTERM, 2), (signal.SIGHUP, 1)])
def test_what_is_half_done_is_taken_back(project: Project, number: int, nth: int) -> None:
    before = project.contents()
    ended = project.ended(nth, number)
    assert (ended.returncode, "Aborted." in ended.stderr) == (2, True)
    assert "Traceback" not in ended.stderr
    assert project.contents() == before


def test_work_done_since_is_named_once_and_not_overwritten(project: Project) -> None:
    project.ended(3, signal.SIGKILL)
    (project.path / "app.py").write_text(APP + "# mine\n")
    told = project.fix()
    assert told.returncode == 2
    assert "app.py: has changed since dash-migrate was interrupted; what it held before is in " in told.stderr
    kept = Path(told.stderr.split(" is in ")[1].splitlines()[0])
    assert kept.read_text() == APP
    assert (project.path / "app.py").read_text() == APP + "# mine\n"
    assert project.fix().returncode == 0
    assert (project.path / "app.py").read_text().endswith("# mine\n")
    assert kept.read_text() == APP


def test_a_run_killed_when_all_was_replaced_is_done(project: Project, after: dict[str, bytes | None]) -> None:
    script = ENDED.replace(
        "os.replace = replace", "os.replace = replace\nimport shutil\nshutil.rmtree = lambda *a, **k: 0"
    )
    script = script.replace(
        "main()\n", "from pathlib import Path\nPath.unlink = lambda *a, **k: os.kill(os.getpid(), 9)\nmain()\n"
    )
    assert project.run("-c", script, "1000", "9", *FIX).returncode == -signal.SIGKILL
    assert project.contents() == after
    again = project.fix()
    assert (again.returncode, "restored" in again.stderr) == (0, False)
    assert project.contents() == after


def test_a_killed_run_on_one_file_is_found_by_a_run_on_that_file(
    project: Project, after: dict[str, bytes | None]
) -> None:
    project.ended(3, signal.SIGKILL)
    here = project.path
    project.path = here.parent
    again = project.fix(str(here / "app.py"))
    project.path = here
    assert "restored " in again.stderr
    assert project.contents() == after
