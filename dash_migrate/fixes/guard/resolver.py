"""The generated module that says which backend an app runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dash_migrate.model import Backend
from dash_migrate.rules_data import table

#: name of the module, and of what other files import from it
MODULE = "dash_backend"
CHOSEN = "BACKEND"
CHOOSER = "backend_class"
BADGE = "dash_backend_badge"

TEMPLATES = Path(__file__).resolve().parent / "templates"


@dataclass
class Resolver:
    """What the module of one app has to offer."""

    #: in the order of preference; the first is the default
    targets: tuple[Backend, ...]
    #: whether files of the app ask for ``backend_class``
    has_chooser: bool = False
    #: how packages beside the module are imported from it: ``.`` inside a package
    prefix: str = ""
    #: where the class of a backend comes from, ``package:Class``; backends without one get Dash's own
    classes: dict[Backend, str] = field(default_factory=dict)
    #: whether the project keeps its environment in a ``.env`` file
    reads_dotenv: bool = False

    def text(self) -> str:
        """The source of the module."""
        names = ", ".join(f'"{name}"' for name in self.targets)
        parts = {
            "names": names,
            "tuple": names + ("," if len(self.targets) == 1 else ""),
            "default": self.targets[0],
            "other": self.targets[-1],
            "infos": "\n".join(_info(name) for name in self.targets),
            "any": "Any, " if self.has_chooser else "",
            "dotenv_import": _DOTENV_IMPORT if self.reads_dotenv else "",
            "dotenv": _DOTENV if self.reads_dotenv else "",
            "chooser": self._chooser() if self.has_chooser else "",
        }
        text = (TEMPLATES / "resolver.txt").read_text(encoding="utf-8")
        for name, value in parts.items():
            text = text.replace(f"%{name}%", value)
        return text.rstrip() + "\n"

    def _chooser(self) -> str:
        lines = []
        for name in self.targets:
            package, _, cls = self.classes.get(name, "").partition(":")
            if not cls:
                continue
            lines += [f'    if {CHOSEN} == "{name}":', f"        from {self.prefix}{package} import {cls}", ""]
            if package == "dash_flask_bridge":
                lines.append(f'        return {cls}("{name}", server)')
            else:
                lines.append(f"        return {cls} if server is None else {cls}.on(server)")
        rest = "\n".join(lines)
        template = (TEMPLATES / "chooser.txt").read_text(encoding="utf-8")
        return "\n\n" + template.replace("%branches%", rest + "\n" if rest else "")


def badge(prefix: str) -> str:
    """The source of the badge component."""
    text = (TEMPLATES / "badge.txt").read_text(encoding="utf-8")
    return text.replace("%resolver%", f"{prefix}{MODULE}")


_DOTENV_IMPORT = "\nfrom dotenv import dotenv_values\n"
_DOTENV = 'dotenv_values().get("DASH_BACKEND") or '


def _info(name: Backend) -> str:
    row = table("backends")[name]
    return (
        f'    "{name}": BackendInfo(\n        name="{name}",\n        label="{row["label"]}",\n'
        f'        color="{row["color"]}",\n        icon="{row["icon"]}",\n'
        f'        description="{row["description"]}",\n        is_async={row["is_async"]},\n    ),'
    )
