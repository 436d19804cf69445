"""`make restore`: brings a backup back into the empty storage folder that the settings name."""

import argparse
import sys
from pathlib import Path

from core.errors import SlipwayError
from core.services.restoring import restore
from core.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Restore the backup that the command line names; return its exit status."""
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    parser.add_argument("file", type=Path, help="the backup")
    storage = Settings().storage
    try:
        found = restore(parser.parse_args(arguments).file, storage)
    except (SlipwayError, OSError) as error:
        sys.stderr.write(f"Nothing was restored. {error}\n")
        return 1
    sys.stdout.write(
        f"{storage} is as it was at {found.made:%Y-%m-%d %H:%M} UTC: {found.accounts} accounts, "
        f"{found.models} models, {found.deployments} deployments, {found.tasks} tasks. "
        "Everybody signs in again.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
