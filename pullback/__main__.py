"""The command `pullback`, which is `python -m pullback` too."""

import sys


def main() -> int:
    """Run the command; Ctrl-C ends it in one line while it is being loaded, too."""
    try:
        from pullback.codegen.faces.cli import main as command
    except KeyboardInterrupt:
        print("pullback: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    return command()


if __name__ == "__main__":
    sys.exit(main())
