"""The JSON of the report fits the schema that ships with it, and the schema leaves nothing open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_projects import PROJECTS, report_on_project

from dash_migrate.reports import compat_json

SCHEMA = compat_json.schema()


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", PROJECTS)
def test_every_report_fits(tmp_path: Path, name: str) -> None:
    data = json.loads(compat_json.as_text(report_on_project(tmp_path, PROJECTS[name])))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    ids = {hunk["id"] for changes in data["changes"].values() for change in changes for hunk in change["hunks"]}
    apps = {app["id"] for app in data["apps"]}
    for finding in data["findings"]:
        assert set(finding["apps"]) <= apps
        assert {one for some in finding["hunks"].values() for one in some} <= ids
        assert set(finding["fates"]) == set(finding["backends"])
        frame = finding["frame"]
        assert frame["first"] <= finding["line"] < frame["first"] + len(frame["lines"])


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    data = compat_json.as_object(report_on_project(tmp_path, PROJECTS["gate"]))
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(data)
    for path in (("apps", 0, "verdicts", "fastapi", "verdict"), ("findings", 0, "fates", "fastapi"), ("schema",)):
        broken = json.loads(json.dumps(data))
        inner: Any = broken
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = "nonsense"
        assert not validator.is_valid(broken), path
    assert not validator.is_valid({**data, "more": 1})


def test_no_object_is_open() -> None:
    for path, part in _objects(SCHEMA, ""):
        assert "additionalProperties" in part, path
        if part["additionalProperties"] is False:
            assert set(part.get("required", ())) == set(part.get("properties", ())), path


def _objects(part: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield path, part
        for key, value in part.items():
            yield from _objects(value, f"{path}/{key}")
    elif isinstance(part, list):
        for value in part:
            yield from _objects(value, path)
