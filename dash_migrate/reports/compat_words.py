"""What the compatibility report says in words, in every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash_migrate.compat.model import AppReport, BlockingCallback, Coverage, DeployChange, Fate, StartCommand
from dash_migrate.model import Backend
from dash_migrate.reports.words import BACKEND_LABELS, count, joined

#: what each fate means
FATES: dict[Fate, str] = {
    "native": "becomes code of the target",
    "bridged": "stays Flask code, behind the bridge",
    "guarded": "code for both backends",
    "manual": "left to a person",
    "stays": "may stay as it is",
}


def fate_words(fates: Mapping[Fate, int]) -> str:
    """How many findings have which fate."""
    return joined([f"{number} {'may stay' if fate == 'stays' else fate}" for fate, number in fates.items()])


def coverage_words(facts: Coverage) -> list[str]:
    """What there is of everything, in numbers."""
    kinds = [
        f"{number} {kind}"
        for number, kind in (
            (facts.async_callbacks, "async"),
            (facts.background_callbacks, "background"),
            (facts.websocket_callbacks, "websocket"),
        )
        if number
    ]
    parts = [
        count(facts.callbacks, "callback") + (f" ({', '.join(kinds)})" if kinds else ""),
        count(facts.routes, "route"),
        count(facts.hooks, "hook") + (f" ({count(facts.gates, 'gate')})" if facts.gates else ""),
        count(facts.request_uses, "use") + " of Flask's request context",
    ]
    if facts.clientside_callbacks:
        parts.insert(1, count(facts.clientside_callbacks, "clientside callback"))
    return parts


def kept_words(is_kept: bool) -> str:
    """What is added to a cell that ``fix`` makes good."""
    return ", kept by fix" if is_kept else ""


def start_words(start: StartCommand, quote: str = "") -> str:
    """A start command before and after."""
    after = {BACKEND_LABELS[t]: command for t, command in start.after.items()}
    if len(set(after.values())) == 1:
        new = f"{quote}{next(iter(after.values()))}{quote}"
    else:
        new = "; ".join(f"{name}: {quote}{command}{quote}" for name, command in after.items())
    if start.place is None:
        return f"no file starts it there for production; after fix: {new}"
    before = f"{quote}{start.before}{quote} ({start.place})"
    why = f" ({start.why})" if start.why else ""
    if start.by_hand:
        return f"{before} is to be changed by hand{why}"
    return f"{before} becomes {new}{why}" if after else f"{before}, as before{why}"


def change_words(change: DeployChange, quote: str = "") -> str:
    """Lines before and after."""

    def shown(lines: Sequence[str]) -> str:
        return ", ".join(f"{quote}{line}{quote}" for line in lines if line)

    if change.before and change.after:
        return f"{shown(change.before)} becomes {shown(change.after)}"
    return f"{shown(change.before)} goes" if change.before else f"{shown(change.after)} is new"


def same_for(
    changes: Mapping[Backend, tuple[DeployChange, ...]], targets: Sequence[Backend]
) -> list[tuple[str, tuple[DeployChange, ...]]]:
    """Changes by backend, those that are the same for several said once."""
    found: list[tuple[list[str], tuple[DeployChange, ...]]] = []
    for target in targets:
        mine = changes.get(target, ())
        known = next((labels for labels, others in found if others == mine), None)
        if known is not None:
            known.append(BACKEND_LABELS[target])
        elif mine:
            found.append(([BACKEND_LABELS[target]], mine))
    return [(joined(labels), mine) for labels, mine in found]


def blocking_groups(app: AppReport) -> list[tuple[str, list[BlockingCallback]]]:
    """The callbacks that wait for long, apart by whom they keep waiting."""
    waiting = [one for one in app.blocking if one.calls[0].cost != "short"]
    moved = any(verdict.strategy is not None for verdict in app.verdicts.values())
    on_flask = app.backend == "flask" or app.bridged
    plain, loops = [b for b in waiting if not b.is_async], [b for b in waiting if b.is_async]
    found = []
    if plain:
        if moved or on_flask:
            title = "Callbacks that wait (fix gives each a thread, a bare FastAPI or Quart none)"
        else:
            title = "Callbacks that hold up the event loop"
        found.append((title, plain))
    if loops:
        found.append(("Async callbacks that hold up the event loop on FastAPI and Quart", loops))
    return found
