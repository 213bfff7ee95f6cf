"""The HTML report in a headless Chromium: a project of forty apps on a desk, on a phone, on paper, by keyboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import CHROMIUM, Page, chromium
from report_projects import HEAD, report_on_project

from dash_migrate.reports import compat_html

pytestmark = [pytest.mark.boot, pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")]

APPS = 40
APP = """import flask

app = Dash(__name__)
server = app.server
app.layout = html.Div([dcc.Input(id="i"), html.Div(id="o")])


@server.before_request
def gate():
    if flask.request.headers.get("X-Key") != "k":
        return "no", 401


@server.route("/rows/<int:n>")
def rows(n):
    return flask.jsonify(n=n, of=flask.request.args.get("of"))


@app.callback(Output("o", "children"), Input("i", "value"))
def show(value):
    return f"{value} {flask.session.get('user')}"


if __name__ == "__main__":
    app.run_server(debug=True)
"""
#: texts whose contrast with what is behind them is too small (WCAG 2, AA)
CONTRAST = """(() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (one) => { const layers = [];
    for (let e = one; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]); };
  const bad = [], seen = new Set();
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !one.checkVisibility({contentVisibilityAuto: false})) continue;
    const style = getComputedStyle(one), back = behind(one), front = over(parse(style.color), back);
    const pair = [light(front), light(back)].sort((a, b) => b - a), ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const size = parseFloat(style.fontSize), big = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    seen.add(style.color + back);
    if (ratio < (big ? 3 : 4.5)) bad.push([one.outerHTML.slice(0, 80), ratio]);
  }
  return [bad, seen.size];
})()"""
#: what is wider than the window, though its own box does not scroll
TOO_WIDE = """(() => {
  const bad = [];
  for (const one of document.querySelectorAll("main *, header *")) {
    if (one.closest(".wide, pre, .skip, thead")) continue;
    const box = one.getBoundingClientRect();
    if (box.width && box.right > innerWidth + 1) bad.push(one.outerHTML.slice(0, 80));
  }
  return [document.documentElement.scrollWidth - innerWidth, bad];
})()"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forty")
    files = {f"team_{n % 7}/dashboard_{n}/main.py": HEAD + APP for n in range(APPS)}
    path = folder / "report.html"
    path.write_text(compat_html.as_text(report_on_project(folder, {**files, "requirements.txt": "dash\n"})))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with chromium() as page:
        yield page


@pytest.fixture
def page(browser: Page, report: Path) -> Page:
    browser.requests.clear()
    browser.errors.clear()
    browser.size(1280, 900)
    browser.media()
    browser.open(report)
    return browser


def visible(page: Page) -> int:
    found: int = page.run('document.querySelectorAll("#found > li:not([hidden])").length')
    return found


def choose(page: Page, name: str, value: str) -> float:
    """Set a filter; seconds until the page is drawn again."""
    set_it = f'const f = document.getElementById("filter-{name}"); f.value = "{value}";'
    kind = "input" if name == "text" else "change"
    drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    script = f'(() => {{ {set_it} const t = performance.now(); f.dispatchEvent(new Event("{kind}")); '
    took: float = page.run(script + f"return {drawn}.then(() => performance.now() - t); }})()")
    if name == "text":
        time.sleep(0.3)  # it waits until nobody types any more
    return took / 1000


def test_it_asks_nobody_and_stays_responsive(page: Page, report: Path) -> None:
    assert [url for url in page.requests if not url.startswith("data:")] == [report.resolve().as_uri()]
    assert page.errors == []
    assert page.run('document.querySelectorAll(".matrix tbody tr").length') == APPS
    load = "performance.getEntriesByType('navigation')[0]"
    assert page.run(f"{load}.domContentLoadedEventEnd - {load}.responseEnd") < 5000
    assert max(choose(page, "code", code) for code in ("DM201", "DM301", "")) < 1.0


def test_filters_say_what_they_show(page: Page) -> None:
    whole = visible(page)
    assert whole > APPS * 5
    assert page.run('document.getElementById("shown").textContent') == f"All {whole} findings are shown."
    choose(page, "code", "DM201")
    assert visible(page) == APPS
    choose(page, "file", "team_3/dashboard_3/main.py")
    assert visible(page) == 1
    assert page.run('document.getElementById("shown").textContent') == f"1 of {whole} findings are shown."
    page.run('document.getElementById("filter-clear").click()')
    assert visible(page) == whole
    choose(page, "text", "dashboard_11 before-request")
    assert visible(page) == 1
    choose(page, "text", "no such thing")
    assert visible(page) == 0
    choose(page, "text", "")
    statuses: list[Any] = page.run('[...document.getElementById("filter-fate").options].map((o) => o.value)')
    shares = []
    for status in [one for one in statuses if one.startswith("fastapi-")]:
        choose(page, "fate", status)
        shares.append(visible(page))
    assert sum(shares) == whole
    assert all(shares)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(page: Page, scheme: str) -> None:
    page.media(scheme=scheme)
    page.run('[...document.querySelectorAll("details")].slice(0, 12).forEach((d) => { d.open = true; })')
    bad, colours = page.run(CONTRAST)
    assert bad == []
    assert colours > 6
    page.run('document.getElementById("theme").click()')
    assert page.run("document.documentElement.dataset.theme") == ("dark" if scheme == "light" else "light")
    assert page.run(CONTRAST)[0] == []


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_is_cut_off_on_a_phone(page: Page, width: int) -> None:
    page.size(width, 800, phone=width < 700)
    page.run('[...document.querySelectorAll("details.app")].slice(0, 2).forEach((d) => { d.open = true; })')
    page.run('document.querySelector("#found details").open = true')
    too_wide, where = page.run(TOO_WIDE)
    assert where == []
    assert too_wide <= 0


def test_by_keyboard(page: Page) -> None:
    page.press("Tab", 9)
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("document.activeElement.getBoundingClientRect().left >= 0")
    seen = set()
    for _ in range(7):
        page.press("Tab", 9)
        seen.add(page.run("document.activeElement.id || document.activeElement.getAttribute('href')"))
    assert {"#matrix", "#findings", "#checklists", "theme"} <= seen
    assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.run('document.querySelector("#found summary").focus()')
    page.press("ArrowDown", 40)
    at = '[...document.querySelectorAll("#found summary")].indexOf(document.activeElement)'
    assert page.run(at) == 1
    filled = "new Promise((done) => addEventListener('toggle', () => setTimeout(done), {capture: true, once: true}))"
    page.run(f"(() => {{ const filled = {filled}; document.activeElement.click(); return filled; }})()")
    opened = page.run('document.querySelectorAll("#found details")[1].querySelectorAll("pre").length')
    assert opened >= 2  # its lines, and what is proposed for a backend
    assert page.run('document.querySelectorAll("[tabindex]:not([tabindex=\\"0\\"])").length') == 0


def test_on_paper(page: Page, tmp_path: Path) -> None:
    choose(page, "file", "team_3/dashboard_3/main.py")
    page.media("print")
    assert page.run('getComputedStyle(document.querySelector("nav")).display') == "none"
    assert page.run('getComputedStyle(document.querySelector(".filters")).display') == "none"
    page.media("")
    page.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes()[:4] == b"%PDF"
    shown = '[...document.querySelectorAll("#found > li:not([hidden]) [data-hunks]")]'
    assert page.run(f"{shown}.length") > 3
    assert page.run(f"{shown}.every((place) => place.children.length)")


def test_without_script_everything_is_there(page: Page, report: Path) -> None:
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(report)
        assert page.run('getComputedStyle(document.querySelector(".filters")).display') == "none"
        assert visible(page) > APPS * 5
        page.run('document.querySelector("[data-code=DM201] details").open = true')
        assert "before_request" in page.run('document.querySelector("[data-code=DM201] pre").textContent')
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)


def test_it_is_drawn(page: Page, tmp_path: Path) -> None:
    """Different pictures for light and dark, wide and narrow: something is on each."""
    pictures = []
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light")):
        page.size(width, 800, phone=width < 700)
        page.media(scheme=scheme)
        page.screenshot(tmp_path / "picture.png")
        pictures.append((tmp_path / "picture.png").read_bytes())
    assert len(set(pictures)) == 3
    assert min(map(len, pictures)) > 15_000
