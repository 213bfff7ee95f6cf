import parsers as p
from dash import Dash, Input, Output, html
from flask import Flask, jsonify, request

server = Flask(__name__)
server.secret_key = "x"
app = Dash(__name__, server=server)
app.layout = html.Div([html.Div(id="i"), html.Div(id="o")])


@server.post("/best")
def best():
    return p.best().run()


@server.post("/registry/<kind>")
def registry(kind):
    return jsonify(p.REGISTRY[kind].parse())


@server.post("/formclass")
def formclass():
    form = p.Form("x_")
    return jsonify(form.data, form.files, form.total, len(form), list(form), bool(form), form["a"] if form else None)


@server.post("/rules")
def rules():
    return jsonify(p.validate(), p.validate2(), p.Rule("z").values)


@server.post("/upload")
def upload():
    with p.uploaded() as f:
        return f.read() if f else "none"


@server.post("/answer/<kind>")
def answer(kind):
    return p.answer({"d": {"a": 1}, "l": [1], "s": "x"}[kind])


@server.post("/misc")
def misc():
    return jsonify(
        names=list(p.names()), ordered=p.ordered(), mapped=p.mapped(), t=p.threaded(), t2=p.threaded2(),
        op=[p.call_by_name(n) for n in ("form", "json")], ops=[p.ops(n) for n in ("form", "json")], partial=p.partial_key(),
        pipe=p.pipeline([1]), rec=p.recursive(2), retry=p.retry(2, p.need, "a"), retry2=p.retry(2, p.need, "zz"),
        svc=p.Service.get().load(), size=p.Service.size(),
    )


@app.callback(Output("o", "children"), Input("i", "children"))
def cb(v):
    return f"{p.call_by_name('json')['changedPropIds']} {p.REGISTRY['json'].parse()['output']} {p.best().run()['kind']}"


@server.errorhandler(KeyError)
def key(e):
    return f"key {e}", 400
