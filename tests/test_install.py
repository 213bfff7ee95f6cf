"""The package as people get it: built, installed into a fresh environment, run; and as a pre-commit hook."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = "import dash\nfrom dash import html\n\napp = dash.Dash(__name__)\nserver = app.server\napp.layout = html.Div()\n\n\n@server.route('/ping')\ndef ping():\n    return 'pong'\n\n\nif __name__ == '__main__':\n    app.run_server(debug=True)\n"  # noqa: E501
ROUTES = "import dash\n\n\ndef register(server):\n    @server.route('/r')\n    def r():\n        return 'r'\n"

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, code: int | None = 0, **env: str) -> str:
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=600
    )
    assert code is None or done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``dash-migrate`` from a wheel in an environment of its own."""
    folder = tmp_path_factory.mktemp("install")
    source = folder / "source"
    kept = ("dash_migrate", "rules", "pyproject.toml", "README.md", "LICENSE")
    source.mkdir()
    for name in kept:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", source, cwd=folder)
    venv.create(folder / "env", with_pip=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    run(folder / "env/bin/pip", "install", "--quiet", wheel, cwd=folder)
    return folder / "env/bin/dash-migrate"


def _places(said: str) -> set[tuple[str, str]]:
    """The files of the findings in what a hook printed, with their codes."""
    return {(found[1], found[2]) for found in re.finditer(r"(?m)^(.+?):\d+:\d+: (DM\d+)", said)}


def test_wheel_checks_and_fixes(tool: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    found = json.loads(run(tool, "check", ".", "--format", "json", cwd=tmp_path, code=1))
    assert {f["code"] for f in found["findings"]} >= {"DM101", "DM102", "DM301"}
    run(tool, "fix", ".", "--target", "fastapi", cwd=tmp_path)
    changed = (tmp_path / "app.py").read_text()
    assert "run_server" not in changed
    assert compile(changed, "app.py", "exec")
    assert "DM301" in run(tool, "rule", "DM301", cwd=tmp_path)
    assert run(tool, "--version", cwd=tmp_path).strip().endswith("0.1.0")


def test_pre_commit_hooks(tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")
    hooks = tmp_path / "hooks"
    shutil.copytree(
        ROOT,
        hooks,
        ignore=shutil.ignore_patterns(".git", ".venv", "fixtures", "tests", "benchmarks", ".*cache*", "__pycache__"),
    )
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid")
    for repo in (hooks, tmp_path / "project"):
        repo.mkdir(exist_ok=True)
        run(*git, "init", "-q", cwd=repo)
    project = tmp_path / "project"
    (project / "app.py").write_text(APP)
    (project / "other.py").write_text("print('nothing of Dash here')\n")
    (project / "my pages").mkdir()
    pages = project / "my pages" / "größe [1].py"
    pages.write_text(APP)
    (project / "routes.py").write_text(ROUTES)
    (project / "wsgi.py").write_text("from app import server\nfrom routes import register\n\nregister(server)\n")
    run(*git, "add", ".", cwd=hooks)
    run(*git, "commit", "-qm", "hooks", cwd=hooks)
    revision = run(*git, "rev-parse", "HEAD", cwd=hooks).strip()
    (project / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: dash-migrate-check\n"
        "  - id: dash-migrate-fix\n    args: [--target, fastapi]\n    stages: [manual]\n"
    )
    run(*git, "add", ".", cwd=project)
    home = {"PRE_COMMIT_HOME": str(tmp_path / "cache")}
    commit = (sys.executable, "-m", "pre_commit", "run")
    said = run(*commit, "dash-migrate-check", "--all-files", cwd=project, code=1, **home)
    assert "app.py:4:7: DM101" in said
    run(*commit, "dash-migrate-check", "--files", "other.py", cwd=project, **home)
    # what is known of the whole project says that the server is Dash's; findings are of the files passed
    found = _places(run(*commit, "dash-migrate-check", "--files", "other.py", "routes.py", cwd=project, code=1, **home))
    assert found == {("routes.py", "DM301")}
    name = pages.relative_to(project).as_posix()
    found = _places(run(*commit, "dash-migrate-check", "--files", name, cwd=project, code=1, **home))
    assert found == {(name, code) for code in ("DM101", "DM102", "DM301")}
    # what is staged counts, not what is in the file
    run(*git, "commit", "-qm", "before", "--no-verify", cwd=project)
    (project / "routes.py").write_text(ROUTES.replace("@server.route('/r')", "@dash.callback('/r')"))
    run(*git, "add", "routes.py", cwd=project)
    (project / "routes.py").write_text(ROUTES + "\n# not staged\n")
    run(*commit, "dash-migrate-check", cwd=project, **home)
    assert (project / "routes.py").read_text() == ROUTES + "\n# not staged\n"
    run(*git, "add", "routes.py", cwd=project)
    (project / "routes.py").write_text("")
    found = _places(run(*commit, "dash-migrate-check", cwd=project, code=1, **home))
    assert found == {("routes.py", "DM301")}
    assert (project / "routes.py").read_text() == ""
    run(*git, "checkout", "-q", "--", "routes.py", cwd=project)
    # a file that is no Python
    (project / "broken.py").write_text(f"{APP}print 'x'\n")
    run(*git, "add", "broken.py", cwd=project)
    said = run(*commit, "dash-migrate-check", "--files", "broken.py", cwd=project, code=1, **home)
    assert "broken.py:16:1: DM901 not analysed" in said
    run(*git, "rm", "-qf", "broken.py", cwd=project)
    run(*commit, "dash-migrate-fix", "--hook-stage", "manual", "--all-files", cwd=project, code=1, **home)
    assert "run_server" not in (project / "app.py").read_text()
    assert "run_server" not in pages.read_text()
    run(*git, "add", ".", cwd=project)
    run(*commit, "dash-migrate-fix", "--hook-stage", "manual", "--all-files", cwd=project, **home)
