"""Run by the app's own interpreter as ``python -c``: serve a target with werkzeug or hypercorn.

Standard library and the app's packages only; dash_migrate need not be installed there.
Arguments: kind, target, port.
"""

import importlib
import sys
from typing import Any


def resolve(target: str) -> Any:
    """The object behind ``module:attr.attr`` or ``module:factory()``."""
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part.removesuffix("()"))
        if part.endswith("()"):
            found = found()
    return found


def main() -> None:
    """Serve ``target`` on loopback until killed."""
    kind, target, port = sys.argv[1:4]
    app = resolve(target)
    if kind == "werkzeug":
        from werkzeug.serving import run_simple

        run_simple("127.0.0.1", int(port), app, threaded=True)
    else:
        import asyncio

        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"127.0.0.1:{port}"]
        config.errorlog = "-"
        asyncio.run(serve(app, config))


if __name__ == "__main__":
    main()
