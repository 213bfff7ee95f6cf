from dash import Input, Output, html
from flask_talisman import ALLOW_FROM, GOOGLE_CSP_POLICY, Talisman
from web import Flask, abort, dash_on, page, render_template_string, request, session

server = Flask(__name__)
server.secret_key = "k"
talisman = Talisman(
    server,
    content_security_policy={"default-src": ["'self'", "'unsafe-inline'"], "script-src": "'self'"},
    content_security_policy_report_uri="/report",
    permissions_policy={"geolocation": "()", "camera": "(self)"},
    document_policy="oversized-images=2.0",
    feature_policy={"geolocation": "'none'"},
    strict_transport_security_preload=True,
    x_xss_protection=True,
    force_file_save=True,
    frame_options="DENY",
)


@page(server, "/plain")
def plain():
    session["seen"] = True
    return "plain"


@server.route("/open/<name>")
@talisman(force_https=False, frame_options=ALLOW_FROM, frame_options_allow_from="https://a.example")
def opened(name):
    if name == "missing":
        abort(404)
    return name


@server.route("/google")
@talisman(content_security_policy=GOOGLE_CSP_POLICY, permissions_policy=None, document_policy={"a": "b"})
def google():
    return {"secure": request.is_secure}


@server.route("/text")
@talisman(content_security_policy="default-src 'self'; img-src *", frame_options=None)
def text():
    return "text"


@server.route("/nonce")
@talisman(content_security_policy_nonce_in=["script-src"])
def nonce():
    made = render_template_string("{{ csp_nonce() }}")
    return f"{len(made)}"


app = dash_on(server)
app.layout = html.Div([html.Div(id="in"), html.Div(id="out")])


@app.callback(Output("out", "children"), Input("in", "children"))
def out(value):
    return value
