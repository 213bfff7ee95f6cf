"""What kept apps from being native, for people: a sentence, and findings where native was insisted on."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from dash_migrate.findings.rules import rule
from dash_migrate.model import Backend, Finding, Span
from dash_migrate.syntax.segments import split_lines

if TYPE_CHECKING:
    from dash_migrate.fixes.plan import GroupPlan
    from dash_migrate.project import Loaded


def note(plan: GroupPlan) -> str:
    """Why a group is bridged, in one sentence."""
    first = plan.declines[0]
    more = len(plan.declines) - 1
    apps = ", ".join(sorted({app.file.display for app in plan.apps}))
    others = f" and {more} more" if more else ""
    return f"{apps}: bridged, not rewritten: {first.path}:{first.line}:{first.column} {first.why}{others}."


def findings(
    plans: Iterable[GroupPlan], targets: tuple[Backend, ...], changed: Mapping[str, bytes], loaded: Loaded
) -> Iterator[Finding]:
    """A finding for each place that kept an app from being native, where it stands after ``fix``.

    Args:
        changed: new contents by path.
        loaded: the project as it was.
    """
    entry = rule("DM906")
    moved: dict[str, Callable[[int], int]] = {}
    for one in sorted({decline for plan in plans for decline in plan.declines}):
        if one.path not in moved:
            source = loaded.sources.get(one.path)
            new = changed.get(one.path)
            moved[one.path] = (
                _same if source is None or new is None else _mapping(source.text, new.decode(source.encoding))
            )
        line = moved[one.path](one.line)
        yield Finding(
            code=entry.code,
            name=entry.name,
            path=one.path,
            span=Span(line, one.column, line, one.column + 1),
            message=entry.message.format(why=one.why),
            obligation=entry.obligation,
            backends={target: entry.backends[target].status for target in targets if target != "flask"},
            url=f"https://github.com/dash-migrate/dash-migrate/blob/main/rules/{entry.path.name}",
        )


def _same(line: int) -> int:
    return line


def _mapping(old: str, new: str) -> Callable[[int], int]:
    """Where a line of the old text is in the new one."""
    matcher = difflib.SequenceMatcher(None, split_lines(old), split_lines(new), autojunk=False)
    blocks = matcher.get_opcodes()

    def moved(line: int) -> int:
        for _, start, end, new_start, new_end in blocks:
            if start <= line - 1 < end:
                return min(new_start + line - 1 - start, max(new_end - 1, new_start)) + 1
        return line

    return moved
