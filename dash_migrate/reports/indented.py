"""JSON with an indent of 2, in which many objects are alike.

``json`` indents in Python, a call for each comma: a thousand findings take longer than all else in a run with a cache.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False).encode


def dumps(data: Any) -> str:
    """The data as indented JSON."""
    return json.dumps(data, indent=2, ensure_ascii=False)


class Template:
    """An object of which some values, strings and numbers, differ from one to the next.

    Args:
        data: one such object, with each name of ``holes`` where the value of that name goes.
        holes: names that are no other value in it, in the order in which they stand there.
        depth: how many objects and lists are around it.

    Raises:
        ValueError: the holes are not there, in this order.
    """

    def __init__(self, data: Mapping[str, Any], holes: Sequence[str], depth: int) -> None:
        rest = dumps(data).replace("\n", "\n" + "  " * depth).replace("%", "%%")
        done = "  " * depth
        for hole in holes:
            before, mark, rest = rest.partition(_encode(hole).replace("%", "%%"))
            if not mark:
                raise ValueError(hole)
            done += before + "%s"
        self._text = done + rest

    def fill(self, *values: str | int) -> str:
        """The object with these values, indented."""
        return self._text % tuple([_encode(value) if type(value) is str else value for value in values])


def with_rows(text: str, name: str, rows: list[str], depth: int) -> str:
    """Indented JSON whose first empty list of that name is given rows, filled-in templates of ``depth``."""
    if not rows:
        return text
    inside = ",\n".join(rows)
    return text.replace(f'"{name}": []', f'"{name}": [\n{inside}\n{"  " * (depth - 1)}]', 1)
