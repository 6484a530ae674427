"""Checks of what is cited: whether it exists, is in force, and is law in the place asked for."""
