"""Run by an environment of its own, that has TRL; see ``tests/venvs.py``."""
