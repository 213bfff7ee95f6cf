"""Comments that speak to the tool: ``# dash-migrate: ignore[…]`` and the markers that ``fix`` leaves."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, field

from dash_migrate.findings.rules import rule
from dash_migrate.model import Backend, Finding, Span

#: what a file must contain for its comments to be read at all
MARK = "dash-migrate"

_IGNORE = re.compile(r"#.*?\bdash-migrate:\s*ignore(?P<file>-file)?(?:\[(?P<codes>[^\]]*)\])?")
_TODO = re.compile(r"#\s*TODO\(dash-migrate\):\s*(?P<text>.*)")


@dataclass
class Ignore:
    """One ignore comment: which codes or names (none: all), on which lines (none: the whole file)."""

    names: frozenset[str]
    lines: range | None
    span: Span
    used: set[str] = field(default_factory=set)

    def takes(self, finding: Finding) -> bool:
        if self.lines is not None and not any(n in self.lines for n in (finding.span.line, finding.span.end_line)):
            return False
        return not self.names or finding.code in self.names or finding.name in self.names


@dataclass
class Comments:
    """The comments of one file."""

    ignores: list[Ignore] = field(default_factory=list)
    todos: list[tuple[Span, str]] = field(default_factory=list)


def read_comments(text: str) -> Comments:
    """The comments in a file's text that are meant for the tool."""
    found = Comments()
    if MARK not in text:
        return found
    code_seen = False
    pending: list[tuple[Ignore, int]] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and MARK in token.string:
                _comment(found, token, code_seen, pending)
            elif token.type not in _NO_CODE:
                code_seen = True
                for ignore, _ in pending:
                    ignore.lines = range(token.start[0], token.start[0] + 1)
                pending.clear()
    except (tokenize.TokenError, SyntaxError, IndentationError):
        pass
    return found


_NO_CODE = frozenset(
    [tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING]
)


def _comment(found: Comments, token: tokenize.TokenInfo, code_seen: bool, pending: list[tuple[Ignore, int]]) -> None:
    (line, column), (_, end) = token.start, token.end
    span = Span(line, column + 1, line, end + 1)
    ignore = _IGNORE.search(token.string)
    if ignore is not None:
        names = frozenset(n.strip() for n in (ignore["codes"] or "").split(",") if n.strip())
        own_line = not token.line[:column].strip()
        whole_file = bool(ignore["file"]) or (own_line and not code_seen)
        made = Ignore(names, None if whole_file else range(line, line + 1), span)
        found.ignores.append(made)
        if own_line and not whole_file:
            pending.append((made, line))  # speaks for the next statement's line
    todo = _TODO.search(token.string)
    if todo is not None:
        found.todos.append((span, todo["text"].strip()))


def apply_comments(
    findings: list[Finding], comments: dict[str, Comments], targets: tuple[Backend, ...]
) -> list[Finding]:
    """Findings without the ignored ones, with those about the comments themselves."""
    kept = []
    for finding in findings:
        ignored = False
        for ignore in comments.get(finding.path, Comments()).ignores:
            if ignore.takes(finding):
                ignore.used |= {finding.code, finding.name}
                ignored = True
        if not ignored:
            kept.append(finding)
    for path, found in comments.items():
        for span, text in found.todos:
            kept.append(_own("DM904", path, span, targets, text or "a marker without text"))
        for ignore in found.ignores:
            unused = ignore.names - ignore.used if ignore.names else set()
            if not ignore.used or unused:
                what = ", ".join(sorted(unused)) or "nothing"
                kept.append(_own("DM903", path, ignore.span, targets, f"{what} is not found here"))
    kept.sort(key=lambda f: f.sort_key)
    return kept


def _own(code: str, path: str, span: Span, targets: tuple[Backend, ...], why: str) -> Finding:
    entry = rule(code)
    return Finding(
        code=code,
        name=entry.name,
        path=path,
        span=span,
        message=entry.message.format(why=why),
        obligation=entry.obligation,
        backends={t: entry.backends[t].status for t in targets},
    )
