"""The dataset's own commands."""
