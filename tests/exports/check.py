"""Reads what orgsweep exports with the tools that people use on it.

    check.py FILE…

Terraform files are parsed with HashiCorp's own parser, CloudFormation templates
checked with cfn-lint, shell scripts with shellcheck. Prints what is wrong, file by
file, and ends with 1 when anything is.
"""

import subprocess
import sys
from pathlib import Path

import pygohcl

BESIDE = Path(sys.executable).parent


def terraform(path: Path) -> str:
    try:
        pygohcl.loads(path.read_text())
    except pygohcl.HCLParseError as error:
        return str(error)
    return ""


def tool(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


def problems(path: Path) -> str:
    if path.suffix == ".tf":
        return terraform(path)
    if path.suffix in (".yaml", ".json"):
        return tool(str(BESIDE / "cfn-lint"), "--non-zero-exit-code", "warning", "--", str(path))
    if path.suffix == ".sh":
        return tool(str(BESIDE / "shellcheck"), str(path))
    return f"nothing here reads {path.suffix} files"


def main() -> int:
    wrong = 0
    for name in sys.argv[1:]:
        said = problems(Path(name))
        if said:
            wrong = 1
            print(f"{name}:\n{said}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
