"""What an answer offers to go on with: links, forms, the page a login leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from dash_migrate.verify.client import Answer

_LINKS = {"a": "href", "link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


@dataclass
class Form:
    """A form of a page; ``hidden`` names the fields whose value only this very page holds."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        link = given.get(_LINKS.get(tag, ""), "")
        if link:
            self.links.append(urljoin(self.base, link))
        if tag == "form":
            action = urljoin(self.base, given.get("action", "") or self.base)
            self._form = Form(action, given.get("method", "get").upper())
            self.forms.append(self._form)
        elif self._form is not None and given.get("name") and tag in ("input", "select", "textarea", "button"):
            self._field(self._form, tag, given)
        elif self._form is not None and tag == "option" and self._form.fields:
            name = list(self._form.fields)[-1]
            self._form.fields[name] = self._form.fields[name] or given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given["name"], given.get("type", "text").lower() if tag == "input" else tag
        if kind == "file":
            form.files.append(name)
            return
        if kind in ("submit", "button", "image", "reset") and not given.get("value"):
            return
        if kind == "radio" and name in form.fields:
            return
        form.fields[name] = given.get("value", "") or ("on" if kind == "checkbox" else "")
        if kind == "hidden":
            form.hidden.append(name)
        elif kind == "password":
            form.passwords.append(name)


def read_page(answer: Answer) -> tuple[list[str], list[Form]]:
    """The links and forms of an HTML page; a page that cannot be read has none."""
    if "html" not in answer.get("content-type") or len(answer.body) > 2_000_000:
        return [], []
    reader = _Reader(answer.path)
    try:
        reader.feed(answer.body.decode("utf-8", "replace"))
    except (AssertionError, ValueError):
        return [], []
    return reader.links, reader.forms


def local(link: str, host: str) -> str | None:
    """The path and query of a link to the same host, None for any other; fragments are of no interest."""
    parts = urlsplit(link)
    if parts.scheme not in ("", "http", "https") or (parts.netloc and parts.netloc != host):
        return None
    path = parts.path or "/"
    if not path.startswith("/") or not path.isascii() or any(c.isspace() for c in path + parts.query):
        return None
    return path + (f"?{parts.query}" if parts.query and parts.query.isascii() else "")


def links_of(answer: Answer, host: str) -> Iterator[str]:
    """The local paths that an answer leads to: where it redirects, what its page links to."""
    links, forms = read_page(answer)
    targets = [urljoin(answer.path, one) for one in answer.all("location")]
    for link in [*targets, *links, *(form.action for form in forms if form.method == "GET")]:
        found = local(link, host)
        if found is not None:
            yield found


def hidden_value(name: str) -> str:
    """A regular expression for the value of a hidden field, whatever the order of the attributes."""
    quoted = re.escape(name)
    return rf"(?s)<input(?=[^>]*\bname=[\"']{quoted}[\"'])[^>]*?\bvalue=[\"']([^\"']*)[\"']"
