"""What an expression can stand for: the abstract values of the facts room."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from dash_migrate.facts.scopes import FileIndex, Scope


@dataclass(frozen=True)
class Ext:
    """A name of a package outside the project, by its canonical dotted name (``flask.request``)."""

    dotted: str


@dataclass(frozen=True)
class Mod:
    """A module of the project."""

    file: FileIndex


@dataclass(frozen=True)
class Site:
    """The expression that makes an object (or stands in for one that is made out of sight)."""

    file: FileIndex
    node: ast.AST

    @property
    def position(self) -> tuple[str, int, int]:
        return (self.file.display, getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0))


@dataclass(frozen=True)
class Cls:
    """A class of the project."""

    file: FileIndex
    node: ast.ClassDef
    scope: Scope


@dataclass(frozen=True)
class Func:
    """A function of the project; ``owner`` is the instance or class it is bound to."""

    file: FileIndex
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    owner: Inst | DashApp | FlaskApp | None = None

    @property
    def name(self) -> str:
        return getattr(self.node, "name", "<lambda>")


@dataclass(frozen=True)
class Inst:
    """An instance of a class of the project."""

    cls: Cls


@dataclass(frozen=True)
class DashApp:
    """A Dash app; ``cls`` when it is made from a subclass in the project."""

    site: Site
    cls: Cls | None = None


@dataclass(frozen=True)
class FlaskApp:
    """A Flask app made by the project (or one that a parameter is declared to be)."""

    site: Site
    cls: Cls | None = None


@dataclass(frozen=True)
class Server:
    """The server that a Dash app makes for itself."""

    app: DashApp


@dataclass(frozen=True)
class Bridged:
    """The Flask app around a Dash app that has been migrated: ``flask_of(app)``."""

    site: Site


@dataclass(frozen=True)
class Blueprint:
    """A Flask blueprint."""

    site: Site


@dataclass(frozen=True)
class AsgiApp:
    """A FastAPI or Quart app: ``kind`` is ``fastapi``, ``quart`` or ``starlette``."""

    kind: str
    site: Site


@dataclass(frozen=True)
class ExtInst:
    """What a call of an external class or function gives: ``flask_login.LoginManager()``."""

    dotted: str
    site: Site


@dataclass(frozen=True)
class Super:
    """``super()`` in a method of a class of the project."""

    cls: Cls
    instance: Inst | DashApp | FlaskApp


@dataclass(frozen=True)
class Items:
    """A tuple or list with known places, or (``loose``) a container of which only the members are known."""

    members: tuple[frozenset[Value], ...]
    loose: bool = False
    keys: frozenset[Value] = frozenset()
    #: a dict: iterating gives the keys
    mapping: bool = False
    #: for dicts and records: the key or field of each member ("": not known)
    names: tuple[str, ...] = ()
    #: a namespace or named tuple: the names are attributes
    record: bool = False

    def named(self, name: str) -> Values:
        """The members under a key or field, and those whose key is not known."""
        if not self.names:
            return frozenset().union(*self.members) if self.mapping and self.members else NOTHING
        pairs = zip(self.names, self.members, strict=True)
        return frozenset().union(*(member for key, member in pairs if key in (name, "")))


@dataclass(frozen=True)
class Record:
    """The class that ``namedtuple(…)`` makes."""

    fields: tuple[str, ...]


@dataclass(frozen=True)
class Const:
    """A literal that matters: a bool, None or a string."""

    value: str | bool | None


@dataclass(frozen=True)
class Partial:
    """``functools.partial(f, …)``: the call that is kept for later."""

    target: Value
    site: Site


Value: TypeAlias = (
    Ext
    | Mod
    | Cls
    | Func
    | Inst
    | DashApp
    | FlaskApp
    | Server
    | Bridged
    | Blueprint
    | AsgiApp
    | ExtInst
    | Super
    | Items
    | Record
    | Const
    | Partial
)
Values: TypeAlias = frozenset[Value]

NOTHING: Values = frozenset()
