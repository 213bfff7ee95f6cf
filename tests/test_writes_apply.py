"""All files are replaced or none, whatever happens on the way."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dash_migrate.writes import apply as module
from dash_migrate.writes.apply import Applied, Change, WriteError, apply, recover

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and links")
not_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")

OLD, NEW = b"x = 1\n", b"x = 2\n"


class Project:
    """A directory of three files, with a journal beside it."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "project"
        self.journal = tmp_path / "journal"
        self.path.mkdir()
        for name in ("a.py", "b.py", "c.py"):
            (self.path / name).write_bytes(OLD)
        self.before = self.contents()

    def contents(self) -> dict[str, bytes]:
        """Every file there is, so that nothing left lying about goes unnoticed."""
        files = [one for one in self.path.rglob("*") if one.is_file()]
        return {one.relative_to(self.path).as_posix(): one.read_bytes() for one in files}

    def apply(self, *changes: Change) -> Applied:
        return apply(changes, self.path, self.journal)

    def fail(self, *changes: Change) -> WriteError:
        """Apply, expect the error, and that the project and the journal are as before."""
        before = self.contents()
        with pytest.raises(WriteError) as raised:
            self.apply(*changes)
        assert self.contents() == before
        assert self.journals() == []
        return raised.value

    def journals(self) -> list[str]:
        return sorted(os.listdir(self.journal)) if self.journal.exists() else []

    def recover(self) -> tuple[list[str], list[str]]:
        restored, errors = recover([self.path], self.journal)
        return restored, [f"{error.path}: {error.message}" for error in errors]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


THREE = [Change("a.py", NEW, OLD), Change("new/deep/d.py", NEW), Change("c.py", NEW, OLD)]


def test_files_are_replaced_and_created(project: Project) -> None:
    assert project.apply(*THREE) == Applied(["a.py", "c.py"], ["new/deep/d.py"])
    assert project.contents() == {"a.py": NEW, "b.py": OLD, "c.py": NEW, "new/deep/d.py": NEW}
    assert project.journals() == []


def test_a_file_with_nothing_to_do_is_left_alone(project: Project) -> None:
    before = {name: os.stat(project.path / name) for name in ("a.py", "b.py")}
    (project.path / "b.py").write_bytes(NEW)
    touched = os.stat(project.path / "b.py")
    assert project.apply(Change("a.py", OLD, OLD), Change("b.py", NEW, OLD)) == Applied()
    assert os.stat(project.path / "a.py").st_mtime_ns == before["a.py"].st_mtime_ns
    assert os.stat(project.path / "b.py").st_mtime_ns == touched.st_mtime_ns
    assert not project.journal.exists()


@posix
def test_permissions_stay_and_links_stay_links(project: Project, tmp_path: Path) -> None:
    (project.path / "a.py").chmod(0o750)
    (tmp_path / "shared.py").write_bytes(OLD)
    (project.path / "link.py").symlink_to(tmp_path / "shared.py")
    project.apply(Change("a.py", NEW, OLD), Change("link.py", NEW, OLD), Change("e.py", NEW))
    assert (project.path / "a.py").stat().st_mode & 0o777 == 0o750
    assert (project.path / "link.py").is_symlink()
    assert (tmp_path / "shared.py").read_bytes() == NEW
    (project.path / "plain").touch()
    assert (project.path / "e.py").stat().st_mode == (project.path / "plain").stat().st_mode


# What is found out before anything is written


def test_one_file_that_would_not_compile_stops_all(project: Project) -> None:
    error = project.fail(Change("a.py", NEW, OLD), Change("b.py", b"x = (\n", OLD), Change("c.py", NEW, b"other"))
    assert [(one.path, one.line) for one in error.errors] == [("b.py", 1), ("c.py", None)]
    assert "No file was changed." in str(error)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (Change("a.py", NEW, b"x = 3\n"), "has changed since it was read; run again"),
        (Change("a.py", NEW), "exists already"),
        (Change("gone.py", NEW, OLD), "is gone now"),
        (Change("new", NEW, OLD), "is gone now"),
        (Change("b.py", b"y = 2\n", OLD), "is the same file as"),
    ],
)
def test_surprises_on_the_disk_are_told(project: Project, change: Change, says: str) -> None:
    error = project.fail(Change("./sub/../b.py", NEW, OLD), change)
    assert says in error.errors[0].message


@not_root
def test_read_only_files_and_directories(project: Project) -> None:
    (project.path / "a.py").chmod(0o444)
    assert "is read-only" in project.fail(*THREE).errors[0].message
    (project.path / "a.py").chmod(0o644)
    (project.path / "sub").mkdir()
    (project.path / "sub" / "e.py").write_bytes(OLD)
    (project.path / "sub").chmod(0o555)
    error = project.fail(*THREE, Change("sub/e.py", NEW, OLD))
    (project.path / "sub").chmod(0o755)
    assert "dash-migrate needs to write to the directory" in error.errors[0].message


def test_no_room_for_the_journal(project: Project, tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(WriteError) as raised:
        project.apply(*THREE)
    assert "set TMPDIR" in raised.value.errors[0].message
    assert project.contents() == project.before


# What goes wrong half-way


class Broken:
    """Makes the n-th call of an ``os`` function for a project's files fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, nth: int, error: BaseException) -> None:
        self.real = getattr(os, name)
        self.left = nth
        self.error = error
        self.after = False
        monkeypatch.setattr(os, name, self)

    def __call__(self, *args: object) -> object:
        if name_of(args[-1]):
            self.left -= 1
            if self.left == 0:
                if self.after:
                    self.real(*args)
                raise self.error
        return self.real(*args)


def name_of(target: object) -> bool:
    return isinstance(target, int) or str(target).endswith(".py")


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_a_failed_replacement_takes_back_those_before(
    project: Project, monkeypatch: pytest.MonkeyPatch, nth: int, code: int
) -> None:
    Broken(monkeypatch, "replace", nth, OSError(code, os.strerror(code)))
    error = project.fail(*THREE)
    assert error.errors[0].path == THREE[nth - 1].path
    assert error.errors[0].message.startswith("cannot be written: ")
    assert not error.left_behind
    assert not (project.path / "new").exists()


@pytest.mark.parametrize("nth", [1, 2, 3, 5, 6, 7])  # the fourth is of a directory, where it does not matter
def test_a_full_disk_leaves_everything_as_it_was(project: Project, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    Broken(monkeypatch, "fsync", nth, OSError(errno.ENOSPC, "No space left on device"))
    assert "No file was changed." in str(project.fail(*THREE))


def test_an_interrupt_right_after_a_replacement(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    Broken(monkeypatch, "replace", 2, KeyboardInterrupt()).after = True
    with pytest.raises(KeyboardInterrupt):
        project.apply(*THREE)
    assert project.contents() == project.before
    assert project.journals() == []


def test_what_cannot_be_taken_back_is_named_and_kept(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    Broken(monkeypatch, "replace", 3, OSError(errno.EIO, "Input/output error"))
    monkeypatch.setattr(module, "_take_over", fail_after(3, module._take_over))
    with pytest.raises(WriteError) as raised:
        project.apply(*THREE)
    (left,) = raised.value.left_behind
    assert left.path == "a.py"
    kept = Path(left.message.rpartition(" is in ")[2])
    assert kept.read_bytes() == OLD
    assert "No file was changed." not in str(raised.value)
    monkeypatch.undo()
    assert project.recover() == (["a.py"], [])
    assert project.contents() == project.before


def fail_after(calls: int, real):  # type: ignore[no-untyped-def]
    def wrapped(*args: object) -> object:
        nonlocal calls
        calls -= 1
        if calls < 0:
            raise OSError(errno.EIO, "Input/output error")
        return real(*args)

    return wrapped


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_FSIZE")
def test_the_kernel_refusing_to_write_leaves_everything_as_it_was(project: Project) -> None:
    (project.path / "big.py").write_bytes(OLD)
    script = """
import resource, sys
from pathlib import Path
from dash_migrate.writes.apply import Change, WriteError, apply
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
old, new = b"x = 1\\n", b"x = 2\\n"
try:
    apply([Change("a.py", new, old), Change("big.py", new * 2000, old)], sys.argv[1], Path(sys.argv[2]))
except WriteError as error:
    print(error)
"""
    arguments = [sys.executable, "-c", script, str(project.path), str(project.journal)]
    ran = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert "big.py: cannot be written: " in ran.stdout
    assert "No file was changed." in ran.stdout
    assert project.contents() == {**project.before, "big.py": OLD}


# What is left by a run that was killed

KILLED = """
import os, signal, sys
from pathlib import Path
from dash_migrate.writes.apply import Change, apply
left, real = int(sys.argv[3]), os.replace
def replace(source, target):
    global left
    if str(target).endswith(".py"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
os.replace = replace
old, new = b"x = 1\\n", b"x = 2\\n"
changes = [Change("a.py", new, old), Change("new/deep/d.py", new), Change("c.py", new, old)]
apply(changes, sys.argv[1], Path(sys.argv[2]))
"""


def kill_at(project: Project, nth: int) -> None:
    ran = subprocess.run([sys.executable, "-c", KILLED, str(project.path), str(project.journal), str(nth)])
    assert ran.returncode == -signal.SIGKILL
    assert len(project.journals()) == 1


@posix
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_killed_run_is_taken_back_by_the_next(project: Project, nth: int) -> None:
    kill_at(project, nth)
    assert project.contents() != project.before
    assert project.recover() == ([["a.py", "new/deep/d.py"][:n] for n in range(3)][nth - 1], [])
    assert project.contents() == project.before
    assert project.journals() == []
    assert project.recover() == ([], [])
    assert project.apply(*THREE).changed == ["a.py", "c.py"]


@posix
def test_work_done_since_a_killed_run_is_not_overwritten(project: Project) -> None:
    kill_at(project, 3)
    (project.path / "a.py").write_bytes(b"x = 'mine'\n")
    restored, (error,) = project.recover()
    assert restored == ["new/deep/d.py"]
    assert error.startswith("a.py: has changed since dash-migrate was interrupted")
    assert Path(error.rpartition(" is in ")[2]).read_bytes() == OLD
    assert (project.path / "a.py").read_bytes() == b"x = 'mine'\n"


@posix
def test_runs_of_other_projects_and_running_ones_are_left_alone(project: Project, tmp_path: Path) -> None:
    kill_at(project, 2)
    (tmp_path / "other").mkdir()
    assert recover([tmp_path / "other"], project.journal) == ([], [])
    (journal,) = project.journals()
    held = module.abandoned(project.journal)
    running = next(held)
    assert project.recover() == ([], [])
    running.release()
    assert journal in project.journals()
    assert project.recover() == (["a.py"], [])


@posix
def test_a_journal_that_was_never_finished_is_swept_up(project: Project) -> None:
    (project.journal / "run-x").mkdir(parents=True)
    assert project.recover() == ([], [])
    assert project.journals() == ["run-x"], "it may belong to a run that is just beginning"
    os.utime(project.journal / "run-x", (1, 1))
    assert project.recover() == ([], [])
    assert project.journals() == []


@posix
def test_a_journal_directory_of_somebody_else_is_not_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module.journal_root.__globals__["tempfile"], "tempdir", str(tmp_path))
    root = module.journal_root()
    assert root.parent == tmp_path
    assert root.stat().st_mode & 0o777 == 0o700
    assert module.journal_root() == root
    root.chmod(0o777)
    assert module.journal_root() != root
    root.rmdir()
    root.symlink_to("/")
    assert module.journal_root() not in (root, Path("/"))
