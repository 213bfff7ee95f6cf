"""A network of its own for this process and all that it starts: nothing but an empty loopback (Linux)."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
import threading
from contextlib import suppress

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


def leave_the_network() -> bool:
    """Cut this process off from every network, this machine's own services included; False where that is not allowed.

    Tried in a child first: a half-done attempt would leave a process without even a loopback.
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    child = os.fork()
    if child == 0:
        code = 1
        with suppress(BaseException):
            _leave()
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                probe.listen()
                socket.create_connection(probe.getsockname(), timeout=2).close()
            code = 0
        os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        return False
    try:
        _leave()
    except OSError:
        return False
    return True


def _leave() -> None:
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        _unshare(_NEW_NET)
    else:
        _unshare(_NEW_USER | _NEW_NET)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        lo = b"lo".ljust(16, b"\0")
        answer = fcntl.ioctl(control, _GET_FLAGS, lo + struct.pack("h22x", 0))
        flags = struct.unpack("16xh22x", answer)[0]
        fcntl.ioctl(control, _SET_FLAGS, lo + struct.pack("h22x", flags | _UP))


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
