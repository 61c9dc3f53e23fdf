"""The command `pullback`, which is `python -m codegen` too."""

import sys


def main() -> int:
    """Run the command; Ctrl-C ends it in one line while it is being loaded, too."""
    try:
        from codegen.cli import main as command
    except KeyboardInterrupt:
        print("pullback: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    return command()


if __name__ == "__main__":
    sys.exit(main())
