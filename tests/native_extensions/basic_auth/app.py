from dash import Input, Output, callback, dcc, html
from dash_auth import (
    BasicAuth,
    add_public_routes,
    check_groups,
    list_groups,
    protected,
    protected_callback,
    public_callback,
)
from web import Flask, dash_on, page, session

server = Flask(__name__)
app = dash_on(server, suppress_callback_exceptions=True)
auth = BasicAuth(
    app,
    {"ann": "a", "bob": "b:b", "eve": "é"},
    user_groups={"ann": ["heads", "staff"], "bob": ["staff"]},
    secret_key="k",
    public_routes=["/open", "/docs/<path:page>"],
)
add_public_routes(app, ["/number/<int:n>"])


@page(server, "/open")
def open_page():
    return f"open {session.get('user')} {list_groups()} {check_groups(['heads'])}"


@server.route("/docs/<path:name>")
def docs(name):
    return name


@server.route("/number/<int:n>")
def number(n):
    return str(n)


@page(server, "/closed")
def closed():
    kinds = [check_groups(["heads", "staff"], check_type=kind) for kind in ("one_of", "all_of", "none_of")]
    return f"{session['user']} {list_groups()} {kinds} {check_groups()} {report()} {value}"


@server.route("/wrong")
def wrong():
    return str(check_groups(["x"], check_type="most_of"))


@server.route("/split")
def split():
    session["user"] = {**session.get("user", {}), "roles": "a,b;c"}
    return {"groups": list_groups(groups_key="roles", groups_str_split="[,;]"), "raw": list_groups(groups_key="roles")}


@protected("nobody", missing_permissions_output=lambda: "heads only", groups=["heads"])
def report():
    return "report"


value = protected("no value")("value")

app.layout = html.Div([dcc.Location(id="url"), dcc.Input(id="in"), *(html.Div(id=i) for i in "abcdefg")])


@app.callback(Output("a", "children"), Input("in", "value"))
def a(value):
    return f"{value} {session.get('user')}"


@callback(Output("b", "children"), Input("url", "pathname"))
def b(path):
    return f"page {path} {list_groups()}"


@public_callback(Output("c", "children"), Input("in", "value"))
def c(value):
    return f"public {value} {list_groups()}"


@protected_callback(Output("d", "children"), Input("in", "value"), groups=["heads"])
def d(value):
    return f"heads {value}"


@protected_callback(
    Output("e", "children"),
    Input("in", "value"),
    groups=["heads"],
    missing_permissions_output="not you",
    check_type="none_of",
)
def e(value):
    return f"others {value}"
