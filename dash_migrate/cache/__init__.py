"""Answers of earlier runs, found again by the contents of all that those runs looked at."""
