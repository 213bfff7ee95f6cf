"""Judges what the facts room knows: rules as data, LibCST visitors over the statements that matter."""
