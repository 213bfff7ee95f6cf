"""The records of the compatibility report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from dash_migrate.features import CellStatus
from dash_migrate.model import Backend, FileError, Finding, Strategy

VerdictKind = Literal["ready", "automatic", "decisions", "blocked"]
"""``ready``: runs there as it is; ``automatic``: ``fix`` does it; ``decisions``: ``fix`` leaves work to a person;
``blocked``: something the app needs does not exist there."""

Fate = Literal["native", "bridged", "guarded", "manual", "stays"]
"""What ``fix`` makes of a finding: code of the target; Flask code behind the bridge; code for both; nothing, a person
has to; nothing, it may stay as it is."""


@dataclass(frozen=True)
class Place:
    """A line of a file, 1-based."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Verdict:
    """What a move to one backend means for one app.

    ``strategy`` is how ``fix`` moves it (None: nothing to move); ``declines`` say why it is not rewritten natively.
    """

    kind: VerdictKind
    decisions: int
    why: tuple[str, ...]
    strategy: Strategy | None = None
    declines: tuple[tuple[Place, str], ...] = ()

    @property
    def label(self) -> str:
        if self.kind == "decisions":
            return "1 decision" if self.decisions == 1 else f"{self.decisions} decisions"
        return self.kind


@dataclass(frozen=True)
class FeatureCell:
    """What a backend gives an app of a feature it uses."""

    status: CellStatus
    seen: str
    note: str = ""
    refuted: bool = False


@dataclass(frozen=True)
class FeatureUse:
    """A row of the feature table that an app uses, and where (no places: every app does)."""

    id: str
    title: str
    decides: str
    places: tuple[Place, ...]
    cells: Mapping[Backend, FeatureCell]
    claims: Mapping[Backend, str] = field(default_factory=dict)
    #: what was seen after ``fix``
    fixed: Mapping[Backend, FeatureCell] = field(default_factory=dict)
    #: the backends on which ``fix`` keeps what Flask does
    kept: frozenset[Backend] = frozenset()
    essential: bool = False

    def differs(self, targets: Iterable[Backend]) -> bool:
        """Whether some of these backends does not simply do it, or does what is documented otherwise."""
        return any(self.cells[t].status in ("no", "partly") or self.cells[t].refuted for t in targets)


@dataclass(frozen=True)
class Waiting:
    """One blocking call of a callback."""

    kind: str
    what: str
    place: Place
    through: tuple[str, ...]
    cost: str
    certain: bool
    instead: str


@dataclass(frozen=True)
class BlockingCallback:
    """A callback that keeps its thread waiting; on a bare ASGI backend, and if it is ``async``, the event loop."""

    name: str
    place: Place
    is_async: bool
    calls: tuple[Waiting, ...]


@dataclass(frozen=True)
class Coverage:
    """What there is of everything that ties an app to its server, in numbers and names."""

    routes: int
    hooks: int
    gates: int
    request_uses: int
    callbacks: int
    async_callbacks: int
    background_callbacks: int
    clientside_callbacks: int
    websocket_callbacks: int
    extensions: tuple[str, ...]
    process_managers: tuple[str, ...]


@dataclass(frozen=True)
class StartCommand:
    """How the app is started: now, and on each target where that differs.

    ``place`` is None for a command that no file has and that could be used; ``by_hand``: a person has to change it.
    """

    place: Place | None
    before: str
    after: Mapping[Backend, str]
    why: str = ""
    by_hand: bool = False


@dataclass(frozen=True)
class DeployChange:
    """Lines of a file that is no code: of requirements, start commands, images; what ``fix`` makes of them."""

    place: Place
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class AppReport:
    """One Dash app."""

    id: str
    name: str
    place: Place
    constructor: str
    backend: str
    bridged: bool
    dash: tuple[tuple[Place, str], ...]
    files: tuple[str, ...]
    verdicts: Mapping[Backend, Verdict]
    features: tuple[FeatureUse, ...]
    coverage: Coverage
    blocking: tuple[BlockingCallback, ...]
    starts: tuple[StartCommand, ...]
    #: by backend: why fix does not bring it there
    stuck: Mapping[Backend, tuple[str, ...]] = field(default_factory=dict)
    #: by backend: the lines of requirements and deploy files that change
    deploy: Mapping[Backend, tuple[DeployChange, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """The lines around a finding; ``first`` is the number of the first, 1-based."""

    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A finding, what becomes of it on each target, and the lines it stands in."""

    finding: Finding
    fates: Mapping[Backend, Fate]
    apps: tuple[str, ...]
    frame: Frame | None
    hunks: Mapping[Backend, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hunk:
    """One piece of a file's proposed diff: its id, and the old lines it covers (1-based, end inclusive)."""

    id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class FileChange:
    """What ``fix`` would do to a file."""

    path: str
    is_new: bool
    hunks: tuple[Hunk, ...]
    #: the package that fix puts beside an app; its text is not repeated
    is_runtime: bool = False


@dataclass(frozen=True)
class Todo:
    """One point of the checklist that remains after ``fix``."""

    text: str
    place: Place | None = None
    code: str = ""
    command: str = ""


@dataclass(frozen=True)
class NotAnalysed:
    """Something that was seen and not looked into."""

    what: str
    why: str


@dataclass(frozen=True)
class CompatReport:
    """Everything; ``dash_version`` is the version of Dash that the feature table is read for."""

    targets: tuple[Backend, ...]
    dash_version: str
    apps: tuple[AppReport, ...]
    findings: tuple[Judged, ...]
    changes: Mapping[Backend, tuple[FileChange, ...]]
    checklist: Mapping[Backend, tuple[Todo, ...]]
    not_analysed: tuple[NotAnalysed, ...]
    errors: tuple[FileError, ...]
    read: int
    skipped: int

    def count(self, obligation: str) -> int:
        return sum(one.finding.obligation == obligation for one in self.findings)

    def fates_on(self, target: Backend) -> dict[Fate, int]:
        """How many findings have which fate."""
        counted = Counter(one.fates[target] for one in self.findings if target in one.fates)
        return {fate: counted[fate] for fate in get_args(Fate) if counted[fate]}
