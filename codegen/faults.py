"""What comes out of the stages of one definition: results, or a PullbackError, and nothing else."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from pullback.derive.errors import Fault, PullbackError, TooLarge

STACK = 6_000  # calls of Python, one inside another
LONG = 200  # characters of a message that are shown
SHOW = "PULLBACK_TRACEBACK"  # the variable that makes the command show where a fault came up


class Deep:
    """A stack that holds expressions as deep as definitions may nest them, for as long as needed.

    Python has one limit for all threads: the first that comes in raises it, and the last that goes
    out puts it back.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.before = Lock(), 0, 0

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self.before, STACK))
            self.inside += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                sys.setrecursionlimit(self.before)


DEEP = Deep()


@contextmanager
def stages(name: str, source: str) -> Iterator[None]:
    """A block of stages, with a stack that holds expressions as deep as definitions may nest them.

    Raises TooLarge where the stack or the memory does not hold them, and Fault for any exception
    that no stage raises on purpose.
    """
    try:
        with DEEP:  # each level of an expression is many calls
            yield
    except PullbackError:
        raise
    except RecursionError:
        raise TooLarge(
            f"{name}: expressions are nested too deeply to be worked out; give parts of the "
            "equations names of their own, each with '='"
        ) from None
    except MemoryError:
        raise TooLarge(f"{name}: there is not enough memory to work this out") from None
    except OSError:
        raise  # a file that cannot be read or written, as the system says it
    except Exception as error:
        raise Fault(f"{name}: {fault_words(error, source)}") from error


def fault_words(error: Exception, source: str | None = None) -> str:
    """What to say of an exception that nobody raised on purpose, in one line."""
    words = " ".join(str(error).split())[:LONG]
    digest = hashlib.sha256((source or "").encode("utf-8", "replace")).hexdigest()[:16]
    which = "" if source is None else f", not of the definition (digest {digest})"
    what = "what was typed" if source is None else "the definition"
    return (
        f"this is a fault of pullback{which}: {type(error).__name__}{': ' * bool(words)}{words}; "
        f"to report it, send {what} and what comes with {SHOW}=1 to those who make pullback"
    )
