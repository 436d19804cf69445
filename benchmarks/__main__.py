"""Runs the benchmarks: `python -m benchmarks [name ...]`; each prints ratios."""

import importlib
import pkgutil
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the benchmarks: every module of this folder that has a `main`."""
    found = [module.name for module in pkgutil.iter_modules([str(FOLDER)])]
    return sorted(name for name in found if not name.startswith("_"))


def main() -> None:
    """Run the benchmarks that the command line names, or all."""
    wanted = sys.argv[1:] or names()
    for name in wanted:
        if name not in names():
            raise SystemExit(f"There is no benchmark {name}; there are {', '.join(names())}.")
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


main()
