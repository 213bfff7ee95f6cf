"""Which rows of the feature table an app uses, and where: one detector a row."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from dash_migrate.compat.material import Material
from dash_migrate.compat.model import Place
from dash_migrate.facts.callbacks import Callback
from dash_migrate.facts.values import AsgiApp, FlaskApp, Func

Detector = Callable[[Material], Iterable[Place]]

#: rows that concern every app
EVERY = frozenset(["backends", "head", "callback-errors-logged", "api-docs"])

#: rows that the code of an app cannot show
UNDETECTED = {
    "own-route-late": "whether a route is added while the app runs",
    "mounted": "whether somebody else mounts the app",
    "lifespan-off": "how it is served elsewhere",
    "websocket-disabled": "concerns apps that do not use websockets, on every ASGI backend",
}

DETECTORS: dict[str, Detector] = {}


def detector(*names: str) -> Callable[[Detector], Detector]:
    """Register a detector for rows."""

    def register(function: Detector) -> Detector:
        for name in names:
            assert name not in DETECTORS, name
            DETECTORS[name] = function
        return function

    return register


def places(material: Material, name: str) -> list[Place]:
    """Where a row of the table is used; in order, each line once."""
    found = DETECTORS.get(name)
    return sorted(set(found(material)), key=lambda p: (p.path, p.line)) if found is not None else []


def _where(callbacks: Iterable[Callback]) -> Iterator[Place]:
    for callback in callbacks:
        yield Place(callback.file.display, callback.line)


# --- callbacks


@detector("sync-callbacks")
def _sync(material: Material) -> Iterator[Place]:
    return _where(c for c in material.callbacks if not c.is_async and not c.is_clientside)


@detector("sync-callbacks-parallel")
def _sync_blocking(material: Material) -> Iterator[Place]:
    return _where(c for c in material.callbacks if not c.is_async and c.blocks_event_loop)


@detector("asyncio-run")
def _asyncio_run(material: Material) -> Iterator[Place]:
    for callback in material.callbacks:
        for call in callback.blocking:
            if call.cost == "breaks":
                yield Place(call.file.display, call.line)


@detector("async-callbacks", "async-callbacks-parallel")
def _async(material: Material) -> Iterator[Place]:
    return _where(c for c in material.callbacks if c.is_async)


@detector("async-page-layout")
def _async_page_layout(material: Material) -> Iterator[Place]:
    for place in _page_calls(material):
        file = material.facts.project.files[place.path]
        for binding in file.module.bindings.get("layout", ()):
            if isinstance(binding.node, ast.AsyncFunctionDef):
                yield Place(place.path, binding.node.lineno)


@detector("async-layout")
def _async_layout(material: Material) -> Iterator[Place]:
    evaluator = material.facts.project.evaluator
    for path, file in material.facts.project.files.items():
        for node, scope in file.attributes.get("layout", ()):
            bound = getattr(node, "_bound", None)
            if bound is None or not material.facts.dash_apps(node.value):
                continue
            for value in evaluator.eval(bound[1], scope):
                if isinstance(value, Func) and isinstance(value.node, ast.AsyncFunctionDef):
                    yield Place(path, node.lineno)


@detector("background-callbacks")
def _background(material: Material) -> Iterator[Place]:
    return _where(c for c in material.callbacks if c.is_background)


@detector("persistent-callbacks")
def _persistent(material: Material) -> Iterator[Place]:
    return _where(c for c in material.callbacks if c.is_persistent)


@detector("flask-request-in-callbacks")
def _flask_request(material: Material) -> Iterator[Place]:
    from dash_migrate.rules_data import table

    context = {name for name, row in table("flask_names")["names"].items() if row["rule"] in _CONTEXT_RULES}
    for callback in material.callbacks:
        if callback.function is None:
            continue
        for reached in material.blocking.reached(callback.function):
            node, path = reached.function.node, reached.function.file.display
            for reference in material.facts.references.get(path, ()):
                line = reference.node.lineno
                if node.lineno <= line <= (node.end_lineno or line):
                    names = material.facts.ext_names(reference.node)
                    if any(name.startswith("flask.") and name[6:] in context for name in names):
                        yield Place(path, line)


_CONTEXT_RULES = ("DM401", "DM402", "DM403", "DM404", "DM405", "DM408")


@detector("ctx-headers")
def _ctx_headers(material: Material) -> Iterator[Place]:
    for name in ("headers", "cookies"):
        for _, origins, place in material.attributes(name):
            if f"dash.callback_context.{name}" in origins:
                yield place


@detector("ctx-path")
def _ctx_path(material: Material) -> Iterator[Place]:
    return (place for _, origins, place in material.attributes("path") if "dash.callback_context.path" in origins)


@detector("response-cookies")
def _response_cookies(material: Material) -> Iterator[Place]:
    for _, origins, place in material.attributes("set_cookie"):
        if "dash.callback_context.response.set_cookie" in origins:
            yield place


@detector("mcp")
def _mcp(material: Material) -> Iterator[Place]:
    yield from (place for _, _, value, place in material.options("enable_mcp") if not _is_false(value))
    yield from _where(c for c in material.callbacks if c.flag("mcp_enabled") is not False)
    for path, file in material.facts.project.files.items():
        for binding in file.module.bindings.get("mcp_enabled", ()):
            if binding.kind == "from" and binding.module.startswith("dash"):
                yield Place(path, binding.position[0])


# --- websockets


@detector("websocket-callbacks", "websocket-first")
def _websockets(material: Material) -> Iterator[Place]:
    yield from (place for _, _, value, place in material.options("websocket_callbacks") if not _is_false(value))
    yield from _where(c for c in material.callbacks if c.is_websocket)
    for _, origins, place in material.attributes("websocket"):
        if "dash.callback_context.websocket" in origins:
            yield place


@detector("websocket-context")
def _websocket_context(material: Material) -> Iterator[Place]:
    if any(_websockets(material)):
        yield from _ctx_headers(material)


@detector("websocket-contextvars")
def _websocket_contextvars(material: Material) -> Iterator[Place]:
    if any(_websockets(material)):
        for _, origins, place in material.calls("ContextVar"):
            if "contextvars.ContextVar" in origins:
                yield place


# --- security


@detector("server-hooks")
def _server_hooks(material: Material) -> Iterator[Place]:
    yield from (Place(route.file.display, route.line) for route in material.routes)
    yield from (Place(hook.file.display, hook.line) for hook in material.hooks)


@detector("http-gate")
def _gates(material: Material) -> Iterator[Place]:
    return (Place(hook.file.display, hook.line) for hook in material.hooks if hook.may_refuse)


@detector("backend-before-request")
def _backend_before(material: Material) -> Iterator[Place]:
    return _backend_hook(material, "before_request")


@detector("backend-after-request")
def _backend_after(material: Material) -> Iterator[Place]:
    return _backend_hook(material, "after_request")


def _backend_hook(material: Material, name: str) -> Iterator[Place]:
    for node, _, place in material.attributes(name):
        owner = node.value
        if isinstance(owner, ast.Attribute) and owner.attr == "backend" and material.facts.dash_apps(owner.value):
            yield place


@detector("asgi-gate")
def _middleware(material: Material) -> Iterator[Place]:
    for name in ("wsgi_app", "asgi_app", "add_middleware"):
        for node, _, place in material.attributes(name):
            if material.facts.servers(node.value) and (name == "add_middleware" or hasattr(node, "_bound")):
                yield place


# --- requests


@detector("pages", "first-request-deep")
def _pages(material: Material) -> Iterator[Place]:
    yield from (place for _, _, value, place in material.options("use_pages") if not _is_false(value))
    yield from _page_calls(material)


def _page_calls(material: Material) -> Iterator[Place]:
    return (place for _, origins, place in material.calls("register_page") if "dash.register_page" in origins)


@detector("url-base-pathname")
def _base_pathname(material: Material) -> Iterator[Place]:
    for _, _, value, place in material.options("url_base_pathname", "routes_pathname_prefix"):
        if not (isinstance(value, ast.Constant) and value.value in (None, "/")):
            yield place


@detector("requests-pathname-prefix")
def _requests_prefix(material: Material) -> Iterator[Place]:
    return (place for _, _, _, place in material.options("requests_pathname_prefix"))


@detector("several-apps")
def _several(material: Material) -> Iterator[Place]:
    for app in material.facts.apps:
        given = {v for v in app.servers if isinstance(v, (FlaskApp, AsgiApp))}
        if any(other is not app and given & set(other.servers) for other in material.facts.apps):
            yield Place(app.file.display, app.position[1])


@detector("server-instance")
def _instance(material: Material) -> Iterator[Place]:
    for app in material.facts.apps:
        if any(isinstance(v, (FlaskApp, AsgiApp)) for v in app.servers):
            yield Place(app.file.display, app.position[1])


@detector("server-later")
def _later(material: Material) -> Iterator[Place]:
    return (place for _, _, value, place in material.options("server") if _is_false(value))


@detector("hooks-route")
def _hooks_route(material: Material) -> Iterator[Place]:
    return (place for _, origins, place in material.calls("route") if "dash.hooks.route" in origins)


@detector("api-endpoint")
def _api_endpoint(material: Material) -> Iterator[Place]:
    return _where(c for c in material.callbacks if c.api_endpoint is not None)


@detector("post-json-route")
def _json_route(material: Material) -> Iterator[Place]:
    for route in material.routes:
        if route.function is not None and any(r.kind in ("json", "body") for r in material.reads.of(route.function)):
            yield Place(route.file.display, route.line)


def _beside(material: Material, folder: str) -> Iterator[tuple[Place, bool]]:
    """For each app whether a folder lies beside the file that makes it."""
    for app in material.facts.apps:
        located = Path(material.loaded.files.locate(app.file.display)).parent / folder
        yield Place(app.file.display, app.position[1]), located.is_dir()


@detector("assets")
def _assets(material: Material) -> Iterator[Place]:
    yield from (place for place, there in _beside(material, "assets") if there)
    yield from (place for _, _, _, place in material.options("assets_folder"))


@detector("assets-folder-missing")
def _assets_missing(material: Material) -> Iterator[Place]:
    named = {app.position for app, _, _, _ in material.options("assets_folder")}
    for (place, there), app in zip(_beside(material, "assets"), material.facts.apps, strict=True):
        if not there and app.position not in named:
            yield place


@detector("static-folder")
def _static(material: Material) -> Iterator[Place]:
    return (place for place, there in _beside(material, "static") if there)


@detector("compress")
def _compress(material: Material) -> Iterator[Place]:
    return (place for _, _, value, place in material.options("compress") if not _is_false(value))


@detector("own-route-slash")
def _slash(material: Material) -> Iterator[Place]:
    for route in material.routes:
        if route.rule and len(route.rule) > 1 and route.rule.endswith("/"):
            yield Place(route.file.display, route.line)


@detector("large-body")
def _upload(material: Material) -> Iterator[Place]:
    for _, origins, place in material.calls("Upload"):
        if origins & {"dash.dcc.Upload", "dash_core_components.Upload"}:
            yield place


# --- serving and starting


def _commands(material: Material, pattern: str) -> Iterator[Place]:
    for start in material.starts:
        if re.search(pattern, f"{start.command.manager} {start.command.text}"):
            yield Place(start.file.path, start.file.position(start.command.span()[0])[0])


@detector("gunicorn", "gunicorn-asgi-worker")
def _gunicorn(material: Material) -> Iterator[Place]:
    return _commands(material, r"^gunicorn")


@detector("uvicorn")
def _uvicorn(material: Material) -> Iterator[Place]:
    return _commands(material, r"^uvicorn")


@detector("hypercorn")
def _hypercorn(material: Material) -> Iterator[Place]:
    return _commands(material, r"^hypercorn")


@detector("root-path")
def _root_path(material: Material) -> Iterator[Place]:
    return _commands(material, r"--root-path")


@detector("serve-dash-object")
def _dash_object(material: Material) -> Iterator[Place]:
    for start in material.starts:
        if start.target is not None and start.target.kind == "dash":
            yield Place(start.file.path, start.file.position(start.command.span()[0])[0])


def _coded(material: Material, *codes: str) -> Iterator[Place]:
    return (Place(f.path, f.span.line) for f in material.findings if f.code in codes)


@detector("start-in-function")
def _start_in_function(material: Material) -> Iterator[Place]:
    return _coded(material, "DM104")


@detector("start-options")
def _start_options(material: Material) -> Iterator[Place]:
    return _coded(material, "DM103")


def _runs(material: Material) -> Iterator[tuple[ast.Call, Place]]:
    for call, _, place in material.calls("run", "run_server"):
        if isinstance(call.func, ast.Attribute) and material.facts.dash_apps(call.func.value):
            yield call, place


@detector("start-guarded")
def _start(material: Material) -> Iterator[Place]:
    elsewhere = set(_coded(material, "DM104"))
    return (place for _, place in _runs(material) if place not in elsewhere)


@detector("start-tls")
def _tls(material: Material) -> Iterator[Place]:
    for call, place in _runs(material):
        if any(k.arg in ("ssl_context", "ssl_keyfile", "ssl_certfile") for k in call.keywords):
            yield place


@detector("custom-backend")
def _custom(material: Material) -> Iterator[Place]:
    return (Place(a.file.display, a.position[1]) for a in material.facts.apps if a.backend == "custom")


@detector("llms-routes")
def _llms(material: Material) -> Iterator[Place]:
    return material.imports("dash_improve_my_llms")


@detector("text-routes")
def _text_routes(material: Material) -> Iterator[Place]:
    yield from _llms(material)
    for route in material.routes:
        if route.rule in ("/llms.txt", "/robots.txt", "/sitemap.xml"):
            yield Place(route.file.display, route.line)


@detector("dmc-before-2.7")
def _dmc(material: Material) -> Iterator[Place]:
    return material.imports("dash_mantine_components")


@detector("use-async")
def _use_async(material: Material) -> Iterator[Place]:
    return (place for _, _, value, place in material.options("use_async") if not _is_false(value))


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
