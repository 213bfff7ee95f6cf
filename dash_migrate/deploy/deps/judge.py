"""What has to change in a project's requirements for the backends its apps will have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from dash_migrate.deploy.deps.model import Declared, Requirement
from dash_migrate.deploy.deps.pep508 import can_be_true, normal, split
from dash_migrate.deploy.deps.versions import Wanted, below, clauses, guarantees, numbers, raised
from dash_migrate.deploy.texts import Edit
from dash_migrate.deploy.workspace import Workspace
from dash_migrate.rules_data import table

Kind = Literal["dash", "companion", "drop", "add", "report"]


@dataclass(eq=False)
class Need:
    """Something a requirement lacks, or has too much."""

    kind: Kind
    requirement: Requirement
    why: str
    edits: list[Edit] = field(default_factory=list)
    #: major releases of Dash on the way, for a pin of an old one
    steps: str = ""

    @property
    def by_hand(self) -> bool:
        return self.kind == "report" or not self.edits


class Requirements:
    """Judges the requirements of a project.

    Args:
        workspace: its files.
        backends: the backends its apps will have ("flask" alone: only pins are raised).
        imported: whether some code imports a module.
        servers: the ASGI servers its commands start.
    """

    def __init__(
        self,
        workspace: Workspace,
        backends: Iterable[str],
        imported: Callable[[str], bool],
        servers: Iterable[str] = (),
    ) -> None:
        self.workspace = workspace
        self.backends = [b for b in ("fastapi", "quart", "flask") if b in set(backends)]
        self.imported = imported
        self.servers = set(servers)
        #: further requirement strings that rewritten code brings with it
        self.extra_needs: list[str] = []
        self.versions = table("dash_versions")
        self.table = table("dependencies")

    @property
    def declared(self) -> Declared:
        return self.workspace.declared

    @property
    def extras(self) -> tuple[str, ...]:
        return tuple(b for b in self.backends if b != "flask")

    @property
    def wanted(self) -> Wanted:
        """The Dash versions that are needed."""
        floors = [self.versions["floor"][b] for b in self.backends]
        floor = floors[0]
        for other in floors:
            floor = other if below(floor, other) else floor
        tested, asked = self.versions["tested"], self.workspace.loaded.dash_version
        if asked is not None:
            floor = asked if below(floor, asked) else floor
            tested = asked if below(tested, asked) or len(numbers(asked)) > 2 else tested
        return Wanted(floor, tested, only_pins=not self.extras)

    def needs(self) -> list[Need]:
        """Everything that has to change, by file."""
        if not self.backends:
            return []
        found: list[Need] = []
        # what another tool writes is a lock file, whatever it is called (``locks``)
        self.declared.requirements = [r for r in self.declared.requirements if not r.locked]
        for requirement in self.declared.requirements:
            if requirement.name == "dash":
                found += self._dash(requirement)
        together = self._together()
        for requirement in self.declared.requirements:
            if requirement.name != "dash":
                found += self._companion(requirement, together)
        return found

    def _together(self) -> set[str]:
        """The files whose requirements are installed together with Dash."""
        paths = {r.path for r in self.declared.named("dash")} | {
            r.path for r in self.declared.requirements if r.constraint
        }
        links = self.declared.links
        for _ in links:
            before = len(paths)
            for one, other in links:
                if one in paths or other in paths:
                    paths |= {one, other}
            if len(paths) == before:
                break
        return paths

    # --- Dash itself

    def _dash(self, requirement: Requirement) -> list[Need]:
        if requirement.marker and not can_be_true(requirement.marker):
            return []
        given = requirement.constraint or self._is_given(requirement)
        wanted = replace(self.wanted, only_pins=True) if given else self.wanted
        spec = raised(requirement.spec, wanted, requirement.dialect)
        extras = () if given or requirement.form == "conda" else self.extras
        lacking = [e for e in extras if e not in {normal(x) for x in requirement.extras}]
        lacking = [e for e in lacking if not self._has_apart(requirement, e)]
        beside = [] if given else self._beside(requirement)
        if spec == requirement.spec and not lacking and not beside:
            return []
        why = self._why(requirement, spec, lacking, beside)
        steps = self._steps(requirement.spec, requirement)
        if requirement.fixed:
            return [Need("report", requirement, f"{why}; {requirement.fixed}", steps=steps)]
        edits = requirement.changed(spec, tuple(lacking))
        for new in beside:
            edits += requirement.beside(new)
        return [Need("dash", requirement, why, edits, steps)]

    def _is_given(self, requirement: Requirement) -> bool:
        """Whether the Dash that is needed is asked for where this requirement is installed on top of."""
        others = [
            r
            for r in self.declared.named("dash")
            if r is not requirement and not r.constraint and not r.on_top and not r.fixed
        ]
        if requirement.on_top and any(r.path == requirement.path for r in others):
            return True
        included = self.declared.read_by(requirement.path)
        return any(r.path in included for r in others)

    def _has_apart(self, requirement: Requirement, extra: str) -> bool:
        """Whether the packages of an extra are asked for one by one, beside Dash."""
        names = {r.name for r in self.declared.in_section(requirement.section)}
        brought = self.table["extras"][extra]
        return brought[0] in names and (extra == "quart" or "uvicorn" in names)

    def _beside(self, requirement: Requirement) -> list[str]:
        """Further packages that have to be asked for in the same place."""
        names = {r.name for r in self.declared.in_section(requirement.section)}
        wanted: list[str] = []
        if requirement.form == "conda":
            for extra in self.extras:
                wanted += self.table["conda"][extra]
            if "uvicorn" in self.servers and "fastapi" not in self.extras:
                wanted.append(self.table["conda"]["uvicorn"])
        else:
            for server in sorted(self.servers & set(self.table["servers"])):
                row = self.table["servers"][server]
                if not set(row["comes_with"]) & set(self.extras):
                    wanted.append(row["package"])
            wanted += self.extra_needs
        found = []
        for one in wanted:
            parts = split(one)
            if parts is not None and normal(parts.name) not in names and normal(parts.name.split("-")[0]) not in names:
                found.append(one)
        return found

    def _why(self, requirement: Requirement, spec: str, lacking: list[str], beside: list[str]) -> str:
        reasons = []
        if spec != requirement.spec:
            backend = self.backends[0]
            reasons.append(f"Dash {self.wanted.floor} or newer ({self.versions['why'][backend]})")
        if lacking:
            reasons.append(f"the extra {' and '.join(f'`{e}`' for e in lacking)}")
        if beside:
            reasons.append(" and ".join(f"`{b}`" for b in beside))
        return "it needs " + ", ".join(reasons)

    def _steps(self, spec: str, requirement: Requirement) -> str:
        """The major steps between a pin and the needed Dash that nobody can do but a person."""
        pinned = [
            v for op, v in clauses(spec, requirement.dialect) if op in ("==", "===", "~=", "^", "=", "<", "<=", "~")
        ]
        majors = [numbers(v.rstrip(".*"))[:1] for v in pinned if numbers(v.rstrip(".*"))]
        if not majors:
            return ""
        start = min(majors)[0]
        bounds = [op for op, _ in clauses(spec, requirement.dialect)]
        if all(op in ("<", "<=") for op in bounds) and start:
            start -= 1
        steps = [s for s in self.versions["step"] if s["from"] >= start and not s["done"]]
        if start >= 4 or not steps:
            return ""
        path = " → ".join(str(n) for n in range(max(start, 1), 5))
        return f"Dash {path}: " + "; ".join(s["what"] for s in steps)

    # --- what is beside it

    def _companion(self, requirement: Requirement, together: set[str]) -> list[Need]:
        gone = next((row for row in self.table["gone"] if row["name"] == requirement.name), None)
        if gone is not None:
            if self.imported(gone["module"]) or requirement.fixed:
                return []
            return [Need("drop", requirement, "is a module of dash, and nothing imports it", requirement.drop())]
        row = next((row for row in self.table["companion"] if row["name"] == requirement.name), None)
        if row is None or requirement.path not in together:
            return []
        if requirement.marker and not can_be_true(requirement.marker):
            return []
        return self._raised(requirement, row)

    @cached_property
    def _with_new_flask(self) -> set[str]:
        """The sections in which a pin of an old Flask becomes one of Flask 3, as Quart needs it."""
        row = next(row for row in self.table["companion"] if row["name"] == "flask")
        floor = next((row["floor"][b] for b in self.backends if b in row["floor"]), None)
        old = self.declared.named("flask")
        return {r.section for r in old if floor is not None and self._keeps_below(r, floor)}

    @cached_property
    def _flask3(self) -> bool:
        """Whether nothing keeps Flask 3 and Werkzeug 3 away from what is installed with Dash."""
        both = [*self.declared.named("flask"), *self.declared.named("werkzeug")]
        raises = "quart" in self.backends
        return raises or not any(self._keeps_below(r, "3.0") for r in both)

    def _raised(self, requirement: Requirement, row: dict[str, Any]) -> list[Need]:
        if "flask3" in row:
            row = {"floor": dict.fromkeys(self.backends, row["flask3"]) if self._flask3 else {}, **row}
        check = row.get("check")
        if check and self._keeps_below(requirement, check):
            return [Need("report", requirement, row["why"])]
        backends = [*self.backends, *(["quart"] if requirement.section in self._with_new_flask else [])]
        floors = [row["floor"][b] for b in backends if b in row["floor"]]
        if not floors:
            return []
        floor = floors[0]
        for other in floors:
            floor = other if below(floor, other) else floor
        lift = bool(row.get("lift")) and not requirement.on_top
        if not lift and not self._keeps_below(requirement, floor):
            return []
        if row.get("by_hand"):
            return [Need("report", requirement, row["why"])]
        spec = raised(requirement.spec, Wanted(floor, row["tested"], only_pins=not lift), requirement.dialect)
        if spec == requirement.spec:
            return []
        if requirement.fixed:
            return [Need("report", requirement, f"{row['why']}; {requirement.fixed}")]
        steps = row["steps"] if "steps" in row and self.imported(row["module"]) else ""
        return [Need("companion", requirement, row["why"], requirement.changed(spec, ()), steps)]

    def _keeps_below(self, requirement: Requirement, floor: str) -> bool:
        """Whether a constraint admits nothing from ``floor`` on."""
        from dash_migrate.deploy.deps.versions import admits

        if guarantees(requirement.spec, floor, requirement.dialect):
            return False
        return not admits(requirement.spec, floor, requirement.dialect)
