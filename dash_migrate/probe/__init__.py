"""Probes: for every row of ``features.toml`` the smallest app that shows it, booted on real servers.

``python -m dash_migrate.probe --dash 4.4.1,4.5.0rc2`` re-runs them in a virtual environment per Dash version and
rewrites the observed cells of the table, so that a new Dash release is one command and a diff.
"""
