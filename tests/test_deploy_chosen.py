"""Start commands of apps that can run on several backends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from deploy_help import inside, project

from dash_migrate.fix import Outcome, fix
from dash_migrate.model import BACKENDS, Backend
from dash_migrate.writes.apply import apply


def chosen(folder: Path, files: dict[str, str], targets: tuple[Backend, ...] = BACKENDS) -> Outcome:
    """The project after ``fix`` for several backends; a second run must change nothing."""
    project(folder, files)
    with inside(folder):
        outcome = fix(["."], targets)
        apply(outcome.changes)
        assert fix(["."], targets).changes == []
    return outcome


def worker(folder: Path, backend: str, *arguments: str) -> str:
    """The worker that gunicorn would take, by its own word."""
    command = [sys.executable, "-m", "gunicorn", *arguments, "--print-config", "app:server"]
    env = {**os.environ, "DASH_BACKEND": backend}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("worker_class "))
    return row.split("=", 1)[1].strip()


UVICORN = "uvicorn.workers.UvicornWorker"


@pytest.mark.boot
def test_gunicorn_takes_the_worker_of_the_backend(tmp_path: Path) -> None:
    chosen(tmp_path, {"Procfile": "web: gunicorn app:server -w 2\n", "requirements.txt": "dash\ngunicorn\n"})
    assert (tmp_path / "Procfile").read_text() == "web: gunicorn app:server -w 2\n"
    assert "gunicorn" in (tmp_path / "requirements.txt").read_text()
    assert [worker(tmp_path, backend) for backend in BACKENDS] == ["sync", UVICORN, UVICORN]


def test_a_worker_class_goes_to_the_configuration(tmp_path: Path) -> None:
    chosen(tmp_path, {"Procfile": "web: gunicorn -k gevent -w 4 app:app\n"})
    assert (tmp_path / "Procfile").read_text() == "web: gunicorn -w 4 app:server\n"
    config = (tmp_path / "gunicorn.conf.py").read_text()
    assert 'if BACKEND == "flask":\n    worker_class = "gevent"\nelse:\n' in config


def test_a_configuration_that_is_there_is_added_to(tmp_path: Path) -> None:
    files = {
        "Procfile": "web: gunicorn -c conf/g.py app:server\n",
        "conf/g.py": 'worker_class = "gthread"\nthreads = 4',
    }
    chosen(tmp_path, files)
    assert not (tmp_path / "gunicorn.conf.py").exists()
    config = (tmp_path / "conf/g.py").read_text()
    assert config.startswith('worker_class = "gthread"\nthreads = 4\n\nfrom dash_backend import BACKEND\n')
    assert f'if BACKEND != "flask":\n    worker_class = "{UVICORN}"\n' in config


def test_what_cannot_choose_is_said(tmp_path: Path) -> None:
    files = {
        "Procfile": "web: waitress-serve --port=8080 app:server\n",
        "Dockerfile": 'FROM python:3.11\nCMD ["gunicorn", "app:server"]\n',
        "start.sh": "gunicorn -k gevent app:server\n",
    }
    outcome = chosen(tmp_path, files)
    said = [(f.path, f.code, f.obligation) for f in outcome.report.findings if f.code == "DM711"]
    assert said == [("Procfile", "DM711", "potential"), ("start.sh", "DM711", "potential")]
    assert {name: (tmp_path / name).read_text() for name in files} == files


def test_without_flask_uvicorn_serves_both(tmp_path: Path) -> None:
    chosen(tmp_path, {"Procfile": "web: gunicorn -b :8000 app:server\n"}, ("fastapi", "quart"))
    assert (tmp_path / "Procfile").read_text() == "web: uvicorn --host 0.0.0.0 --port 8000 app:server\n"
    assert not (tmp_path / "gunicorn.conf.py").exists()
