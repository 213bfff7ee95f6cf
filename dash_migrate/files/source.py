"""One source file: its bytes, what they say as text, and where a parser's positions lie in them."""

from __future__ import annotations

import os
import stat
from bisect import bisect_right
from itertools import accumulate
from typing import Literal, Protocol

from dash_migrate.files.encoding import BOM, declared_encoding
from dash_migrate.files.errors import SourceError, describe
from dash_migrate.files.looks import recording
from dash_migrate.model import FileError, Span

#: Nobody writes such a file by hand; reading it would only cost memory.
MAX_BYTES = 64 * 1024 * 1024

#: Few files are larger; for them it takes one call to read them.
_CHUNK = 256 * 1024
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

Newline = Literal["\n", "\r\n", "\r"]


class Located(Protocol):
    """What every node of ``ast`` that has a place in the file looks like."""

    lineno: int
    col_offset: int
    end_lineno: int | None
    end_col_offset: int | None


class Source:
    """The bytes of a file, and on demand everything that follows from them.

    Lines are those of Python's tokenizer: they end at ``\\n``, ``\\r\\n`` or a lone ``\\r`` and nowhere else,
    so the line numbers of ``ast`` hold. A byte order mark belongs to no line.
    """

    __slots__ = ("_encoding", "_starts", "_text", "_text_lines", "data", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._encoding: str | None = None
        self._text: str | None = None
        self._starts: list[int] | None = None
        self._text_lines: list[str] | None = None

    def __repr__(self) -> str:
        return f"Source({self.path!r}, {len(self.data)} bytes)"

    # What the file is

    @property
    def has_bom(self) -> bool:
        return self.data.startswith(BOM)

    @property
    def encoding(self) -> str:
        """The codec the file declares (PEP 263), ``utf-8`` if it declares none."""
        if self._encoding is None:
            self._encoding = self._find_encoding()
        return self._encoding

    @property
    def text(self) -> str:
        """The decoded file without its byte order mark, newlines as they are."""
        if self._text is None:
            self._text = self._decode()
        return self._text

    def encoded(self, text: str) -> bytes:
        """Another text as this file would have it: its encoding, its BOM.

        Raises:
            SourceError: the encoding has no such characters, or does not even give the file's own bytes back.
        """
        if self.encoding != "utf-8" and self._encode(self.text) != self.data:
            raise SourceError(self.path, f"its text written as {self.encoding} would have other bytes")
        return self._encode(text)

    def _encode(self, text: str) -> bytes:
        try:
            data = text.encode(self.encoding)
        except Exception as error:  # codecs raise what they like
            raise SourceError(self.path, f"cannot be written as {self.encoding}: {error}") from None
        return BOM + data if self.has_bom and not data.startswith(BOM) else data

    @property
    def newline(self) -> Newline:
        """The newline the file uses most; ``\\n`` where it has none."""
        data = self.data
        if b"\r" not in data:
            return "\n"
        pairs = data.count(b"\r\n")
        counts: dict[Newline, int] = {
            "\n": data.count(b"\n") - pairs,
            "\r\n": pairs,
            "\r": data.count(b"\r") - pairs,
        }
        return max(counts, key=lambda newline: counts[newline])

    def check(self) -> FileError | None:
        """What makes the file unparsable whatever the grammar: null bytes, encodings. None: nothing does."""
        null = self.data.find(b"\0")
        if null >= 0:
            line, column = self._line_of(null)
            return FileError(self.path, "contains a null byte, so it is no Python source", line, column)
        try:
            self._text = self.text
        except SourceError as error:
            return error.as_file_error()
        return None

    # Where things are

    @property
    def line_count(self) -> int:
        return len(self._line_starts())

    def line(self, number: int) -> str:
        """A line without its newline; ``""`` for one past the end of the file."""
        lines = self._lines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def column(self, line: int, utf8_offset: int) -> int:
        """The 1-based column in characters of what ``ast`` puts at ``utf8_offset`` bytes into a line."""
        return len(self._before(line, utf8_offset)) + 1

    def offset(self, line: int, utf8_offset: int) -> int:
        """The same place as an index into ``data``, in whatever encoding the file has."""
        starts = self._line_starts()
        if line > len(starts):
            return len(self.data)
        start = starts[line - 1]
        before = self._before(line, utf8_offset)
        return start + (len(before) if before.isascii() else len(before.encode(self.encoding)))

    def span(self, node: Located) -> Span:
        """A node's place as it is reported to people."""
        line, start = node.lineno, node.col_offset
        end_line = node.end_lineno if node.end_lineno is not None else line
        end = node.end_col_offset if node.end_col_offset is not None else start
        return Span(line, self.column(line, start), end_line, self.column(end_line, end))

    def byte_span(self, node: Located) -> tuple[int, int]:
        """A node's place in ``data``: where it starts and where it ends."""
        start = self.offset(node.lineno, node.col_offset)
        if node.end_lineno is None or node.end_col_offset is None:
            return start, start
        return start, self.offset(node.end_lineno, node.end_col_offset)

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and character column of an index into ``data``."""
        line, start = self._line_and_start(offset)
        before = self.data[start:offset]
        if before.isascii():
            return line, len(before) + 1
        return line, len(before.decode(self.encoding, "replace")) + 1

    # How it is found out

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            data = self.data
            skip = len(BOM) if self.has_bom else 0
            # bytes.splitlines breaks at \n, \r\n and \r only, which is what the tokenizer does.
            lengths = map(len, data[skip:].splitlines(keepends=True))
            starts = list(accumulate(lengths, initial=skip))
            if len(starts) > 1 and data[-1:] not in (b"\n", b"\r"):
                starts.pop()
            self._starts = starts
        return self._starts

    def _line_and_start(self, offset: int) -> tuple[int, int]:
        starts = self._line_starts()
        line = max(bisect_right(starts, offset), 1)
        return line, min(starts[line - 1], offset)

    def _line_of(self, offset: int) -> tuple[int, int]:
        """Line and column in bytes, for a file that may not decode."""
        line, start = self._line_and_start(offset)
        return line, offset - start + 1

    def _lines(self) -> list[str]:
        if self._text_lines is None:
            text = self.text
            if "\r" in text:
                text = text.replace("\r\n", "\n").replace("\r", "\n")
            self._text_lines = text.split("\n")
        return self._text_lines

    def _before(self, line: int, utf8_offset: int) -> str:
        """The beginning of a line, up to ``utf8_offset`` bytes of its UTF-8 form."""
        text = self.line(line)
        if text.isascii():
            return text[:utf8_offset]
        return text.encode("utf-8", "surrogatepass")[:utf8_offset].decode("utf-8", "ignore")

    def _find_encoding(self) -> str:
        declared, line = declared_encoding(self.data)
        if declared is None:
            return "utf-8"
        if declared == "utf-8":
            return declared
        if self.has_bom:
            raise SourceError(self.path, f"has a UTF-8 byte order mark but declares the encoding {declared!r}", line)
        if not _reads_ascii(declared):
            raise SourceError(
                self.path,
                f"declares the encoding {declared!r}, in which Python source cannot be written",
                line,
            )
        return declared

    def _decode(self) -> str:
        encoding = self.encoding
        data = self.data[len(BOM) :] if self.has_bom else self.data
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line, column = self._line_of(error.start + (len(self.data) - len(data)))
            message = f"is not valid {encoding}: byte 0x{error.object[error.start : error.start + 1].hex()}"
            declared, _ = declared_encoding(self.data)
            if declared is None:
                message += " (the file declares no other encoding)"
            raise SourceError(self.path, message, line, column) from None
        except Exception as error:  # codecs raise what they like
            raise SourceError(self.path, f"cannot be decoded as {encoding}: {error}") from None


def read_source(path: str, location: str | None = None) -> Source:
    """Read one file; ``location`` is where it is, if ``path`` is only what it is called in reports."""
    return Source(path, read_bytes(path, location))


def read_bytes(path: str, location: str | None = None) -> bytes:
    """The raw bytes of a regular file, or a ``SourceError`` that says why not."""
    looks = recording()
    if looks is None:
        return read_unrecorded(path, location)
    try:
        data = read_unrecorded(path, location)
    except SourceError:
        looks.file(location or path, None)
        raise
    looks.file(location or path, data)
    return data


def read_unrecorded(path: str, location: str | None = None) -> bytes:
    """The same, for one who tells the recording later, or has none."""
    try:
        handle = os.open(location or path, _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise SourceError(path, describe(error)) from None
    try:
        data = os.read(handle, _CHUNK)
        more = os.read(handle, 1)
        if data and not more:
            return data
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(path, "is not a regular file")
        if status.st_size > MAX_BYTES:
            size, most = status.st_size / 1e6, MAX_BYTES / 1e6
            raise SourceError(path, f"has {size:.0f} MB, more than the {most:.0f} MB this tool reads")
        parts = [data, more]
        while parts[-1]:
            parts.append(os.read(handle, _CHUNK))
        return b"".join(parts)
    except OSError as error:
        raise SourceError(path, describe(error)) from None
    finally:
        os.close(handle)


def _reads_ascii(encoding: str) -> bool:
    """Whether the codec exists and reads text of which ASCII is a part, as source must be."""
    try:
        return b"#".decode(encoding) == "#"
    except Exception:  # codecs raise what they like
        return False
