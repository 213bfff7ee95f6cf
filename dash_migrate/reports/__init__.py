"""Says what was found: text, JSON, SARIF and GitHub annotations, all from the same report."""
