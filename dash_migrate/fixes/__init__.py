"""Plans and makes the rewrites of a project, in memory."""
