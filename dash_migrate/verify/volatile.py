"""What differs by chance or by the clock: found by asking the same app twice, before the migration.

Of three answers the first and the last come from two processes of the *same* code, and the middle one from the
migrated app. Where the outer two differ, the middle one may differ in the same place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from difflib import SequenceMatcher

from dash_migrate.verify.body_compare import comparable_text
from dash_migrate.verify.client import Answer
from dash_migrate.verify.compare import Difference, compare_answers, same_cookies
from dash_migrate.verify.cookies import date_of
from dash_migrate.verify.steps import Rules

NEAR = 900.0
"""Seconds from the answer within which a moment in its body is taken for "now"."""

STARTS = 60.0
"""Seconds between the starts of two sides."""
MANY_GAPS = 200
_PIECES = re.compile(r"[^,<>{}\[\]\n\"']+|.|\n")
_TOKENS = re.compile(r"\d+(?:\.\d+)*[\w-]*|[\w-]+|[^\w-]")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T|t| |%20)\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?Z|[+-]\d\d:?\d\d)?")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_EPOCH = re.compile(r"(?<![\w.])1[5-9]\d{8}(?:\d{3})?(?:\.\d+)?(?![\w.])")
_CLOCK = re.compile(r"(?<![\d:])([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?(?![\d:])")


def lasting(
    before: Answer, after: Answer, again: Answer | None, rules: Rules, more: Sequence[Answer] = ()
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """The differences between ``before`` and ``after`` that are none between ``before`` and ``again``.

    Also what of this answer is volatile: of that, only what stays the same around it was compared. ``more`` are
    further answers of *before* to the same request.
    """
    found = compare_answers(before, after, rules)
    others = [*([again] if again is not None else []), *more]
    own = {one.what for other in others for one in compare_answers(before, other, rules)}
    if not found:
        return (), tuple(sorted(own))
    kept = [one for one in found if not _by_chance(one, own, before, after, others, rules)]
    return tuple(kept), tuple(sorted(own))


def _by_chance(
    difference: Difference, own: set[str], before: Answer, after: Answer, others: Sequence[Answer], rules: Rules
) -> bool:
    what = difference.what
    if what in own and others:
        if what == "body":
            texts = [_without_now(comparable_text(one, rules.mask), one.at) for one in (before, *others, after)]
            return _fits_among(texts)
        if what.startswith("header:"):
            return _fits_among([", ".join(one.all(what[7:])) for one in (before, *others, after)])
        if what.startswith("cookie:"):
            return same_cookies(before, after, what[7:], by_value=False)
        return True
    if what == "body":
        old, new = (comparable_text(one, rules.mask) for one in (before, after))
        return _without_now(old, before.at) == _without_now(new, after.at) or _same_but_for_seconds(old, new)
    return False


def _fits_among(texts: Sequence[str]) -> bool:
    """Whether the last of some texts is as the others are where these are all the same.

    Word by word if all have as many words: where the others differ, it is as one of them, or as made up as they are.
    """
    *known, last = [_TOKENS.findall(text) for text in texts]
    if any(len(one) != len(last) for one in known):
        return any(fits(texts[0], other, texts[-1]) for other in texts[1:-1] if other != texts[0])
    for at, token in enumerate(last):
        values = {one[at] for one in known}
        if token not in values and (len(values) == 1 or not all(map(_is_made_up, [token, *values]))):
            return False
    return True


def _is_made_up(token: str) -> bool:
    """Whether a word is a number, or as long and mixed as what machines make up."""
    return any(char.isdigit() for char in token) or len(token) >= 16


def fits(one: str, other: str, third: str) -> bool:
    """Whether ``third`` is what ``one`` and ``other`` are where they are the same, with anything in between."""
    literals = list(_shared(one, other))
    if len(literals) > MANY_GAPS:
        return True
    allowed = 16 + 3 * max(len(one), len(other), 1) - 3 * sum(map(len, literals))
    if abs(len(third) - len(one)) > max(16, allowed):
        return False
    if len(literals) == 1:
        return third == one
    if not third.startswith(literals[0]) or not third.endswith(literals[-1]):
        return False
    at, end = len(literals[0]), len(third) - len(literals[-1])
    for literal in literals[1:-1]:
        found = third.find(literal, at, end)
        if found < 0:
            return False
        at = found + len(literal)
    return at <= end


def _shared(one: str, other: str) -> Iterator[str]:
    """The stretches that two texts share, in order; the first and the last may be empty."""
    ours, theirs = _PIECES.findall(one), _PIECES.findall(other)
    if len(ours) * len(theirs) > 40_000_000:
        ours, theirs = one.splitlines(keepends=True), other.splitlines(keepends=True)
    gap = False
    literal = ""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            literal += "".join(ours[i1:i2])
            gap = False
            continue
        left, right = "".join(ours[i1:i2]), "".join(theirs[j1:j2])
        head = _common(left, right)
        tail = _common(left[head:][::-1], right[head:][::-1])
        if not gap or head or literal:
            yield literal + left[:head]
        literal, gap = left[len(left) - tail :] if tail else "", True
    yield literal


def _common(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _without_now(text: str, now: float) -> str:
    """The text with moments close to ``now`` (epoch) replaced: two answers are never given at the same time."""

    def near(moment: float | None, spelled: str) -> str:
        return "<now>" if moment is not None and abs(moment - now) <= NEAR else spelled

    def clock(match: re.Match[str]) -> str:
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)
        for zone in (timezone.utc, None):
            at = datetime.fromtimestamp(now, zone)
            apart = abs(seconds - (at.hour * 3600 + at.minute * 60 + at.second))
            if min(apart, 86400 - apart) <= NEAR:
                return "<now>"
        return match[0]

    text = _HTTP_DATE.sub(lambda match: near(date_of(match[0]), match[0]), text)
    text = _ISO.sub(lambda match: _iso(match[0], now), text)
    text = _EPOCH.sub(lambda match: near(_epoch(match[0]), match[0]), text)
    return _CLOCK.sub(clock, text)


def _same_but_for_seconds(old: str, new: str) -> bool:
    """Whether two texts are equal but for moments since the epoch that are as close as the starts of two apps."""
    if _EPOCH.sub("", old) != _EPOCH.sub("", new):
        return False
    pairs = zip(_EPOCH.findall(old), _EPOCH.findall(new), strict=True)
    return all(abs(_epoch(one) - _epoch(other)) <= STARTS for one, other in pairs)


def _epoch(text: str) -> float:
    value = float(text)
    return value / 1000 if value > 1e11 else value


def _iso(text: str, now: float) -> str:
    plain = text.replace("%20", " ").replace(",", ".").replace(" Z", "Z").replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", re.sub(r"\.\d+", "", plain)))
    except ValueError:
        return text
    moments = [moment] if moment.tzinfo is not None else [moment.replace(tzinfo=timezone.utc), moment.astimezone()]
    return "<now>" if any(abs(one.timestamp() - now) <= NEAR for one in moments) else text
