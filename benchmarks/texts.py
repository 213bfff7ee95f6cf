"""What generated apps are made of."""

from __future__ import annotations

#: A page of a multi-page app.
PAGE = '''"""The {name} page."""

import pandas as pd
import plotly.express as px
from dash import Input, Output, State, callback, dcc, html, register_page

register_page(__name__, path="/{name}", name="{title}")

FRAME = pd.DataFrame({{"day": range(30), "value": [n * {number} % 17 for n in range(30)]}})

layout = html.Div(
    [
        html.H2("{title}"),
        html.P("How {name} went in the last thirty days."),
        dcc.Dropdown(
            id="{name}-choice",
            options=[{{"label": f"Line {{n}}", "value": n}} for n in range(5)],
            value=1,
        ),
        dcc.RangeSlider(id="{name}-range", min=0, max=30, value=[0, 30]),
        html.Button("Reset", id="{name}-reset", n_clicks=0),
        dcc.Graph(id="{name}-graph"),
        html.Table(
            [html.Tr([html.Th("day"), html.Th("value")])]
            + [html.Tr([html.Td(row.day), html.Td(row.value)]) for row in FRAME.itertuples()]
        ),
    ]
)


@callback(
    Output("{name}-graph", "figure"),
    Input("{name}-choice", "value"),
    Input("{name}-range", "value"),
    State("{name}-reset", "n_clicks"),
)
def draw_{name}(choice, limits, clicks):
    """The figure for what is chosen."""
    chosen = FRAME[FRAME["day"].between(*limits)]
    figure = px.line(chosen, x="day", y="value", title=f"{title} {{choice}}")
    figure.update_layout(margin={{"l": 20, "r": 20}}, transition_duration=300)
    return figure


@callback(Output("{name}-range", "value"), Input("{name}-reset", "n_clicks"), prevent_initial_call=True)
def reset_{name}(clicks):
    """Back to the whole range."""
    return [0, 30]
'''

#: A module without Dash.
MODULE = '''"""Figures about {name}."""

import math
from dataclasses import dataclass


@dataclass
class {title}:
    """One measurement."""

    day: int
    value: float

    def scaled(self, factor: float) -> float:
        """The value in other units."""
        return self.value * factor + math.sqrt({number})


def load(count: int = 100) -> list[{title}]:
    """Measurements, made up."""
    return [{title}(day, day * {number} % 13) for day in range(count)]


def summary(values: list[{title}]) -> dict[str, float]:
    """Mean and extremes."""
    numbers = [one.scaled(1.5) for one in values]
    return {{"mean": sum(numbers) / len(numbers), "least": min(numbers), "most": max(numbers)}}
'''

#: The module that owns app and server.
APP = '''"""A dashboard with pages, a login of sorts and a health check."""

import os

from dash import Dash, dcc, html, page_container, page_registry
from flask import jsonify, request, session

app = Dash(__name__, use_pages=True, suppress_callback_exceptions=True)
server = app.server
server.secret_key = os.environ.get("SECRET_KEY", "change me")

app.layout = html.Div(
    [dcc.Location(id="where"), html.Nav([dcc.Link(page["name"], href=page["path"]) for page in page_registry.values()])]
    + [page_container]
)


@server.before_request
def count():
    session["seen"] = session.get("seen", 0) + 1


@server.route("/health")
def health():
    return jsonify(ok=True, seen=session.get("seen"), agent=request.headers.get("User-Agent"))


if __name__ == "__main__":
    app.run_server(debug=True, port=8050)
'''

#: Put below each fixture file in the Dash-heavy tree, so that files are as long as those people write (about 4 kB).
FILLER = '''

CARDS_{number} = [
    {{"id": "card-{number}-1", "title": "Revenue", "unit": "EUR", "format": ",.0f", "color": "#1f77b4"}},
    {{"id": "card-{number}-2", "title": "Margin", "unit": "%", "format": ".1%", "color": "#ff7f0e"}},
    {{"id": "card-{number}-3", "title": "Orders", "unit": "", "format": "d", "color": "#2ca02c"}},
]


def cards_{number}(html, values, width=4):
    """A row of cards, one for each figure that is known."""
    children = []
    for card in CARDS_{number}:
        value = values.get(card["title"])
        if value is None:
            continue
        text = format(value, card["format"]) + (" " + card["unit"] if card["unit"] else "")
        children.append(
            html.Div(
                [
                    html.H5(card["title"], className="card-title"),
                    html.P(text, className="card-text", style={{"color": card["color"]}}),
                    html.Small("compared with last month", className="text-muted"),
                ],
                id=card["id"],
                className=f"card col-md-{{width}}",
            )
        )
    return html.Div(children, className="row")


def figure_{number}(frame, column="value", by=None, title=None):
    """A line for each group of a frame, with a band around its mean."""
    groups = frame.groupby(by) if by else [(None, frame)]
    traces = []
    for name, group in groups:
        mean = group[column].rolling(7, min_periods=1).mean()
        spread = group[column].rolling(7, min_periods=1).std().fillna(0)
        traces.append({{"x": group["day"], "y": mean, "name": name, "mode": "lines", "line": {{"width": 2}}}})
        traces.append({{"x": group["day"], "y": mean + spread, "showlegend": False, "line": {{"width": 0}}}})
        traces.append({{"x": group["day"], "y": mean - spread, "fill": "tonexty", "line": {{"width": 0}}}})
    return {{
        "data": traces,
        "layout": {{"title": title or column.title(), "hovermode": "x unified", "margin": {{"l": 40, "r": 10}}}},
    }}


def table_{number}(html, frame, limit=20):
    """The first rows of a frame."""
    head = html.Thead(html.Tr([html.Th(str(name)) for name in frame.columns]))
    rows = [html.Tr([html.Td(str(value)) for value in row]) for row in frame.head(limit).itertuples(index=False)]
    return html.Table([head, html.Tbody(rows)], className="table table-striped table-sm")
'''
