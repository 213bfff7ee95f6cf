"""Work in processes of its own: results in order, errors told, a crash costs what crashed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dash_migrate.processes import in_processes

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def lost(item: int) -> str:
    return f"lost {item}"


def test_results_keep_their_order() -> None:
    batches = [[1, 2], [3], [4, 5, 6], [7], [8]]
    assert in_processes(batches, str, lost) == list("12345678")


def test_large_results_come_through() -> None:
    sizes = [3_000_000, 10, 2_000_000]
    assert [len(data) for data in in_processes([[s] for s in sizes], bytes, lambda s: b"")] == sizes


def test_each_batch_has_a_process_of_its_own() -> None:
    own = in_processes([[1, 2], [3]], lambda item: os.getpid(), lambda item: 0)
    assert own[0] == own[1] != own[2]
    assert os.getpid() not in own


def test_a_crash_costs_what_crashed() -> None:
    def work(item: int) -> str:
        if item in (3, 5):
            os.kill(os.getpid(), signal.SIGKILL)
        return str(item)

    assert in_processes([[1, 2, 3], [4], [5]], work, lost) == ["1", "2", "lost 3", "4", "lost 5"]


def test_what_work_raises_is_raised() -> None:
    class Own(Exception):  # not picklable: of a function
        pass

    def work(item: int) -> str:
        if item == 2:
            raise ValueError("two")
        raise Own("three")

    with pytest.raises(ValueError, match="two"):
        in_processes([[2]], work, lost)
    with pytest.raises(RuntimeError, match="Own: three"):
        in_processes([[3]], work, lost)


APP = """
from dash import Dash, html
from flask import request

app = Dash(__name__)
app.layout = html.Div()

@app.server.route("/name{number}")
def name():
    return request.args["name"]
"""


def test_the_command_says_the_same_in_processes(tmp_path: Path) -> None:
    """The whole way, with so little room that every app gets a process."""
    for number in range(5):
        folder = tmp_path / f"app{number}"
        folder.mkdir()
        (folder / "app.py").write_text(APP.replace("{number}", str(number)))
        (folder / "requirements.txt").write_text("dash\n")
    code = (
        "import sys, dash_migrate.check as c, dash_migrate.fix as f, dash_migrate.cli as cli;"
        "c.ROOM = f.ROOM = int(sys.argv.pop(1)); cli.main()"
    )
    said = {}
    for arguments in (["check", "--format", "json"], ["fix", "--target", "quart", "--diff"]):
        for room in ("1", "1000000"):
            run = [sys.executable, "-c", code, room, *arguments, "."]
            done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode in (0, 1), done.stderr
            said[room] = done.stdout + done.stderr
        assert said["1"] == said["1000000"]
        assert all(f"app{number}/" in said["1"] for number in range(5))


def test_what_processes_looked_at_decides_whether_an_answer_is_kept(tmp_path: Path) -> None:
    """A file that only the process of its part reads changes, and with it the answer."""
    root = tmp_path / "root"
    for number in range(3):
        folder = root / f"app{number}"
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(APP.replace("{number}", str(number)))
        (folder / "requirements.txt").write_text("dash\n")
        (folder / "Dockerfile").write_text("FROM python\n")
    code = "import sys, dash_migrate.check as c, dash_migrate.cli as cli; c.ROOM = 1; cli.main()"

    def said(*more: str) -> str:
        run = [sys.executable, "-c", code, "check", "--format", "json", *more, "."]
        done = subprocess.run(run, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        return done.stdout

    cached = ("--cache-dir", str(tmp_path / "cache"))
    first = said(*cached)
    assert said(*cached) == first == said("--no-cache")
    (root / "app1" / "Dockerfile").write_text("FROM python\nCMD gunicorn app:app.server\n")
    second = said(*cached)
    assert second == said("--no-cache") != first
