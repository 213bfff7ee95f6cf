"""A virtual environment per version of Dash, made when it is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: what the probe apps import besides Dash; versions are taken as the index has them
PACKAGES = (
    "a2wsgi",
    "asgiref",
    "dash-improve-my-llms>=2",
    "dash-mantine-components<2.7",
    "diskcache",
    "fastapi",
    "flask-compress",
    "gunicorn",
    "hypercorn",
    "multiprocess",
    "psutil",
    "python-multipart",
    "quart-compress",
    "uvicorn",
    "uvicorn-worker",
)


class VenvError(RuntimeError):
    """The environment could not be made; the message ends with what pip said."""


def interpreter(folder: Path, version: str, python: str = sys.executable) -> str:
    """The Python of the environment for a Dash version, made under ``folder`` if it is not there.

    Raises:
        VenvError: pip failed.
    """
    place = folder / f"dash-{version}"
    found = place / "bin" / "python"
    done = place / "ready"
    if not done.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        _run([python, "-m", "venv", str(place)])
        extras = "[fastapi,quart]" if has_backends(version) else ""
        _run([str(found), "-m", "pip", "install", "-q", f"dash{extras}=={version}", *PACKAGES])
        done.touch()
    return str(found)


def has_backends(version: str) -> bool:
    """Whether a Dash version has ``dash.backends`` (4.2 is the first)."""
    from dash_migrate.features import version_key

    return version_key(version) >= version_key("4.2.0rc0")


def installed(python: str) -> str | None:
    """The version of Dash that an interpreter imports, None if it has none."""
    code = "import importlib.metadata as m; print(m.version('dash'))"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return result.stdout.strip() or None


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        tail = "\n".join((result.stderr or result.stdout).splitlines()[-6:])
        raise VenvError(f"{' '.join(command[:4])} … failed:\n{tail}")
