"""Modules that `fix` puts into a migrated project: no run-time dependency on dash-migrate."""
