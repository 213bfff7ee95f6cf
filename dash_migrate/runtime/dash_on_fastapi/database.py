"""SQLAlchemy with an app's settings: ``db.Model``, ``db.session`` and the rest of Flask-SQLAlchemy's names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
import sqlalchemy.event as sa_event
import sqlalchemy.exc as sa_exc
import sqlalchemy.orm as sa_orm

from .context import abort, context_values, current_app
from .database_models import Model, QueryOfModel, declarative_base, has_own_base
from .database_pages import Pagination, QueryPagination, SelectPagination


class Query(sa_orm.Query):  # type: ignore[type-arg]
    """A query that can answer 404."""

    def get_or_404(self, ident: Any, description: str | None = None) -> Any:
        """The object of a primary key, or 404."""
        return _or_404(self.get(ident), description)

    def first_or_404(self, description: str | None = None) -> Any:
        """The first object, or 404."""
        return _or_404(self.first(), description)

    def one_or_404(self, description: str | None = None) -> Any:
        """The only object, or 404."""
        try:
            return self.one()
        except (sa_exc.NoResultFound, sa_exc.MultipleResultsFound):
            abort(404, description=description)

    def paginate(self, **options: Any) -> Pagination:
        """A page of the objects; its number comes from the request unless it is given."""
        return QueryPagination(query=self, **options)


def _or_404(value: Any, description: str | None) -> Any:
    if value is None:
        abort(404, description=description)
    return value


class Session(sa_orm.Session):
    """A session that finds the engine of each table."""

    def __init__(self, db: SQLAlchemy, **options: Any) -> None:
        super().__init__(**options)
        self._db = db

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **options: Any) -> Any:
        """The engine for a table or a statement."""
        if bind is not None:
            return bind
        engines = self._db.engines
        tables = [clause]
        if mapper is not None:
            try:
                tables.insert(0, sa.inspect(mapper).local_table)
            except sa_exc.NoInspectionAvailable as error:
                if isinstance(mapper, type):
                    raise sa_orm.exc.UnmappedClassError(mapper) from error
                raise
        for table in tables:
            table = table.table if isinstance(table, sa.sql.expression.UpdateBase) else table
            if isinstance(table, sa.Table) and "bind_key" in table.metadata.info:
                key = table.metadata.info["bind_key"]
                if key not in engines:
                    raise sa_exc.UnboundExecutionError(f"Bind key '{key}' is not in 'SQLALCHEMY_BINDS' config.")
                return engines[key]
        return engines[None] if None in engines else super().get_bind(mapper=mapper, clause=clause, **options)


class _PerContext:
    """Where ``scoped_session`` keeps its session: it goes with the request, callback or pushed context."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.createfunc, self._key = make, f"_database_session_{id(self)}"

    def __call__(self) -> Any:
        values = context_values()
        if self._key not in values:
            values[self._key] = self.createfunc()
        return values[self._key]

    def has(self) -> bool:
        return self._key in context_values()

    def set(self, session: Any) -> None:
        context_values()[self._key] = session

    def clear(self) -> None:
        context_values().pop(self._key, None)


class SQLAlchemy:
    """``db = SQLAlchemy(server)``; a session lives as long as a request, a websocket callback or an app context."""

    def __init__(
        self,
        app: Any = None,
        *,
        metadata: sa.MetaData | None = None,
        session_options: dict[str, Any] | None = None,
        query_class: Any = Query,
        model_class: Any = Model,
        engine_options: dict[str, Any] | None = None,
        add_models_to_shell: bool = True,
        disable_autonaming: bool = False,
    ) -> None:
        self.Query = query_class
        options = dict(session_options or {})
        scope = options.pop("scopefunc", None)
        factory: Any = sa_orm.sessionmaker(db=self, **{"class_": Session, "query_cls": query_class, **options})
        session: Any = sa_orm.scoped_session(factory, scope)
        if scope is None:
            session.registry = _PerContext(factory)
        self.session = session
        self.metadatas: dict[str | None, sa.MetaData] = {}
        if metadata is not None and not has_own_base(model_class):
            metadata.info["bind_key"] = None
            self.metadatas[None] = metadata
        self.Table = self._table_class()
        self.Model: Any = declarative_base(self, model_class, disable_autonaming)
        if None in self.metadatas:
            self.Model.metadata = self.metadatas[None]
        else:
            self.Model.metadata.info["bind_key"] = None
            self.metadatas[None] = self.Model.metadata
        self.Model.query_class, self.Model.query, self.Model.__fsa__ = query_class, QueryOfModel(), self
        self._engine_options = engine_options or {}
        self._engines: WeakKeyDictionary[Any, dict[str | None, sa.engine.Engine]] = WeakKeyDictionary()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Make the engines that the settings of a server ask for.

        Raises:
            RuntimeError: they ask for none, or the server has a database already.
        """
        if "sqlalchemy" in app.extensions:
            raise RuntimeError("A 'SQLAlchemy' instance has already been registered on this app.")
        app.extensions["sqlalchemy"] = self
        app.teardown_appcontext(self._end_session)
        uri = app.config.setdefault("SQLALCHEMY_DATABASE_URI", None)
        basic = {**self._engine_options, **app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})}
        echo = app.config.setdefault("SQLALCHEMY_ECHO", False)
        app.config.setdefault("SQLALCHEMY_RECORD_QUERIES", False)
        app.config.setdefault("SQLALCHEMY_TRACK_MODIFICATIONS", False)
        wanted: dict[str | None, dict[str, Any]] = {}
        for key, value in app.config.setdefault("SQLALCHEMY_BINDS", {}).items():
            given = {"url": value} if isinstance(value, (str, sa.engine.URL)) else value
            wanted[key] = {**self._engine_options, **given}
        if uri is not None:
            basic["url"] = uri
        if "url" in basic:
            wanted.setdefault(None, {}).update(basic)
        if not wanted:
            raise RuntimeError("Either 'SQLALCHEMY_DATABASE_URI' or 'SQLALCHEMY_BINDS' must be set.")
        engines = self._engines[app] = {}
        for key, options in wanted.items():
            self.metadata_of(key)
            options = {"echo": echo, "echo_pool": echo, **options}
            _set_driver_defaults(options, app)
            engines[key] = self._make_engine(key, options, app)

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Any) -> sa.engine.Engine:
        return sa.engine_from_config(options, prefix="")

    def _end_session(self, _error: BaseException | None) -> None:
        self.session.remove()

    # tables and models

    def metadata_of(self, bind_key: str | None) -> sa.MetaData:
        """The metadata of a bind, made on demand."""
        if bind_key not in self.metadatas:
            naming = None if bind_key is None else self.metadata_of(None).naming_convention
            self.metadatas[bind_key] = sa.MetaData(naming_convention=naming, info={"bind_key": bind_key})
        return self.metadatas[bind_key]

    def _table_class(self) -> type[sa.Table]:
        db = self

        class Table(sa.Table):
            """A table of this database."""

            def __new__(cls, *args: Any, bind_key: str | None = None, **options: Any) -> Any:
                if args and not (len(args) > 1 and isinstance(args[1], sa.MetaData)):
                    args = (args[0], db.metadata_of(bind_key), *args[1:])
                return super().__new__(cls, *args, **options)

            def __init__(self, name: str, *args: Any, **options: Any) -> None:
                super().__init__(name, *args, **options)

        return Table

    def _with_query_class(self, options: dict[str, Any]) -> dict[str, Any]:
        options.setdefault("query_class", self.Query)
        backref = options.get("backref")
        if backref is not None:
            name, own = backref if isinstance(backref, (list, tuple)) else (backref, {})
            options["backref"] = (name, {"query_class": self.Query, **own})
        return options

    def relationship(self, *args: Any, **options: Any) -> Any:
        """As SQLAlchemy's, with queries that can answer 404."""
        return sa_orm.relationship(*args, **self._with_query_class(options))

    def dynamic_loader(self, argument: Any, **options: Any) -> Any:
        """As SQLAlchemy's, with queries that can answer 404."""
        return sa_orm.dynamic_loader(argument, **self._with_query_class(options))

    def __getattr__(self, name: str) -> Any:
        """``db.Column``, ``db.String``, ``db.func``, ``db.event`` …"""
        if name == "relation":
            return self.relationship
        if name == "event":
            return sa_event
        if not name.startswith("_"):
            for module in (sa, sa_orm):
                if hasattr(module, name):
                    return getattr(module, name)
        raise AttributeError(name)

    # engines

    @property
    def metadata(self) -> sa.MetaData:
        """The default metadata."""
        return self.metadatas[None]

    @property
    def engines(self) -> dict[str | None, sa.engine.Engine]:
        """The engines of the current app by the names of their binds.

        Raises:
            RuntimeError: there is no request, callback or pushed context, or its app has no such database.
        """
        context_values()
        app = current_app._get_current_object()
        if app not in self._engines:
            raise RuntimeError("The current app is not registered with this 'SQLAlchemy' instance.")
        return self._engines[app]

    @property
    def engine(self) -> sa.engine.Engine:
        """The default engine."""
        return self.engines[None]

    def get_engine(self, bind_key: str | None = None, **options: Any) -> sa.engine.Engine:
        """An engine by the name of its bind."""
        return self.engines[options.get("bind", bind_key)]

    def create_all(self, bind_key: Any = "__all__") -> None:
        """Create the tables that are missing."""
        self._for_binds(bind_key, "create_all")

    def drop_all(self, bind_key: Any = "__all__") -> None:
        """Drop the tables."""
        self._for_binds(bind_key, "drop_all")

    def reflect(self, bind_key: Any = "__all__") -> None:
        """Read the tables from the database."""
        self._for_binds(bind_key, "reflect")

    def _for_binds(self, bind_key: Any, name: str) -> None:
        keys = [bind_key] if bind_key is None or isinstance(bind_key, str) else bind_key
        for key in list(self.metadatas) if bind_key == "__all__" else keys:
            if key not in self.engines:
                if key is None:
                    message = f"'SQLALCHEMY_DATABASE_URI' config is not set. Used to call '{name}'."
                else:
                    message = f"Bind key '{key}' is not in 'SQLALCHEMY_BINDS' config. Used to call '{name}'."
                raise sa_exc.UnboundExecutionError(message)
            getattr(self.metadatas[key], name)(bind=self.engines[key])

    # objects or 404

    def get_or_404(self, entity: Any, ident: Any, *, description: str | None = None, **options: Any) -> Any:
        """The object of a primary key, or 404."""
        return _or_404(self.session.get(entity, ident, **options), description)

    def first_or_404(self, statement: Any, *, description: str | None = None) -> Any:
        """The first of a statement's objects, or 404."""
        return _or_404(self.session.execute(statement).scalar(), description)

    def one_or_404(self, statement: Any, *, description: str | None = None) -> Any:
        """The only object of a statement, or 404."""
        try:
            return self.session.execute(statement).scalar_one()
        except (sa_exc.NoResultFound, sa_exc.MultipleResultsFound):
            abort(404, description=description)

    def paginate(self, select: Any, **options: Any) -> Pagination:
        """A page of a statement's objects; its number comes from the request unless it is given."""
        return SelectPagination(select=select, session=self.session(), **options)


def _set_driver_defaults(options: dict[str, Any], app: Any) -> None:
    """SQLite files are in the instance folder, in memory there is one connection; MySQL recycles connections."""
    url = sa.engine.make_url(options["url"])
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if url.database in (None, "", ":memory:"):
            options["poolclass"] = sa.pool.StaticPool
            options["connect_args"] = {**options.get("connect_args", {}), "check_same_thread": False}
            return
        is_uri = url.query.get("uri", False)
        path = str(url.database)[5:] if is_uri else str(url.database)
        if not os.path.isabs(path):
            os.makedirs(app.instance_path, exist_ok=True)
            path = os.path.join(app.instance_path, path)
            options["url"] = url.set(database=f"file:{path}" if is_uri else path)
    elif url.drivername.startswith("mysql"):
        if options.get("pool_class", sa.pool.QueuePool) is sa.pool.QueuePool:
            options.setdefault("pool_recycle", 7200)
        if "charset" not in url.query:
            options["url"] = url.update_query_dict({"charset": "utf8mb4"})


__all__ = ["Model", "Pagination", "Query", "SQLAlchemy", "Session"]
