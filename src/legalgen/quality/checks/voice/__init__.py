"""Checks of who speaks, to whom and of what: the task, the writer, something for sale."""
