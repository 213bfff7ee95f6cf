"""Plans the move of a project to several backends from the same files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dash_migrate.fixes.bridge import MODULE as BRIDGE
from dash_migrate.fixes.bridge import start_edits
from dash_migrate.fixes.checked import raise_for_debugging, reason_of
from dash_migrate.fixes.edits import FileEdits
from dash_migrate.fixes.guard.bridged import GuardedBridge, free_name
from dash_migrate.fixes.guard.merge import Style, merge
from dash_migrate.fixes.guard.projection import is_same
from dash_migrate.fixes.guard.resolver import BADGE, CHOOSER, CHOSEN, MODULE, Resolver, badge
from dash_migrate.fixes.guard.units import NotMergeable
from dash_migrate.fixes.guard.variants import Variant, constructor_edits, rewritten, with_chooser
from dash_migrate.fixes.native.declines import Decline
from dash_migrate.fixes.native.emit import emit
from dash_migrate.fixes.placement import Placement
from dash_migrate.fixes.plan import RUNTIME, Fixed, GroupPlan, Planner, Strategy
from dash_migrate.model import Backend
from dash_migrate.project import Loaded
from dash_migrate.syntax.segments import default_indent


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


def default_first(targets: tuple[Backend, ...]) -> tuple[Backend, ...]:
    """The targets of a guarded app: Flask, where the app is today, is always one of them."""
    return ("flask", *(t for t in targets if t != "flask"))


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
        if self.strategy != "bridge":
            placed = self._twins(group)
            if placed is not None:
                return placed
        bridge = GuardedBridge(self.facts, group.apps, self.target, self.edits)
        bridge.make()
        parts = {part.name: part.read_bytes() for part in sorted((RUNTIME / BRIDGE).glob("*.py"))}
        return [self.place(group, BRIDGE, parts), self._resolver(group, Resolver(self.targets), self.edits)]

    # --- twins

    def _twins(self, group: GroupPlan) -> list[Placement] | None:
        """Write each file once, with guards around what differs; None if some backend cannot have its own code."""
        variants = []
        for target in self.targets:
            if target != "flask":
                variant, declines = rewritten(self.facts, group.apps, target, self.fresh(group.files))
                group.declines += sorted(declines.found)
                variants.append(variant)
        if group.declines:
            return None
        if "flask" in self.targets:
            plain = Variant("flask", self.fresh(group.files), local=variants[0].local)
            constructor_edits(group.apps, variants[0], plain.edits)
            variants.insert(self.targets.index("flask"), plain)
        for variant in variants:
            start_edits(self.facts, self._every(variant.edits))
        before = dict(self.fixed.created)
        try:
            placed = [self._package(group, v) for v in variants if v.native is not None]
            texts = {name: self._merged(name, variants) for name in sorted(group.files & set(self.edits))}
            resolver = self._write(group, variants, texts)
        except Exception as error:  # whatever a file does to us costs it its twins, not the run
            if not isinstance(error, NotMergeable):
                raise_for_debugging(error)
            said = str(error) if isinstance(error, NotMergeable) else reason_of(error)
            self.fixed.created = before
            group.declines.append(Decline(group.apps[0].file.display, group.apps[0].position[1], 1, said))
            return None
        group.strategy = "guard"
        return [*placed, resolver]

    def _every(self, edits: dict[str, FileEdits]) -> dict[str, FileEdits]:
        """The edits of a variant, and somewhere to put those of other files."""
        return {**self.fresh(set(self.edits) - set(edits)), **edits}

    def _package(self, group: GroupPlan, variant: Variant) -> Placement:
        """Put the package of a variant beside the apps."""
        native = variant.native
        assert native is not None
        placement = Placement(self.loaded, native.package)
        for path in self.spell_imports(group, placement, variant.edits):
            for part, data in emit(native.package, native.rows, variant.names, variant.modules).items():
                self.fixed.created[f"{path}/{part}"] = data
        return placement

    def _merged(self, name: str, variants: list[Variant]) -> str:
        """The one text of a file, still without the import of the resolver."""
        chosen = free_name(self.edits[name].file, CHOSEN)
        texts: dict[str, str] = {}
        for variant in variants:
            text = self.text(variant.edits[name])
            local = variant.local.get(name)
            texts[variant.target] = with_chooser(text, local, CHOOSER) if local else text
        source = self.loaded.sources[name].text
        merged = merge(texts, Style(chosen, default_indent(source), self.newline(name)))
        for target, text in texts.items():
            if not is_same(merged, text, chosen, target):
                raise NotMergeable(f"guards would change what `{name}` does on {target}")
        return merged

    def _write(self, group: GroupPlan, variants: list[Variant], texts: Mapping[str, str]) -> Placement:
        """Import the resolver where it is used, and take the texts for the group's files."""
        needs = self.fresh(set(texts))
        for name, text in texts.items():
            chosen = free_name(needs[name].file, CHOSEN)
            if f"{chosen} ==" in text or f"{chosen} in (" in text:
                needs[name].need(MODULE, CHOSEN if chosen == CHOSEN else f"{CHOSEN} as {chosen}")
            if f"{CHOOSER}(" in text:
                needs[name].need(MODULE, CHOOSER)
        classes = {v.target: v.origin for v in variants if v.origin}
        placement = self._resolver(group, Resolver(self.targets, has_chooser=True, classes=classes), needs)
        made = {name: self.encoded(name, self.with_imports(text, needs[name])) for name, text in texts.items()}
        self.fixed.changed.update({n: data for n, data in made.items() if data != self.loaded.sources[n].data})
        self.edits.update(self.fresh(set(texts)))
        return placement

    # --- the resolver

    def _resolver(self, group: GroupPlan, resolver: Resolver, edits: Mapping[str, FileEdits]) -> Placement:
        """Put the resolver beside each app of a group."""
        placement = Placement(self.loaded, MODULE)
        for path in self.spell_imports(group, placement, edits):
            resolver.prefix = "." if "." in placement.placed[path] else ""
            self.fixed.created[f"{path}.py"] = resolver.text().encode()
            if self.with_badge:
                beside = path.removesuffix(MODULE) + BADGE
                self.fixed.created[f"{beside}.py"] = badge(resolver.prefix).encode()
        return placement
