"""Stands for ``call.py`` of the bridge, which is put here with this package."""

from dash_migrate.runtime.dash_flask_bridge.call import *  # noqa: F403
