"""Requirement strings as pip reads them, with the place of each part."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRAS = re.compile(r"\s*\[(?P<extras>[^\]]*)\]")
_SPEC = re.compile(r"\s*(?P<spec>\(?\s*(?:(?:===|==|~=|!=|<=|>=|<|>)\s*[\w.*+!-]+\s*,?\s*)+\)?)")


@dataclass(frozen=True)
class Parts:
    """A requirement; places are (start, end) in the string."""

    name: str
    name_at: tuple[int, int]
    extras: tuple[str, ...]
    extras_at: tuple[int, int] | None
    spec: str
    spec_at: tuple[int, int]
    url: bool
    marker: str


def normal(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def split(text: str) -> Parts | None:
    """The parts of a requirement string; None if it is none."""
    name = _NAME.match(text)
    if name is None:
        return None
    at = name.end()
    extras = _EXTRAS.match(text, at)
    names: tuple[str, ...] = ()
    extras_at = None
    if extras is not None:
        names = tuple(e.strip() for e in extras["extras"].split(",") if e.strip())
        extras_at = extras.span("extras")
        at = extras.end()
    spec = _SPEC.match(text, at)
    spec_at, value = (at, at), ""
    if spec is not None:
        value = spec["spec"].rstrip().rstrip(",")
        start = spec.start("spec")
        spec_at = (start, start + len(value))
        at = spec.end()
    rest = text[at:].lstrip()
    url = rest.startswith("@")
    if rest and not rest.startswith((";", "@", "--", "#", "\\")) and not url:
        return None
    marker = text[at:].partition(";")[2].strip() if ";" in text[at:] else ""
    return Parts(name["name"], name.span("name"), names, extras_at, value, spec_at, url, marker)


def can_be_true(marker: str) -> bool:
    """Whether a marker holds on some Python that the needed Dash runs on."""
    if "python" not in marker:
        return True
    from packaging.markers import InvalidMarker, Marker, default_environment

    try:
        parsed = Marker(marker)
    except InvalidMarker:
        return True
    for minor in range(9, 16):
        environment = {**default_environment(), "python_version": f"3.{minor}", "python_full_version": f"3.{minor}.9"}
        for platform, system in (("linux", "Linux"), ("win32", "Windows"), ("darwin", "Darwin")):
            environment.update(sys_platform=platform, platform_system=system, extra="")
            try:
                if parsed.evaluate({k: str(v) for k, v in environment.items()}):
                    return True
            except Exception:  # markers hold what they like
                return True
    return False
