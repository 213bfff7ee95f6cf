"""Models of a database: names of tables, binds, ``Model.query``."""

from __future__ import annotations

import re
import types
from typing import Any, ClassVar

import sqlalchemy as sa
import sqlalchemy.orm as sa_orm

#: the bases that SQLAlchemy 2 has for models, and what makes them; older releases have none
_BASES = tuple(getattr(sa_orm, n) for n in ("DeclarativeBase", "DeclarativeBaseNoMeta") if hasattr(sa_orm, n))
_MADE_BY = (sa_orm.DeclarativeMeta, getattr(sa_orm.decl_api, "DeclarativeAttributeIntercept", sa_orm.DeclarativeMeta))


class QueryOfModel:
    """``Model.query``."""

    def __get__(self, obj: Any, cls: Any) -> Any:
        return cls.query_class(cls, session=cls.__fsa__.session())


class Model:
    """What every model has."""

    __fsa__: ClassVar[Any]
    query_class: ClassVar[Any]
    query: ClassVar[Any] = QueryOfModel()

    def __repr__(self) -> str:
        state: Any = sa.inspect(self)
        if state.transient:
            key = f"(transient {id(self)})"
        elif state.pending:
            key = f"(pending {id(self)})"
        else:
            key = ", ".join(map(str, state.identity))
        return f"<{type(self).__name__} {key}>"


def has_own_base(model_class: Any) -> bool:
    """Whether models have a declarative base of SQLAlchemy 2."""
    return any(issubclass(base, _BASES) for base in model_class.__bases__)


def declarative_base(db: Any, model_class: Any, disable_autonaming: bool) -> Any:
    """The class that models are made of."""
    if has_own_base(model_class):
        base = next(b for b in model_class.__bases__ if issubclass(b, _BASES))
        mixins = (_Bind, Model) if disable_autonaming else (_Bind, _Name, Model)
        body = {**model_class.__dict__, "__fsa__": db}
        bases = (*mixins, *model_class.__bases__)
        return types.new_class("FlaskSQLAlchemyBase", bases, {"metaclass": type(base)}, lambda ns: ns.update(body))
    if isinstance(model_class, sa_orm.DeclarativeMeta):
        return model_class
    metaclass = _MetaWithoutNames if disable_autonaming else _Meta
    metadata = db.metadata_of(None)
    return sa_orm.declarative_base(metadata=metadata, cls=model_class, name="Model", metaclass=metaclass)


def _set_bind(cls: Any) -> None:
    metadata = cls.__fsa__.metadata_of(getattr(cls, "__bind_key__", None))
    if metadata is not getattr(cls, "metadata", None):
        cls.metadata = metadata


def _drop_table(cls: Any) -> None:
    if "__tablename__" not in cls.__dict__ and cls.__dict__.get("__table__", "") is None:
        del cls.__table__


def _table(cls: Any, args: Any, options: Any) -> sa.Table | None:
    """The table of a model; None for one that lives in the table of the model it derives from."""
    key = args[0] if options.get("schema") is None else f"{options['schema']}.{args[0]}"
    own_key = any(
        (isinstance(arg, sa.Column) and arg.primary_key) or isinstance(arg, sa.PrimaryKeyConstraint) for arg in args
    )
    derived = any("__table__" in base.__dict__ for base in cls.__mro__[1:-1])
    if key in cls.metadata.tables or own_key or not derived:
        return sa.Table(*args, **options)
    if "__tablename__" in cls.__dict__:
        del cls.__tablename__
    return None


class _BindMeta(type):
    def __init__(cls, name: str, bases: Any, body: Any, **options: Any) -> None:
        if not ("metadata" in cls.__dict__ or "__table__" in cls.__dict__):
            _set_bind(cls)
        super().__init__(name, bases, body, **options)


class _NameMeta(type):
    def __init__(cls, name: str, bases: Any, body: Any, **options: Any) -> None:
        if _is_unnamed(cls):
            cls.__tablename__ = _snake_case(cls.__name__)
        super().__init__(name, bases, body, **options)
        _drop_table(cls)

    def __table_cls__(cls, *args: Any, **options: Any) -> sa.Table | None:
        return _table(cls, args, options)


class _Meta(_BindMeta, _NameMeta, sa_orm.DeclarativeMeta):
    pass


class _MetaWithoutNames(_BindMeta, sa_orm.DeclarativeMeta):
    pass


class _Bind:
    @classmethod
    def __init_subclass__(cls, **options: Any) -> None:
        if not ("metadata" in cls.__dict__ or "__table__" in cls.__dict__) and hasattr(cls, "__bind_key__"):
            _set_bind(cls)
        super().__init_subclass__(**options)


class _Name:
    @classmethod
    def __init_subclass__(cls, **options: Any) -> None:
        if _is_unnamed(cls):
            cls.__tablename__ = _snake_case(cls.__name__)  # type: ignore[attr-defined]
        super().__init_subclass__(**options)
        _drop_table(cls)

    @classmethod
    def __table_cls__(cls, *args: Any, **options: Any) -> sa.Table | None:
        return _table(cls, args, options)


def _is_unnamed(cls: Any) -> bool:
    """Whether a model takes the name of its table from its own."""
    is_model = issubclass(cls, _BASES) or any(isinstance(b, sa_orm.DeclarativeMeta) for b in cls.__mro__[1:])
    if cls.__dict__.get("__abstract__", False) or not is_model or any(b in _BASES for b in cls.__bases__):
        return False
    for base in cls.__mro__:
        if "__tablename__" not in base.__dict__:
            continue
        if isinstance(base.__dict__["__tablename__"], sa_orm.declared_attr):
            return False
        mapped = isinstance(base, _MADE_BY) or issubclass(base, _BASES[1:])
        return not (base is cls or base.__dict__.get("__abstract__", False) or not mapped)
    return True


def _snake_case(name: str) -> str:
    return re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name).lower().lstrip("_")
