"""Rewrites Flask code into code of the target backend, or says what keeps it from being rewritten."""
