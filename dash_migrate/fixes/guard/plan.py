"""Plans the move of a project to several backends from the same files."""

from __future__ import annotations

from collections.abc import Iterable

from dash_migrate.fixes.bridge import MODULE as BRIDGE
from dash_migrate.fixes.guard.bridged import GuardedBridge
from dash_migrate.fixes.guard.resolver import BADGE, MODULE, Resolver, badge
from dash_migrate.fixes.placement import Placement
from dash_migrate.fixes.plan import RUNTIME, Fixed, GroupPlan, Planner, Strategy
from dash_migrate.model import Backend
from dash_migrate.project import Loaded


def fix(
    loaded: Loaded,
    targets: tuple[Backend, ...],
    only: Iterable[str] = (),
    strategy: Strategy = "auto",
    with_badge: bool = False,
) -> Fixed:
    """The changes that let a project run on each of several backends, chosen by ``DASH_BACKEND``.

    Args:
        targets: the backends in order of preference; the first is the one that runs if none is asked for.
        only: as for ``fixes.plan.fix``.
        strategy: ``bridge`` keeps all Flask code as it is on every backend; anything else gives it twins for the
            other backends where that can be shown to answer the same.
        with_badge: add a component that shows the backend.
    """
    return _GuardPlanner(loaded, targets, only, strategy, with_badge).run()


class _GuardPlanner(Planner):
    def __init__(
        self, loaded: Loaded, targets: tuple[Backend, ...], only: Iterable[str], strategy: Strategy, with_badge: bool
    ) -> None:
        asgi = next(t for t in targets if t != "flask")
        super().__init__(loaded, asgi, only, strategy)
        self.targets = targets
        self.with_badge = with_badge

    def edit_group(self, group: GroupPlan) -> list[Placement]:
        """Edit the files of a group; gives where the packages it needs were put."""
        bridge = GuardedBridge(self.facts, group.apps, self.target, self.edits)
        bridge.make()
        parts = {part.name: part.read_bytes() for part in sorted((RUNTIME / BRIDGE).glob("*.py"))}
        return [self.place(group, BRIDGE, parts), self._resolver(group, Resolver(self.targets))]

    def _resolver(self, group: GroupPlan, resolver: Resolver) -> Placement:
        """Put the resolver beside each app of a group."""
        placement = Placement(self.facts, self.loaded.selection.modules, MODULE)
        for path in self.spell_imports(group, placement):
            resolver.prefix = "." if "." in placement.placed[path] else ""
            self.fixed.created[f"{path}.py"] = resolver.text().encode()
            if self.with_badge:
                beside = path.removesuffix(MODULE) + BADGE
                self.fixed.created[f"{beside}.py"] = badge(resolver.prefix).encode()
        return placement


def default_first(targets: tuple[Backend, ...]) -> tuple[Backend, ...]:
    """The targets of a guarded app: Flask, where the app is today, is always one of them."""
    return ("flask", *(t for t in targets if t != "flask"))
