import os
import tempfile

from dash import Input, Output, html
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.query import Query
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from web import Flask, dash_on, g, page, request


class Items(Query):
    def big(self):
        return self.filter(Item.size > 2)


db = SQLAlchemy(query_class=Items, session_options={"autoflush": True}, engine_options={"pool_pre_ping": True})


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(30), unique=True, nullable=False)
    size = db.Column(db.Integer, default=1)
    box_id = db.Column(db.ForeignKey("store_box.id"))


class StoreBox(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    items = db.relationship("Item", backref="box", lazy="dynamic")


class BigBox(StoreBox):
    """In the same table."""


class HTTPLog(db.Model):
    __bind_key__ = "logs"
    id = db.Column(db.Integer, primary_key=True)
    path = db.Column(db.String(90))


class Named(db.Model):
    __tablename__ = "own_name"
    id = db.Column(db.Integer, primary_key=True)


class Dated:
    made = db.Column(db.String(9), default="now")


class Note(Dated, db.Model):
    id = db.Column(db.Integer, primary_key=True)


tags = db.Table("tags", db.Column("item", db.Integer), bind_key="logs")

server = Flask(__name__)
server.config.update(SECRET_KEY="k", SQLALCHEMY_DATABASE_URI="sqlite:///inst.db", SQLALCHEMY_TRACK_MODIFICATIONS=False)
server.config["SQLALCHEMY_BINDS"] = {"logs": "sqlite://", "more": {"url": "sqlite:///" + tempfile.mkdtemp() + "/m.db"}}
server.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"connect_args": {"timeout": 5}}
db.init_app(server)

with server.app_context():
    db.drop_all()
    db.create_all()
    box = StoreBox()
    db.session.add_all([box, *(Item(name=f"item {n}", size=n % 4, box=box) for n in range(1, 31))])
    db.session.commit()

try:
    Item.query.count()
    outside = "ran"
except RuntimeError as error:
    outside = type(error).__name__


class Base(DeclarativeBase):
    pass


modern = SQLAlchemy(model_class=Base)


class ModernThing(modern.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(default="new")


other = Flask("other")
other.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///:memory:"
modern.init_app(other)
with other.app_context():
    modern.create_all()
    modern.session.add(ModernThing(label="first"))
    modern.session.commit()
    things = [repr(thing) for thing in ModernThing.query.all()]

app = dash_on(server)


def layout():
    with server.app_context():
        return html.Div([html.Div(id="in"), html.Div(id="out"), html.P(f"{Item.query.count()} items")])


app.layout = layout


@app.callback(Output("out", "children"), Input("in", "children"))
def add(value):
    db.session.add(Item(name=value))
    db.session.flush()
    if value == "fails":
        raise ValueError(value)
    if value != "forgotten":
        db.session.commit()
    return f"{Item.query.filter_by(name=value).first()!r} {Item.query.count()}"


@server.before_request
def log():
    db.session.add(HTTPLog(path=request.path))
    db.session.commit()


@server.after_request
def mark(response):
    response.headers["X-Logged"] = str(HTTPLog.query.count())
    return response


@page(server, "/shape")
def shape():
    names = {key: sorted(meta.tables) for key, meta in db.metadatas.items()}
    more = [StoreBox.__tablename__, BigBox.__table__.name, tags.name, Named.__table__.name, Note.__tablename__]
    kinds = [type(Item.query).__name__, type(db.session).__name__, type(StoreBox.query.first().items).__bases__]
    file = os.path.relpath(db.engine.url.database, os.path.dirname(os.path.abspath(__file__)))
    keys = sorted(map(str, db.engines))
    return f"{names} {more} {file} {outside} {things} {keys} {len(kinds)} {db.engine.pool._pre_ping}"


@page(server, "/queries")
def queries():
    item = Item.query.big().order_by(Item.id.desc()).first()
    same = db.session.get(Item, item.id) is item and db.session() is db.session()
    box = item.box.items.filter(Item.size == 0).count()
    raw = db.session.execute(db.text("select count(*) from item where size = :s"), {"s": 2}).scalar()
    return f"{item!r} {item.name} {same} {box} {raw} {repr(Item())[:17]}"


@server.route("/item/<int:key>")
def item(key):
    found = Item.query.get_or_404(key, description=f"no item {key}")
    return {"id": found.id, "name": found.name, "size": found.size}


@server.route("/first/<name>")
def first(name):
    return {"id": Item.query.filter_by(name=name).first_or_404().id}


@server.route("/one/<int:size>")
def one(size):
    return {"id": db.one_or_404(db.select(Item).filter_by(size=size), description="not one").id}


@server.route("/found/<int:size>")
def found(size):
    return {"id": db.first_or_404(db.select(Item).filter_by(size=size)).id}


def described(p):
    near = [p.first, p.last, p.pages, p.prev_num, p.next_num, p.has_prev, p.has_next, p.total, p.per_page]
    return {
        "near": near,
        "ids": [i.id for i in p],
        "links": list(p.iter_pages(left_edge=1, right_edge=1)),
        "page": p.page,
    }


@server.route("/page")
def one_page():
    return described(Item.query.order_by(Item.id).paginate(max_per_page=7))


@server.route("/select")
def select_page():
    p = db.paginate(db.select(Item).order_by(Item.id), per_page=4, error_out=False)
    return {"this": described(p), "next": described(p.next()), "prev": described(p.prev())}


@server.route("/fails/<int:key>")
def fails(key):
    Item.query.get(key).name = "changed"
    db.session.flush()
    raise ValueError(key)


@server.route("/twice")
def twice():
    with server.app_context():
        inner = db.session()
        db.session.add(Item(name="only there"))
        db.session.flush()
    g.seen = inner is db.session()
    return f"{g.seen} {Item.query.filter_by(name='only there').count()}"
