"""Boot an app in a process group of its own, wait until it answers, kill the whole group at the end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from dash_migrate.verify.client import Address
from dash_migrate.verify.steps import ServerKind

PROBE = b"probe\r\n\r\n"
"""Not HTTP: the server itself refuses it, so that waiting for the server is not a request to the app."""


DESCRIBE = "describe"
MARK = "DASH_MIGRATE_RUN"
"""Variable by which the processes of an app are found again, also those that left its process group."""

NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    **{f"{name}_proxy": NOWHERE for name in ("http", "https", "all")},
    **{f"{name}_PROXY": NOWHERE for name in ("HTTP", "HTTPS", "ALL")},
    "no_proxy": "localhost,127.0.0.1,::1",
    "NO_PROXY": "localhost,127.0.0.1,::1",
}
"""For programs that are not Python, which the guard in ``_guard.py`` does not reach."""


class BootError(RuntimeError):
    """The app did not come up; the message ends with the tail of its log."""


def free_port() -> int:
    """A loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One booted app; use it as a context manager.

    ``target`` is ``module:attr.attr`` or ``module:factory()``, for the kind ``script`` the script's path.
    ``cwd`` and ``sys_path`` are relative to ``directory``. ``options`` are added to the server's command line
    (for a script: its arguments); ``{port}`` in options and in values of ``env`` becomes the port.
    ``timeout`` is in seconds. Environment: the current one, a temporary HOME and TMPDIR, then ``env``.
    ``offline`` refuses connections beyond this machine; ``describe`` lets ``described`` ask what the app is made of.
    """

    def __init__(
        self,
        directory: Path,
        target: str,
        kind: ServerKind = "werkzeug",
        *,
        cwd: str = ".",
        sys_path: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        port: int | None = None,
        interpreter: str = sys.executable,
        timeout: float = 60.0,
        offline: bool = False,
        describe: bool = False,
    ) -> None:
        self.directory, self.target, self.kind = Path(directory).resolve(), target, kind
        self.address = Address("127.0.0.1", port if port is not None else free_port())
        self._cwd, self._sys_path, self._timeout = self.directory / cwd, sys_path, timeout
        self._env, self._options, self._interpreter = dict(env or {}), options, interpreter
        self._offline, self._describe, self._mark = offline, describe, uuid.uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None
        self._alive: int | None = None
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The leader of the process group, None before the start."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the processes and wait until they answer. Raises BootError; nothing is left running then."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the processes. Raises BootError."""
        if not self._cwd.is_dir():
            raise BootError(f"{self._cwd} is not a directory")
        self._scratch = tempfile.TemporaryDirectory(prefix="dash-migrate-boot-", ignore_cleanup_errors=True)
        pipe, self._alive = os.pipe()
        os.set_inheritable(pipe, True)
        with open(self._log_path, "wb") as log:
            try:
                self._process = subprocess.Popen(
                    self._command(),
                    cwd=self._cwd,
                    env={**self._environment(), "DASH_MIGRATE_ALIVE": str(pipe)},
                    pass_fds=(pipe,),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                self.stop()
                raise BootError(f"cannot start {self._interpreter}: {error}") from error
            finally:
                os.close(pipe)

    def wait(self) -> None:
        """Wait until the launched processes answer. Raises BootError; nothing is left running then."""
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Kill the whole process group: politely first, for good after three seconds. May be called twice."""
        if self._process is not None:
            _end_group(self._process)
            self._process = None
            _end_marked(self._mark)
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None
        if self._scratch is not None:
            self._kept_log = self.log()
            self._scratch.cleanup()
            self._scratch = None

    def described(self, patience: float = 10.0) -> dict[str, Any]:
        """The URL rules, hooks and Dash apps of the running app, ``{}`` if it does not say."""
        assert self._scratch is not None
        ask = Path(self._scratch.name) / DESCRIBE
        ask.touch()
        answer = ask.with_name(DESCRIBE + ".json")
        deadline = time.monotonic() + patience
        while not answer.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        try:
            found = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def own_texts(self) -> list[tuple[str, str]]:
        """Texts of this very run that may turn up in answers, with neutral names for them."""
        scratch = [(self._scratch.name, "<scratch>")] if self._scratch is not None else []
        return [(str(self.address), "<address>"), *scratch, (self._mark, "<run>")]

    def log(self) -> str:
        """All that the server printed so far (also after stop)."""
        if self._scratch is None:
            return self._kept_log
        try:
            return self._log_path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    _kept_log = ""

    @property
    def _log_path(self) -> Path:
        assert self._scratch is not None
        return Path(self._scratch.name) / "server.log"

    def _command(self) -> list[str]:
        python, port = self._interpreter, str(self.address.port)
        options = [option.replace("{port}", port) for option in self._options]
        if self.kind == "script":
            return [python, self.target, *options]
        if self.kind == "gunicorn":
            return [python, "-m", "gunicorn", self.target, "--bind", str(self.address), *options]
        if self.kind == "uvicorn":
            factory = ["--factory"] if self.target.endswith("()") else []
            target = self.target.removesuffix("()")
            listen = ["--host", self.address.host, "--port", port]
            return [python, "-m", "uvicorn", target, *factory, *listen, *options]
        source = Path(__file__).with_name("_serve.py").read_text(encoding="utf-8")
        return [python, "-c", source, self.kind, self.target, port]

    def _environment(self) -> dict[str, str]:
        assert self._scratch is not None
        home = Path(self._scratch.name) / "home"
        home.mkdir()
        temporary = Path(self._scratch.name) / "tmp"
        temporary.mkdir()
        extra = [str(self.directory / entry) for entry in self._sys_path]
        if self._offline:
            guard = Path(self._scratch.name) / "guard"
            guard.mkdir()
            shutil.copyfile(Path(__file__).with_name("_guard.py"), guard / "sitecustomize.py")
            extra.insert(0, str(guard))
        inherited = os.environ.get("PYTHONPATH")
        given = {key: value.replace("{port}", str(self.address.port)) for key, value in self._env.items()}
        env = {
            **os.environ,
            "HOME": str(home),
            "TMPDIR": str(temporary),
            MARK: self._mark,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONHASHSEED": "0",  # sets have the same order on both sides
            **(OFFLINE if self._offline else {}),
            **({"DASH_MIGRATE_DESCRIBE": str(Path(self._scratch.name) / DESCRIBE)} if self._describe else {}),
            **given,
        }
        path = os.pathsep.join([*extra, *([inherited] if inherited else [])])
        return {**env, "PYTHONPATH": path} if path and "PYTHONPATH" not in given else env

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            if _answers(self.address, deadline - time.monotonic()):
                return
            code = self._process.poll()
            if code is not None:
                raise self._failed(f"ended with exit code {code} before it answered")
            time.sleep(0.03)
        raise self._failed(f"did not answer on {self.address} within {self._timeout:g} s")

    def _failed(self, what: str) -> BootError:
        tail = "\n".join(self.log().splitlines()[-25:])
        return BootError(f"{self.kind} {self.target} in {self.directory} {what}\n{tail}".rstrip())


def _answers(address: Address, patience: float) -> bool:
    """Whether a server reads what is sent to it and replies.

    Hanging up is no reply: gunicorn listens before its workers have imported the app.
    """
    try:
        with socket.create_connection((address.host, address.port), timeout=1) as connection:
            connection.settimeout(max(0.1, min(patience, 1.0)))
            connection.sendall(PROBE)
            return connection.recv(64) != b""
    except OSError:
        return False


def _end_group(process: subprocess.Popen[bytes]) -> None:
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=3)
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _end_marked(mark: str) -> None:
    """Kill what was started by an app and left its process group (Linux only: by the mark in its environment)."""
    wanted = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError, ValueError):
            if wanted in entry.read_bytes().split(b"\0"):
                os.kill(int(entry.parent.name), signal.SIGKILL)
