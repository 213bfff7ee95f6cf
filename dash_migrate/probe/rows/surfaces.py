"""Packages on top of Dash, and servers of one's own."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import no, partly, probe, yes
from dash_migrate.probe.rows.answers import CALLBACK, is_index, status, value
from dash_migrate.verify.boot import BootError

CALL = """
@app.callback(Output("o", "children"), Input("i", "value"))
def cb(v):
    return v + 1
"""


def _llms(lab: Lab, backend: Backend, paths: tuple[str, ...]) -> Cell:
    page = "import dash\ndash.register_page(__name__, path='/p', name='Page')\nlayout = 'page'\n"
    source = """
from dash_improve_my_llms import add_llms_routes
app = make(use_pages=True, pages_folder="views")
app.layout = dash.page_container
add_llms_routes(app)
server = app.server
"""
    with lab.run(source, backend, files={"views/p.py": page}) as app:
        found = {path: app.ask(path) for path in paths}
        good = [path for path, answer in found.items() if answer.status == 200 and not is_index(answer)]
        seen = ", ".join(f"{path} {status(answer)}" for path, answer in found.items())
        return yes(seen) if len(good) == len(paths) else partly(seen) if good else no(seen)


@probe("llms-routes")
def llms_routes(lab: Lab, backend: Backend) -> Cell:
    return _llms(lab, backend, ("/p/llms.txt",))


@probe("text-routes")
def text_routes(lab: Lab, backend: Backend) -> Cell:
    return _llms(lab, backend, ("/llms.txt", "/robots.txt", "/sitemap.xml"))


@probe("dmc-before-2.7")
def dmc(lab: Lab, backend: Backend) -> Cell:
    source = f"""
import dash_mantine_components as dmc
assert tuple(map(int, dmc.__version__.split(".")[:2])) < (2, 7), dmc.__version__
app = make()
{CALL}
app.layout = dmc.MantineProvider(html.Div([dcc.Input(id="i", value=1), html.Div(id="o")]))
server = app.server
"""
    with lab.run(source, backend) as app:
        index, called = app.ask("/"), app.callback()
        seen = f"index {status(index)}, callback {status(called)}"
        return yes(seen) if is_index(index) and value(called) == 2 else no(seen)


@probe("custom-backend")
def custom_backend(lab: Lab, backend: Backend) -> Cell:
    """A subclass of the backend's server class, passed as `backend=`."""
    name = {"flask": "FlaskDashServer", "fastapi": "FastAPIDashServer", "quart": "QuartDashServer"}[backend]
    source = f"""
from dash.backends._{backend} import {name}
class Mine({name}):
    pass
app = Dash("app", backend=Mine)
assert type(app.backend) is Mine
{CALL}{CALLBACK}"""
    try:
        with lab.run(source, backend) as app:
            index, called = app.ask("/"), app.callback()
            seen = f"index {status(index)}, callback {status(called)}"
            return yes(seen) if is_index(index) and value(called) == 2 else no(seen)
    except BootError as error:
        if "No module named 'dash.backends" in str(error):
            return no("there are no backends in this version")
        raise
