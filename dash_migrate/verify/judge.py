"""Which differences are lasting ones: the answers compared, and doubtful requests asked again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dash_migrate.verify.client import Answer
from dash_migrate.verify.compare import Difference
from dash_migrate.verify.lockstep import Asked, Lockstep
from dash_migrate.verify.steps import Parallel, Request, WebSocket
from dash_migrate.verify.volatile import lasting

ROUNDS = 3
"""How often a request whose answers differ is asked again, to see whether it differs by chance."""
MOST_DOUBTS = 60


@dataclass(frozen=True)
class Compared:
    """One request with what differs in its answers; ``volatile`` names what differs between two runs *before*."""

    asked: Asked
    differences: tuple[Difference, ...] = ()
    volatile: tuple[str, ...] = ()


def judge(lockstep: Lockstep) -> list[Compared]:
    """Compare everything that was asked."""
    found = [_compared(asked) for asked in lockstep.asked]
    for at, one in enumerate(found):
        step, late = one.asked.step, [d for d in one.differences if d.what == "time"]
        if isinstance(step, Parallel) and late and _slow_by_chance(step, lockstep):
            found[at] = Compared(one.asked, tuple(d for d in one.differences if d not in late), one.volatile)
    doubtful = [at for at, one in enumerate(found) if one.differences and isinstance(one.asked.step, Request)]
    for at in doubtful[:MOST_DOUBTS]:
        one = found[at]
        assert isinstance(one.asked.step, Request)
        if not one.asked.again or one.asked.step.capture:
            continue
        if _by_chance(one, lockstep):
            found[at] = Compared(one.asked, (), tuple(sorted({d.what for d in one.differences})))
    return found


def _compared(asked: Asked) -> Compared:
    step = asked.step
    if isinstance(step, WebSocket):
        return Compared(asked, tuple(_handshake(step, asked.after)))
    rules = step.request.rules if isinstance(step, Parallel) else step.rules
    differences: list[Difference] = []
    volatile: set[str] = set()
    again: Sequence[Answer | None] = asked.again or [None] * len(asked.before)
    for before, after, other in zip(asked.before, asked.after, again, strict=False):
        found, own = lasting(before, after, other, rules)
        differences += found
        volatile |= set(own)
    if len(asked.before) != len(asked.after):
        old, new = (" > ".join(f"{a.status} {a.path}" for a in side) for side in (asked.before, asked.after))
        differences.append(Difference(step.name, "answers", old, new))
    if isinstance(step, Parallel):
        differences += _slower(step, asked.before, asked.after)
    return Compared(asked, tuple(differences), tuple(sorted(volatile)))


def _handshake(step: WebSocket, answers: Sequence[Answer]) -> Iterator[Difference]:
    for answer in answers:
        if step.after == "refused" and answer.status == 101:
            yield Difference(step.name, "websocket", "the same is refused over HTTP", "opens", opened=True)
        elif answer.status >= 500 or not answer.status:
            yield Difference(step.name, "websocket", step.after, f"broken ({answer.status} {answer.error})")


def _slower(step: Parallel, before: Sequence[Answer], after: Sequence[Answer]) -> Iterator[Difference]:
    """A request that waits must not keep others waiting that did not wait before."""
    took = [max((answer.elapsed for answer in side), default=0.0) for side in (before, after)]
    if took[1] > max(step.max_seconds, took[0] * 1.3 + 0.2):
        old, new = (f"{seconds:.2f} s for {step.count} at once" for seconds in took)
        yield Difference(step.name, "time", old, new)


def _slow_by_chance(step: Parallel, lockstep: Lockstep) -> bool:
    """Whether several at once are as fast as before in one of a few more tries: the machine may have been busy."""
    return any(not list(_slower(step, *lockstep.play(step)[:2])) for _ in range(ROUNDS))


def _by_chance(one: Compared, lockstep: Lockstep) -> bool:
    """Whether what differs also differs between the two copies of *before*, once it is asked a few times more."""
    step = one.asked.step
    assert isinstance(step, Request)
    left = {found.what for found in one.differences}
    seen = [list(pair) for pair in zip(one.asked.before, one.asked.again, strict=False)]
    own: set[str] = set()
    for turn in range(ROUNDS):
        answers = lockstep.play(step)
        if len(answers) < 3:
            return False
        found: set[str] = set()
        for at, (before, after, again) in enumerate(zip(*answers, strict=False)):
            earlier = seen[at] if at < len(seen) else []
            lasts, differs = lasting(before, after, again, step.rules, earlier)
            earlier += [before, again]
            found |= {difference.what for difference in lasts}
            own |= set(differs)
        left -= own - found
        if not left:
            return True
        if turn < ROUNDS - 1 and own:
            time.sleep(0.35)
    return False
