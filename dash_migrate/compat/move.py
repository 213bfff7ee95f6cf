"""What ``fix`` would do for one target: computed, never written."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dash_migrate.check import display_path, narrowed
from dash_migrate.compat.diffs import HunkIndex, file_changes
from dash_migrate.compat.model import Fate, FileChange, Place
from dash_migrate.facts.scan import App
from dash_migrate.findings.rules import rule
from dash_migrate.fix import Outcome, fix_loaded
from dash_migrate.fixes.plan import GroupPlan, Strategy
from dash_migrate.model import Backend, Finding, Span
from dash_migrate.project import Loaded

#: the code that a marker left by ``fix`` speaks of
_MARKED = re.compile(r"\bDM\d{3}\b")

#: file and code
Key = tuple[str, str]


@dataclass
class Move:
    """The move of a project to one backend."""

    target: Backend
    outcome: Outcome
    changes: tuple[FileChange, ...]
    hunks: HunkIndex
    #: what is found afterwards, at the places where it is now
    left: tuple[Finding, ...]
    #: which of the findings before that is, by their ``sort_key``
    lasting: frozenset[tuple[str, Span, str]]

    @property
    def work_left(self) -> list[Finding]:
        """What a person has to do after ``fix``."""
        return [f for f in self.left if is_work(f)]

    def plan_of(self, app: App) -> GroupPlan | None:
        """How ``fix`` moves an app; None if it does not."""
        if app.backend != "flask" or not app.constructors:
            return None
        return self._plan_at(app.file.display)

    def _plan_at(self, path: str) -> GroupPlan | None:
        return next((plan for plan in self.outcome.plans if path in plan.files), None)

    def declines_of(self, app: App) -> tuple[tuple[Place, str], ...]:
        """Why an app is bridged and not rewritten, in order."""
        plan = self.plan_of(app)
        declines = plan.declines if plan is not None else []
        return tuple(dict.fromkeys((Place(one.path, one.line), one.why) for one in declines))

    def fate(self, finding: Finding) -> Fate:
        """What becomes of a finding."""
        status = finding.backends.get(self.target)
        if finding.sort_key in self.lasting:
            return "manual" if is_work(finding) or status in ("manual", "impossible") else "stays"
        if not finding.path.endswith((".py", ".ipynb")) and not self.hunks.touching(finding):
            return "stays"  # guards leave the start commands of Flask as they are
        plan = self._plan_at(finding.path)
        is_flasks = rule(finding.code).backends["flask"].status == "works"
        return _FATES[plan.strategy] if plan is not None and is_flasks else "native"


_FATES: Mapping[str, Fate] = {"rewrite": "native", "guard": "guarded", "bridge": "bridged"}


def is_work(finding: Finding) -> bool:
    """Whether a finding is more than advice."""
    return finding.obligation != "optional"


def move(
    loaded: Loaded,
    paths: Sequence[Path | str],
    target: Backend,
    before: Sequence[Finding],
    strategy: Strategy = "auto",
) -> Move:
    """Compute the move of a project that has been read.

    Args:
        paths: what was asked for; findings elsewhere are left out where it is files.
        before: findings as the project is.
    """
    named = [display_path(p) for p in paths] if all(os.path.isfile(p) for p in paths) else []
    # guards keep Flask beside the target, which is nothing new where the target is Flask
    chosen: Strategy = "auto" if target == "flask" else strategy
    outcome = fix_loaded(replace(loaded, contents=dict(loaded.contents)), (target,), named, chosen)
    narrowed(outcome.report, paths)
    changes = file_changes(outcome.changes, target)
    mine = [f for f in before if target in f.backends]
    found = pairs(mine, outcome.report.findings)
    left = tuple(new if old is None else replace(new, span=old.span) for new, old in found)
    lasting = frozenset(old.sort_key for _, old in found if old is not None)
    return Move(target, outcome, changes, HunkIndex(changes), left, lasting)


def pairs(before: Iterable[Finding], after: Iterable[Finding]) -> list[tuple[Finding, Finding | None]]:
    """The findings after ``fix``, each with the one before that it is.

    They are told by file and code: those that read the same first, then the last ones. A marker that ``fix`` left
    stands for a finding whose code it names.
    """
    known: dict[Key, list[Finding]] = defaultdict(list)
    for one in before:
        known[one.path, one.code].append(one)
    found: list[tuple[Finding, Finding | None]] = []
    others: list[tuple[Finding, Key]] = []
    for one in after:
        marked = _MARKED.search(one.message) if one.code == "DM904" else None
        key = (one.path, marked[0] if marked is not None else one.code)
        same = next((old for old in known[key] if old.message == one.message), None)
        if same is None:
            others.append((one, key))
        else:
            known[key].remove(same)
            found.append((one, same))
    found += [(one, known[key].pop() if known[key] else None) for one, key in reversed(others)]
    found.sort(key=lambda pair: (pair[1] or pair[0]).sort_key)
    return found
