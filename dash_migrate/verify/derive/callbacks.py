"""Asks the callbacks of a Dash app: as the page loads, then as a user would go through it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dash_migrate.facts.reads import Read
from dash_migrate.verify.client import Answer
from dash_migrate.verify.derive.known import Known, Site
from dash_migrate.verify.derive.renderer import (
    Call,
    Component,
    Page,
    Slot,
    Spec,
    answer_of,
    body,
    calls_of,
    is_click,
    options_of,
    specs,
)
from dash_migrate.verify.derive.samples import SAMPLE, values_of

#: asks one callback: what to call it, the body
Ask = Callable[[str, bytes], Answer]
CSV = "data:text/csv;base64," + base64.b64encode(b"a,b\n1,2\n3,4\n").decode()
POINT = {"points": [{"curveNumber": 0, "pointNumber": 0, "pointIndex": 0, "x": 1, "y": 2, "label": SAMPLE}]}
MOST_VALUES = 4
MOST_PER_CALLBACK = 9
MOST_SECONDS = 1.5
"""A callback that has taken this long, all its calls together, is not called again."""
_USER = re.compile(r"user|mail|login|name|account", re.IGNORECASE)
_PASSWORD = re.compile(r"pass|pwd|pin\b|secret", re.IGNORECASE)


class Walk:
    """One walk through the callbacks of one Dash app, with the page as it changes."""

    def __init__(
        self, site: Site, known: Known, layout: Any, dependencies: Any, ask: Ask, spent: dict[str, float]
    ) -> None:
        self.site, self.known, self.ask = site, known, ask
        self.page = Page()
        self.page.add(layout)
        self.specs = specs(dependencies)
        self.answers: list[Answer] = []
        #: seconds by callback, over all walks
        self.spent = spent

    def load(self) -> None:
        """What the renderer asks when the page has loaded, twice: what the first answers brought is asked as well."""
        seen: set[bytes] = set()
        for spec in [*self.specs, *self.specs]:
            if not spec.initial or not any(self.page.matching(slot) for slot in (*spec.inputs, *spec.outputs)):
                continue
            for call in calls_of(spec, self.page):
                made = body(call, self.page)
                if made not in seen:
                    seen.add(made)
                    self._send(spec, made, "at first")

    def everything(self) -> None:
        """Each callback with each of its inputs changed, to every value that it offers or the code compares with."""
        order = sorted(self.specs, key=lambda spec: not any(slot.prop == "pathname" for slot in spec.inputs))
        for spec in order:
            for call in calls_of(spec, self.page) or [Call(spec)]:
                self._triggered(spec, call)

    def _triggered(self, spec: Spec, call: Call) -> None:
        sent: set[bytes] = set()
        reads = dict(zip([*spec.inputs, *spec.states], self.site.callbacks.get(spec.output, ()), strict=False))
        for slot in spec.inputs:
            for component, value in self._values(slot, reads.get(slot)):
                if len(sent) >= MOST_PER_CALLBACK:
                    return
                key = (component if isinstance(component, str) else _text(component.id), slot.prop)
                made = body(call, self.page, [f"{key[0]}.{slot.prop}"], {key: value})
                if made not in sent:
                    sent.add(made)
                    self._send(spec, made, f"{key[0]}.{slot.prop} = {_short(value)}")
        self._with_states(spec, call, reads, sent)

    def _with_states(self, spec: Spec, call: Call, reads: dict[Slot, Read], sent: set[bytes]) -> None:
        """The first input changed, with each of the states at another value."""
        if not spec.inputs:
            return
        trigger = spec.inputs[0]
        first = next(iter(self._values(trigger, reads.get(trigger))), None)
        if first is None:
            return
        component, clicked = first
        key = (component if isinstance(component, str) else _text(component.id), trigger.prop)
        others = [slot for slot in (*spec.inputs[1:], *spec.states) if slot.pattern is None]
        filled = {(slot.id, slot.prop): self._values(slot, reads.get(slot))[:1] for slot in others}
        base = {name: some[0][1] for name, some in filled.items() if some}
        wanted = [base]
        for slot in others:
            for _, value in self._values(slot, reads.get(slot))[1:]:
                wanted.append({**base, (slot.id, slot.prop): value})
        for given in wanted[:MOST_PER_CALLBACK]:
            made = body(call, self.page, [f"{key[0]}.{key[1]}"], {**given, key: clicked})
            if made not in sent:
                sent.add(made)
                self._send(spec, made, f"{key[0]}.{key[1]}, filled in")

    def _values(self, slot: Slot, read: Read | None) -> list[tuple[Component | str, Any]]:
        """The values to give an input or a state, with the component that has it."""
        components: Sequence[Component | str] = self.page.matching(slot)[:2] or ([] if slot.pattern else [slot.id])
        found: list[tuple[Component | str, Any]] = []
        for component in components:
            known = component if isinstance(component, Component) else Component(slot.id, "", {})
            values = list(self._of(known, slot.prop, read))
            unique = [value for at, value in enumerate(values) if value not in values[:at]]
            found += [(component, value) for value in unique[: 6 if slot.prop == "pathname" else MOST_VALUES]]
        return found

    def _of(self, component: Component, prop: str, read: Read | None) -> Iterator[Any]:
        now = component.props.get(prop)
        if is_click(prop):
            yield (now or 0) + 1 if isinstance(now, (int, float, type(None))) else 1
            return
        if prop == "pathname":
            yield from (read.values if read is not None else ())
            yield from self.site.pages
            yield from (link for link in self.page.links if link.startswith("/"))
            yield from (self.site.prefix, f"{self.site.prefix}no-such-page")
            return
        options = options_of(component) if prop in ("value", "active_tab") else []
        many = component.type in ("Checklist",) or component.props.get("multi")
        for option in options[:MOST_VALUES]:
            yield [option] if many else option
        if prop == "search":
            yield f"?q={SAMPLE}"
        elif prop == "contents":
            yield CSV
        elif prop == "filename":
            yield "sample.csv"
        elif prop.endswith("Data") and prop != "data":
            yield POINT
        elif prop in ("date", "start_date", "end_date"):
            yield "2024-01-31"
        elif prop == "value" and not options:
            compared = [value for value in values_of(read) if read and value in read.values] if read else []
            if component.props.get("type") == "number" or isinstance(now, (int, float)):
                yield from (int(value) for value in compared if re.fullmatch(r"-?\d+", value))
                yield 3
            else:
                yield from compared
                yield SAMPLE
        elif read is not None and read.values:
            yield from read.values
        yield now

    def logins(self) -> Iterator[tuple[str, bytes]]:
        """The bodies of callbacks that take a password, with the credentials that the source holds."""
        for spec in self.specs:
            slots = [slot for slot in (*spec.states, *spec.inputs) if slot.pattern is None]
            passwords = [slot for slot in slots if self._is_password(slot)]
            if not passwords:
                continue
            users = [slot for slot in slots if slot not in passwords and slot.prop == "value" and _USER.search(slot.id)]
            users = users or [slot for slot in slots if slot not in passwords and slot.prop == "value"]
            clicks = [slot for slot in spec.inputs if is_click(slot.prop)][:1] or list(spec.inputs[:1])
            reads = dict(zip([*spec.inputs, *spec.states], self.site.callbacks.get(spec.output, ()), strict=False))
            for user, password in _pairs(reads, users, passwords, self.known):
                given: dict[tuple[str, str], Any] = {(slot.id, slot.prop): password for slot in passwords}
                given.update({(slot.id, slot.prop): user for slot in users})
                given.update({(slot.id, slot.prop): 1 for slot in clicks if is_click(slot.prop)})
                changed = [f"{slot.id}.{slot.prop}" for slot in clicks]
                yield f"{spec.output} with the password of {user}", body(Call(spec), self.page, changed, given)

    def _is_password(self, slot: Slot) -> bool:
        component = self.page.components.get(slot.id)
        if component is not None and component.props.get("type") == "password":
            return slot.prop == "value"
        return slot.prop == "value" and bool(_PASSWORD.search(slot.id))

    def _send(self, spec: Spec, made: bytes, how: str) -> None:
        if self.spent.get(spec.output, 0.0) > MOST_SECONDS:
            return
        answer = self.ask(f"{spec.output}: {how}", made)
        self.spent[spec.output] = self.spent.get(spec.output, 0.0) + answer.elapsed
        self.answers.append(answer)
        if answer.status == 200:
            self.page.take(answer_of(answer.body), spec)


def _pairs(
    reads: dict[Slot, Read], users: Sequence[Slot], passwords: Sequence[Slot], known: Known
) -> list[tuple[str, str]]:
    """Names and passwords to try: what the callback compares with, then what the project holds."""
    found: list[tuple[str, str]] = []
    ours = [value for slot in users for value in (values_of(reads[slot]) if slot in reads else [])]
    theirs = [value for slot in passwords for value in (values_of(reads[slot]) if slot in reads else [])]
    for slot in users:
        for name, strings in reads[slot].entries if slot in reads else ():
            found += [(name, string) for string in strings[:2]]
    found += [(user, password) for user in ours[:3] for password in theirs[:2]]
    found += known.credentials.candidates()
    return [*list(dict.fromkeys(found))[:6], (SAMPLE, "wrong-password")]


def _text(identity: Any) -> str:
    return identity if isinstance(identity, str) else json.dumps(identity, sort_keys=True, separators=(",", ":"))


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 30 else text[:27] + "…"
