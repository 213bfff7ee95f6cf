"""The comments of a piece of code, and which of them a rewrite has lost."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter

#: what tools read in a comment behind a statement is of no use without it
_FOR_TOOLS = re.compile(r"#\s*(noqa\b|nosec\b|type:|pylint:|pyright:|mypy:|ruff:|isort:|pragma:|fmt: ?skip)")


def lost_comments(old: str, new: str) -> list[str]:
    """The comments of a text that the text made of it lacks, in order; those for tools go with their statement."""
    before = _ends(old)
    if not before or not before - _ends(new):
        return []
    left = Counter(text for text, _ in _comments(new))
    lost = []
    for text, is_alone in _comments(old):
        left[text] -= 1
        if left[text] < 0 and (is_alone or not _FOR_TOOLS.match(text)):
            lost.append(text)
    return lost


def _ends(text: str) -> Counter[str]:
    """The ends of lines from a ``#`` on, of which each comment is one: a quick look."""
    return Counter(line[line.index("#") :] for line in re.split(r"[\r\n]+", text) if "#" in line)


def _comments(text: str) -> list[tuple[str, bool]]:
    """Each comment, and whether it has its line to itself."""
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    tokens = tokenize.generate_tokens(lines.readline)
    return [(t.string, not t.line[: t.start[1]].strip()) for t in tokens if t.type == tokenize.COMMENT]
