"""Move Plotly Dash apps off Flask: read a project, report what ties it there, rewrite it."""

__version__ = "0.1.0"
