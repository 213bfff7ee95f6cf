"""Which program serves the app."""

from __future__ import annotations

from collections.abc import Sequence

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import moot, no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, is_index, status, value
from dash_migrate.verify.boot import BootError
from dash_migrate.verify.steps import ServerKind

APP = f"""
app = make()
@app.callback(Output("o", "children"), Input("i", "value"))
def cb(v):
    return v + 1
{CALLBACK}"""
WRAPPED = "\nfrom a2wsgi import WSGIMiddleware\nwrapped = WSGIMiddleware(server)\n"


def _serve(
    lab: Lab,
    backend: Backend,
    kind: ServerKind,
    options: Sequence[str] = (),
    target: str = "app:server",
    source: str = APP,
) -> tuple[bool, str]:
    """Whether index and callback work, and what was seen."""
    try:
        with lab.run(source, backend, kind, options=options, target=target) as app:
            index = app.ask("/")
            called = app.callback()
            fine = is_index(index) and value(called) == 2
            return fine, f"index {status(index)}, callback {status(called)}"
    except BootError as error:
        text = str(error)
        worker = "unrecognized" in text or "not found" in text or "class uri" in text or "No module named" in text
        return False, "no such worker" if worker else "does not start"


def _plain(found: tuple[bool, str]) -> Cell:
    fine, seen = found
    return yes(seen) if fine else no(seen)


@probe("gunicorn")
def gunicorn(lab: Lab, backend: Backend) -> Cell:
    """Plain gunicorn, as `gunicorn app:server`."""
    return _plain(_serve(lab, backend, "gunicorn", ("--threads", "2")))


@probe("gunicorn-asgi-worker")
def gunicorn_worker(lab: Lab, backend: Backend) -> Cell:
    """gunicorn with each of the three workers that speak ASGI."""
    if backend == "flask":
        return moot("Flask needs no such worker, and does not run with one")
    workers = ("uvicorn.workers.UvicornWorker", "uvicorn_worker.UvicornWorker", "asgi")
    found = {worker: _serve(lab, backend, "gunicorn", ("-k", worker)) for worker in workers}
    fine = [worker for worker, (ok, _) in found.items() if ok]
    words = "; ".join(f"-k {worker}: {'ok' if ok else seen}" for worker, (ok, seen) in found.items())
    return yes(words) if len(fine) == len(workers) else partly(words) if fine else no(words)


@probe("uvicorn")
def uvicorn(lab: Lab, backend: Backend) -> Cell:
    """`uvicorn app:server`; for Flask also behind a WSGI wrapper."""
    fine, seen = _serve(lab, backend, "uvicorn")
    if fine or backend != "flask":
        return _plain((fine, seen))
    interface = _serve(lab, backend, "uvicorn", ("--interface", "wsgi"))
    wrapper = _serve(lab, backend, "uvicorn", target="app:wrapped", source=APP + WRAPPED)
    words = f"{seen}; --interface wsgi: {'ok' if interface[0] else interface[1]}"
    words += f"; a2wsgi: {'ok' if wrapper[0] else wrapper[1]}"
    return partly(words) if interface[0] or wrapper[0] else no(words)


@probe("hypercorn")
def hypercorn(lab: Lab, backend: Backend) -> Cell:
    return _plain(_serve(lab, backend, "hypercorn"))


@probe("serve-dash-object")
def dash_object(lab: Lab, backend: Backend) -> Cell:
    """The Dash object itself as the target: `gunicorn app:app`, `uvicorn app:app`."""
    return _plain(_serve(lab, backend, "gunicorn" if backend == "flask" else "uvicorn", target="app:app"))


@probe("root-path")
def root_path(lab: Lab, backend: Backend) -> Cell:
    if backend == "flask":
        return moot("no such option; WSGI servers set SCRIPT_NAME")
    return _plain(_serve(lab, backend, "uvicorn", ("--root-path", "/x")))


@probe("lifespan-off")
def lifespan_off(lab: Lab, backend: Backend) -> Cell:
    if backend == "flask":
        return moot("WSGI has no lifespan")
    with lab.run(APP, backend, "uvicorn", options=("--lifespan", "off")) as app:
        index, deep, called = app.ask("/"), app.ask("/deep/page"), app.callback()
        words = f"index {status(index)}, callback {status(called)}, deep pages {status(deep)}"
        return yes(words) if is_index(deep) else partly(words)
