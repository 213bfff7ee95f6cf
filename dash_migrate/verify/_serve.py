"""Run by the app's own interpreter as ``python -c``: serve a target with werkzeug, uvicorn or hypercorn.

Standard library and the app's packages only; dash_migrate need not be installed there.
Arguments: kind, target, port. The target is ``module:attr.attr``, ``module:factory()``, a module alone (what it
serves is looked for), or ``python path`` (the script is run as by hand, and what it starts is served instead; no
module can be named with a space).
With DASH_MIGRATE_DESCRIBE in the environment, what the app consists of is written to ``<that>.json`` as soon as
a file of that name appears.
"""

import gc
import importlib
import inspect
import json
import os
import runpy
import signal
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

SCRIPT = "python "
USUAL_NAMES = ("server", "application", "app", "SERVER")


#: serves an app until killed; the second argument is true for what is started as a WSGI app
_serve: Callable[[Any, bool], None]
#: threads of a script in which it has started a server
_serving: "list[threading.Thread]" = []


class Started(BaseException):
    """A script has come to where it starts its server."""

    def __init__(self, app: Any, is_wsgi: bool) -> None:
        super().__init__()
        self.app = app
        self.is_wsgi = is_wsgi


def resolve(target: str) -> Any:
    """The object behind a target."""
    module, _, path = target.partition(":")
    imported = importlib.import_module(module)
    if not path:
        return _served_by(imported)
    found: Any = imported
    for part in path.split("."):
        found = getattr(found, part.removesuffix("()"))
        if part.endswith("()"):
            found = found()
    return _server_of(found)


def _server_of(found: Any) -> Any:
    """The server of a Dash app; what a plain function without arguments makes; anything else is itself."""
    if isinstance(found, types.FunctionType) and not _is_app(found):
        found = found()  # a factory
    if isinstance(found, tuple):
        found = next((one for one in found if _is_dash(one)), found[0])
    return found.server if _is_dash(found) else found


def _is_app(function: types.FunctionType) -> bool:
    """Whether a function is itself a WSGI or ASGI app, by the names of its arguments."""
    names = list(inspect.signature(function).parameters)
    return len(names) in (2, 3) and names[-1] in ("start_response", "start", "send")


def _required(function: types.FunctionType) -> "list[str]":
    """The arguments that a function cannot do without."""
    some = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.items()
    return [name for name, one in parameters if one.default is one.empty and one.kind not in some]


def _is_dash(found: Any) -> bool:
    dash = sys.modules.get("dash")
    return dash is not None and isinstance(found, dash.Dash)


def _served_by(module: Any) -> Any:
    known = {name: getattr(module, name, None) for name in USUAL_NAMES}
    names = [name for name, found in known.items() if callable(found) or _is_dash(found)]
    for name in names:
        found = getattr(module, name)
        if not isinstance(found, (types.FunctionType, type)):
            return _server_of(found)
    for found in vars(module).values():
        if _is_dash(found):
            return found.server
    for name in [*names, "create_app", "make_app", "create_dash_app", "build_app", "create_server", "get_app"]:
        found = getattr(module, name, None)
        if isinstance(found, types.FunctionType) and not _required(found):
            return _server_of(found)
    raise SystemExit(f"nothing to serve in the module {module.__name__}")


def _run(path: str) -> None:
    """Run a script up to where it starts a server, and serve that; what it starts in a thread, it starts there."""
    sys.argv[:] = [path, *json.loads(os.environ.get("DASH_MIGRATE_ARGV", "[]"))]
    _catch_starts()
    directory = os.path.dirname(os.path.abspath(path))
    if directory not in sys.path:
        sys.path.insert(0, directory)
    try:
        runpy.run_path(path, run_name="__main__")
    except Started as started:
        _serve(_server_of(started.app), started.is_wsgi)
        return
    if not _serving:
        raise SystemExit(f"{path} ended without starting a server")
    for thread in _serving:
        thread.join()


def _start(app: Any, is_wsgi: bool = False) -> None:
    thread = threading.current_thread()
    if thread is threading.main_thread():
        raise Started(app, is_wsgi)
    _serving.append(thread)
    _serve(_server_of(app), is_wsgi)


def _catch_starts() -> None:
    def given(position: int, arguments: "tuple[Any, ...]", options: "dict[str, Any]") -> Any:
        """The app that a call starts; it may be named by a string."""
        app = options.get("application", options.get("app"))
        if app is None:
            app = arguments[position]
        return resolve(app) if isinstance(app, str) else app

    def of_first(*arguments: Any, **options: Any) -> None:
        _start(given(0, arguments, options))

    async def of_first_async(*arguments: Any, **options: Any) -> None:
        raise Started(given(0, arguments, options), False)

    def of_first_wsgi(*arguments: Any, **options: Any) -> None:
        _start(given(0, arguments, options), is_wsgi=True)

    def of_third(*arguments: Any, **options: Any) -> None:
        _start(given(2, arguments, options), is_wsgi=True)

    import dash
    import flask

    for cls in (dash.Dash, flask.Flask):
        for name in ("run", "run_server"):
            if name == "run" or hasattr(cls, name) or cls is dash.Dash:
                setattr(cls, name, of_first)
    for module, name, caught in (
        ("werkzeug.serving", "run_simple", of_third),
        ("werkzeug.serving", "make_server", of_third),
        ("wsgiref.simple_server", "make_server", of_third),
        ("uvicorn", "run", of_first),
        ("waitress", "serve", of_first_wsgi),
        ("gevent.pywsgi", "WSGIServer.__init__", of_third),
        ("hypercorn.asyncio", "serve", of_first_async),
        ("quart", "Quart.run", of_first),
    ):
        if module.startswith("gevent") and not _is_named("gevent"):
            continue  # importing it costs time
        try:
            owner: Any = importlib.import_module(module)
        except ImportError:
            continue
        head, _, last = name.rpartition(".")
        setattr(getattr(owner, head) if head else owner, last, caught)


def _is_named(module: str) -> bool:
    """Whether the script that is run names a module."""
    with open(sys.argv[0], encoding="utf-8", errors="replace") as script:
        return module in script.read()


# --- what the app consists of


def _describe_when_asked(place: str, app: Any) -> None:
    while not os.path.exists(place):
        time.sleep(0.02)
    try:
        described = describe(app)
    except Exception as error:  # the app is served all the same
        described = {"error": f"{type(error).__name__}: {error}"}
    with open(place + ".part", "w", encoding="utf-8") as out:
        json.dump(described, out, default=str)
    os.replace(place + ".part", place + ".json")


def describe(app: Any) -> dict[str, Any]:
    """The URL rules, hooks and Dash apps of this process."""
    flask, dash = sys.modules.get("flask"), sys.modules.get("dash")
    sites: list[dict[str, Any]] = []
    if flask is not None:
        for prefix, inner in _mounted(app, "", 0):
            if isinstance(inner, flask.Flask) and all(one["app"] is not inner for one in sites):
                sites.append({"app": inner, "prefix": prefix, **_flask_site(inner)})
    dashes = []
    if dash is not None:
        served = [one["app"] for one in sites]
        for one in [o for o in gc.get_objects() if isinstance(o, dash.Dash)]:
            prefix = next((s["prefix"] for s in sites if s["app"] is one.server), None)
            if not served or prefix is not None:
                dashes.append({**_dash_site(one), "mount": prefix or ""})
    for one in sites:
        del one["app"]
    return {"sites": sites, "dashes": dashes}


def _mounted(app: Any, prefix: str, depth: int) -> Any:
    """The WSGI apps within one: behind middleware, mounted by a dispatcher; with the prefix each is under."""
    if app is None or depth > 8:
        return
    yield prefix, app
    for path, inner in (getattr(app, "mounts", None) or {}).items() if hasattr(app, "mounts") else ():
        yield from _mounted(inner, prefix + path, depth + 1)
    wrapped = vars(app) if hasattr(app, "__dict__") else {}
    for name in ("app", "wsgi_app", "application", "_app", "wrapped"):
        inner = wrapped.get(name)
        if callable(inner) and not isinstance(inner, types.MethodType):
            yield from _mounted(inner, prefix, depth + 1)
        elif isinstance(inner, types.MethodType) and inner.__self__ is not app:
            yield from _mounted(inner.__self__, prefix, depth + 1)


def _place(function: Any) -> "list[Any] | None":
    """File, first line and name of the function that the project wrote."""
    method = None
    cls = getattr(function, "view_class", None)
    if cls is not None:
        methods = [getattr(cls, name, None) for name in ("dispatch_request", "post", "get", "put", "delete", "patch")]
        method = next((m for m in methods if m is not None and "flask" not in (m.__module__ or "")), None)
    found = inspect.unwrap(method or function)
    found = getattr(found, "func", found)
    found = getattr(found, "__func__", found)
    code = getattr(found, "__code__", None)
    return [os.path.realpath(code.co_filename), code.co_firstlineno, found.__name__] if code is not None else None


def _flask_site(app: Any) -> dict[str, Any]:
    rules = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(rule.endpoint)
        rules.append(
            {
                "rule": rule.rule,
                "methods": sorted(rule.methods or ()),
                "endpoint": rule.endpoint,
                "arguments": {
                    name: type(converter).__name__ for name, converter in getattr(rule, "_converters", {}).items()
                },
                "place": _place(view) if view is not None else None,
                "module": getattr(view, "__module__", "") or "",
            }
        )
    hooks = []
    for kind in ("before_request_funcs", "after_request_funcs"):
        for functions in getattr(app, kind, {}).values():
            hooks += [{"kind": kind, "place": _place(function)} for function in functions]
    return {
        "rules": rules,
        "hooks": hooks,
        "static": [app.static_url_path, app.static_folder] if app.static_folder else None,
        "blueprint_static": [
            [f"{blueprint.url_prefix or ''}{blueprint.static_url_path}", blueprint.static_folder]
            for blueprint in app.blueprints.values()
            if blueprint.static_folder and blueprint.static_url_path
        ],
    }


def _dash_site(app: Any) -> dict[str, Any]:
    callbacks = {}
    for output, spec in list(getattr(app, "callback_map", {}).items()):
        function = spec.get("callback")
        callbacks[output] = {"place": _place(function) if function is not None else None}
    pages = []
    registry = getattr(sys.modules.get("dash._pages"), "PAGE_REGISTRY", {}) if getattr(app, "use_pages", False) else {}
    for page in registry.values():
        pages.append(page.get("relative_path") or page.get("path") or "/")
        if page.get("path_template"):
            pages.append("template:" + str(page["path_template"]))
    return {
        "routes": app.config.get("routes_pathname_prefix") or "/",
        "requests": app.config.get("requests_pathname_prefix") or "/",
        "assets": [app.config.get("assets_url_path") or "assets", app.config.get("assets_folder")],
        "pages": pages,
        "callbacks": callbacks,
    }


# --- serving


def _werkzeug() -> Any:
    from werkzeug.serving import make_server

    return lambda app, port: make_server("127.0.0.1", port, app, threaded=True).serve_forever()


def _uvicorn() -> Any:
    import uvicorn

    return lambda app, port: uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, proxy_headers=False)).run()


def _hypercorn() -> Any:
    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    def run(app: Any, port: int) -> None:
        config = Config()
        config.bind = [f"127.0.0.1:{port}"]
        config.errorlog = "-"
        in_main = threading.current_thread() is threading.main_thread()
        asyncio.run(serve(app, config, shutdown_trigger=None if in_main else never))

    return run


SERVING = {"werkzeug": _werkzeug, "asgi": _uvicorn, "hypercorn": _hypercorn}


def _end_with(pipe: str) -> None:
    """End the process group when the other end of a pipe is closed, however the process behind it ended."""
    if not pipe:
        return

    def wait() -> None:
        os.read(int(pipe), 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Serve ``target`` on loopback until killed."""
    kind, target, port = sys.argv[1:4]
    _end_with(os.environ.pop("DASH_MIGRATE_ALIVE", ""))
    serve, serve_wsgi = SERVING[kind](), SERVING["werkzeug"]()  # before a script's own start is caught
    place = os.environ.pop("DASH_MIGRATE_DESCRIBE", "")

    def serve_until_killed(app: Any, is_wsgi: bool = False) -> None:
        if kind != "werkzeug" and not is_wsgi and isinstance(app, getattr(sys.modules.get("flask"), "Flask", ())):
            raise SystemExit(f"{target} is still a Flask app: it has not been migrated, or starts on another backend")
        if place:
            threading.Thread(target=_describe_when_asked, args=(place, app), daemon=True).start()
        (serve_wsgi if is_wsgi else serve)(app, int(port))

    global _serve
    _serve = serve_until_killed
    if target.startswith(SCRIPT):
        _run(target[len(SCRIPT) :])
    else:
        serve_until_killed(resolve(target))


if __name__ == "__main__":
    main()
