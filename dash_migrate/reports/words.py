"""Words and spellings that several reports share."""

from __future__ import annotations

BACKEND_LABELS = {"flask": "Flask", "fastapi": "FastAPI", "quart": "Quart"}

#: what an app may be made with that is none of them
_OTHERS = {"custom": "a backend of its own", "several": "chosen at start", "unknown": "known at run time"}


def backend_now(backend: str, bridged: bool = False) -> str:
    """The backend an app has, in words."""
    return BACKEND_LABELS.get(backend, _OTHERS.get(backend, backend)) + (", bridged" if bridged else "")


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def joined(parts: list[str], last: str = "and") -> str:
    """``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def cell_of_table(text: str) -> str:
    """Text that may stand in a cell of a Markdown table; code in backticks stays code."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;") if "`" not in text else _with_code(text)


def _with_code(text: str) -> str:
    parts = " ".join(text.split()).split("`")
    for number, part in enumerate(parts):
        escaped = part.replace("|", "\\|")
        parts[number] = escaped if number % 2 else escaped.replace("<", "&lt;")
    return "`".join(parts)


def fold(title: str) -> list[str]:
    """The beginning of a part of a Markdown document that readers open."""
    return ["<details>", f"<summary>{title}</summary>", ""]
