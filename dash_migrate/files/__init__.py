"""The files room: which files belong to a project, their bytes, and which of them need a parser."""
