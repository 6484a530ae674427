"""The program: answers a shell that completes a line, or runs the command that the line is.

A key press waits for a completion, so it is answered before Typer and the commands are imported,
which takes longer than all the rest.
"""

from __future__ import annotations

import os
import signal
import sys


def _end_at_once(_number: int, _frame: object) -> None:
    """Ctrl-C where nothing is begun or all is done: 130, without a word.

    While modules are imported an exception may come out as another one (of a descriptor's
    ``__set_name__``), or be kept by what tries whether there is a package.
    """
    os._exit(130)


def _till_it_begins() -> None:
    """Let Ctrl-C end the program at once, where it is neither ignored (nohup) nor a host's own."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_at_once)


def _begins() -> None:
    """Let Ctrl-C be an exception, so that what is begun is left in order."""
    if signal.getsignal(signal.SIGINT) is _end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)


if os.path.basename(sys.argv[0]) == "legalgen":  # noqa: PTH119 - pathlib is among what takes long
    _till_it_begins()  # by name: a program that imports this module has signals of its own

import errno  # noqa: E402 - from here on all takes a while
import gc  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, Any, NoReturn  # noqa: E402

from legalgen.commands.shell_completion import ASKED, answer  # noqa: E402

if TYPE_CHECKING:
    from typer.exceptions import TyperException

    from legalgen.commands.options import App
    from legalgen.errors import LegalgenError


def __getattr__(name: str) -> App:
    """``legalgen.cli.app``, the Typer application, for programs that run it themselves."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from legalgen.commands.app import app

    return app


def main() -> NoReturn:
    """Answer the shell that asks, or run the command.

    The one boundary, where our errors become a sentence and an exit code.
    """
    _till_it_begins()
    # The collector looks at what is imported a hundred times for nothing: a tenth of the start.
    gc.set_threshold(200_000)
    if ASKED in os.environ and (reply := answer()) is not None:
        sys.stdout.write(f"{reply}\n" if reply else "")
        sys.exit(0)
    from legalgen.settings import compile_cache
    from legalgen.ui import streams

    compile_cache.use()
    _be_quick()
    streams.stand_in()
    code = _run()
    streams.let_go()
    _till_it_begins()
    if not code and streams.data_were_lost():
        from legalgen.errors.exit_codes import Exit

        code = Exit.DISK
    if not code:
        compile_cache.keep()
    gc.freeze()  # the collector would look at all that is left once more: 0.01 s after 300 samples
    sys.exit(code)


def _be_quick() -> None:
    """What makes this process start lighter, and only this one, which is ours alone.

    pyarrow takes numpy along where that is installed, and works without it as on a bare machine:
    0.15 s of CPU and 12 MB. httpx takes a command line of its own along where click and rich are
    installed, pydantic looks for plugins in every package there is: 0.03 s. httpcore takes h2 along
    where that is installed, and nobody here speaks HTTP/2: 0.01 s and 2 MB. pyarrow.parquet takes
    S3 along, which only a push needs (``dataset.s3``), and is content without it: 3 MB.
    """
    for unneeded in ("numpy", "httpx._main", "h2", "pyarrow._s3fs"):
        sys.modules.setdefault(unneeded, None)  # type: ignore[arg-type]
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # rich draws help as wide as it is told: of a hundred million columns for ever.
    if len(os.environ.get("COLUMNS", "")) > 4:
        del os.environ["COLUMNS"]


def _run() -> int:
    import typer

    from legalgen.commands.app import app
    from legalgen.ui.streams import Stdout

    Stdout.takes_json = False
    try:
        _begins()
        code: Any = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        from legalgen.errors.exit_codes import Exit

        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads()
    except SystemExit as leaving:  # what Typer and rich make of a closed pipe
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        return _nobody_reads()
    except Exception as error:  # noqa: BLE001 - the one boundary: a bug keeps its traceback
        if _is_interrupted(error):
            from legalgen.errors.exit_codes import Exit

            return Exit.INTERRUPTED
        return _explained(_unwritten(Stdout.failed) if error is Stdout.failed else error)
    return code if isinstance(code, int) else 0


def _is_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what an error was made of, as an import does of one inside a class.

    What merely went wrong while one was handled is told.
    """
    if isinstance(error, RuntimeError | ImportError):
        return isinstance(error.__cause__, KeyboardInterrupt) or _is_interrupted(error.__cause__)
    return False


def _nobody_reads() -> int:
    """The exit code where who read our data has gone; they lead nowhere from here on."""
    from legalgen.errors.exit_codes import Exit
    from legalgen.ui import streams

    streams.lead_nowhere(sys.stdout)
    return Exit.PIPE


def _explained(error: Exception) -> int:
    """Say what went wrong, in the words that suit it; the exit code."""
    from typer.exceptions import TyperException

    from legalgen.errors import LegalgenError
    from legalgen.ui.streams import Stdout

    if isinstance(error, TyperException):
        error = _misused(error)
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        error = _too_many_files(error)
    if isinstance(error, PermissionError) and error.filename is not None:
        error = _denied(error)
    if isinstance(error, OSError) and (said := _no_place(error)):
        from legalgen.errors import UsageError

        error = UsageError(said)
    if not isinstance(error, LegalgenError):
        return _bug(error)
    from legalgen.ui.console import Console

    json = _wants_json() and Stdout.failed is None
    try:
        Console(json=json).failure(error, error.exit_code)
    except OSError as unsaid:
        if unsaid is not Stdout.failed:
            raise
    return error.exit_code


def _wants_json() -> bool:
    """Whether programs listen, as far as is known where settings could not be read."""
    from legalgen.errors import ConfigurationError
    from legalgen.settings.layers import wants_json
    from legalgen.ui.streams import Stdout

    try:
        return Stdout.takes_json or wants_json({"json": "--json" in sys.argv or None}, os.environ)
    except ConfigurationError:  # of the variable, which may be what is being explained
        return False


def _misused(error: TyperException) -> LegalgenError:
    """A command line that cannot be meant: what is wrong, and where help is."""
    from legalgen.errors import UsageError

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "legalgen"
    message = error.format_message().rstrip(".")
    stop = "" if message.endswith("?") else "."
    return UsageError(f"{message}{stop} See `{path} --help`.")


def _no_place(error: OSError) -> str | None:
    """That a path names no place at all, which any look at it may be the one to meet."""
    from legalgen.settings.types import NO_PLACE

    if error.errno in NO_PLACE:
        name = error.filename if isinstance(error.filename, str | bytes) else ""
        return f"{os.fsdecode(name)[:200]}: {error.strerror}"
    if error.errno == errno.ENOENT:
        try:
            os.getcwd()  # noqa: PTH109 - what pathlib asks, too
        except FileNotFoundError:
            return "the folder that you are in was removed: go to another one (cd)"
    return None


def _denied(error: PermissionError) -> LegalgenError:
    """That a path may not be looked at, which may be any that the user names, or leads to."""
    from legalgen.errors import DiskError
    from legalgen.settings.reading import reason_of

    path = Path(os.fsdecode(error.filename))
    return DiskError(f"cannot use {path}: {reason_of(error, path)}", path)


def _too_many_files(error: OSError) -> LegalgenError:
    """That no more files may be open, which any module or list of ours may be the one to meet."""
    from legalgen.errors import DiskError
    from legalgen.settings.reading import reason_of

    name = error.filename if isinstance(error.filename, str | bytes) else ""
    what = f"cannot open {os.fsdecode(name)}" if name else "no more files can be open"
    return DiskError(f"{what}: {reason_of(error)}", Path(os.fsdecode(name)))


def _unwritten(error: OSError) -> LegalgenError:
    """That data could not be written to stdout, which leads nowhere from here on."""
    from legalgen.errors import DiskError
    from legalgen.ui import streams

    streams.lead_nowhere(sys.stdout)
    why = "it is closed" if error.errno == errno.EBADF else error.strerror
    return DiskError(f"stdout cannot be written: {why}", Path("/dev/stdout"))


_STARVED = (
    "the system gives this process too little memory or too few threads (ulimit -v, ulimit -u, a "
    "container's limits): raise them, or lower --concurrency."
)


def _unloadable(error: Exception) -> str | None:
    """That a library is not there, or not as it was installed, which each late import may meet."""
    if not isinstance(error, ImportError) or error.name is None:
        return None
    if error.name.partition(".")[0] == "legalgen":
        return None
    return (
        f"{error.name} cannot be loaded: {error}. Was it changed while this ran, as by an "
        "upgrade? Install legalgen anew, and go on (batch --resume)."
    )


def _bug(error: Exception) -> int:
    import traceback  # only now

    from legalgen.errors.exit_codes import Exit
    from legalgen.errors.redaction import redact
    from legalgen.errors.starvation import is_starved

    detail = {"kind": "Bug", "message": redact(f"{type(error).__name__}: {error}")}
    if is_starved(error):
        detail = {"kind": "Starved", "message": _STARVED}
        sys.stderr.write(f"Error: {_STARVED} What was accepted before is kept.\n")
    elif unloadable := _unloadable(error):
        detail = {"kind": "Unloadable", "message": redact(unloadable)}
        sys.stderr.write(f"Error: {detail['message']} What was accepted before is kept.\n")
    else:
        sys.stderr.write(redact("".join(traceback.format_exception(error))))
        sys.stderr.write("This is a bug in legalgen. What was accepted before is kept.\n")
    if _wants_json():
        from legalgen.ui.console import Console

        Console().data({"error": detail, "exit_code": Exit.BUG})
    return Exit.BUG
