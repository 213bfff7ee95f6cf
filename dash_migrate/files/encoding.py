"""The encoding a Python file declares, read the way the tokenizer reads it (PEP 263)."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

BOM = codecs.BOM_UTF8
#: what editors begin a file with that Python does not read
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_BLANK = re.compile(rb"^[ \t\f]*(?:#|$)")


def declared_encoding(data: bytes) -> tuple[str | None, int | None]:
    """The encoding named in a comment in one of the first two lines, and that line's number."""
    head = data[:4096].removeprefix(BOM).splitlines()[:2]
    for number, line in enumerate(head, start=1):
        found = _COOKIE.match(line)
        if found:
            return _normal_name(found[1].decode("ascii")), number
        if not _BLANK.match(line):
            break
    return None, None


def wide_text(data: bytes) -> bytes | None:
    """What a file says that was saved as UTF-16 or UTF-32, which is no Python source; None: it was not."""
    if data[:2] not in _WIDE_MARKS:
        return None
    for encoding in ("utf-32", "utf-16"):  # both marks may begin with the same two bytes
        with suppress(UnicodeDecodeError):
            return data.decode(encoding).encode("utf-8", "replace")
    return None


def _normal_name(name: str) -> str:
    """The tokenizer's reading of an encoding name: editors add endings such as ``-unix``."""
    plain = name[:12].lower().replace("_", "-")
    if plain == "utf-8" or plain.startswith("utf-8-"):
        return "utf-8"
    latin = ("latin-1", "iso-8859-1", "iso-latin-1")
    if plain in latin or plain.startswith(tuple(one + "-" for one in latin)):
        return "iso-8859-1"
    return name
