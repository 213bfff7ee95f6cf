"""Names and passwords that a project's source holds, to get past its gates as a user would."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dash_migrate.facts.project import Project

_USER = re.compile(r"user|login|email|account|^name$|admin|owner|uid", re.IGNORECASE)
_PASSWORD = re.compile(r"pass|pwd|secret|^pw$|pin(_|$)|code", re.IGNORECASE)
_TABLE = re.compile(r"user|account|pass|cred|login|auth|valid|member|staff|people", re.IGNORECASE)
MOST = 8


@dataclass
class Credentials:
    """What can be tried: pairs first, then every user with every password."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)

    def candidates(self) -> list[tuple[str, str]]:
        """The pairs to try, best first, at most a few."""
        crossed = [(user, password) for password in self.passwords[:4] for user in self.users[:3]]
        return list(dict.fromkeys([*self.pairs, *crossed]))[:MOST]


def credentials_in(project: Project, root: Path) -> Credentials:
    """What dictionaries of users, keyword arguments, constants and JSON files say."""
    found = Credentials()
    for file in list(project.files.values()):
        for call, _ in file.calls:
            _from_call(call, found)
        for name, bindings in file.module.bindings.items():
            for binding in bindings:
                if binding.value is not None and not binding.path:
                    _from_binding(name, binding.value, found)
    for path in sorted(root.rglob("*.json"))[:40]:
        if _TABLE.search(path.stem) and path.stat().st_size < 100_000 and "node_modules" not in path.parts:
            try:
                _from_data(json.loads(path.read_text(encoding="utf-8")), found)
            except (OSError, ValueError, RecursionError):
                continue
    found.pairs = list(dict.fromkeys(found.pairs))
    found.users, found.passwords = list(dict.fromkeys(found.users)), list(dict.fromkeys(found.passwords))
    return found


def _from_call(call: ast.Call, found: Credentials) -> None:
    given = {k.arg: _text(k.value) for k in call.keywords if k.arg}
    users = [v for k, v in given.items() if v and _USER.search(k) and not _PASSWORD.search(k)]
    passwords = [v for k, v in given.items() if v and _PASSWORD.search(k) and not _USER.search(k)]
    if users and passwords:
        found.pairs.append((users[0], passwords[0]))
    elif passwords and any(k and "password" in k for k in given):
        found.passwords += passwords
    for argument in call.args:  # BasicAuth(app, {"ann": "secret"})
        if isinstance(argument, (ast.Dict, ast.List)) and _TABLE.search(_last(call.func)):
            found.pairs += _pairs(argument)
    if _last(call.func) in ("generate_password_hash", "set_password") and call.args:
        text = _text(call.args[0])
        found.passwords += [text] if text else []


def _from_binding(name: str, value: ast.expr, found: Credentials) -> None:
    if isinstance(value, (ast.Dict, ast.List, ast.Tuple)):
        if _TABLE.search(name):
            found.pairs += _pairs(value)
        return
    text = _text(value)
    if not text or len(text) > 60:
        return
    if _PASSWORD.search(name):
        found.passwords.append(text)
    elif _USER.search(name):
        found.users.append(text)


def _pairs(value: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(value, ast.Dict):
        keys = [(_text(k), v) for k, v in zip(value.keys, value.values, strict=True) if k is not None]
        user = next((_text(v) for k, v in keys if k and _USER.search(k) and _text(v)), None)
        password = next((_text(v) for k, v in keys if k and _PASSWORD.search(k) and _text(v)), None)
        if user and password:
            yield user, password
            return
        for name, inner in keys:
            for text in _strings(inner) if name else ():
                yield name, text
    elif isinstance(value, (ast.List, ast.Tuple)):
        texts = [_text(one) for one in value.elts]
        if len(texts) in (2, 3) and texts[0] and texts[1] and not isinstance(value, ast.List):
            yield texts[0], texts[1]
            return
        if len(texts) == 2 and all(texts):
            yield str(texts[0]), str(texts[1])
            return
        for one in value.elts:
            yield from _pairs(one)


def _strings(node: ast.expr) -> list[str]:
    """The string a value is, or those inside it: a hash made of a password, a record with a password first."""
    text = _text(node)
    if text:
        return [text]
    if isinstance(node, ast.Dict):
        named = [(_text(k) or "", v) for k, v in zip(node.keys, node.values, strict=True) if k is not None]
        named.sort(key=lambda item: not _PASSWORD.search(item[0]))
        return [text for _, inner in named[:1] for text in _strings(inner)]
    if isinstance(node, ast.Call):
        given = [*node.args, *(k.value for k in node.keywords if k.arg and _PASSWORD.search(k.arg))]
        return [text for one in given[:3] if (text := _text(one))]
    if isinstance(node, (ast.Tuple, ast.List)):
        return [text for one in node.elts[:2] if (text := _text(one))]
    return []


def _text(node: ast.expr | None) -> str:
    """A string constant, or the default of a variable of the environment."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and _last(node.func) in ("get", "getenv", "generate_password_hash"):
        at = 0 if _last(node.func) == "generate_password_hash" else 1
        return _text(node.args[at]) if len(node.args) > at else ""
    if isinstance(node, ast.BoolOp):
        return next((text for one in reversed(node.values) if (text := _text(one))), "")
    return ""


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _from_data(data: Any, found: Credentials) -> None:
    if isinstance(data, dict):
        user = next((v for k, v in data.items() if _USER.search(k) and isinstance(v, str)), None)
        password = next((v for k, v in data.items() if _PASSWORD.search(k) and isinstance(v, str)), None)
        if user and password:
            found.pairs.append((user, password))
            return
        for key, value in list(data.items())[:50]:
            if isinstance(value, str) and len(value) < 60:
                found.pairs.append((key, value))
            elif isinstance(value, dict):
                inner = next((v for k, v in value.items() if _PASSWORD.search(k) and isinstance(v, str)), None)
                if inner:
                    found.pairs.append((key, inner))
                _from_data(value, found)
            elif isinstance(value, list):
                _from_data(value, found)
    elif isinstance(data, list):
        for item in data[:50]:
            if isinstance(item, list) and len(item) == 2 and all(isinstance(one, str) for one in item):
                found.pairs.append((item[0], item[1]))
            else:
                _from_data(item, found)
