"""``python -m copkit``: the same as the ``copkit`` command."""

from copkit.cli import main

if __name__ == "__main__":
    main()
