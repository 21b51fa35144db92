#!/usr/bin/env python3
"""Writes what c7n-org reads: an accounts file and a policy for each control.

Use: c7n_set_up.py DIRECTORY ROLE ACCOUNT…

The policies are the filter `check-cloudtrail` of the resource `account` as its documentation
shows it, with the pattern that CIS prescribes; c7n-org's accounts file is as its README has it.
A control fails where the policy finds the account.
"""
import json
import sys
from pathlib import Path


def main():
    directory, role, *accounts = sys.argv[1:]
    directory = Path(directory)
    patterns = json.loads((Path(__file__).parent.parent / "moto/patterns.json").read_text(encoding="utf-8"))
    policies = [
        {
            "name": control,
            "resource": "account",
            "region": "us-east-1",
            "filters": [{
                "type": "check-cloudtrail",
                "global-events": True,
                "multi-region": True,
                "running": True,
                "include-management-events": True,
                # Custodian expands `{…}` in policies.
                "log-metric-filter-pattern": pattern.replace("{", "{{").replace("}", "}}"),
            }],
        }
        for control, pattern in patterns.items()
    ]
    listed = [
        {"account_id": account, "name": account, "regions": ["us-east-1"], "role": f"arn:aws:iam::{account}:role/{role}"}
        for account in accounts
    ]
    # JSON is YAML, too.
    (directory / "policies.yml").write_text(json.dumps({"policies": policies}), encoding="utf-8")
    (directory / "accounts.yml").write_text(json.dumps({"accounts": listed}), encoding="utf-8")


if __name__ == "__main__":
    main()
