"""The command `pullback`, also `python -m pullback`."""

from __future__ import annotations

import codecs
import io
import os
import sys
import traceback
from collections.abc import Sequence

from pullback.codegen.faces.options import parser
from pullback.codegen.faces.progress import nothing_more
from pullback.codegen.faults import SHOW, fault_words
from pullback.derive.errors import Fault, PullbackError

FAULT = 70  # what the system's own programs end with at a fault of theirs
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns 0, or 1 where --check finds differences, 2 for errors, 70 for a fault of Pullback's own
    and 130 after Ctrl-C.
    """
    speak_utf8()
    try:
        given = sys.argv[1:] if arguments is None else arguments
        options = parser(given).parse_args(given)
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of a pipe has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Fault as error:
        return fault(str(error), error)
    except PullbackError as error:
        return failed(str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return failed(f"{where}{error.strerror or error}")
    except KeyboardInterrupt:
        return failed("interrupted; nothing half-written is left", INTERRUPTED)
    except Exception as error:
        return fault(fault_words(error), error)


def speak_utf8() -> None:
    """What is printed is UTF-8 whatever the system's encoding is, and nothing is unprintable."""
    codecs.register_error(printable.__name__, printable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=printable.__name__)


def printable(error: UnicodeError) -> tuple[bytes, int]:
    """Bytes for what a name of a file holds that the system's encoding could not read.

    They are its own bytes where these are UTF-8, and else their numbers.
    """
    assert isinstance(error, UnicodeEncodeError)
    piece = error.object[error.start : error.end]
    try:
        own = piece.encode("utf-8", "surrogateescape")
        own.decode("utf-8")
    except UnicodeError:
        own = piece.encode("ascii", "backslashreplace")
    return own, error.end


def failed(message: str, status: int = 2) -> int:
    """Say what went wrong."""
    nothing_more()
    print(f"pullback: {message}", file=sys.stderr)
    return status


def fault(message: str, error: Exception) -> int:
    """Say that it is a fault of pullback, and where it came up if that is asked for."""
    if os.environ.get(SHOW):
        traceback.print_exception(error)
    return failed(message, FAULT)
