from dash import ClientsideFunction, Dash, Input, Output, dash_table, dcc, html
from flask import *  # noqa: F403
from hub.web import server

app = Dash(server=server, name="hub", url_base_pathname="/app/", index_string="<html>{%metas%}{%app_entry%}{%config%}{%scripts%}{%renderer%}</html>")
app.layout = lambda: html.Div([html.Div(session.get("user") if has_request_context() else "", id="x"), dcc.Input(id="in")])  # noqa: F405


@app.callback(Output("x", "children"), Input("in", "value"))
def show(value):
    if value == "stop":
        abort(403)  # noqa: F405
    return f"{value} {g.user} {request.args.get('q')} {request.view_args} {url_for('typed')}"  # noqa: F405


application = app.server
