"""The writes room: everything checked first, then all files replaced or none."""
