"""``python -m copkit``: the same as the ``copkit`` command."""

from copkit.commands.cli import main

if __name__ == "__main__":
    main()
