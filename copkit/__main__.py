"""The ``copkit`` command, and ``python -m copkit``: stopped while it still loads, it says so and no more."""

import sys


def main() -> None:
    """Load the commands, and do what is asked."""
    try:
        from copkit.commands.cli import main as command

        command()
    except KeyboardInterrupt:
        print("Interrompu.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
