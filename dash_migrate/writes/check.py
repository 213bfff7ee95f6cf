"""Whether new contents are still what their file was: Python that compiles, TOML and JSON that load."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

from dash_migrate.files.kinds import is_python_script
from dash_migrate.model import FileError
from dash_migrate.writes.changes import Change

_PYTHON = (".py", ".pyw", ".wsgi")
_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast


def check(change: Change) -> FileError | None:
    """What is wrong with the new contents and was not with the old ones; None: nothing."""
    path = change.path
    if path.endswith(_PYTHON) or ("." not in path.rpartition("/")[2] and is_python_script(change.new)):
        return _check_python(change)
    if path.endswith(".toml"):
        return _check_with(change, _load_toml, "TOML")
    if path.endswith((".json", ".ipynb")):
        return _check_with(change, _load_json, "JSON")
    return None


def _check_python(change: Change) -> FileError | None:
    failure = _compile(change.path, change.new, 0)
    if failure is None:
        return None
    # If the old contents fail as well, it is this Python that does not know the grammar or lacks the depth.
    if change.old is None or _compile(change.path, change.old, 0) is None:
        return _broken(change, failure)
    failure = _compile(change.path, change.new, _ONLY_AST)
    if failure is None:
        return None
    if _compile(change.path, change.old, _ONLY_AST) is None:
        return _broken(change, failure)
    if isinstance(failure, SyntaxError) and _libcst_reads(change.new):
        return None
    return _broken(change, failure)


def _compile(path: str, data: bytes, flags: int) -> Exception | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, path, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        return error
    return None


def _libcst_reads(data: bytes) -> bool:
    """Whether LibCST, which knows newer grammars than the running Python, can parse the file."""
    import libcst

    try:
        libcst.parse_module(data)
    except Exception:  # unknown encodings raise plain SyntaxErrors, odd input anything
        return False
    return True


def _check_with(change: Change, load: Callable[[bytes], object], name: str) -> FileError | None:
    try:
        load(change.new)
    except (ValueError, RecursionError) as error:
        if change.old is not None:
            try:
                load(change.old)
            except (ValueError, RecursionError):
                return None
        return FileError(change.path, f"the new contents would not be {name} any more: {error}")
    return None


def _load_toml(data: bytes) -> object:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(data.decode("utf-8"))


def _load_json(data: bytes) -> object:
    import json

    return json.loads(data)


def _broken(change: Change, failure: Exception) -> FileError:
    line = column = None
    reason = str(failure) or type(failure).__name__
    if isinstance(failure, SyntaxError):
        line, column, reason = failure.lineno, failure.offset, failure.msg
    message = f"the new contents would not compile ({reason}); this is a mistake of dash-migrate, please report it"
    return FileError(change.path, message, line, column)
