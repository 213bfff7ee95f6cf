"""Stands for ``wsgi.py`` of the bridge, which is put here with this package."""

from dash_migrate.runtime.dash_flask_bridge.wsgi import *  # noqa: F403
