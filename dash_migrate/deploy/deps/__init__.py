"""What a project says it needs, in all the files where Python projects say it."""
