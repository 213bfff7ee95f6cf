from dash import Input, Output, dcc, html
from flask_sqlalchemy import SQLAlchemy
from web import Flask, dash_on, request

db = SQLAlchemy(session_options={"expire_on_commit": False})


class BlogPost(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(80), unique=True, nullable=False)
    author_id = db.Column(db.Integer, db.ForeignKey("author.id"))


class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))
    posts = db.relationship("BlogPost", backref="author", lazy="dynamic")


class Guest(Author):
    table_of = db.Column(db.String(9), nullable=True)


class Hit(db.Model):
    __bind_key__ = "stats"
    id = db.Column(db.Integer, primary_key=True)


tags = db.Table("tags", db.Column("post", db.ForeignKey("blog_post.id")), db.Column("tag", db.String))

server = Flask(__name__)
server.config.update(SQLALCHEMY_DATABASE_URI="sqlite:///:memory:", SQLALCHEMY_BINDS={"stats": "sqlite://"})
db.init_app(server)

with server.app_context():
    db.create_all()
    ann = Author(name="ann")
    db.session.add(ann)
    db.session.add_all([BlogPost(title=f"post {n}", author=ann) for n in range(45)])
    db.session.commit()


@server.route("/tables")
def tables():
    return {
        "main": sorted(db.metadata.tables),
        "stats": sorted(db.metadatas["stats"].tables),
        "url": str(db.engine.url),
    }


@server.route("/posts")
def posts():
    found = BlogPost.query.order_by(BlogPost.id).paginate(max_per_page=30)
    pages = [found.page, found.pages, found.total, found.first, found.last, found.has_next, found.prev_num]
    return {"titles": [post.title for post in found], "pages": pages, "links": list(found.iter_pages())}


@server.route("/posts/<int:key>")
def post(key):
    found = BlogPost.query.get_or_404(key, description="no such post")
    return {"title": found.title, "author": found.author.name, "repr": repr(found)}


@server.route("/first/<name>")
def first(name):
    found = Author.query.filter_by(name=name).first_or_404()
    return {"posts": found.posts.count(), "one": found.posts.filter_by(title="post 3").one_or_404().id}


@server.route("/select")
def select():
    found = db.paginate(db.select(BlogPost), per_page=7, error_out=False)
    return {"ids": [item.id for item in found.items], "next": found.next_num, "again": len(found.next().items)}


@server.route("/hits", methods=["GET", "POST"])
def hits():
    if request.method == "POST":
        db.session.add(Hit())
        db.session.commit()
    return str(db.session.query(db.func.count(Hit.id)).scalar())


@server.route("/lost", methods=["POST"])
def lost():
    db.session.add(BlogPost(title="never committed"))
    db.session.flush()
    return str(BlogPost.query.count())


@server.route("/twice", methods=["POST"])
def twice():
    db.session.add(BlogPost(title="post 1"))
    db.session.commit()
    return "never"


app = dash_on(server)
app.layout = html.Div([dcc.Input(id="n"), html.Div(id="out")])


@app.callback(Output("out", "children"), Input("n", "value"))
def out(n):
    db.session.add(Author(name=f"author {n}"))
    db.session.commit()
    return f"{Author.query.count()} {db.session.get(Author, 1).name}"
