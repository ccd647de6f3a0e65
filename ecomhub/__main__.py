"""``python -m ecomhub``: the programs that work before anything is configured."""

from __future__ import annotations

import argparse
import sys

from ecomhub.runtime import bench_run, demo, i18n


def main() -> int:
    """Read the command line and run one program; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m ecomhub", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="a whole company on this machine")
    bench = commands.add_parser("bench", help="a bench on servers of its own")
    bench.add_argument("name", help="which one, for example reserve")
    bench.add_argument("options", nargs=argparse.REMAINDER, help="handed to the bench")
    catalog = commands.add_parser("i18n", help="the Chinese catalog")
    action = catalog.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="fail when a text is not translated")
    action.add_argument("--update", action="store_true", help="collect new texts into the catalog")
    action.add_argument("--compile", action="store_true", help="compile the catalogs")
    chosen = parser.parse_args()
    if chosen.command == "demo":
        return demo.run()
    if chosen.command == "bench":
        return bench_run.run(name=chosen.name, options=chosen.options)
    if chosen.compile:
        return i18n.compile_catalogs()
    return i18n.check() if chosen.check else i18n.update()


if __name__ == "__main__":
    sys.exit(main())
