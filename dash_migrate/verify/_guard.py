"""Becomes ``sitecustomize`` in the processes of a booted app: no network beyond this machine.

Standard library only. What is refused is said once on stderr, so that it is found in the log.
"""

import socket
import sys
from typing import Any

_INET = (socket.AF_INET, socket.AF_INET6)
_LOCAL = ("localhost", "", "0.0.0.0", "::", "::1")
_said: "set[str]" = set()


def _is_local(host: Any) -> bool:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    return text in _LOCAL or text.startswith("127.") or text.endswith(".localhost") or text == _own_name


def _refuse(host: Any) -> OSError:
    text = f"dash-migrate verify: no network beyond this machine, {host} is not asked"
    if text not in _said:
        _said.add(text)
        print(text, file=sys.stderr, flush=True)
    return ConnectionRefusedError(111, text)


def _guarded(original: Any, position: int) -> Any:
    def call(self: Any, *args: Any, **options: Any) -> Any:
        if self.family in _INET and len(args) > position:
            address = args[-1] if position else args[0]
            if isinstance(address, tuple) and address and not _is_local(address[0]):
                raise _refuse(address[0])
        return original(self, *args, **options)

    return call


_own_name = socket.gethostname()
for _name, _position in (("connect", 0), ("connect_ex", 0), ("sendto", 1)):
    setattr(socket.socket, _name, _guarded(getattr(socket.socket, _name), _position))

_getaddrinfo = socket.getaddrinfo


def _resolve(host: Any, *args: Any, **options: Any) -> Any:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if not _is_local(host) and not text.replace(".", "").isdigit() and ":" not in text:
        raise socket.gaierror(socket.EAI_NONAME, str(_refuse(host)))
    return _getaddrinfo(host, *args, **options)


socket.getaddrinfo = _resolve
