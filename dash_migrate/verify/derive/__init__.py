"""Requests that nobody wrote down: from what the code says, and from what the booted app says of itself."""
