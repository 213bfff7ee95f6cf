"""What the cache keeps, where, and that nothing goes wrong with it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cache_help import APP, FILES, TARGETS, cached, entries, fresh, served, write
from click.testing import CliRunner
from deploy_help import inside

from dash_migrate.cache import place, store
from dash_migrate.check import Report, check
from dash_migrate.cli import cli
from dash_migrate.files import prefilter
from dash_migrate.files.looks import Looks, digest
from dash_migrate.model import FileError, Finding, Span
from dash_migrate.reports import sarif
from dash_migrate.reports.json_report import as_object, as_text

RUNS = {"text": [], "json": ["--format", "json"], "sarif": ["--format", "sarif"], "github": ["--format", "github"]}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    with inside(write(tmp_path / "project")):
        yield tmp_path / "project"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def run(*arguments: str) -> tuple[int, str]:
    """The exit code of ``check`` and all that it said; there must be no traceback."""
    result = CliRunner().invoke(cli, ["check", *arguments], standalone_mode=False)
    assert result.exception is None, result.exception
    return int(result.return_value or 0), result.output


@pytest.mark.parametrize("form", RUNS)
@pytest.mark.parametrize("more", [[], ["--strict"], ["--exit-zero"], ["--select", "DM9"], ["app.py"], ["broken.py"]])
def test_it_is_said_in_the_same_words_with_and_without(project: Path, cache: Path, form: str, more: list[str]) -> None:
    write(project, {"broken.py": "from app import server\nserver.route(\n"})
    arguments = [*RUNS[form], *more, "--cache-dir", str(cache)]
    expected = run(*RUNS[form], *more, "--no-cache")
    assert not cache.exists()
    assert run(*arguments) == expected
    assert run(*arguments) == expected
    run(*arguments, "--output", str(cache / "report"))
    assert (cache / "report").read_text(encoding="utf-8") == expected[1]


def test_reports_are_indented_as_json_does_it() -> None:
    span = Span(1, 2, 3, 4)
    findings = [
        Finding("DM101", "a%d", 'p"%s\\.py', span, '%s "x"\n\0path é \ud800 100 %', "required", {"quart": "works"}),
        Finding("DM101", "a%d", "q.py", Span(5, 6, 7, 8), '"findings": []', "required", {"quart": "works"}),
        Finding("DM201", "b", "q.py", span, "", "optional", {}, "safe", "bridge", "http://x/%20"),
        Finding("DM201", "b", "q.py", span, "", "optional", {"quart": "works", "fastapi": "bridge"}, "safe", "bridge"),
        Finding("DM201", "b", "q.py", span, "", "optional", {"fastapi": "bridge", "quart": "works"}, "safe", "bridge"),
    ]
    for count in range(len(findings) + 1):
        report = Report(TARGETS, findings[:count], [{"name": '"findings": []'}], 3, 1, ["x"], [FileError("a", "b")])
        assert as_text(report) == json.dumps(as_object(report), indent=2, ensure_ascii=False)
        assert sarif.as_text(report) == json.dumps(sarif.as_object(report), indent=2, ensure_ascii=False)


def test_the_project_is_left_alone(project: Path, cache: Path) -> None:
    before = sorted(project.rglob("*"))
    run("--cache-dir", str(cache))
    assert sorted(project.rglob("*")) == before
    assert len(entries(cache)) == 1


def test_a_cache_inside_the_project_is_no_part_of_it(project: Path) -> None:
    expected = fresh()
    inner = project / "cache"
    assert cached(inner) == expected
    assert served(inner) == expected == fresh()
    assert (next(inner.iterdir()) / ".gitignore").read_text().endswith("*\n")


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv(place.VARIABLE)
    if sys.platform == "linux":
        assert place.folder() == tmp_path / ".cache/dash-migrate"
    if sys.platform != "win32":
        monkeypatch.setenv("XDG_CACHE_HOME", "/x")
        assert place.folder() == Path("/x/dash-migrate")
        monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # to be ignored, says the specification
        assert place.folder() is None
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "named"))
    assert place.folder() == tmp_path / "named"
    assert place.folder(tmp_path / "chosen") == tmp_path / "chosen"


def test_the_variable_and_the_option_are_obeyed(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "named"))
    run("--no-cache")
    assert not (tmp_path / "named").exists()
    run()
    assert len(entries(tmp_path / "named")) == 1
    run("--cache-dir", str(tmp_path / "chosen"))
    assert len(entries(tmp_path / "chosen")) == len(entries(tmp_path / "named")) == 1


def _damaged(whole: bytes) -> dict[str, bytes]:
    _, _, body = whole.partition(b"\n")
    data = json.loads(body)

    def signed(data: object) -> bytes:
        body = json.dumps(data).encode()
        return digest(body).encode() + b"\n" + body

    report = data["report"]
    return {
        "empty": b"",
        "cut": whole[:-1],
        "cut in the middle": whole[: len(whole) // 2],
        "one line": whole[:64],
        "no check": body,
        "one bit": whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:],
        "a word": whole.replace(b"gunicorn", b"gunicorm"),
        "binary": os.urandom(500),
        "not an object": signed([]),
        "deep": signed("") + b"[" * 100_000,
        "deep and signed": digest(b"[" * 100_000).encode() + b"\n" + b"[" * 100_000,
        "nothing in it": signed({}),
        "no report": signed({**data, "report": None}),
        "no files": signed({**data, "files": []}),
        "folders of another kind": signed({**data, "folders": [[1, 2]]}),
        "strange findings": signed({**data, "report": {**report, "findings": [[9999, 0, 0, 1, 1, 1, 1]]}}),
        "short findings": signed({**data, "report": {**report, "findings": [[0]]}}),
        "strange kinds": signed({**data, "report": {**report, "kinds": [["DM1", "x", "??", "", "", "", {}]]}}),
        "strange errors": signed({**data, "report": {**report, "errors": [1]}}),
    }


def test_what_is_damaged_is_not_there(project: Path, cache: Path) -> None:
    expected = cached(cache)
    (entry,) = entries(cache)
    whole = entry.read_bytes()
    arguments = ("--format", "json", "--cache-dir", str(cache))
    said = run(*arguments)
    for name, contents in _damaged(whole).items():
        entry.write_bytes(contents)
        assert run(*arguments) == said, name
        assert cached(cache) == expected, name
        assert served(cache) == expected, f"{name}: not made good"
    entry.unlink()
    entry.mkdir()
    assert run(*arguments) == said


def test_a_place_that_cannot_be_written_is_no_place(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run("--no-cache")
    (project.parent / "file").write_text("")
    for name in (project.parent / "file", project.parent / "file/below", Path("/proc/none")):
        assert run("--cache-dir", str(name)) == expected, name
    run("--cache-dir", str(cache))
    for name in ("replace", "fdopen", "utime"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, _full)
            assert run("--cache-dir", str(cache)) == expected, name
            assert run("--cache-dir", str(cache / name)) == expected, name
    assert not list(cache.rglob("*.tmp"))


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_errors_of_the_disk_are_not_remembered(project: Path, cache: Path) -> None:
    Path("lost.py").symlink_to("nowhere.py")
    assert cached(cache) == fresh()
    assert entries(cache) == []
    Path("nowhere.py").write_text("x = 1\n")
    assert '"errors": []' in cached(cache)


def test_errors_in_the_code_are(project: Path, cache: Path) -> None:
    write(project, {"broken.py": "import dash\nserver.route(\n"})
    assert "not parsed" in cached(cache)
    assert served(cache) == fresh()


def test_errors_without_a_place_are_not(project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("ast.parse", out_of_memory)
        assert "nested too deeply" in cached(cache)
    assert entries(cache) == []


def test_what_changes_under_way_is_not_remembered(project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dash_migrate import deploy

    judged = deploy.findings

    def late(*arguments: object) -> object:
        write(project, {"gunicorn.conf.py": "workers = 1\n", "app.py": APP + "\n"})
        return judged(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(deploy, "findings", late)
        cached(cache)
    write(project)
    assert cached(cache) == fresh()
    write(project, {"gunicorn.conf.py": "workers = 1\n", "app.py": APP + "\n"})
    assert cached(cache) == fresh()


def test_one_thing_seen_in_two_states_is_torn() -> None:
    looks = Looks()
    looks.file("a", b"1")
    looks.file("a", b"1")
    looks.folder("f", (".md",), ["a"])
    assert not looks.is_torn
    looks.file("a", None)
    assert looks.is_torn
    looks = Looks()
    looks.folder("f", (".md",), ["a"])
    looks.folder("f", (".md",), None)
    assert looks.is_torn


def test_what_imports_dash_only_now_is_not_remembered(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = prefilter.read_unrecorded
    late = {"plain.py": "import dash\n\nother = dash.Dash()\nother.run_server()\n"}

    def reading(path: str, location: str | None = None) -> bytes:
        data = read(path, location)
        if path == "plain.py":
            write(project, late)
        return data

    with monkeypatch.context() as patch:
        patch.setattr(prefilter, "_KEEP", 0)
        patch.setattr(prefilter, "read_unrecorded", reading)
        cached(cache)
    assert cached(cache) == fresh()


def test_errors_of_files_that_were_not_asked_about_count(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = ast.parse

    def out_of_memory(text: str, *more: object, **named: object) -> object:
        if "before_request" in str(text):
            raise MemoryError
        return parse(text, *more, **named)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr("ast.parse", out_of_memory)
        assert '"errors": []' in cached(cache, "app.py")
    assert entries(cache) == []


def test_what_a_dead_process_looked_at_is_not_known(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def each_part(files: object, selection: object, work: object, died: Callable[..., object], *_: object) -> object:
        return [died(files, selection)]

    monkeypatch.setattr("dash_migrate.project.each_part", each_part)
    with inside(write(tmp_path / "p", {"book.ipynb": FILES["explore.ipynb"]})):
        assert '"errors": []' in cached(cache)  # nothing else tells that the answer is not whole
    assert entries(cache) == []


def test_without_dash_nothing_is_kept(tmp_path: Path, cache: Path) -> None:
    with inside(write(tmp_path / "p", {"a.py": "x = 1\n", "b.ipynb": "{}", "requirements.txt": "flask\n"})):
        assert cached(cache) == fresh()
    assert not cache.exists()


def test_an_app_in_a_mountain_of_other_code_is_not_worth_it(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dash_migrate.files.prefilter._KEEP", 0)
    assert cached(cache) == fresh()
    assert len(entries(cache)) == 1  # little is read again
    write(project, {"mountain.py": "x = 1\n" * 50_000})
    assert cached(cache) == fresh()
    assert len(entries(cache)) == 1
    monkeypatch.undo()
    assert cached(cache) == fresh()
    assert len(entries(cache)) == 2


def test_what_was_not_kept_in_memory_is_recorded_too(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dash_migrate.files.prefilter._KEEP", 0)
    expected = cached(cache)
    assert served(cache) == expected == fresh()
    write(project, {"plain.py": "from app import server\nserver.secret_key = 'x'\n"})
    assert cached(cache) == fresh() != expected


def test_room_is_made_for_new_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store.Store(tmp_path)
    names = [f"{number:032x}" for number in range(6)]
    foreign = tmp_path / f"check-{store.SCHEMA}" / "notes.txt"
    monkeypatch.setattr(store, "MOST_FILES", 4)
    for at, name in enumerate(names):
        kept.save(name, names[0], {"report": at})
        os.utime(kept.folder / f"{name}-{names[0]}", (at + 1, at + 1))
        foreign.write_text("mine")
    kept.save(names[0], names[1], {"report": 9})
    assert [kept.has(name) for name in names] == [True, False, False, True, True, True]
    assert kept.load(names[3], names[0]) == {"report": 3}  # which makes it the last to go
    kept.save(names[1], names[1], {})
    assert [kept.has(name) for name in names] == [True, True, False, True, False, True]
    monkeypatch.setattr(store, "MOST_BYTES", 700)
    kept.save(names[2], names[2], {"report": "x" * 200})
    assert kept.has(names[2])
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 700
    kept.save(names[4], names[4], {"report": "x" * 2000})
    assert not kept.has(names[4])
    assert foreign.read_text() == "mine"


def test_what_a_crash_left_behind_is_removed_some_time(tmp_path: Path) -> None:
    kept = store.Store(tmp_path)
    name = f"{1:032x}"
    kept.save(name, name, {})
    old, new = (kept.folder / f"{name}-{name}.{end}.tmp" for end in ("a_b", "c"))
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (1, 1))
    kept.save(name, name, {})
    assert (old.exists(), new.exists()) == (False, True)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dash_migrate", "check", *arguments]


def test_several_at_once_say_the_same(project: Path, cache: Path) -> None:
    command = _command("--format", "json", "--cache-dir", str(cache))
    expected = subprocess.run(_command("--format", "json", "--no-cache"), capture_output=True, check=False).stdout
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    assert [process.communicate() for process in started] == [(expected, b"")] * 4
    assert len(entries(cache)) == 1
    assert not list(cache.rglob("*.tmp"))
    assert served(cache) == expected.decode().rstrip("\n")


@pytest.mark.parametrize("form", RUNS)
def test_an_answer_that_is_there_costs_no_parser(project: Path, cache: Path, form: str) -> None:
    command = _command(*RUNS[form], "--cache-dir", str(cache))
    subprocess.run(command, capture_output=True, check=False)
    command[1:1] = ["-X", "importtime"]
    said = subprocess.run(command, capture_output=True, check=False, text=True).stderr
    loaded = {line.rpartition("|")[2].strip() for line in said.splitlines()}
    heavy = ("libcst", "yaml", "jinja2", "rich", "packaging", "tempfile")
    rooms = tuple(f"dash_migrate.{room}" for room in ("facts", "deploy", "fixes", "project", "files.prefilter"))
    assert "dash_migrate.cache.answers" in loaded
    assert [name for name in sorted(loaded) if name.split(".")[0] in heavy or name.startswith(rooms)] == []


def test_check_as_a_function_keeps_nothing_unless_asked(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(place.VARIABLE, str(cache))
    check(["."], TARGETS)
    assert not cache.exists()
