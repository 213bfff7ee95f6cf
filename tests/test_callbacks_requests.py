"""Routes, hooks and what views read: what a report counts, and what verify asks for."""

from __future__ import annotations

import textwrap
from pathlib import Path

from dash_migrate.facts.blocking import Blocking
from dash_migrate.facts.hooks import Hook, hooks_of
from dash_migrate.facts.reads import Read, Reads
from dash_migrate.facts.routes import Route, routes_of
from dash_migrate.facts.scan import Facts
from dash_migrate.project import load

HEAD = """
import flask, os
from flask import request, session
from dash import Dash
app = Dash(__name__)
server = app.server
"""


def facts(tmp_path: Path, **files: str) -> Facts:
    for name, text in files.items():
        path = tmp_path / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    loaded = load([tmp_path], tmp_path)
    assert not loaded.errors
    for path in loaded.files.python:
        loaded.facts.project.file(path)
    return loaded.facts


def routes(tmp_path: Path, **files: str) -> list[Route]:
    return routes_of(facts(tmp_path, **files))


def reads(tmp_path: Path, body: str, head: str = "") -> dict[tuple[str, str | None], Read]:
    text = textwrap.indent(textwrap.dedent(body), "    ")
    found = facts(tmp_path, app=f"{HEAD}{head}\n@server.route('/x', methods=['POST'])\ndef view():\n{text}\n")
    (route,) = routes_of(found)
    assert route.function is not None
    return {(read.kind, read.key): read for read in Reads(Blocking(found.project)).of(route.function)}


def test_rules_methods_and_views(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        app=HEAD
        + """
PREFIX = "/api"
@server.route("/plain")
def plain(): ...
@server.route(PREFIX + "/a", methods=("POST", "put"))
@server.route(f"{PREFIX}/b/<int:n>")
def several(n=1): ...
@server.post("/short")
def short(): ...
def late(): ...
server.add_url_rule("/late", "late", late, methods=["DELETE"])
server.add_url_rule("/lambda", view_func=lambda: "x")
server.route("/called")(late)
@server.route(os.environ["RULE"])
def unknown(): ...
for name in ("x", "y"):
    server.route("/loop/" + name)(late)
""",
    )
    table = {(r.rule, r.methods): r.function.name if r.function else None for r in found}
    assert table == {
        ("/plain", ("GET",)): "plain",
        ("/api/a", ("POST", "PUT")): "several",
        ("/api/b/<int:n>", ("GET",)): "several",
        ("/short", ("POST",)): "short",
        ("/late", ("DELETE",)): "late",
        ("/lambda", ("GET",)): "<lambda>",
        ("/called", ("GET",)): "late",
        (None, ("GET",)): "unknown",
        ("/loop/x", ("GET",)): "late",
        ("/loop/y", ("GET",)): "late",
    }


def test_blueprints_nested_registered_twice_and_foreign_ones(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        app=HEAD
        + """
from parts import outer, inner, twice
outer.register_blueprint(inner, url_prefix="/in")
server.register_blueprint(outer)
server.register_blueprint(twice)
server.register_blueprint(twice, url_prefix="/v2", name="v2")
other = flask.Flask("other")
@other.route("/not-ours")
def not_ours(): ...
""",
        parts="""
import flask
outer = flask.Blueprint("outer", __name__, url_prefix="/out")
inner = flask.Blueprint("inner", __name__)
twice = flask.Blueprint("twice", __name__, url_prefix="/v1")
@outer.route("/")
def a(): ...
@inner.route("/deep")
def b(): ...
@twice.get("/t")
def c(): ...
""",
    )
    assert {r.rule for r in found} == {"/out/", "/out/in/deep", "/v1/t", "/v2/t"}


def test_class_views(tmp_path: Path) -> None:
    found = routes(
        tmp_path,
        app=HEAD
        + """
from flask.views import MethodView
class Items(MethodView):
    def get(self): ...
    def post(self): ...
server.add_url_rule("/items", view_func=Items.as_view("items"))
""",
    )
    assert [(r.rule, r.methods) for r in found] == [("/items", ("GET", "POST"))]


def test_what_a_view_reads(tmp_path: Path) -> None:
    found = reads(
        tmp_path,
        """
        n = request.args.get("n", 3, type=int)
        size = int(request.args["size"])
        name = (request.form.get("name") or "").strip().lower()
        if name in ("ann", "bob"):
            session["user"] = name
        data = request.get_json(silent=True)
        if data["mode"] == "fast" or "deep" in data:
            ...
        request.files["upload"].save("x")
        if request.headers.get("X-Key") != os.environ["KEY"]:
            flask.abort(403)
        return request.cookies.get("theme", "light")
        """,
    )
    assert found["args", "n"].type == "int"
    assert found["args", "size"].type == "int"
    assert found["form", "name"].values == ["ann", "bob"]
    assert found["json", "mode"].values == ["fast"]
    assert ("json", "deep") in found
    assert ("json", None) in found
    assert ("files", "upload") in found
    assert ("cookies", "theme") in found
    assert found["headers", "X-Key"].values == ["${KEY}"]
    assert ("session", "user") in found


def test_dictionaries_that_what_is_read_is_looked_up_in(tmp_path: Path) -> None:
    found = reads(
        tmp_path,
        """
        user = USERS.get(request.form["user"])
        if user and user["hash"] == hash(request.form["password"]):
            return "in"
        return flask.current_app.config["KEYS"][request.headers["X-Key"]]
        """,
        head="USERS = {'ann': {'hash': hash('wonder'), 'role': 'admin'}}\nKEYS = {'k-1': 'reader'}",
    )
    assert found["form", "user"].entries == [("ann", ("admin", "wonder"))] or found["form", "user"].entries == [
        ("ann", ("wonder", "admin"))
    ]
    assert found["headers", "X-Key"].values == ["k-1"]


def test_helpers_are_followed_and_authorization_taken_apart(tmp_path: Path) -> None:
    found = reads(
        tmp_path,
        "return check()",
        head="""
def check():
    a = request.authorization
    return a and request.authorization.username == "ops" and request.authorization.password == "s3cret"
""",
    )
    assert found["authorization", "username"].values == ["ops"]
    assert found["authorization", "password"].values == ["s3cret"]


def test_what_only_looks_like_a_request(tmp_path: Path) -> None:
    found = reads(tmp_path, "request = {'form': {}}\nreturn request['form'].get('x')")
    assert found == {}


def hooks(tmp_path: Path, text: str) -> dict[str, Hook]:
    return {hook.name: hook for hook in hooks_of(facts(tmp_path, app=HEAD + textwrap.dedent(text)))}


def test_hooks_and_whether_they_can_refuse(tmp_path: Path) -> None:
    found = hooks(
        tmp_path,
        """
        from guards import requires_auth
        @server.before_request
        def gate():
            if not session.get("user"):
                return flask.redirect("/login")
        @server.before_request
        def counts():
            flask.g.n = 1
            return None
        @server.before_request
        def aborts():
            helper()
        def helper():
            flask.abort(401)
        @server.before_request
        @requires_auth
        def decorated(): ...
        @server.before_request
        def passes_on():
            return decide()
        @server.after_request
        def headers(response):
            return response
        @server.errorhandler(404)
        def missing(error):
            return "no", 404
        server.register_error_handler(500, missing)
        server.before_request(lambda: None)
        @server.teardown_request
        def bye(error): ...
        other = flask.Flask("other")
        @other.before_request
        def not_ours():
            return "x"
        """,
    )
    assert {name for name, hook in found.items() if hook.may_refuse} == {"gate", "aborts", "decorated", "passes_on"}
    assert found["headers"].kind == "after"
    assert found["missing"].kind == "error"
    assert found["bye"].kind == "teardown"
    assert "not_ours" not in found
    assert "<lambda>" in found
