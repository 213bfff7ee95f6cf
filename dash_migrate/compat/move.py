"""What ``fix`` would do for one target: computed, never written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dash_migrate.compat.diffs import HunkIndex, file_changes
from dash_migrate.compat.model import Fate, FileChange, Place
from dash_migrate.findings.rules import rule
from dash_migrate.fix import Outcome, fix
from dash_migrate.fixes.plan import GroupPlan
from dash_migrate.model import Backend, Finding


@dataclass
class Move:
    """The move of a project to one backend."""

    target: Backend
    outcome: Outcome
    changes: tuple[FileChange, ...]
    hunks: HunkIndex
    left: Counter[tuple[str, str]]
    before: Counter[tuple[str, str]]

    @property
    def work_left(self) -> list[Finding]:
        """What a person has to do after ``fix``."""
        return [f for f in self.outcome.report.findings if is_work(f)]

    def plan_of(self, path: str) -> GroupPlan | None:
        """The plan of the apps that a file belongs to."""
        return next((plan for plan in self.outcome.plans if path in plan.files), None)

    def declines_of(self, path: str) -> tuple[tuple[Place, str], ...]:
        """Why the apps of a file are bridged and not rewritten, in order, each reason once."""
        plan = self.plan_of(path)
        declines = plan.declines if plan is not None else []
        return tuple((Place(one.path, one.line), one.why) for one in declines)

    def fate(self, finding: Finding) -> Fate:
        """What becomes of a finding."""
        status = finding.backends.get(self.target)
        key = (finding.path, finding.code)
        if is_work(finding) and (
            status in ("manual", "impossible") or self.left[key] >= self.before[key] or finding.strategy is None
        ):
            return "manual"
        if finding.strategy is None:
            return "stays"
        plan = self.plan_of(finding.path)
        if status == "guard":
            return "guarded"
        is_flasks = rule(finding.code).backends["flask"].status == "works"
        if plan is not None and status in ("bridge", "rewrite") and is_flasks:
            return _FATES[plan.strategy]
        return "native"


_FATES: Mapping[str, Fate] = {"rewrite": "native", "guard": "guarded", "bridge": "bridged"}


def is_work(finding: Finding) -> bool:
    """Whether a finding is more than advice."""
    return finding.obligation != "optional"


def move(paths: Sequence[Path | str], target: Backend, before: Sequence[Finding]) -> Move:
    """Compute the move of a project.

    Args:
        before: the findings as the project is.
    """
    outcome = fix(paths, (target,))
    changes = file_changes(outcome.changes, target)
    return Move(
        target,
        outcome,
        changes,
        HunkIndex(changes),
        Counter((f.path, f.code) for f in outcome.report.findings if is_work(f)),
        Counter((f.path, f.code) for f in before if is_work(f) and target in f.backends),
    )
