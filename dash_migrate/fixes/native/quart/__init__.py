"""Rewriting for Quart."""
