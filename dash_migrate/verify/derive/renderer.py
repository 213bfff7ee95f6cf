"""What Dash's renderer would post: a model of the page, and the body of each callback for it.

Only as much of the renderer as is needed to ask every callback with values that fit: components with their
properties by id, pattern-matching ids, and the answers of callbacks put back into the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_WILDCARDS = ("ALL", "MATCH", "ALLSMALLER")


@dataclass(frozen=True)
class Slot:
    """An input, a state or an output as ``_dash-dependencies`` spells it: the id may be a pattern."""

    id: str
    prop: str

    @property
    def pattern(self) -> dict[str, Any] | None:
        """A pattern-matching id taken apart, None for a plain one."""
        if not self.id.startswith("{"):
            return None
        try:
            found = json.loads(self.id)
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


@dataclass(frozen=True)
class Spec:
    """One callback that the server runs."""

    output: str
    outputs: tuple[Slot, ...]
    inputs: tuple[Slot, ...]
    states: tuple[Slot, ...]
    initial: bool
    background: bool

    @property
    def several(self) -> bool:
        return self.output.startswith("..")


def specs(dependencies: Any) -> list[Spec]:
    """The callbacks of ``_dash-dependencies`` that are asked of the server."""
    found = []
    for one in dependencies if isinstance(dependencies, list) else ():
        if not isinstance(one, dict) or one.get("clientside_function") or not isinstance(one.get("output"), str):
            continue
        names = one["output"][2:-2].split("...") if one["output"].startswith("..") else [one["output"]]
        outputs = tuple(Slot(*name.rpartition(".")[::2]) for name in names if "." in name)
        found.append(
            Spec(
                one["output"],
                outputs,
                tuple(_slots(one.get("inputs"))),
                tuple(_slots(one.get("state"))),
                initial=not one.get("prevent_initial_call"),
                background=bool(one.get("background") or one.get("long")),
            )
        )
    return found


def _slots(values: Any) -> Iterator[Slot]:
    for one in values or ():
        yield Slot(one["id"] if isinstance(one["id"], str) else id_text(one["id"]), one["property"])


def id_text(identity: Any) -> str:
    """An id as a key: Dash spells dictionaries with sorted keys and without blanks."""
    if isinstance(identity, str):
        return identity
    return json.dumps(identity, sort_keys=True, separators=(",", ":"))


@dataclass
class Component:
    """One component of the page."""

    id: Any
    type: str
    props: dict[str, Any]


@dataclass
class Page:
    """The page as the browser has it."""

    components: dict[str, Component] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)

    def add(self, layout: Any) -> None:
        """Take in a layout or a part of one, with everything in its properties."""
        stack = [layout]
        while stack:
            one = stack.pop()
            if isinstance(one, list):
                stack += reversed(one)
            elif isinstance(one, dict):
                props = one.get("props")
                if isinstance(props, dict) and "type" in one and "namespace" in one:
                    identity = props.get("id")
                    if identity not in (None, ""):
                        self.components[id_text(identity)] = Component(identity, str(one["type"]), dict(props))
                    for name in ("href", "src"):
                        if isinstance(props.get(name), str):
                            self.links.append(props[name])
                    stack += [value for value in props.values() if isinstance(value, (dict, list))]
                else:
                    stack += [value for value in one.values() if isinstance(value, (dict, list))]

    def matching(self, slot: Slot) -> list[Component]:
        """The components that an id or a pattern means, in the order of the page."""
        pattern = slot.pattern
        if pattern is None:
            found = self.components.get(slot.id)
            return [found] if found is not None else []
        return [one for one in self.components.values() if isinstance(one.id, dict) and _fits(pattern, one.id)]

    def take(self, answer: Any, spec: Spec) -> None:
        """Put the answer of a callback into the page."""
        changes = answer.get("response") if isinstance(answer, dict) else None
        for identity, props in changes.items() if isinstance(changes, dict) else ():
            component = self.components.get(identity)
            if not isinstance(props, dict):
                continue
            for name, value in props.items():
                if isinstance(value, dict) and "__dash_patch_update" in value:
                    continue
                if component is not None:
                    component.props[name.partition("@")[0]] = value
                self.add(value)


def _fits(pattern: Mapping[str, Any], identity: Mapping[str, Any]) -> bool:
    if set(pattern) != set(identity):
        return False
    return all(_is_wildcard(value) or value == identity[key] for key, value in pattern.items())


def _is_wildcard(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and value[0] in _WILDCARDS


@dataclass(frozen=True)
class Call:
    """A callback with what it is asked about: for ``MATCH``, one of the components that match."""

    spec: Spec
    bound: Mapping[str, Any] = field(default_factory=dict)


def calls_of(spec: Spec, page: Page, most: int = 2) -> list[Call]:
    """The calls of a callback that the page allows: several if its pattern matches several components."""
    for slot in (*spec.inputs, *spec.outputs):
        pattern = slot.pattern
        if pattern is None or not any(value == ["MATCH"] for value in pattern.values()):
            continue
        bindings: list[dict[str, Any]] = []
        for component in page.matching(slot):
            bound = {key: component.id[key] for key, value in pattern.items() if value == ["MATCH"]}
            if bound not in bindings:
                bindings.append(bound)
        return [Call(spec, bound) for bound in bindings[:most]]
    return [Call(spec)]


def body(
    call: Call, page: Page, changed: Sequence[str] = (), given: Mapping[tuple[str, str], Any] | None = None
) -> bytes:
    """What the renderer posts; ``given`` replaces values of the page by id and property."""

    def value_of(identity: Any, prop: str) -> Any:
        key = (id_text(identity), prop)
        if given is not None and key in given:
            return given[key]
        component = page.components.get(key[0])
        return component.props.get(prop) if component is not None else None

    def entry(slot: Slot, with_value: bool) -> Any:
        pattern = slot.pattern
        if pattern is None:
            return _entry(slot.id, slot.prop, value_of(slot.id, slot.prop), with_value)
        exact = {key: call.bound[key] if v == ["MATCH"] and key in call.bound else v for key, v in pattern.items()}
        if not any(_is_wildcard(value) for value in exact.values()):
            return _entry(exact, slot.prop, value_of(exact, slot.prop), with_value)
        return [
            _entry(one.id, slot.prop, value_of(one.id, slot.prop), with_value)
            for one in page.matching(Slot(id_text(exact), slot.prop))
        ]

    spec = call.spec
    outputs = [entry(slot, False) for slot in spec.outputs]
    payload = {
        "output": spec.output,
        "outputs": outputs if spec.several else (outputs[0] if outputs else []),
        "inputs": [entry(slot, True) for slot in spec.inputs],
        "changedPropIds": list(changed),
        "state": [entry(slot, True) for slot in spec.states],
        "parsedChangedPropsIds": list(changed),
    }
    return json.dumps(payload).encode()


def _entry(identity: Any, prop: str, value: Any, with_value: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"id": identity, "property": prop}
    return {**made, "value": value} if with_value else made


def answer_of(text: bytes) -> Any:
    """The JSON of a callback's answer, None if it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def options_of(component: Component) -> list[Any]:
    """The values a component with ``options``, ``marks``, tabs or a range lets a user choose."""
    props = component.props
    options = props.get("options")
    found: list[Any] = []
    if isinstance(options, dict):
        found = list(options)
    elif isinstance(options, list):
        found = [one.get("value") if isinstance(one, dict) else one for one in options]
    if component.type == "Tabs":
        for child in props.get("children") or []:
            inner = child.get("props", {}) if isinstance(child, dict) else {}
            found.append(inner.get("value", inner.get("tab_id")))
    if component.type in ("Slider", "RangeSlider"):
        ends = [props[name] for name in ("min", "max") if isinstance(props.get(name), (int, float))]
        found = [ends] if component.type == "RangeSlider" and len(ends) == 2 else ends
    return [one for one in found if one is not None]


def is_click(prop: str) -> bool:
    """Whether a property counts something."""
    return bool(re.match(r"n_\w+$", prop)) or prop.endswith(("_clicks", "_timestamp"))
