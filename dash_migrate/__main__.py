"""``python -m dash_migrate``."""

from dash_migrate.cli import main

if __name__ == "__main__":
    main()
