"""Starting from Python."""

from __future__ import annotations

from dash_migrate.features import Cell
from dash_migrate.model import Backend
from dash_migrate.probe.lab import Lab
from dash_migrate.probe.rows import no, probe, yes
from dash_migrate.probe.rows.answers import is_index, status
from dash_migrate.verify.boot import BootError

LAYOUT = "app.layout = html.Div()\n"
RUN = "app.run(host='127.0.0.1', port=int(sys.argv[1]))"


def _script(lab: Lab, backend: Backend, source: str) -> Cell:
    patient = Lab(lab.interpreter, lab.version, timeout=12.0)
    try:
        with patient.run(source, backend, "script", argv=("{port}",)) as app:
            answer = app.ask("/")
            return yes("index 200") if is_index(answer) else no(f"starts, index {status(answer)}")
    except BootError as error:
        for known in ("Attribute", "AttributeError", "RecursionError", "Error loading ASGI app"):
            if known in str(error):
                return no("does not start: the module is imported a second time and has no such app")
        return no("does not start")


@probe("start-guarded")
def guarded(lab: Lab, backend: Backend) -> Cell:
    """`app.run()` of a global under `if __name__ == "__main__"`."""
    return _script(lab, backend, f"app = make()\n{LAYOUT}if __name__ == '__main__':\n    {RUN}\n")


@probe("start-in-function")
def in_function(lab: Lab, backend: Backend) -> Cell:
    """`app.run()` where `app` is made in a function."""
    source = f"def main():\n    app = make()\n    {LAYOUT}    {RUN}\nif __name__ == '__main__':\n    main()\n"
    return _script(lab, backend, source)


@probe("start-options")
def options(lab: Lab, backend: Backend) -> Cell:
    """Whether an option that the server does not know is noticed."""
    source = f"app = make()\n{LAYOUT}if __name__ == '__main__':\n    {RUN[:-1]}, no_such_option=1)\n"
    cell = _script(lab, backend, source)
    return no("unknown options are ignored silently") if cell.status == "yes" else yes("unknown options raise")


@probe("start-tls")
def tls(lab: Lab, backend: Backend) -> Cell:
    """`app.run(ssl_context=...)` serves HTTPS."""
    source = f"""
import subprocess
if not os.path.exists("k.pem"):
    subprocess.run("openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 2 -subj /CN=localhost",
                   shell=True, check=True, stderr=subprocess.DEVNULL)
app = make()
{LAYOUT}if __name__ == '__main__':
    {RUN[:-1]}, ssl_context=("c.pem", "k.pem"))
"""
    patient = Lab(lab.interpreter, lab.version, timeout=12.0)
    try:
        with patient.run(source, backend, "script", argv=("{port}",)) as app:
            answer = app.ask("/", timeout=5.0)
            return no("serves plain HTTP") if is_index(answer) else yes("plain HTTP is refused")
    except BootError:
        return yes("plain HTTP is refused")
