"""Differences between two versions of a file, down to the byte."""

from __future__ import annotations

from collections.abc import Iterator

from dash_migrate.files.encoding import declared_encoding

_CONTEXT = 3
_MANY = 2_000_000
_NO_NEWLINE = b"\\ No newline at end of file\n"


def unified_diff(path: str, old: bytes | None, new: bytes) -> str:
    """A unified diff to be read by people; ``""`` if there is no difference. ``old`` None: a new file.

    In a UTF-8 file nothing is lost; other files are decoded as they say. For a diff that ``git apply`` takes
    whatever the encoding use ``patch``.
    """
    raw = patch(path, old, new)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        encoding, _ = declared_encoding(new)
        try:
            return raw.decode(encoding or "latin-1", "replace")
        except LookupError:
            return raw.decode("latin-1")


def patch(path: str, old: bytes | None, new: bytes) -> bytes:
    """A unified diff that ``git apply`` and ``patch -p1`` turn into exactly the new bytes."""
    if old == new:
        return b""
    hunks = b"".join(_hunks(_lines(old or b""), _lines(new)))
    before = b"/dev/null" if old is None else _name(b"a/", path)
    header = b""
    if old is None:
        header = b"diff --git %s %s\nnew file mode 100644\n" % (_name(b"a/", path), _name(b"b/", path))
    if not hunks:  # a new file without contents
        return header
    return b"%s--- %s\n+++ %s\n%s" % (header, before, _name(b"b/", path), hunks)


def _lines(data: bytes) -> list[bytes]:
    """Lines as diffs count them: they end at a line feed only."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    from difflib import SequenceMatcher

    # Most of a file is as it was; leaving its equal ends out spares the matcher.
    shortest = min(len(old), len(new))
    start = 0
    while start < shortest and old[start] == new[start]:
        start += 1
    end = 0
    while end < shortest - start and old[-1 - end] == new[-1 - end]:
        end += 1
    core, new_core = old[start : len(old) - end], new[start : len(new) - end]
    # Thousands of equal lines cost it their square; it then takes no notice of lines that are so common.
    matcher = SequenceMatcher(None, core, new_core, autojunk=_pairs(core, new_core) > _MANY)
    codes = [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in matcher.get_opcodes()]
    if start:
        codes.insert(0, ("equal", 0, start, 0, start))
    if end:
        codes.append(("equal", len(old) - end, len(old), len(new) - end, len(new)))
    # What it groups: a hunk has to show what stands before it and after it.
    setattr(matcher, "opcodes", codes)  # noqa: B010 - the types do not know it
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        yield b"@@ -%s +%s @@\n" % (_range(first[1], last[2]), _range(first[3], last[4]))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (_line(b" ", line) for line in old[old_from:old_to])
                continue
            yield from (_line(b"-", line) for line in old[old_from:old_to])
            yield from (_line(b"+", line) for line in new[new_from:new_to])


def _pairs(old: list[bytes], new: list[bytes]) -> int:
    """How many lines of the one equal one of the other, counted by pairs."""
    from collections import Counter

    others = Counter(new)
    return sum(count * others[line] for line, count in Counter(old).items())


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n" + _NO_NEWLINE


def _range(start: int, stop: int) -> bytes:
    length = stop - start
    if length == 1:
        return b"%d" % (start + 1)
    return b"%d,%d" % (start + 1 if length else start, length)


def _name(prefix: bytes, path: str) -> bytes:
    """A path in a diff's header, quoted as git quotes it where it has to be."""
    raw = prefix + path.encode("utf-8", "surrogateescape")
    if any(byte < 0x20 or byte in b'"\\\x7f' for byte in raw):
        quoted = "".join(f"\\{byte:03o}" if byte < 0x20 or byte in b'"\\\x7f' else chr(byte) for byte in raw)
        return b'"' + quoted.encode("latin-1") + b'"'
    return raw + b"\t" if b" " in raw else raw
