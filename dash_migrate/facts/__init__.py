"""What the names in a project mean: one cheap pass per file, then the whole project joined."""
