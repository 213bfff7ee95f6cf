"""Where the app lives: pages, prefixes, other apps beside it, a parent app around it."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import moot, no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, is_index, kind, status, text, value
from dash_migrate.verify.boot import BootError

CALL = """
@app.callback(Output("o", "children"), Input("i", "value"))
def cb(v):
    return v + 1
"""


@probe("pages")
def pages(lab: Lab, backend: Backend) -> Cell:
    page = "import dash\ndash.register_page(__name__, path='/p', title='P-Title')\nlayout = 'page'\n"
    source = "app = make(use_pages=True, pages_folder='views')\napp.layout = dash.page_container\nserver = app.server\n"
    with lab.run(source, backend, files={"views/p.py": page}) as app:
        index = app.ask("/")
        deep, unknown = app.ask("/p"), app.ask("/no/such/page")
        seen = f"/ {status(index)}, page {status(deep)}, unknown {status(unknown)}"
        return yes(seen) if is_index(deep) and is_index(unknown) and is_index(index) else no(seen)


@probe("first-request-deep")
def first_request_deep(lab: Lab, backend: Backend) -> Cell:
    source = f"""
os.makedirs("assets", exist_ok=True)
open("assets/style.css", "w").write("a {{}}")
app = make()
{CALL}{CALLBACK}"""
    with lab.run(source, backend) as app:
        first = app.ask("/deep/page")
        second = app.ask("/deep/page")
        if not is_index(first):
            return no(f"{status(first)}")
        if "style.css" in text(first):
            return yes("whole page")
        return partly("page without the app's assets" + (", later ones whole" if "style.css" in text(second) else ""))


@probe("url-base-pathname")
def url_base_pathname(lab: Lab, backend: Backend) -> Cell:
    source = f"app = make(url_base_pathname='/dash/')\n{CALL}{CALLBACK}"
    with lab.run(source, backend) as app:
        inside = app.ask("/dash/")
        called = app.callback(prefix="/dash/")
        outside = {path: app.ask(path) for path in ("/", "/other", "/_dash-layout")}
        if not is_index(inside) or value(called) != 2:
            return no(f"index {status(inside)}, callback {status(called)}")
        wrong = {path: kind(answer) for path, answer in outside.items() if answer.status != 404}
        if wrong:
            words = ", ".join(f"{path} {seen}" for path, seen in wrong.items())
            return partly(f"works, but outside the prefix {words}")
        return yes("works, 404 outside the prefix")


@probe("requests-pathname-prefix")
def requests_pathname_prefix(lab: Lab, backend: Backend) -> Cell:
    source = f"app = make(requests_pathname_prefix='/front/', routes_pathname_prefix='/')\n{CALL}{CALLBACK}"
    with lab.run(source, backend) as app:
        index, called = app.ask("/"), app.callback()
        fine = is_index(index) and value(called) == 2 and "/front/_dash-component-suites" in text(index)
        seen = f"index {status(index)}, callback {status(called)}"
        return yes(seen) if fine else no(seen)


@probe("several-apps")
def several_apps(lab: Lab, backend: Backend) -> Cell:
    source = """
if BACKEND == "fastapi":
    from fastapi import FastAPI
    server = FastAPI()
elif BACKEND == "quart":
    from quart import Quart
    server = Quart("app")
else:
    from flask import Flask
    server = Flask("app")
one = Dash("one", server=server, url_base_pathname="/one/", title="App One")
two = Dash("two", server=server, url_base_pathname="/two/", title="App Two")
for name, app in (("one", one), ("two", two)):
    app.layout = html.Div([dcc.Input(id="i", value=1), html.Div(id="o")])
@one.callback(Output("o", "children"), Input("i", "value"))
def first(v):
    return v + 1
@two.callback(Output("o", "children"), Input("i", "value"))
def second(v):
    return v + 1
"""
    try:
        with lab.run(source, backend) as app:
            seen = []
            for name in ("one", "two"):
                index, deep = app.ask(f"/{name}/"), app.ask(f"/{name}/page")
                called = app.callback(prefix=f"/{name}/")
                title = f"App {name.capitalize()}"
                parts = [
                    "" if is_index(index) and title in text(index) else f"index {status(index)}",
                    "" if is_index(deep) and title in text(deep) else f"page {_wrong(deep)}",
                    "" if value(called) == 2 else f"callback {status(called)}",
                ]
                seen += [f"/{name}/ {part}" for part in parts if part]
            unknown = app.ask("/unknown")
            if is_index(unknown):
                seen.append("unknown paths are an app's index")
            return no(", ".join(seen)) if seen else yes("each at its own place")
    except BootError as error:
        return no("the second Dash() raises" if "two = Dash" in str(error) else "does not start")


def _wrong(answer: object) -> str:
    from dash_migrate.verify.client import Answer

    assert isinstance(answer, Answer)
    return "of the other app" if is_index(answer) else status(answer)


@probe("mounted")
def mounted(lab: Lab, backend: Backend) -> Cell:
    """The Dash app under a path of a parent FastAPI app."""
    if backend == "quart":
        return moot("FastAPI mounts, Quart does not")
    wrap = "WSGIMiddleware(app.server)" if backend == "flask" else "app.server"
    source = f"""
from fastapi import FastAPI
from a2wsgi import WSGIMiddleware
app = make(requests_pathname_prefix="/sub/", routes_pathname_prefix="/")
{CALL}{CALLBACK}
parent = FastAPI()
parent.mount("/sub", {wrap})
"""
    with lab.run(source, backend, "uvicorn", target="app:parent") as app:
        index, deep, called = app.ask("/sub/"), app.ask("/sub/deep"), app.callback(prefix="/sub/")
        seen = f"index {status(index)}, callback {status(called)}, deep pages {kind(deep)}"
        if not is_index(index) or value(called) != 2:
            return no(seen)
        return yes(seen) if is_index(deep) else partly(seen)


@probe("server-instance")
def server_instance(lab: Lab, backend: Backend) -> Cell:
    source = f"""
if BACKEND == "fastapi":
    from fastapi import FastAPI as Server
    given = Server()
else:
    if BACKEND == "quart":
        from quart import Quart as Server
    else:
        from flask import Flask as Server
    given = Server("app")
app = Dash("app", server=given)
{CALL}{CALLBACK}
assert app.server is given
"""
    with lab.run(source, backend) as app:
        index, called = app.ask("/"), app.callback()
        seen = f"index {status(index)}, callback {status(called)}"
        return yes(seen) if is_index(index) and value(called) == 2 else no(seen)


@probe("server-later")
def server_later(lab: Lab, backend: Backend) -> Cell:
    """`Dash(server=False)` and `app.init_app(server)`."""
    seen = {}
    for named in (False, True):
        source = f"""
if BACKEND == "fastapi":
    from fastapi import FastAPI as Server
    server = Server()
else:
    if BACKEND == "quart":
        from quart import Quart as Server
    else:
        from flask import Flask as Server
    server = Server("app")
app = Dash("app", server=False{", backend=BACKEND" if named and backend != "flask" else ""})
{CALL}{CALLBACK.replace("server = app.server", "app.init_app(server)")}
"""
        try:
            with lab.run(source, backend) as app:
                index, called = app.ask("/"), app.callback()
                fine = is_index(index) and value(called) == 2
                seen[named] = "ok" if fine else f"index {status(index)}, callback {status(called)}"
        except BootError:
            seen[named] = "raises"
        if backend == "flask":
            return yes("ok") if seen[False] == "ok" else no(seen[False])
    words = f"with backend=: {seen[True]}; without: {seen[False]}"
    return yes("ok") if set(seen.values()) == {"ok"} else partly(words) if seen[True] == "ok" else no(words)
