"""What Dash asks of a backend class: ``python -m dash_migrate.probe.surface --dash 4.4.1,4.5.0rc2``.

Each version is looked at by its own interpreter, which imports Dash's backends and reads how Dash's source calls them;
the result is ``rules/tables/backend_surface.toml``.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: the classes that are looked at, by the name the table has for them, with their module in ``dash.backends``
CLASSES = {
    "BaseDashServer": "base_server",
    "FlaskDashServer": "_flask",
    "FastAPIDashServer": "_fastapi",
    "QuartDashServer": "_quart",
    "RequestAdapter": "base_server",
    "ResponseAdapter": "base_server",
}
CONCRETE = ("FlaskDashServer", "FastAPIDashServer", "QuartDashServer")

HEADER = """\
# What Dash asks of a class given as `backend=`, and of its request and response adapters.
# Written by `python -m dash_migrate.probe.surface`, by introspection of the installed versions named below
# (tests/test_backend_surface.py holds it against the installed one). Not to be edited by hand.
#
# kind: method, static, property, attribute, unlisted (called, though the base class does not have it).
# required: abstract, or raises NotImplementedError unless overridden.
# signature: as the class has it, without `self`. calls: how Dash's own source calls it (`_` is an argument by place).
# only: the versions it is so in, where not in all.
"""


def surface() -> dict[str, Any]:
    """The surface of the Dash that is imported here."""
    import dash

    classes = {name: dict(_members(_class_of(name))) for name in CLASSES}
    calls = _calls(Path(dash.__file__).parent)
    for name, rows in classes.items():
        for member, row in rows.items():
            if name == "BaseDashServer":
                row["calls"] = sorted(calls.pop(member, ()))
            else:
                row.pop("doc", None)
    base = classes["BaseDashServer"]
    for member in _class_of("BaseDashServer").__annotations__:
        if member not in base:
            base[member] = {"kind": "attribute", "signature": "", "required": member in calls}
    # what Dash calls, and every backend of its own has, but its base class does not ask for
    for member, shapes in calls.items():
        if member not in base and all(member in classes[name] for name in CONCRETE):
            base[member] = {"kind": "unlisted", "signature": "", "calls": sorted(shapes)}
    return {"dash": dash.__version__, "classes": classes}


def _class_of(name: str) -> type:
    module = __import__(f"dash.backends.{CLASSES[name]}", fromlist=[name])
    return getattr(module, name)  # type: ignore[no-any-return]


def _members(cls: type) -> Iterator[tuple[str, dict[str, Any]]]:
    abstract: frozenset[str] = getattr(cls, "__abstractmethods__", frozenset())
    for name, raw in sorted(vars(cls).items()):
        if name.startswith("_abc") or (name.startswith("__") and name not in ("__init__", "__call__")):
            continue
        function = getattr(raw, "__func__", getattr(raw, "fget", raw))
        if not inspect.isfunction(function):
            yield name, {"kind": "attribute", "signature": repr(raw)}
            continue
        kind = "static" if isinstance(raw, staticmethod) else "property" if isinstance(raw, property) else "method"
        row: dict[str, Any] = {"kind": kind, "signature": _signature(function, kind)}
        if name in abstract or _only_raises(function):
            row["required"] = True
        if inspect.iscoroutinefunction(function):
            row["is_async"] = True
        if function.__doc__:
            row["doc"] = function.__doc__.strip().splitlines()[0]
        yield name, row


def _signature(function: Any, kind: str) -> str:
    found = inspect.signature(function)
    bare = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    return str(inspect.Signature(bare if kind == "static" else bare[1:]))


def _only_raises(function: Any) -> bool:
    """Whether a method does nothing but raise NotImplementedError."""
    source = inspect.getsource(function)
    tree = ast.parse(inspect.cleandoc("\n" + source) if source[0].isspace() else source).body[0]
    body = [s for s in getattr(tree, "body", []) if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return len(body) == 1 and isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.unparse(body[0])


def _calls(package: Path) -> dict[str, set[str]]:
    """How Dash's source calls methods of its backend."""
    found: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        if "testing" in path.parts or "backend" not in (text := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
                continue  # anything goes through
            owner = ast.unparse(node.func.value)
            if owner == "backend_cls" or owner.endswith(".backend"):
                parts = [*("_" for _ in node.args), *(f"{k.arg}=" for k in node.keywords)]
                found.setdefault(node.func.attr, set()).add(f"({', '.join(parts)})")
    return found


def as_toml(surfaces: list[dict[str, Any]]) -> str:
    """The table for the surfaces of some versions, the oldest first."""
    versions = [one["dash"] for one in surfaces]
    lines = [HEADER, f"versions = {json.dumps(versions)}"]
    for cls in CLASSES:
        for member in sorted({m for one in surfaces for m in one["classes"][cls]}):
            variants: list[tuple[dict[str, Any], list[str]]] = []
            for one in surfaces:
                row = one["classes"][cls].get(member)
                if row is None:
                    continue
                same = next((seen for known, seen in variants if _same(known, row)), None)
                if same is None:
                    variants.append((row, [one["dash"]]))
                else:
                    same.append(one["dash"])
            for row, seen in variants:
                lines += ["", "[[member]]", f'class = "{cls}"', f'name = "{member}"']
                lines += [f"{key} = {json.dumps(value)}" for key, value in row.items()]
                if seen != versions:
                    lines.append(f"only = {json.dumps(seen)}")
    return "\n".join(lines) + "\n"


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return {**one, "doc": ""} == {**other, "doc": ""}


def main(arguments: list[str] | None = None) -> int:
    """Write the table, or with ``--print`` the surface of this interpreter's Dash as JSON."""
    from dash_migrate.probe.venvs import interpreter

    parser = argparse.ArgumentParser(prog="python -m dash_migrate.probe.surface", description=__doc__)
    parser.add_argument("--dash", metavar="VERSIONS", help="versions of Dash, comma-separated, the oldest first")
    default = Path.home() / ".cache" / "dash-migrate" / "probe"
    parser.add_argument("--venvs", type=Path, default=default, metavar="DIR", help=f"environments (default {default})")
    options = parser.parse_args(arguments)
    if not options.dash:
        parser.error("--dash is needed")
    from dash_migrate.rules_data import rules_dir

    surfaces = [seen_by(interpreter(options.venvs, version)) for version in options.dash.split(",")]
    (rules_dir() / "tables" / "backend_surface.toml").write_text(as_toml(surfaces), encoding="utf-8")
    return 0


def seen_by(python: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """The surface of the Dash that an interpreter has."""
    code = f"{Path(__file__).read_text(encoding='utf-8')}\nprint(json.dumps(surface()))"
    code = code.replace('if __name__ == "__main__":', "if False:")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, env=env)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
