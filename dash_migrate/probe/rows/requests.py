"""What single requests get."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, error, is_index, kind, status, text, value
from dash_migrate.verify.bodies import callback_body

APP = f"""
app = make()
@app.callback(Output("o", "children"), Input("i", "value"))
def cb(v):
    return v + 1
{CALLBACK}"""


@probe("head")
def head(lab: Lab, backend: Backend) -> Cell:
    with lab.run(APP, backend) as app:
        found = {method: status(app.ask("/", method)) for method in ("HEAD", "OPTIONS")}
        seen = ", ".join(f"{method} / {code}" for method, code in found.items())
        return yes(seen) if set(found.values()) <= {"200", "204"} else no(seen)


@probe("own-route-slash")
def own_route_slash(lab: Lab, backend: Backend) -> Cell:
    source = (
        APP
        + """
if BACKEND == "fastapi":
    @server.get("/own/")
    def own():
        return {"own": 1}
else:
    @server.get("/own/")
    def own():
        return {"own": 1}
"""
    )
    with lab.run(source, backend) as app:
        answer = app.ask("/own")
        return yes(status(answer)) if answer.status in (307, 308) else no(kind(answer))


@probe("own-route-late")
def own_route_late(lab: Lab, backend: Backend) -> Cell:
    """A route that is added while the app runs."""
    source = (
        APP.replace("    return v + 1", "    add_route()\n    return v + 1")
        + """
def add_route():
    def own():
        return {"own": 1}
    if BACKEND == "fastapi":
        server.get("/own")(own)
    else:
        server.route("/own")(own)
"""
    )
    with lab.run(source, backend) as app:
        called = app.callback()
        answer = app.ask("/own")
        if answer.status == 200 and b"own" in answer.body and not is_index(answer):
            return yes("served")
        if called.status >= 500:
            return no("adding it raises")
        return no("accepted, and the Dash index is served instead" if is_index(answer) else kind(answer))


@probe("assets")
def assets(lab: Lab, backend: Backend) -> Cell:
    source = "os.makedirs('assets', exist_ok=True)\nopen('assets/a.css', 'w').write('a {}')\n" + APP
    with lab.run(source, backend) as app:
        found, missing = app.ask("/assets/a.css"), app.ask("/assets/b.css")
        seen = f"file {status(found)}, missing {kind(missing)}, Cache-Control {found.get('cache-control') or 'none'}"
        return yes(seen) if found.status == 200 and missing.status == 404 else no(seen)


@probe("assets-folder-missing")
def assets_missing(lab: Lab, backend: Backend) -> Cell:
    source = (
        APP
        + """
@app.callback(Output("p", "children"), Input("i", "value"))
def late(v):
    os.makedirs("assets", exist_ok=True)
    open("assets/late.css", "w").write("a {}")
    return v
"""
    )
    with lab.run(source, backend) as app:
        missing = app.ask("/assets/x.css")
        app.callback("p.children")
        late = app.ask("/assets/late.css")
        seen = f"missing file {kind(missing)}, file made later {kind(late)[:20]}"
        return yes(seen) if missing.status == 404 and late.status == 200 and not is_index(late) else no(seen)


@probe("static-folder")
def static_folder(lab: Lab, backend: Backend) -> Cell:
    source = "os.makedirs('static', exist_ok=True)\nopen('static/x.txt', 'w').write('x')\n" + APP
    with lab.run(source, backend) as app:
        answer = app.ask("/static/x.txt")
        return yes("served") if answer.body == b"x" else no(kind(answer))


@probe("compress")
def compress(lab: Lab, backend: Backend) -> Cell:
    from dash_migrate.verify.boot import BootError

    source = APP.replace("make()", "make(compress=True)")
    seen = []
    for shows in ((), ("flask_compress", "quart_compress", "brotli")):
        try:
            with lab.run(source, backend, shows=shows) as app:
                answer = app.ask(
                    "/_dash-component-suites/dash/dcc/dash_core_components.js", "GET", {"Accept-Encoding": "gzip"}
                )
                coding = app.ask("/", "GET", {"Accept-Encoding": "gzip"}).get("content-encoding") or answer.get(
                    "content-encoding"
                )
                seen.append("compressed" if coding else "not compressed")
        except BootError:
            seen.append("raises")
    if seen[0] == "compressed":
        return yes("compressed, nothing further to install")
    if seen[1] == "compressed":
        return partly(f"{seen[0]} without {backend}-compress, compressed with it")
    return no(f"{seen[0]} without {backend}-compress, {seen[1]} with it")


@probe("api-endpoint")
def api_endpoint(lab: Lab, backend: Backend) -> Cell:
    source = APP.replace('Input("i", "value"))', 'Input("i", "value"), api_endpoint="/api/x")') + "app.setup_apis()\n"
    source = source.replace("def cb(v):", "def cb(value):").replace("return v + 1", "return value + 1")
    with lab.run(source, backend) as app:
        app.timeout = 6.0
        good = app.post_json("/api/x", {"value": 1})
        if good.status == 422 or good.status == 500:
            good = app.post_json("/api/x", {"v": 1})
        extra = app.post_json("/api/x", {"value": 1, "more": 2})
        bad = app.ask("/api/x", "POST", {"Content-Type": "application/json"}, b"{")
        empty = app.ask("/api/x", "POST")
        seen = f"{status(good)}; extra key {status(extra)}, bad JSON {status(bad)}, no body {status(empty)}"
        return yes(seen) if good.status == 200 and b"2" in good.body else no(seen)


@probe("hooks-route")
def hooks_route(lab: Lab, backend: Backend) -> Cell:
    source = (
        """
from dash import hooks
@hooks.route("h/str", methods=("GET",))
def a():
    return "<b>x</b>"
@hooks.route("h/tuple", methods=("GET",))
def b():
    return "x", 201
@hooks.route("h/<name>", methods=("GET",))
def c(name):
    return "hello " + name
"""
        + APP
    )
    with lab.run(source, backend) as app:
        found = {path: app.ask("/h/" + path) for path in ("str", "tuple", "ann")}
        good = {
            "str": found["str"].body == b"<b>x</b>",
            "tuple": found["tuple"].status == 201,
            "ann": text(found["ann"]) == "hello ann",
        }
        words = {"str": "string", "tuple": "(text, 201)", "ann": "<name>"}
        bad = [f"{words[key]}: {kind(found[key])}" for key, fine in good.items() if not fine]
        if not bad:
            return yes("strings, tuples and <name> as on Flask")
        return partly("; ".join(bad)) if len(bad) < 3 else no("; ".join(bad))


@probe("post-json-route")
def post_json_route(lab: Lab, backend: Backend) -> Cell:
    """A route of the app's own that reads a JSON body."""
    source = (
        APP
        + """
if BACKEND == "fastapi":
    from fastapi import Request
    @server.post("/own")
    async def own(request: Request):
        return await request.json()
elif BACKEND == "quart":
    from quart import request
    @server.post("/own")
    async def own():
        return await request.get_json()
else:
    from flask import request
    @server.post("/own")
    def own():
        return request.get_json()
"""
    )
    with lab.run(source, backend) as app:
        app.timeout = 6.0
        answer = app.post_json("/own", {"a": 1})
        return yes("200") if answer.status == 200 and b'"a"' in answer.body else no(status(answer))


@probe("large-body")
def large_body(lab: Lab, backend: Backend) -> Cell:
    """17 MB posted to a callback, as dcc.Upload does."""
    source = APP.replace("return v + 1", "return len(v)")
    with lab.run(source, backend) as app:
        body = callback_body("o.children", {"i.value": "x" * 17_000_000}, {})
        answer = app.ask("/_dash-update-component", "POST", {"Content-Type": "application/json"}, body, timeout=60)
        return (
            yes("17 MB accepted")
            if value(answer) == 17_000_000
            else no(f"17 MB: {status(answer)} {error(answer)}".strip())
        )
