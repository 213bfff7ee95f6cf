"""Ask several running copies of an app the same questions at the same time, and keep what each answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from dash_migrate.verify.client import Address, Answer
from dash_migrate.verify.replay import Player
from dash_migrate.verify.report import neutral
from dash_migrate.verify.steps import Headers, Parallel, Step, WebSocket


class Enough(Exception):
    """No more requests: as many as were allowed have been sent, or the time is up."""


@dataclass(frozen=True)
class Place:
    """One running copy: where it listens, and the texts of this very run in its answers, with their neutral names."""

    address: Address
    own: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    """One step with the answers of the three copies; ``again`` is empty if there is no second copy of *before*.

    ``kind`` groups steps for the report.
    """

    step: Step
    kind: str
    before: tuple[Answer, ...]
    after: tuple[Answer, ...]
    again: tuple[Answer, ...] = ()


class Lockstep:
    """Asks *before*, *after* and *again*, in this order: what the clock changes, it changes for the outer two, too."""

    def __init__(
        self,
        before: Place,
        after: Place,
        again: Place | None,
        *,
        host: str = "localhost:8050",
        most: int = 1000,
        seconds: float = 120.0,
        websockets: bool = True,
        on_asked: Callable[[Asked], None] | None = None,
    ) -> None:
        self._places = [before, after, *([again] if again is not None else [])]
        self._players = [Player(place.address, host) for place in self._places]
        #: whether *after* has any
        self.websockets = websockets
        self._most, self._deadline, self._on_asked = most, time.monotonic() + seconds, on_asked
        self._names: dict[str, int] = {}
        self.asked: list[Asked] = []

    def ask(self, step: Step, kind: str = "") -> Answer:
        """Ask and keep; the last answer of *before* (of *after* where only it is asked). Raises Enough."""
        if len(self.asked) >= self._most or time.monotonic() > self._deadline:
            raise Enough
        step = self._named(step)
        answers = self.play(step)
        made = Asked(step, kind, answers[0], answers[1], answers[2] if len(answers) > 2 else ())
        self.asked.append(made)
        if self._on_asked is not None:
            self._on_asked(made)
        return (made.before or made.after)[-1]

    def play(self, step: Step) -> list[tuple[Answer, ...]]:
        """Ask every copy without keeping anything."""
        found: list[tuple[Answer, ...]] = []
        for place, player in zip(self._places, self._players, strict=True):
            if isinstance(step, WebSocket):
                found.append(tuple(player.play(step)) if len(found) == 1 else ())
            else:
                found.append(tuple(neutral(one, place.own) for one in player.play(step)))
        return found

    def sent(self, session: str, path: str, headers: Headers) -> Headers:
        """The headers with the cookies that a client now has at *after*."""
        return self._players[1].with_cookies(headers, path, session)

    def _named(self, step: Step) -> Step:
        count = self._names[step.name] = self._names.get(step.name, 0) + 1
        if count == 1:
            return step
        name = f"{step.name} ({count})"
        if isinstance(step, Parallel):
            return replace(step, request=replace(step.request, name=name))
        return replace(step, name=name)
