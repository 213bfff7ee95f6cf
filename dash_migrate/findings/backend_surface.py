"""Looks up what Dash asks of backend classes in ``rules/tables/backend_surface.toml``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache

from dash_migrate.rules_data import table

#: the class of the table for each kind of backend
CLASS_OF = {
    "base": "BaseDashServer",
    "flask": "FlaskDashServer",
    "fastapi": "FastAPIDashServer",
    "quart": "QuartDashServer",
}


@dataclass(frozen=True)
class Member:
    """One member of a class of Dash, as it is in some versions."""

    name: str
    kind: str
    signature: str
    required: bool
    is_async: bool
    doc: str
    calls: tuple[str, ...]
    #: the versions it is so in; none: all that are known
    only: tuple[str, ...]


@cache
def members(cls: str) -> dict[str, list[Member]]:
    """The members of a class, each with its variants."""
    found: dict[str, list[Member]] = {}
    for row in table("backend_surface")["member"]:
        if row["class"] == cls:
            made = Member(
                row["name"],
                row["kind"],
                row["signature"],
                row.get("required", False),
                row.get("is_async", False),
                row.get("doc", ""),
                tuple(row.get("calls", ())),
                tuple(row.get("only", ())),
            )
            found.setdefault(made.name, []).append(made)
    return found


def required(cls: str) -> list[Member]:
    """What a subclass has to bring, in any version; the newest variant of each."""
    return [variants[-1] for variants in members(cls).values() if any(v.required for v in variants)]


def versions_of(variants: list[Member]) -> str:
    """Where not in all versions: `` in Dash 4.5.0rc2``."""
    known = table("backend_surface")["versions"]
    seen = {version for v in variants for version in v.only or known}
    return "" if seen == set(known) else " in Dash " + ", ".join(v for v in known if v in seen)


def call_of(shape: str) -> ast.Call:
    """A call shape of the table, as ``ast``: ``(_, methods=)`` is one by place and one by name."""
    parts = [p.strip() for p in shape.strip("()").split(",") if p.strip()]
    placed = [ast.Name("_") for p in parts if p == "_"]
    named = [ast.keyword(p.rstrip("="), ast.Name("_")) for p in parts if p != "_"]
    return ast.Call(ast.Name("f"), list(placed), named)


def arguments_of(signature: str) -> ast.arguments:
    """A signature of the table, as ``ast``."""
    function = ast.parse(f"def f{signature}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.args


def takes(arguments: ast.arguments, skip: int, call: ast.Call) -> bool:
    """Whether a function takes a call; ``skip`` parameters are filled already (``self``)."""
    plain = [*arguments.posonlyargs, *arguments.args]
    if skip > len(plain):
        return arguments.vararg is not None
    free = plain[skip:]
    placed = len(call.args)
    if placed > len(free) and arguments.vararg is None:
        return False
    by_name = {a.arg for a in free if a not in arguments.posonlyargs} | {a.arg for a in arguments.kwonlyargs}
    filled = {a.arg for a in free[:placed]}
    for keyword in call.keywords:
        name = keyword.arg or ""
        if name in filled or (name not in by_name and arguments.kwarg is None):
            return False
        filled.add(name)
    optional = {a.arg for a in plain[len(plain) - len(arguments.defaults) :]} if arguments.defaults else set()
    optional |= {a.arg for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None}
    needed = {a.arg for a in (*free, *arguments.kwonlyargs)} - optional
    return needed <= filled


def allowed_calls(arguments: ast.arguments) -> list[ast.Call]:
    """Calls that a signature promises to take: everything by place, and optional ones by name."""
    plain = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    needed = len(plain) - len(arguments.defaults)
    by_place = ast.Call(ast.Name("f"), [ast.Name("_") for _ in plain], [])
    least = ast.Call(ast.Name("f"), [ast.Name("_") for _ in plain[:needed]], [])
    named = [ast.keyword(name, ast.Name("_")) for name in plain[needed:]]
    return [by_place, least, ast.Call(ast.Name("f"), list(least.args), named)]
