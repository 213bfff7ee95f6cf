"""Starts an ASGI server the way ``Flask.run`` started Flask's."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import threading
from typing import Any

log = logging.getLogger("dash_flask_bridge")

#: options of ``Flask.run`` that an ASGI server fulfils without being told, or that only Flask's debugger had
QUIET = ("threaded", "use_debugger", "load_dotenv", "use_evalex", "passthrough_errors", "request_handler")

#: seconds that answers in progress get when the server is told to stop
GRACE = 3


def serve(entry: Any, host: str | None = None, port: Any = None, debug: bool | None = None, **options: Any) -> None:
    """Serve an ASGI app until interrupted, behind werkzeug's reloader if asked for (see ``serve``)."""
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        return
    reload_options = {
        key: options.pop(key)
        for key in ("extra_files", "exclude_patterns", "reloader_type")
        if options.get(key) is not None
    }
    if "reloader_interval" in options:
        reload_options["interval"] = options.pop("reloader_interval")
    use_reloader = options.pop("use_reloader", debug)
    ssl_context = options.pop("ssl_context", None)
    for quiet in QUIET:
        options.pop(quiet, None)
    if ssl_context is not None and not isinstance(ssl_context, tuple):
        raise ValueError("ssl_context must be a (certificate file, key file) pair here")
    for name, value in options.items():
        if value is not None:
            log.warning("run(%s=%r) has no counterpart on an ASGI server and is left out", name, value)
    start = functools.partial(_run_asgi, entry, host or "127.0.0.1", int(port or 5000), ssl_context)
    if use_reloader:
        from werkzeug._reloader import run_with_reloader

        run_with_reloader(start, **reload_options)
    else:
        start()


def _run_asgi(entry: Any, host: str, port: int, ssl_context: tuple[str, str] | None) -> None:
    cert, key = ssl_context or (None, None)
    try:
        import uvicorn
    except ImportError:
        from hypercorn.asyncio import serve as hypercorn_serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"{host}:{port}"]
        config.certfile, config.keyfile = cert, key
        trigger = None if threading.current_thread() is threading.main_thread() else _never
        asyncio.run(hypercorn_serve(entry, config, shutdown_trigger=trigger))
    else:
        uvicorn.run(
            entry,
            host=host,
            port=port,
            ssl_certfile=cert,
            ssl_keyfile=key,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE,
        )


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
