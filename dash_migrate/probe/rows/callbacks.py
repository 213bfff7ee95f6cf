"""How callbacks run."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, is_index, status, value
from dash_migrate.verify.boot import BootError
from dash_migrate.verify.client import Answer

NAP = 0.5
"""Seconds that slow callbacks take."""


def _callback(function: str, options: str = "", head: str = "app = make()") -> str:
    return f"""
import asyncio, time
{head}
@app.callback(Output("o", "children"), Input("i", "value"){options})
{function}
{CALLBACK}"""


@probe("backends")
def backends(lab: Lab, backend: Backend) -> Cell:
    with lab.run(f"app = Dash('app', backend=BACKEND)\n{CALLBACK}", backend) as app:
        answer = app.ask("/")
        return yes("index 200") if is_index(answer) else no(f"index {status(answer)}")


@probe("sync-callbacks")
def sync_callbacks(lab: Lab, backend: Backend) -> Cell:
    with lab.run(_callback("def cb(v):\n    return v + 1"), backend) as app:
        answer = app.callback()
        return yes("answered") if value(answer) == 2 else no(status(answer))


def _parallel(lab: Lab, backend: Backend, function: str, shows: tuple[str, ...] = ()) -> Cell:
    with lab.run(_callback(function), backend, shows=shows) as app:
        app.callback()
        app.together(2, "/_dash-layout")  # first requests are slow
        took = app.together(4)
        if took < 2 * NAP:
            return yes("4 at once take as long as 1")
        return no("4 at once take as long as 4 one after the other" if took > 3.5 * NAP else "4 at once take longer")


@probe("sync-callbacks-parallel")
def sync_parallel(lab: Lab, backend: Backend) -> Cell:
    return _parallel(lab, backend, f"def cb(v):\n    time.sleep({NAP})\n    return v")


@probe("async-callbacks-parallel")
def async_parallel(lab: Lab, backend: Backend) -> Cell:
    shows = ("asgiref",) if backend == "flask" else ()
    return _parallel(lab, backend, f"async def cb(v):\n    await asyncio.sleep({NAP})\n    return v", shows)


@probe("asyncio-run")
def asyncio_run(lab: Lab, backend: Backend) -> Cell:
    function = """def cb(v):
    async def work():
        return v + 1
    return asyncio.run(work())"""
    with lab.run(_callback(function), backend) as app:
        answer = app.callback()
        return yes("answered") if value(answer) == 2 else no(f"{status(answer)}: there is a running event loop")


def _with_and_without(lab: Lab, backend: Backend, source: str, ask: str, good: str) -> Cell:
    """The same app without and with ``dash[async]`` installed."""
    seen = []
    for shows in ((), ("asgiref",)):
        try:
            with lab.run(source, backend, shows=shows) as app:
                answer: Answer = app.callback() if ask == "callback" else app.ask(ask)
                fine = value(answer) == 2 if ask == "callback" else answer.status == 200
                seen.append("ok" if fine else status(answer))
        except BootError:
            seen.append("does not start")
    if seen == ["ok", "ok"]:
        return yes(good)
    if seen[1] == "ok":
        return partly(f"{seen[0]} without dash[async], {good} with it")
    return no(f"{seen[0]} without dash[async], {seen[1]} with it")


@probe("async-callbacks")
def async_callbacks(lab: Lab, backend: Backend) -> Cell:
    source = _callback("async def cb(v):\n    await asyncio.sleep(0)\n    return v + 1")
    return _with_and_without(lab, backend, source, "callback", "answered")


@probe("async-page-layout")
def async_page_layout(lab: Lab, backend: Backend) -> Cell:
    page = "import dash\ndash.register_page(__name__, path='/p')\nasync def layout():\n    return 'page'\n"
    source = """
app = make(use_pages=True, pages_folder="views")
app.layout = html.Div([dash.page_container, dcc.Input(id="i", value=1), html.Div(id="o")])
server = app.server
"""
    seen = []
    for shows in ((), ("asgiref",)):
        with lab.run(source, backend, shows=shows, files={"views/p.py": page}) as app:
            app.ask("/")
            answer = _show_page(app, "/p")
            seen.append("ok" if "page" in answer.body.decode() and answer.status == 200 else status(answer))
    if seen == ["ok", "ok"]:
        return yes("shown")
    if seen[1] == "ok":
        return partly(f"{seen[0]} without dash[async], shown with it")
    return no(f"{seen[0]} without dash[async], {seen[1]} with it")


def _show_page(app: object, path: str) -> Answer:
    """What the router's callback answers for a path."""
    import json

    payload = {
        "output": ".._pages_content.children..._pages_store.data..",
        "outputs": [{"id": "_pages_content", "property": "children"}, {"id": "_pages_store", "property": "data"}],
        "inputs": [
            {"id": "_pages_location", "property": "pathname", "value": path},
            {"id": "_pages_location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["_pages_location.pathname"],
        "parsedChangedPropsIds": ["_pages_location.pathname"],
        "state": [],
    }
    body = json.dumps(payload).encode()
    headers = {"Content-Type": "application/json"}
    found: Answer = app.ask("/_dash-update-component", "POST", headers, body)  # type: ignore[attr-defined]
    return found


@probe("async-layout")
def async_layout(lab: Lab, backend: Backend) -> Cell:
    source = "app = make()\nasync def layout():\n    return html.Div()\napp.layout = layout\nserver = app.server\n"
    try:
        with lab.run(source, backend, shows=("asgiref",)) as app:
            answer = app.ask("/_dash-layout")
            return yes("layout 200") if answer.status == 200 else no(f"layout {status(answer)}")
    except BootError:
        return no("assigning it raises")


@probe("use-async")
def use_async(lab: Lab, backend: Backend) -> Cell:
    source = _callback("def cb(v):\n    return v + 1", head="app = make(use_async=True)")
    return _with_and_without(lab, backend, source, "callback", "answered")


@probe("background-callbacks")
def background(lab: Lab, backend: Backend) -> Cell:
    import json

    head = """
import diskcache
app = make(background_callback_manager=dash.DiskcacheManager(diskcache.Cache("cache")))
"""
    source = _callback("def cb(v):\n    return v + 1", ", background=True, interval=100", head)
    with lab.run(source, backend) as app:
        answer = app.callback()
        try:
            job = json.loads(answer.body)
        except ValueError:
            return no(f"not accepted: {status(answer)}")
        query = f"?cacheKey={job.get('cacheKey')}&job={job.get('job')}"
        import time

        for _ in range(60):
            from dash_migrate.verify.bodies import callback_body

            path = "/_dash-update-component" + query
            headers = {"Content-Type": "application/json"}
            answer = app.ask(path, "POST", headers, callback_body("o.children", {"i.value": 1}, {}))
            if value(answer) == 2:
                return yes("job accepted, result fetched")
            time.sleep(0.25)
        return no(f"accepted, no result: {status(answer)}")


@probe("persistent-callbacks")
def persistent(lab: Lab, backend: Backend) -> Cell:
    source = (
        """
app = make(websocket_callbacks=True)
@app.callback(Output("o", "children"), Input("i", "value"), websocket=True, persistent=True)
async def cb(v):
    return v + 1
"""
        + CALLBACK
    )
    seen = []
    for shows in ((), ("asgiref",)):
        with lab.run(source, backend, shows=shows) as app:
            answer = app.callback()
            over_http = "answered" if value(answer) == 2 else status(answer)
            seen.append((over_http, app.websocket().partition(" ")[0]))
    (plain, socket), (extra, _) = seen
    if socket == "answered":
        return yes("runs over the websocket")
    if extra == "answered":
        return no(f"one answer over HTTP ({plain} without dash[async]), nothing persists")
    return no(f"HTTP {plain} / {extra}, websocket {socket}")


@probe("callback-errors-logged")
def errors_logged(lab: Lab, backend: Backend) -> Cell:
    with lab.run(_callback("def cb(v):\n    raise LookupError('gone fishing')"), backend) as app:
        answer = app.callback()
        log = app.log
        if "Traceback" in log and "gone fishing" in log:
            return yes(f"{status(answer)}, traceback in the log")
        if "gone fishing" in log:
            return partly(f"{status(answer)}, one line in the log, no traceback")
        return no(f"{status(answer)}, nothing in the log")


@probe("flask-request-in-callbacks")
def flask_request(lab: Lab, backend: Backend) -> Cell:
    function = "def cb(v):\n    import flask\n    return flask.request.headers.get('X-User')"
    with lab.run(_callback(function), backend) as app:
        answer = app.callback(headers={"X-User": "ann"})
        return yes("header read") if value(answer) == "ann" else no(f"{status(answer)}: outside of request context")


@probe("ctx-headers")
def ctx_headers(lab: Lab, backend: Backend) -> Cell:
    function = (
        "def cb(v):\n    h = dash.ctx.headers\n    return [h.get('X-User'), h.get('x-user'), dash.ctx.cookies.get('k')]"
    )
    with lab.run(_callback(function), backend) as app:
        seen = value(app.callback(headers={"X-User": "ann", "Cookie": "k=v"})) or [None] * 3
        if seen[0] == "ann" and seen[2] == "v":
            return yes("header and cookie read")
        if seen[1] == "ann" and seen[2] == "v":
            return partly("names are in lower case: .get('X-User') is None")
        return no("header or cookie missing")


@probe("ctx-path")
def ctx_path(lab: Lab, backend: Backend) -> Cell:
    with lab.run(_callback("def cb(v):\n    return dash.ctx.path"), backend) as app:
        path = str(value(app.callback()))
        if path.startswith("/_dash-update-component"):
            return yes("the path")
        return partly("the full URL") if path.startswith("http") else no("none")


@probe("response-cookies")
def response_cookies(lab: Lab, backend: Backend) -> Cell:
    function = "def cb(v):\n    dash.ctx.response.set_cookie('k', 'v')\n    return v + 1"
    with lab.run(_callback(function), backend) as app:
        answer = app.callback()
        line = answer.get("set-cookie")
        if not line.startswith("k=v"):
            return no(f"{status(answer)}, no cookie")
        same_site = "samesite" in line.lower()
        return partly("set, with SameSite=lax that Flask does not add") if same_site else yes("set")


@probe("mcp")
def mcp(lab: Lab, backend: Backend) -> Cell:
    """The handshake, the list of tools, a call of a function that is marked with `mcp_enabled`."""
    source = f"""
app = make(enable_mcp=True)
from dash.mcp import mcp_enabled
@mcp_enabled
def double(number: int) -> int:
    '''Doubles.'''
    return 2 * number
{CALLBACK}"""
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "probe", "version": "1"}}
    calls = {
        "initialize": hello,
        "tools/list": {},
        "tools/call": {"name": "double", "arguments": {"number": 21}},
    }
    try:
        with lab.run(source, backend) as app:
            seen = []
            for number, (method, params) in enumerate(calls.items()):
                message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                answer = app.post_json("/_mcp", message, {"Accept": "application/json, text/event-stream"})
                wanted = b"42" if method == "tools/call" else b"result"
                fine = answer.status == 200 and wanted in answer.body
                seen.append(f"{method} {'ok' if fine else status(answer)}")
    except BootError as failed:
        if "enable_mcp" in str(failed):
            return no("there is no enable_mcp in this version")
        raise
    return (yes if all(one.endswith(" ok") for one in seen) else no)(", ".join(seen))
