"""Makes findings of what is found in deploy files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dash_migrate.deploy.workspace import DeployFile
from dash_migrate.findings.rules import rule
from dash_migrate.model import Applicability, Backend, Finding, Obligation, Span, Status, Strategy

_IGNORE = re.compile(r"dash-migrate:\s*ignore(?P<file>-file)?(?:\[(?P<codes>[^\]]*)\])?")


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def finding(
    code: str,
    file: DeployFile,
    place: tuple[int, int],
    targets: Iterable[Backend],
    obligation: Obligation | None = None,
    by_hand: bool = False,
    **fields: str,
) -> Finding | None:
    """A finding by its rule; None where the rule has nothing to say of the targets, or a comment ignores it."""
    entry = rule(code)
    backends: dict[Backend, Status] = {}
    for target in targets:
        status = entry.backends[target].status
        if status != "works":
            backends[target] = "manual" if by_hand else status
    if not backends or _is_ignored(file, place, entry.code, entry.name):
        return None
    statuses = set(backends.values())
    strategy: Strategy | None = "rewrite" if statuses == {"rewrite"} else None
    applicability: Applicability = "safe" if strategy else "manual"
    line, column = file.position(place[0])
    end_line, end_column = file.position(max(place))
    message = entry.message.format_map(_Blank({k: _short(v) for k, v in fields.items()}))
    return Finding(
        code=entry.code,
        name=entry.name,
        path=file.path,
        span=Span(line, column, end_line, end_column),
        message=message,
        obligation=obligation or entry.obligation,
        backends=backends,
        applicability=applicability,
        strategy=strategy,
        url=f"https://github.com/dash-migrate/dash-migrate/blob/main/rules/{entry.path.name}",
    )


def _short(text: str, limit: int = 600) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_ignored(file: DeployFile, place: tuple[int, int], code: str, name: str) -> bool:
    if "dash-migrate" not in file.text:
        return False
    number, _ = file.position(place[0])
    lines = file.text.splitlines()
    near = [lines[number - 1]]
    if number > 1 and lines[number - 2].lstrip().startswith(("#", "//", "<!--")):
        near.append(lines[number - 2])
    for line in [*near, *(one for one in lines[:10] if "ignore-file" in one)]:
        found = _IGNORE.search(line)
        if found is not None:
            codes = {c.strip() for c in (found["codes"] or "").split(",") if c.strip()}
            if not codes or codes & {code, name}:
                return True
    return False
