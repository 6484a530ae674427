"""A Typer program with as many commands as the first argument says, each with one option."""

import sys

import typer

app = typer.Typer()


def _add(name: str) -> None:
    @app.command(name)
    def command(count: int = 1) -> None:
        """Do one thing."""


for number in range(int(sys.argv.pop(1))):
    _add(f"command{number}")

app()
