"""The trees that are measured: built once, kept in the cache directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path

import texts

#: Released packages without Dash in them: about 10,000 files and 145 MB.
LARGE = (
    "django==5.1",
    "pandas==2.2.3",
    "scipy==1.14.1",
    "numpy==2.1.3",
    "matplotlib==3.9.2",
    "scikit-learn==1.5.2",
    "networkx==3.4.2",
    "sqlalchemy==2.0.36",
    "botocore==1.35.60",
    "ansible-core==2.17.6",
    "twisted==24.10.0",
    "faker==33.0.0",
    "statsmodels==0.14.4",
    "nltk==3.9.1",
    "flask==3.0.3",
    "werkzeug==3.0.6",
    "astropy==6.1.6",
)
#: More of them, to grow to 16,000 files; Plotly's validators say "dash" in every other file without importing it.
LARGER = ("sympy==1.13.3", "transformers==4.46.3", "plotly==5.24.1")

#: Apps, and libraries of apps, that are released as packages: about 1,600 files and 12 MB.
WITH_DASH = (
    "crystal-toolkit==2026.7.20",
    "dash-auth==2.3.0",
    "dash-bootstrap-templates==3.0.1",
    "dash-extensions==2.0.6",
    "dash-labs==1.2.0",
    "dash-slicer==0.3.1",
    "dash-tools==1.12.0",
    "dtale==3.22.0",
    "explainerdashboard==0.5.8",
    "jaal==0.1.9",
    "omnixai==1.3.1",
    "plotly-resampler==0.11.1",
    "salesforce-merlion==2.0.4",
    "shapash==2.10.0",
    "vizro==1.0.0",
    "webviz-config==0.7.2",
    "webviz-subsurface==0.3.3",
)

GROWTH = (1_000, 2_000, 4_000, 8_000, 16_000)


def python_files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.py") if path.is_file())


def size_of(root: Path) -> int:
    return sum(path.stat().st_size for path in python_files(root))


def unpack(packages: tuple[str, ...], cache: Path, name: str) -> Path:
    """The Python files of released packages, downloaded with pip and never installed or run."""
    tree = cache / name
    if (tree / ".complete").exists():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    wheels = cache / "wheels"
    for package in packages:
        print(f"  fetching {package}", file=sys.stderr)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d"]
        subprocess.run([*command, str(wheels), package], check=True)
        project, _, version = package.partition("==")
        stem = re.sub("[-_.]+", "_", project).lower() + f"-{version}-"
        (wheel,) = (
            one
            for one in wheels.glob("*.whl")
            if re.sub("[-.]", "_", one.name.lower()).startswith(re.sub("[-.]", "_", stem))
        )
        with zipfile.ZipFile(wheel) as archive:
            members = [one for one in archive.namelist() if one.endswith(".py")]
            archive.extractall(tree / stem.rstrip("-"), members)
    (tree / ".complete").touch()
    return tree


def copy(source: Path, target: Path, every: int = 1, limit: int | None = None) -> Path:
    """A copy of a tree's Python files; with ``every`` 3 of each third one, so that a part is like the whole."""
    if target.exists():
        return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for path in python_files(source)[::every][:limit]:
        to = part / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    os.replace(part, target)
    return target


def grown(sources: list[Path], cache: Path, count: int) -> Path:
    """A tree of ``count`` files, taken evenly from the larger ones, so that its files are alike in size."""
    target = cache / f"grown-{count}"
    if target.exists():
        return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    files = [(source, path) for source in sources for path in python_files(source)]
    for number in range(min(count, len(files))):
        source, path = files[number * len(files) // count if count < len(files) else number]
        to = part / source.name / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    os.replace(part, target)
    return target


def with_app(tree: Path, app: Path, cache: Path) -> Path:
    """The tree again, with one Dash app put into it."""
    target = cache / f"{tree.name}-with-app"
    if not target.exists():
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(tree, part)
        shutil.copytree(app, part / "zz_dashboard")
        os.replace(part, target)
    return target


def dash_heavy(fixtures: Path, cache: Path, count: int) -> Path:
    """About ``count`` files of Dash apps: our fixtures over and over, each time with other names in them.

    As in the apps people publish, two files of five have to do with the server, two are pages that have not,
    and one is without Dash.
    """
    sources = sorted(path for path in fixtures.glob("*/flask") if path.is_dir())
    per_round = sum(len(python_files(source)) for source in sources)
    per_round += sum(len(_pages(len(python_files(source)))) for source in sources)
    target = cache / f"dash-heavy-{count}-{per_round}"
    if target.exists():
        return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    number = 0
    for _ in range(-(-count // max(per_round, 1))):
        for source in sources:
            number += 1
            app = part / f"{source.parent.name}_{number}"
            _vary(source, app, number)
            for name, text in _pages(len(python_files(source))).items():
                (app / name).parent.mkdir(exist_ok=True)
                (app / name).write_text(text + texts.FILLER.format(number=number))
            if not (app / "requirements.txt").exists():
                (app / "requirements.txt").write_text("dash\n")
    os.replace(part, target)
    return target


def _pages(count: int) -> dict[str, str]:
    """A page for each file of an app, and half as many modules without Dash."""
    names = [f"topic{number}" for number in range(count)]
    pages = {f"more_pages/{n}.py": texts.PAGE.format(name=n, title=n.title(), number=9) for n in names}
    half = names[: (count + 1) // 2]
    return pages | {f"figures/{n}.py": texts.MODULE.format(name=n, title=n.title(), number=9) for n in half}


_DEFINITION = re.compile(r"^[ \t]*(?:async )?def ([a-z]\w+)\(", re.MULTILINE)


def _vary(source: Path, target: Path, number: int) -> None:
    files = {path: path.read_bytes() for path in sorted(source.rglob("*")) if path.is_file()}
    for path, data in files.items():
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            with suppress(UnicodeDecodeError):
                data = _rename(data.decode("utf-8"), number).encode("utf-8")
        to.write_bytes(data)


def _rename(text: str, number: int) -> str:
    """Other function names, of those that are mentioned once: callbacks, views, hooks."""
    for name in sorted(set(_DEFINITION.findall(text))):
        if text.count(name) == 1:
            text = text.replace(f"def {name}(", f"def {name}_{number}(")
    return text.rstrip("\n") + "\n" + texts.FILLER.format(number=number)


def typical_app(cache: Path) -> Path:
    """One app as many have it: 20 files, of which one owns the server."""
    target = cache / "typical-app"
    if target.exists():
        return target
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for directory in ("pages", "data"):
        (part / directory).mkdir(parents=True)
    (part / "app.py").write_text(texts.APP)
    (part / "wsgi.py").write_text("from app import server as application\n\n__all__ = ['application']\n")
    (part / "data" / "__init__.py").touch()
    names = ["sales", "stock", "orders", "returns", "visits", "staff", "costs", "energy", "water"]
    for number, name in enumerate(names, start=3):
        (part / "pages" / f"{name}.py").write_text(texts.PAGE.format(name=name, title=name.title(), number=number))
    for number, name in enumerate(names[:8], start=3):
        (part / "data" / f"{name}.py").write_text(texts.MODULE.format(name=name, title=name.title(), number=number))
    (part / "requirements.txt").write_text("dash>=2.18\npandas\ngunicorn\n")
    (part / "Procfile").write_text("web: gunicorn app:server --workers 4\n")
    os.replace(part, target)
    return target
