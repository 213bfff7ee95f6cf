"""A settings dictionary with the ways to fill it that ``flask.Config`` has."""

from __future__ import annotations

import json
import os
import types
from collections.abc import Callable
from typing import IO, Any

from werkzeug.utils import import_string

#: what Flask sets before an app sets anything
DEFAULTS: dict[str, Any] = {
    "DEBUG": False,
    "TESTING": False,
    "SECRET_KEY": None,
    "SESSION_COOKIE_NAME": "session",
    "SESSION_COOKIE_DOMAIN": None,
    "SESSION_COOKIE_PATH": None,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SECURE": False,
    "SESSION_COOKIE_SAMESITE": None,
    "SESSION_REFRESH_EACH_REQUEST": True,
    "SESSION_COOKIE_PARTITIONED": False,
    "SECRET_KEY_FALLBACKS": None,
    "TRUSTED_HOSTS": None,
    "PERMANENT_SESSION_LIFETIME": 31 * 24 * 3600,
    "MAX_CONTENT_LENGTH": None,
    "MAX_FORM_MEMORY_SIZE": 500_000,
    "MAX_FORM_PARTS": 1_000,
    "SEND_FILE_MAX_AGE_DEFAULT": None,
    "APPLICATION_ROOT": "/",
    "PREFERRED_URL_SCHEME": "http",
    "SERVER_NAME": None,
    "TEMPLATES_AUTO_RELOAD": None,
    "EXPLAIN_TEMPLATE_LOADING": False,
    "MAX_COOKIE_SIZE": 4093,
    "PROPAGATE_EXCEPTIONS": None,
    "TRAP_HTTP_EXCEPTIONS": False,
    "TRAP_BAD_REQUEST_ERRORS": None,
}


class Config(dict[str, Any]):
    """Upper-case settings; relative file names start at the app's folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(DEFAULTS)
        self.root_path = folder

    def from_object(self, obj: Any) -> None:
        """Take the upper-case attributes of an object, or of one named by an import string."""
        if isinstance(obj, str):
            obj = import_string(obj)
        self.update({key: getattr(obj, key) for key in dir(obj) if key.isupper()})

    def from_mapping(self, mapping: Any = None, **more: Any) -> bool:
        """Take the upper-case keys of a mapping."""
        self.update({k: v for k, v in {**dict(mapping or {}), **more}.items() if k.isupper()})
        return True

    def from_pyfile(self, filename: str, silent: bool = False) -> bool:
        """Run a Python file and take its upper-case names."""
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        try:
            with open(path, "rb") as file:
                exec(compile(file.read(), path, "exec"), module.__dict__)
        except OSError:
            if silent:
                return False
            raise
        self.from_object(module)
        return True

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Run the Python file that an environment variable names."""
        path = os.environ.get(variable_name)
        if path:
            return self.from_pyfile(path, silent)
        if silent:
            return False
        raise RuntimeError(f"The environment variable {variable_name!r} is not set")

    def from_file(self, filename: str, load: Callable[[IO[Any]], Any], silent: bool = False, text: bool = True) -> bool:
        """Take what a loader such as ``json.load`` makes of a file."""
        try:
            with open(os.path.join(self.root_path, filename), "r" if text else "rb") as file:
                loaded = load(file)
        except OSError:
            if silent:
                return False
            raise
        return self.from_mapping(loaded)

    def from_prefixed_env(self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads) -> bool:
        """Take environment variables with a prefix; two underscores go one level down."""
        for key in sorted(k for k in os.environ if k.startswith(prefix + "_")):
            value: Any = os.environ[key]
            try:
                value = loads(value)
            except Exception:
                value = os.environ[key]
            target: Any = self
            *parents, last = key[len(prefix) + 1 :].split("__")
            for parent in parents:
                target = target.setdefault(parent, {})
            target[last] = value
        return True

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, Any]:
        """The settings whose names begin alike."""
        found = {}
        for key, value in self.items():
            if key.startswith(namespace):
                name = key[len(namespace) :] if trim_namespace else key
                found[name.lower() if lowercase else name] = value
        return found
