"""Puts the texts that a file has for several backends into one, with guards around what differs."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dash_migrate.fixes.guard.units import NotMergeable, Source, Unit, parts_of, units_of

Runs = dict[str, list[Unit]]


@dataclass
class Style:
    """How guards are written in a file."""

    chosen: str
    indent: str
    newline: str


def merge(texts: Mapping[str, str], style: Style) -> str:
    """One text that does on each backend what that backend's text does.

    Args:
        texts: by backend; the comments and blank lines of the first are kept.
        style: ``chosen`` is the name that holds the backend.

    Raises:
        NotMergeable: a text cannot be cut into whole lines.
    """
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    sources = {name: Source(text) for name, text in texts.items()}
    return _Merger(list(texts), style).file(sources)


class _Merger:
    def __init__(self, names: list[str], style: Style) -> None:
        self.names = names
        self.base = names[0]
        self.style = style

    def file(self, sources: Mapping[str, Source]) -> str:
        blocks = {name: units_of(source, source.tree.body, 1) for name, source in sources.items()}
        heads = {name: _import_block(units) for name, units in blocks.items()}
        text = self.imports({name: blocks[name][: heads[name]] for name in self.names})
        text += self.block({name: blocks[name][heads[name] :] for name in self.names}, "")
        source, units = sources[self.base], blocks[self.base]
        last = units[-1].last if units else 0
        if text and not text.endswith(("\n", "\r")):
            text += self.style.newline if last < len(source.lines) else ""
        return text + "".join(source.lines[last:])

    def imports(self, heads: Runs) -> str:
        """The imports at the top: those that all backends have, then those that only some have under one guard."""
        common = set.intersection(*({u.code for u in units} for units in heads.values()))
        text, blank = "", ""
        for unit in heads[self.base]:
            if unit.code in common:
                text += (unit.above or blank) + unit.own
                blank = ""
            else:
                blank = blank or unit.blank
        rest = {name: [u for u in units if u.code not in common] for name, units in heads.items()}
        if any(not _is_import(u) for units in rest.values() for u in units):
            raise NotMergeable("imports and other statements are mixed")
        if not any(rest.values()):
            return text
        return text + (self.style.newline if text else "") + self.guarded(rest, "", packed=True)

    # --- blocks

    def block(self, blocks: Runs, at: str) -> str:
        """The statements of a block, ``at`` being its indentation."""
        text = ""
        for runs in self.runs(blocks):
            keys = {tuple(u.key for u in units) for units in runs.values()}
            if len(keys) == 1:
                text += "".join(u.above + u.own for u in runs[self.base])
            else:
                text += self.differing(runs, at)
        return text

    def runs(self, blocks: Runs) -> list[Runs]:
        """The block cut where all backends have the same statement; such a statement is a run of its own."""
        base = [u.key for u in blocks[self.base]]
        matches: dict[str, dict[int, int]] = {}
        for name in self.names[1:]:
            matcher = SequenceMatcher(None, base, [u.key for u in blocks[name]], autojunk=False)
            matches[name] = {a + n: b + n for a, b, size in matcher.get_matching_blocks() for n in range(size)}
        common = [n for n in range(len(base)) if all(n in found for found in matches.values())]
        places = dict.fromkeys(self.names, 0)
        result: list[Runs] = []
        for n in [*common, None]:
            here = {self.base: n, **{name: matches[name][n] for name in self.names[1:]}} if n is not None else {}
            between = {
                name: blocks[name][places[name] : here.get(name) if n is not None else None] for name in self.names
            }
            if any(between.values()):
                result.append(between)
            if n is not None:
                result.append({name: [blocks[name][here[name]]] for name in self.names})
                places = {name: here[name] + 1 for name in self.names}
        return result

    def differing(self, runs: Runs, at: str) -> str:
        """Statements that differ: one guard for those that belong together."""
        lengths = {len(units) for units in runs.values()}
        if len(lengths) > 1:
            return self.guarded(runs, at)
        text, pending = "", {name: list[Unit]() for name in self.names}
        for place in range(lengths.pop()):
            here = {name: units[place] for name, units in runs.items()}
            inside = self.inside(here, at)
            alone = inside is not None or any(_stands_alone(u) for u in here.values())
            if alone and any(pending.values()):
                text += self.guarded(pending, at)
                pending = {name: [] for name in self.names}
            if inside is not None:
                text += inside
            elif alone:
                text += self.guarded({name: [unit] for name, unit in here.items()}, at)
            else:
                for name, unit in here.items():
                    pending[name].append(unit)
        return text + (self.guarded(pending, at) if any(pending.values()) else "")

    def inside(self, here: Mapping[str, Unit], at: str) -> str | None:
        """A compound statement with the same headers on every backend, with guards inside."""
        if len({u.key for u in here.values()}) == 1:
            return here[self.base].above + here[self.base].own
        parts = {name: found for name, unit in here.items() if (found := parts_of(unit)) is not None}
        if len(parts) < len(here) or len({u.comments for u in here.values()}) > 1:
            return None
        if len({len(p) for p in parts.values()}) > 1:
            return None
        text = here[self.base].above
        for place, part in enumerate(parts[self.base]):
            if len({p[place].header.strip() for p in parts.values()}) > 1:
                return None
            text += part.header
            blocks = {
                name: units_of(unit.source, parts[name][place].body, parts[name][place].start)
                for name, unit in here.items()
            }
            column = part.body[0].col_offset
            lines = here[self.base].source.lines
            text += self.block(blocks, lines[part.body[0].lineno - 1][:column])
            if not text.endswith(("\n", "\r")):
                text += self.style.newline
        outside = self.guarded({name: [unit] for name, unit in here.items()}, at)
        return text if text.count("\n") <= outside.count("\n") else None

    # --- guards

    def guarded(self, runs: Runs, at: str, packed: bool = False) -> str:
        """``if BACKEND == "flask": … elif BACKEND == "fastapi": …``; ``packed`` leaves blank lines out."""
        versions: dict[tuple[str, ...], list[str]] = {}
        for name in self.names:
            versions.setdefault(tuple(u.code if packed else u.key for u in runs[name]), []).append(name)
        firsts = [units[0] for units in (runs[self.base], *runs.values()) if units]
        shares = len({u.comments for u in firsts}) == 1 and not packed
        text = firsts[0].above if shares else "" if packed else firsts[0].blank
        word = "if"
        for backends in versions.values():
            units = runs[backends[0]]
            if not units:
                continue
            wide = any(_stands_alone(u) for u in units)
            if word == "elif" and wide:
                text += self.style.newline
            text += f"{at}{word} {self.test(backends)}:{self.style.newline}"
            if wide:
                text += self.style.newline
            for number, unit in enumerate(units):
                with_above = backends[0] == self.base if packed else bool(number) or not shares
                shifted = unit.shifted(self.style.indent, with_above)
                text += shifted.lstrip("\r\n") if packed or not number else shifted
                if not text.endswith(("\n", "\r")):
                    text += self.style.newline
            word = "elif"
        return text

    def test(self, backends: Sequence[str]) -> str:
        """The condition for some backends."""
        if len(backends) == 1:
            return f'{self.style.chosen} == "{backends[0]}"'
        return f"{self.style.chosen} in ({', '.join(f'{chr(34)}{b}{chr(34)}' for b in backends)})"


def _stands_alone(unit: Unit) -> bool:
    """Whether a statement gets a guard of its own."""
    return isinstance(unit.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))


def _is_import(unit: Unit) -> bool:
    return all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in unit.nodes)


def _import_block(units: list[Unit]) -> int:
    """How many units there are up to the last import of the first block of imports."""
    count = 0
    for number, unit in enumerate(units):
        if _is_import(unit):
            count = number + 1
        elif not _is_preamble(unit):
            break
    return count


def _is_preamble(unit: Unit) -> bool:
    node = unit.node
    if isinstance(node, ast.Expr):
        return isinstance(node.value, (ast.Constant, ast.Call))
    return isinstance(node, (ast.Try, ast.If)) and all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in node.body)
