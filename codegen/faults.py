"""What comes out of the stages of one definition: results, or a PullbackError, and nothing else."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pullback.derive.errors import Fault, PullbackError, TooLarge

STACK = 6_000  # calls of Python, one inside another
LONG = 200  # characters of a message that are shown
SHOW = "PULLBACK_TRACEBACK"  # the variable that makes the command show where a fault came up


@contextmanager
def stages(name: str, source: str) -> Iterator[None]:
    """A block of stages, with a stack that holds expressions as deep as definitions may nest them.

    Raises TooLarge where the stack or the memory does not hold them, and Fault for any exception
    that no stage raises on purpose.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, STACK))  # each level of an expression is many calls
    try:
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
    finally:
        sys.setrecursionlimit(before)


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
