"""The cache never answers for a project, a tool or a place that is another than it was."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cache_help import APP, FILES, TARGETS, cached, entries, fresh, served, write
from deploy_help import inside
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dash_migrate import check as check_module
from dash_migrate.cache import answers, fingerprint
from dash_migrate.check import check
from dash_migrate.files import folder as folder_module
from dash_migrate.files.folder import MARKS
from dash_migrate.files.looks import Looks, recorded
from dash_migrate.files.walk import walk
from dash_migrate.reports.json_report import as_text


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    with inside(write(tmp_path / "project")):
        yield tmp_path / "project"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_the_second_answer_is_the_first(project: Path, cache: Path) -> None:
    expected = fresh()
    assert cached(cache) == expected
    assert served(cache) == expected
    assert '"findings": []' not in expected


#: edits that change what is found, by the file they are made in
TELLING = {
    "app.py": APP + "server.after_request(print)\n",
    "pages/home.py": "def add(server):\n    server.before_request(print)\n    server.after_request(print)\n",
    "plain.py": "from app import server\nserver.secret_key = 'x'\n",
    "tests/test_app.py": "import app\n",
    "made/generated.py": "from app import server\nserver.route('/x')(print)\n",
    ".gitignore": "",
    ".git/info/exclude": "pages/\n",
    "explore.ipynb": FILES["numbers.ipynb"],
    "numbers.ipynb": FILES["explore.ipynb"],
    "requirements.txt": "dash[fastapi,quart]==4.4.1\nflask\nuvicorn[standard]\n",
    "pyproject.toml": '[project]\nname = "board"\nversion = "1"\ndependencies = ["dash[fastapi,quart]>=4.4"]\n',
    "Procfile": "web: uvicorn app:server\n",
    "Dockerfile": "FROM python:3.12\nCMD uvicorn app:server\n",
    "docker-compose.yml": "services:\n  web:\n    command: uvicorn app:server\n",
    "Makefile": "run:\n\tuvicorn app:server\n",
    "start.sh": "#!/bin/sh\nexec uvicorn app:server\n",
    "board.service": "[Service]\nExecStart=/usr/bin/uvicorn app:server\n",
    "tox.ini": "[testenv]\ncommands = pytest\n",
    "render.yaml": "services:\n  - type: web\n    startCommand: uvicorn app:server\n",
    "app.json": "{}\n",
    "environment.yml": "dependencies:\n  - numpy\n",
    "Pipfile": "[packages]\n",
    "README.md": "Start it.\n",
    "HOWTO.rst": "Start it.\n",
}


@pytest.mark.parametrize("name", TELLING)
def test_an_edit_is_seen(project: Path, cache: Path, name: str) -> None:
    before = cached(cache)
    Path(name).write_text(TELLING[name], encoding="utf-8")
    after = fresh()
    assert after != before, "this edit shows nothing"
    assert cached(cache) == after
    assert served(cache) == after
    Path(name).write_text(FILES[name], encoding="utf-8")
    assert cached(cache) == before


@pytest.mark.parametrize("name", FILES)
def test_any_file_may_go_come_back_and_be_another(project: Path, cache: Path, name: str) -> None:
    cached(cache)
    path = Path(name)
    path.unlink()
    assert cached(cache) == fresh()
    path.write_text(FILES[name], encoding="utf-8")
    assert cached(cache) == fresh()
    state = path.stat()
    path.write_bytes(path.read_bytes().swapcase())  # of the same size, and then of the same time
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert cached(cache) == fresh()
    path.unlink()
    path.mkdir()
    assert cached(cache) == fresh()


@pytest.mark.parametrize("name", [*FILES, "venv/pyvenv.cfg", "env/bin/activate", "pages/.git/HEAD", "dist/app.py"])
@pytest.mark.parametrize("folder", ["", "pages", "new"])
def test_any_file_may_be_added(project: Path, cache: Path, name: str, folder: str) -> None:
    if (path := Path(folder, name)).exists():
        path.unlink()
    cached(cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILES.get(name, "import app\n"), encoding="utf-8")
    assert cached(cache) == fresh()


@pytest.mark.parametrize("mark", MARKS)
def test_what_is_around_the_project_counts(tmp_path: Path, cache: Path, mark: str) -> None:
    with inside(write(tmp_path / "outer/inner", {"app.py": APP, "lib.py": "def add(app): app.server.route('/')\n"})):
        for paths in ((), ("app.py",), ("lib.py",), ("../inner",)):
            assert cached(cache, *paths) == fresh(*paths)
        (Path("..") / mark).write_text('[project]\nname = "x"\ndependencies = ["dash"]\n', encoding="utf-8")
        write(Path(".."), {"use.py": "from inner.app import server\nserver.after_request(print)\n"})
        for paths in ((), ("app.py",), ("lib.py",), ("../inner",)):
            assert cached(cache, *paths) == fresh(*paths)


def test_the_folder_that_is_a_project_may_become_another(tmp_path: Path, cache: Path) -> None:
    packaging = """
[project]
name = "dash-notes"
classifiers = ["Framework :: Dash"]

[build-system]
requires = ["hatchling"]
"""
    app = "import dash\nfrom dash_notes import add\n\napp = dash.Dash()\nadd(app)\n"
    library = "def add(app):\n    app.server.route('/')(print)\n"
    files = {"pyproject.toml": packaging, "app.py": app, "src/dash_notes/__init__.py": library}
    with inside(write(tmp_path / "project", files)):
        before = cached(cache, "src/dash_notes", "app.py")
        assert before == fresh("src/dash_notes", "app.py")
        assert "DM603" in before
        write(Path(), {"src/Procfile": ""})  # beside what is asked about, not in it
        assert cached(cache, "src/dash_notes", "app.py") == fresh("src/dash_notes", "app.py") != before


def test_the_same_code_elsewhere_is_another_project(tmp_path: Path, cache: Path) -> None:
    for name, requirement in (("a", "dash==2.18.1\n"), ("b", "dash==2.9.0\n"), ("c", "dash==2.18.1\n")):
        with inside(write(tmp_path / name, {"app.py": APP, "requirements.txt": requirement})):
            assert cached(cache) == fresh()


def test_links_count_as_what_they_lead_to(project: Path, cache: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("from app import server\nserver.after_request(print)\n", encoding="utf-8")
    try:
        Path("linked.py").symlink_to(outside)
    except OSError:
        pytest.skip("no symbolic links here")
    before = cached(cache)
    assert served(cache) == before == fresh()
    outside.write_text("x = 1\n", encoding="utf-8")
    assert cached(cache) == fresh() != before


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("playground")


_NAMES = sorted(FILES)
_EDITS = st.one_of(
    st.tuples(st.just("remove"), st.sampled_from(_NAMES), st.just("")),
    st.tuples(st.just("restore"), st.sampled_from(_NAMES), st.just("")),
    st.tuples(
        st.just("append"), st.sampled_from(_NAMES), st.sampled_from(["\n", "# x\n", "server.route('/n')(print)\n"])
    ),
    st.tuples(st.just("copy"), st.sampled_from(_NAMES), st.sampled_from(_NAMES)),
    st.tuples(st.just("replace"), st.sampled_from(sorted(TELLING)), st.just("")),
    st.tuples(st.just("cut"), st.sampled_from(_NAMES), st.just("")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(_EDITS, min_size=1, max_size=6))
def test_whatever_is_edited_it_is_seen(playground: Path, edits: list[tuple[str, str, str]]) -> None:
    project = playground / "project"
    shutil.rmtree(project, ignore_errors=True)
    with inside(write(project)):
        for kind, name, more in edits:
            _edit(kind, Path(name), more)
            expected = fresh()
            assert cached(playground / "cache") == expected
            assert cached(playground / "cache") == expected


def _edit(kind: str, path: Path, more: str) -> None:
    if kind == "restore":
        path.write_text(FILES[path.as_posix()], encoding="utf-8")
    elif kind == "replace":
        path.write_text(TELLING[path.as_posix()], encoding="utf-8")
    elif not path.exists():
        return
    elif kind == "remove":
        path.unlink()
    elif kind == "append":
        path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    elif kind == "copy":
        path.with_name("copy_" + Path(more).name).write_text(FILES[more], encoding="utf-8")
    else:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


class _Spy:
    """What a piece of code does with files."""

    def __init__(self) -> None:
        self.opened: set[str] = set()
        self.listed: set[str] = set()
        self.asked: set[str] = set()
        self.is_on = False
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if (
            self.is_on
            and event in ("open", "os.listdir", "os.scandir")
            and isinstance(arguments[0], (str, os.PathLike))
        ):
            (self.opened if event == "open" else self.listed).add(os.path.normpath(arguments[0]))

    @contextmanager
    def watching(self) -> Iterator[None]:
        def asking(function: Callable[..., Any]) -> Callable[..., Any]:
            def wrapper(path: Any, *more: Any, **named: Any) -> Any:
                if isinstance(path, (str, os.PathLike)):
                    self.asked.add(os.path.normpath(path))
                return function(path, *more, **named)

            return wrapper

        with pytest.MonkeyPatch.context() as patch:
            for name in ("stat", "lstat", "access", "readlink"):
                patch.setattr(os, name, asking(getattr(os, name)))
            self.is_on = True
            try:
                yield
            finally:
                self.is_on = False


def test_nothing_is_looked_at_that_is_not_recorded(project: Path) -> None:
    check(["."], TARGETS)  # what the tool loads of its own
    spy = _Spy()
    files = walk(["."])
    with recorded(Looks()) as looks, spy.watching():
        check_module._found(files, TARGETS, [], [])
    assert not looks.is_torn

    def ours(paths: set[str]) -> set[str]:
        return {path for path in (os.path.abspath(one) for one in paths) if path.startswith(str(project))}

    read = {os.path.normpath(one) for one in looks.files}
    assert ours(spy.opened) <= read
    assert {str(project / name) for name in ("app.py", "Procfile", "README.md", "numbers.ipynb")} <= read
    assert ours(spy.listed) <= {os.path.normpath(one) for one, _ in looks.folders}
    assert spy.listed, "the documents were not looked for"
    homes = {str(project / mark) for mark in MARKS} | {str(project)}  # what `homes` asks, part of the state
    assert ours(spy.asked) <= homes
    assert folder_module.MARKS is MARKS


def test_the_walk_and_the_folders_of_projects_are_part_of_the_state(project: Path) -> None:
    def state(**more: Any) -> str:
        files = walk(["."])
        for name, value in more.items():
            setattr(files, name, value)
        return answers.question(project, files)._state({})

    assert state() == state()
    for name in ("roots", "python", "notebooks", "repositories"):
        assert state(**{name: ["other"]}) != state()
    assert state(others={}) != state()
    assert state(explicit={"app.py"}) != state()
    assert state(skipped=[]) != state()


def test_arguments_and_place_are_part_of_the_question(project: Path, cache: Path) -> None:
    def asked(*paths: Any, **more: Any) -> list[str]:
        named = {"targets": TARGETS, "select": (), "ignore": (), **more}
        for _ in range(2):
            assert as_text(check(paths, **named)) == as_text(check(paths, **named, cache=cache))
        return [path.name for path in entries(cache)]

    before = asked(".")
    for paths, more in (
        (("app.py",), {}),
        (("pages", "app.py"), {}),
        ((".",), {"targets": ("quart",)}),
        ((".",), {"select": ["DM2"]}),
        ((".",), {"ignore": ["DM2"]}),
        ((".",), {"select": ["DM1"], "ignore": ["DM2"]}),
    ):
        after = asked(*paths, **more)
        assert len(after) == len(before) + 1, (paths, more)
        before = after
    with inside(project / "pages"):
        assert '"path": "../app.py"' in cached(cache, str(project))
        assert served(cache, str(project)) == fresh(str(project))


@pytest.mark.parametrize("what", ["version", "executable", "tool"])
def test_another_tool_or_python_asks_anew(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    cached(cache)
    served(cache)
    if what == "version":
        monkeypatch.setattr("dash_migrate.__version__", "99")
    elif what == "executable":
        monkeypatch.setattr(sys, "version", "3.99")
    else:
        monkeypatch.setattr(fingerprint, "states", lambda folder: [("x.py", 1, 1)])
    monkeypatch.setattr(check_module, "_found", lambda *_: check_module.Report(TARGETS, read=-1))
    assert '"read": -1' in cached(cache)


def test_the_tool_is_another_after_any_change_of_its_files(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x", "b/c.toml": "y"})
    seen = [fingerprint.states(tmp_path)]
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/a.pyc").write_text("")
    assert fingerprint.states(tmp_path) == seen[0]
    (tmp_path / "b/d.toml").write_text("")
    seen.append(fingerprint.states(tmp_path))
    (tmp_path / "a.py").write_text("xy")
    seen.append(fingerprint.states(tmp_path))
    os.utime(tmp_path / "a.py", ns=(0, 0))
    seen.append(fingerprint.states(tmp_path))
    (tmp_path / "b/c.toml").rename(tmp_path / "c.toml")
    seen.append(fingerprint.states(tmp_path))
    assert all(one != other for at, one in enumerate(seen) for other in seen[:at])


def test_packages_installed_since_are_another_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "site-packages"
    place.mkdir()
    monkeypatch.syspath_prepend(place)
    before = fingerprint.fingerprint()
    assert fingerprint.fingerprint() == before
    os.utime(place, ns=(0, 0))
    assert fingerprint.fingerprint() != before
