"""``dash-migrate report``: what it says of small projects must be true of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from report_projects import PROJECTS, report_on_project, write_project

from dash_migrate.cli import cli
from dash_migrate.compat.model import AppReport, CompatReport
from dash_migrate.compat.move import pairs
from dash_migrate.fix import fix
from dash_migrate.model import Backend, Finding, Span
from dash_migrate.reports import compat_html, compat_json, compat_markdown
from dash_migrate.reports.compat_terminal import draw
from dash_migrate.reports.console import rendered


def only(report: CompatReport) -> AppReport:
    (app,) = report.apps
    return app


def verdicts(app: AppReport) -> dict[str, str]:
    return {target: verdict.label for target, verdict in app.verdicts.items()}


def strategies(app: AppReport) -> dict[str, str | None]:
    return {target: verdict.strategy for target, verdict in app.verdicts.items()}


def used(app: AppReport, name: str) -> object:
    return next((use for use in app.features if use.id == name), None)


def texts(report: CompatReport, target: Backend) -> list[str]:
    return [f"{todo.code} {todo.text} {todo.command}".strip() for todo in report.checklist[target]]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CompatReport]:
    """The report of every project."""
    root = tmp_path_factory.mktemp("projects")
    return {name: report_on_project(root / name, files) for name, files in PROJECTS.items()}


# --- verdicts


def test_a_clean_app_is_moved_by_fix(reports: dict[str, CompatReport]) -> None:
    app = only(reports["clean"])
    assert verdicts(app) == {"flask": "ready", "fastapi": "automatic", "quart": "automatic"}
    assert strategies(app) == {"flask": None, "fastapi": "rewrite", "quart": "rewrite"}
    assert app.backend == "flask"
    assert [text for _, text in app.dash] == ["dash>=4.2"]
    assert app.coverage.callbacks == 1
    assert app.coverage.routes == app.coverage.hooks == app.coverage.request_uses == 0


def test_a_gate_is_counted_and_kept(reports: dict[str, CompatReport]) -> None:
    app = only(reports["gate"])
    assert (app.coverage.routes, app.coverage.hooks, app.coverage.gates) == (1, 1, 1)
    assert app.coverage.request_uses == 4
    assert verdicts(app)["fastapi"] == "automatic"
    assert app.verdicts["fastapi"].why == ("rewritten natively by fix, with 1 route and 1 hook",)
    gate = used(app, "http-gate")
    assert gate is not None
    assert gate.cells["fastapi"].status == "no"  # type: ignore[attr-defined]
    assert {"fastapi", "quart"} <= gate.kept  # type: ignore[attr-defined]
    assert reports["gate"].fates_on("fastapi") == {"native": 9}


def test_what_needs_flask_is_bridged_and_says_why(reports: dict[str, CompatReport]) -> None:
    report = reports["extension"]
    app = only(report)
    assert strategies(app)["fastapi"] == "bridge"
    assert "`Admin` takes the server" in " ".join(app.verdicts["fastapi"].why)
    assert app.coverage.extensions == ("flask_admin",)
    assert set(report.fates_on("fastapi")) == {"native", "bridged"}
    by_code = {one.finding.code: one.fates["fastapi"] for one in report.findings}
    assert by_code["DM601"] == "bridged"
    assert by_code["DM701"] == "native"


@pytest.mark.parametrize("name", ["already", "sockets"])
def test_fix_moves_from_flask_only(reports: dict[str, CompatReport], name: str) -> None:
    report = reports[name]
    app = only(report)
    now = app.backend
    other = {"fastapi": "quart", "quart": "fastapi"}[now]
    assert verdicts(app)[now] == "ready"
    assert verdicts(app)[other] == "1 decision"
    assert "moves apps from Flask only" in app.verdicts[other].why[0]
    assert not any(use.kept for use in app.features), "nothing is kept by a fix that does nothing"
    assert report.changes[other] == ()
    assert report.checklist[now] == ()  # type: ignore[index]
    assert len(report.checklist[other]) == 1


def test_what_flask_cannot_do_blocks_it(reports: dict[str, CompatReport]) -> None:
    app = only(reports["sockets"])
    assert verdicts(app)["flask"] == "blocked"
    assert "Websocket callbacks" in " ".join(app.verdicts["flask"].why)
    assert app.coverage.websocket_callbacks == 1
    assert app.coverage.async_callbacks == 2


def test_mcp_is_read_for_the_version_asked_for(tmp_path: Path, reports: dict[str, CompatReport]) -> None:
    app = only(reports["mcp"])
    assert verdicts(app) == {"flask": "ready", "fastapi": "blocked", "quart": "automatic"}
    assert any("MCP" in text and "Needs Dash 4.5" in text for text in texts(reports["mcp"], "fastapi"))
    later = report_on_project(tmp_path, PROJECTS["mcp"], dash_version="4.5.0rc2")
    assert verdicts(only(later))["fastapi"] == "automatic"


def test_a_feature_that_changes_unnoticed_is_a_decision(reports: dict[str, CompatReport]) -> None:
    app = only(reports["hooked"])
    assert verdicts(app) == {"flask": "ready", "fastapi": "1 decision", "quart": "automatic"}
    assert any("`hooks.route`" in text for text in texts(reports["hooked"], "fastapi"))
    assert not any("`hooks.route`" in text for text in texts(reports["hooked"], "quart"))


def test_a_custom_backend_is_not_ready(reports: dict[str, CompatReport]) -> None:
    app = only(reports["custom"])
    if app.backend == "unknown":
        pytest.skip("classes given as backend are not told from variables yet")
    assert app.backend == "custom"
    assert all(verdict.kind in ("decisions", "blocked") for verdict in app.verdicts.values())


def test_old_pins_are_a_decision_on_every_backend(reports: dict[str, CompatReport]) -> None:
    app = only(reports["old"])
    assert verdicts(app) == dict.fromkeys(("flask", "fastapi", "quart"), "1 decision")
    assert "DM706" in app.verdicts["flask"].why[0]
    fates = {one.finding.code: one.fates for one in reports["old"].findings}
    assert fates["DM706"] == dict.fromkeys(("flask", "fastapi", "quart"), "manual")
    assert fates["DM102"] == dict.fromkeys(("flask", "fastapi", "quart"), "native")
    assert "uvicorn" not in next(
        one.finding.message.split("FastAPI:")[0] for one in reports["old"].findings if one.finding.code == "DM701"
    )


def test_advice_that_a_person_has_to_follow_is_no_decision(reports: dict[str, CompatReport]) -> None:
    report = reports["undeclared"]
    (advice,) = (one for one in report.findings if one.finding.code == "DM704")
    assert advice.finding.obligation == "optional"
    assert advice.fates == {"fastapi": "manual", "quart": "manual"}
    assert verdicts(only(report))["fastapi"] == "automatic"
    assert any("pip install 'dash[fastapi]" in text for text in texts(report, "fastapi"))


def test_work_left_is_the_same_as_after_fix(
    reports: dict[str, CompatReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("left", "old", "extension"):
        folder = tmp_path / name
        write_project(folder, PROJECTS[name])
        monkeypatch.chdir(folder)
        for target in ("fastapi", "quart"):
            left = [f for f in fix(["."], (target,)).report.findings if f.obligation != "optional"]  # type: ignore[arg-type]
            verdict = only(reports[name]).verdicts[target]  # type: ignore[index]
            assert verdict.decisions == len(left), (name, target)
            manual = [o for o in reports[name].findings if o.fates.get(target) == "manual"]  # type: ignore[call-overload]
            assert len([o for o in manual if o.finding.obligation != "optional"]) == len(left), (name, target)
    assert only(reports["left"]).verdicts["fastapi"].kind == "decisions"


def test_no_app_is_said(reports: dict[str, CompatReport]) -> None:
    report = reports["nothing"]
    assert report.apps == ()
    assert "No Dash app" in compat_markdown.as_text(report)
    assert "No Dash app" in compat_html.as_text(report)
    assert "No Dash app" in rendered(lambda console: draw(console, report), True)


# --- starts, dependencies, what is not analysed


def test_start_commands_before_and_after(
    reports: dict[str, CompatReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = {str(s.place): s for s in only(reports["old"]).starts}
    procfile = starts["Procfile:1"]
    assert procfile.before == "gunicorn app:server --workers 2"
    assert procfile.after["fastapi"].startswith("uvicorn app:server --host 0.0.0.0 --port ${PORT:-8000}")
    assert "flask" not in procfile.after
    assert starts["app.py:11"].before == "python app.py"
    assert starts["app.py:11"].after == {}
    write_project(tmp_path, PROJECTS["old"])
    monkeypatch.chdir(tmp_path)
    changed = {change.path: change.new.decode() for change in fix(["."], ("fastapi",)).changes}
    assert procfile.after["fastapi"] in changed["Procfile"]
    (image,) = (s for place, s in starts.items() if place.startswith("Dockerfile"))
    assert image.after["fastapi"] == " ".join(json.loads(changed["Dockerfile"].rsplit("CMD ", 1)[1]))


def test_a_command_that_nobody_has_is_suggested_once(reports: dict[str, CompatReport]) -> None:
    suggested = [s for s in only(reports["gate"]).starts if s.place is None]
    assert [s.after["quart"] for s in suggested] == ["uvicorn app:server --host 0.0.0.0 --port 8000"]
    assert not [s for s in only(reports["already"]).starts if s.place is None]
    assert only(reports["already"]).coverage.process_managers == ("uvicorn",)


def test_deploy_changes_are_those_of_fix(
    reports: dict[str, CompatReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_project(tmp_path, PROJECTS["old"])
    monkeypatch.chdir(tmp_path)
    app = only(reports["old"])
    for target in ("flask", "fastapi", "quart"):
        changed = {change.path: change.new.decode() for change in fix(["."], (target,)).changes}  # type: ignore[arg-type]
        paths = {one.place.path for one in app.deploy[target]}  # type: ignore[index]
        assert paths == {path for path in changed if not path.endswith(".py")}
        for one in app.deploy[target]:  # type: ignore[index]
            before = (tmp_path / one.place.path).read_text().splitlines()
            assert tuple(line.strip() for line in before[one.place.line - 1 :][: len(one.before)]) == one.before
            for line in one.after:
                assert line in changed[one.place.path]


def test_callbacks_that_wait(reports: dict[str, CompatReport]) -> None:
    waiting = {one.name: one for one in only(reports["async"]).blocking}
    assert set(waiting) == {"slow", "runs", "late"}
    assert waiting["late"].is_async
    assert waiting["slow"].calls[0].what == "time.sleep"
    assert "asyncio.run" in waiting["runs"].calls[0].what
    text = compat_markdown.as_text(reports["async"])
    assert "Async callbacks that hold up the event loop on FastAPI and Quart: 1" in text


def test_what_is_not_analysed_is_named(reports: dict[str, CompatReport]) -> None:
    named = {one.what: one.why for one in reports["left"].not_analysed}
    assert "broken.py:4" in named
    assert any(what.startswith("app.py:") and "run time" in why for what, why in named.items())
    assert "notes.ipynb" in named


# --- formats


@pytest.mark.parametrize("name", PROJECTS)
def test_every_format_says_it(reports: dict[str, CompatReport], name: str) -> None:
    report = reports[name]
    terminal = rendered(lambda console: draw(console, report), True)
    assert "\x1b" not in terminal
    markdown = compat_markdown.as_text(report)
    page = compat_html.as_text(report)
    data = compat_json.as_object(report)
    for app in report.apps:
        for text in (terminal, markdown, page):
            assert str(app.place) in text
        for verdict in app.verdicts.values():
            assert verdict.label in terminal
            assert verdict.label in page
    assert len(data["findings"]) == len(report.findings) == page.count('<li data-code="')
    for todos in report.checklist.values():
        for todo in todos:
            if todo.command and not todo.code:
                assert todo.command in markdown
    _check_tables(markdown)


def _check_tables(markdown: str) -> None:
    """Every row of a table has as many cells as its head."""
    width = 0
    for line in markdown.splitlines():
        if not line.startswith("|"):
            width = 0
            continue
        cells = re.sub(r"\\\|", "", line).count("|")
        width = width or cells
        assert cells == width, line


def test_the_page_needs_no_network_and_escapes(tmp_path: Path) -> None:
    files = {"app.py": PROJECTS["gate"]["app.py"].replace('"/login"', '"/<script>alert(1)</script>"')}
    page = compat_html.as_text(report_on_project(tmp_path, files))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert not re.search(r"<(?:link|img|iframe|script)\b[^>]*(?:src|href)=", page)
    assert "url(" not in page
    assert "default-src 'none'" in page


# --- the command


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", *arguments])


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, PROJECTS["gate"])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.chdir(tmp_path)
    shown = run()
    assert shown.exit_code == 0
    assert "automatic, native" in shown.output
    assert run("--exit-code").exit_code == 1
    assert run("--dash-version", "newest").exit_code == 2
    assert run("nowhere").exit_code == 2
    assert run("--format", "html", "-o", str(tmp_path / "no" / "r.html")).exit_code != 0
    data = json.loads(run("--format", "json", "--target", "quart").output)
    assert data["targets"] == ["quart"]
    guarded = run("--strategy", "guard", "--target", "fastapi").output
    assert "automatic, guarded" in guarded
    assert "DASH_BACKEND=fastapi uvicorn app:server" in guarded
    assert "9 bridged" not in guarded
    bridged = run("--strategy", "bridge", "--target", "fastapi").output
    assert "bridged by fix" in bridged
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_files_named_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_project(tmp_path, PROJECTS["old"])
    monkeypatch.chdir(tmp_path)
    data = json.loads(run("app.py", "--format", "json").output)
    assert {finding["path"] for finding in data["findings"]} == {"app.py"}
    assert len(data["apps"]) == 1


# --- what lasts


def finding(code: str, line: int, message: str) -> Finding:
    return Finding(code, code.lower(), "app.py", Span(line, 1, line, 9), message, "required", {"fastapi": "rewrite"})


def test_findings_last_by_what_they_say_and_by_number() -> None:
    one, two, three = finding("DM204", 1, "a"), finding("DM204", 5, "b"), finding("DM204", 9, "c")

    def lasting(*after: Finding) -> list[int]:
        return [old.span.line for _, old in pairs([one, two, three], after) if old is not None]

    assert lasting() == []
    assert lasting(finding("DM204", 7, "b")) == [5]
    assert lasting(finding("DM204", 7, "x")) == [9]
    assert lasting(finding("DM204", 7, "x"), finding("DM204", 8, "c")) == [5, 9]
    assert lasting(finding("DM904", 2, "DM204 do it by hand")) == [9]
    assert lasting(finding("DM905", 1, "a")) == []


def test_what_is_left_is_shown_where_it_is_now(reports: dict[str, CompatReport]) -> None:
    (todo,) = (todo for todo in reports["left"].checklist["fastapi"] if todo.code == "DM902")
    assert str(todo.place) == "app.py:9"
    assert only(reports["left"]).verdicts["fastapi"].why[0].endswith("app.py:9")
