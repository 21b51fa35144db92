#!/usr/bin/env python3
"""`jq` for machines without one, as far as exported scripts use it: libjq behind
the options -r, -c, --arg and --argjson."""

import json
import sys

import jq


def main() -> None:
    raw, values, program = False, {}, None
    arguments = iter(sys.argv[1:])
    for argument in arguments:
        if argument == "--arg":
            name = next(arguments)
            values[name] = next(arguments)
        elif argument == "--argjson":
            name = next(arguments)
            values[name] = json.loads(next(arguments))
        elif argument in ("-r", "-c"):
            raw = raw or argument == "-r"
        elif program is None:
            program = argument
        else:
            sys.exit(f"jq: {argument} is not known here")
    for found in jq.compile(program, args=values).input_text(sys.stdin.read()):
        print(found if raw and isinstance(found, str) else json.dumps(found, separators=(",", ":")))


main()
