import tempfile
from datetime import timedelta

from dash import Input, Output, dcc, html
from flask_caching import Cache
from web import Flask, abort, dash_on, jsonify, page, request

server = Flask(__name__)
server.config["CACHE_DEFAULT_TIMEOUT"] = 100
cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
cache.init_app(server)
files = Cache(server, config={"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": tempfile.mkdtemp(), "CACHE_THRESHOLD": 9})
nothing = Cache()
nothing.init_app(server, config={"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True})
calls = []


def count(name):
    calls.append(name)
    return calls.count(name)


@page(server, "/page", cache.cached(timeout=50))
def cached_page():
    return f"page {count('page')}"


@page(server, "/hit", cache.cached(response_hit_indication=True))
def hit():
    return f"hit {count('hit')}"


@server.route("/query")
@cache.cached(query_string=True, timeout=timedelta(seconds=50))
def query():
    return f"query {request.args.get('n')} {count('query')}"


@server.route("/typed/<int:n>")
@cache.cached()
def typed(n):
    if n == 0:
        count("abort")
        abort(404)
    return {"n": n, "count": count("typed")}, 201, {"X-Count": str(count("header"))}


@server.route("/unless/<int:n>")
@cache.cached(unless=lambda f, n: n > 5, key_prefix="unless-%s")
def unless(n):
    return f"{n} {count('unless')}"


@server.route("/forced")
@cache.cached(forced_update=lambda: "force" in request.args, response_filter=lambda value: "skip" not in value)
def forced():
    return f"{request.args.get('what')} {count('forced')}"


@server.route("/stale")
@cache.cached(is_stale=lambda value: value.endswith("1"))
def stale():
    return f"stale {count('stale')}"


@server.route("/own-key")
@cache.cached(make_cache_key=lambda *args, **kwargs: "own" + request.args.get("k", ""))
def own_key():
    return jsonify(count=count("own"))


@server.route("/generated")
@cache.cached()
def generated():
    yield "a"
    yield str(count("generated"))


@cache.cached(key_prefix="helper")
def helper():
    return ("tuple", count("helper"))


@cache.memoize(60)
def add(a, b=2, *more, scale=1):
    return {"sum": (a + b + sum(more)) * scale, "count": count(f"add {a}")}


@cache.memoize(cache_none=True)
def none(a):
    count("none")


@cache.memoize(
    args_to_ignore=["b"], unless=lambda f, a, b: a == 9, make_name=lambda name: name + "x", source_check=True
)
def ignoring(a, b):
    return [a, b, count(f"ignoring {a}")]


@files.memoize()
def filed(x):
    return [x, count(f"filed {x}")]


@nothing.memoize()
def never(x):
    return [x, count("never")]


class Thing:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Thing({self.name})"

    @cache.memoize()
    def work(self, x):
        return [self.name, x, count(f"work {self.name}")]

    @classmethod
    @cache.memoize()
    def make(cls, x):
        return [cls.__name__, x, count("make")]


class Named(Thing):
    def __caching_id__(self):
        return self.name


@server.route("/add/<int:a>")
@cache.memoize()
def add_view(a):
    return f"{a} {count('add_view')}"


@server.route("/functions")
def functions():
    one, two = Thing("one"), Named("two")
    return jsonify(
        [
            [add(1), add(1, 2), add(a=1, b=2), add(1, 2, 3), add(1, scale=2), add(1, 3)],
            [none(1), none(1), calls.count("none")],
            [ignoring(1, 2), ignoring(1, 3), ignoring(9, 1), ignoring(9, 1)],
            [filed(1), filed(1), never(1), never(1)],
            [one.work(1), one.work(1), one.work(2), two.work(1), two.work(1), Thing.make(1), Thing.make(1)],
            [helper(), helper(), add.uncached(5), add.cache_timeout],
        ]
    )


@server.route("/forget/<what>")
def forget(what):
    if what == "all":
        cache.delete_memoized(add)
        cache.delete_memoized(Thing.work)
    elif what == "one":
        cache.delete_memoized(add, 1, 2)
        cache.delete_memoized(add_view, 3)
    elif what == "object":
        one = Thing("one")
        cache.delete_memoized(one.work, 1)
        cache.delete_memoized(Thing.make, Thing, 1)
    elif what == "method":
        none.delete_memoized()
        cache.delete_memoized_verhash(add)
    elif what == "page":
        return str(cache.delete("view//page"))
    elif what == "cached":
        return str([cache.delete_cached(typed, n=3), cache.delete_cached(query, path="/query", query_args={"n": 1})])
    elif what == "clear":
        return str([cache.clear(), files.clear()])
    return "forgotten"


@server.route("/values")
def values():
    done = [cache.get("x"), cache.set("x", 1), cache.get("x"), cache.add("x", 2), cache.has("x")]
    done += [cache.set_many({"y": 2, "z": 3}), cache.get_many("x", "y", "q"), cache.get_dict("y", "z")]
    done += [cache.delete("x"), cache.delete_many("y", "z"), cache.get("y"), type(cache.cache).__name__]
    done += [type(files.cache).__name__, type(nothing.cache).__name__]
    return jsonify(done)


app = dash_on(server)
app.layout = html.Div([dcc.Input(id="n"), html.Div(id="out"), html.Div(id="memo")])


@app.callback(Output("out", "children"), Input("n", "value"))
def out(n):
    return f"{add(n)} {count('out')}"


@app.callback(Output("memo", "children"), Input("n", "value"))
@cache.memoize()
def memo(n):
    return f"{n} {count('memo')}"
