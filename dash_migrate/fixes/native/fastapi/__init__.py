"""Flask code as FastAPI code, for ``dash_on_fastapi``."""
