from core.auth import ensure, needs, same
from core.resources import bp
from dash import Dash, Input, Output, State, dcc, html, no_update
from flask import Flask, abort, current_app, g, jsonify, make_response, render_template_string, request, session


def create_server():
    server = Flask("a6")
    server.config["SECRET_KEY"] = "s3"
    server.register_blueprint(bp)

    @server.before_request
    def who():
        g.who = request.headers.get("X-Token", "nobody")
        if request.method == "POST" and request.path.startswith("/core/many") and request.form.get("block"):
            return make_response(("blocked", 451))

    @server.errorhandler(401)
    @server.errorhandler(403)
    def refuse(e):
        return jsonify(error=e.description), e.code

    @server.after_request
    def wrap(response):
        if response.mimetype == "application/json" and "wrap" in request.args:
            data = response.get_json()
            response.data = current_app.json.dumps({"wrapped": data})
        return response

    return server


class Dashboard(Dash):
    """Our Dash, with a gate."""

    def __init__(self, server, **kwargs):
        super().__init__("a6", server=server, **kwargs)
        for endpoint in list(self.server.view_functions):
            if endpoint.startswith("/d/"):
                self.server.view_functions[endpoint] = needs("dash")(self.server.view_functions[endpoint])
        self.layout = html.Div([dcc.Input(id="i"), html.Div(id="o")])

    def page(self):
        return self.server.name


server = create_server()
app = Dashboard(server, routes_pathname_prefix="/d/")


def only(role):
    def deco(f):
        def inner(*a):
            return f(*a) if role in request.headers.get("X-Token", "") else no_update

        return inner

    return deco


@app.callback(Output("o", "children"), Input("i", "value"))
@only("admin")
def out(v):
    session["v"] = v
    body = request.get_json()
    return f"{v} {g.who} {len(body['inputs'])} {same('s3')}"


if __name__ == "__main__":
    app.run()
