#!/usr/bin/env python3
"""Makes organizations of one chain per account in a running moto and says which chains hold.

Use: chains.py ENDPOINT ORGANIZATION, with one of

    own         no organization trail: each account has what `own_chains.py` makes in it
    shared      an organization trail of the management account, beside trails of the members
    delegated   an organization trail of a delegated administrator, beside trails of the members

What is in them is spelt as people and their modules spell it; what follows is
said from AWS's documentation, without asking orgsweep. Prints one JSON object:

    credentials   caller -> {key, secret, token}: `management`
    claims        [account name, account number, control, verdict, [reasons, any of which is right]]
"""
import json
import sys

import own_chains
import shared_chains
from account import Account

ORGANIZATIONS = {
    "own": own_chains.make,
    "shared": shared_chains.make_of_management,
    "delegated": shared_chains.make_of_delegated_administrator,
}


class Members:
    """The organization's accounts, made when they are first named."""

    def __init__(self, management):
        self.management = management
        self._organizations = management.client("organizations")
        self._organizations.create_organization(FeatureSet="ALL")
        self._made = {}

    def __getitem__(self, name):
        if name not in self._made:
            status = self._organizations.create_account(AccountName=name, Email=f"{name}@example.com")
            self._made[name] = self.management.enter(status["CreateAccountStatus"]["AccountId"])
        return self._made[name]

    def trust_cloudtrail(self, administrator=None):
        """Organization trails are allowed, and `administrator` may own one.

        (moto knows CloudTrail as no service of delegated administrators; any other makes it one.)"""
        self._organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
        if administrator:
            self._organizations.register_delegated_administrator(
                AccountId=administrator.number, ServicePrincipal="access-analyzer.amazonaws.com"
            )


def main():
    endpoint, organization = sys.argv[1:]
    own = {"key": "AKIAMANAGEMENTMANAGE", "secret": "not-checked", "token": None}
    management = Account(endpoint, None, own)
    management.number = management.client("sts").get_caller_identity()["Account"]
    claims = ORGANIZATIONS[organization](management, Members(management))
    print(json.dumps({"credentials": {"management": own}, "claims": claims}))


if __name__ == "__main__":
    main()
