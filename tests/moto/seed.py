#!/usr/bin/env python3
"""Makes an organization in a running moto (`server.py`) and says what it should be found to be.

Use: seed.py ENDPOINT. Prints one JSON object:

    accounts      name -> account number
    credentials   caller -> {key, secret, token}: `management`, `audit` (a delegated administrator)
    expected      account number -> control -> [verdict, reason]
    skipped       account number -> reason
    budgets       account number -> the most calls that reading it may take

The management account owns an organization trail whose chain holds for the
controls in `THROUGH_THE_ORGANIZATION` and has no filter for the others, so that
what happens to those in a member depends on the member's own trail.
"""
import json
import sys

from account import Account, ENABLED_REGIONS, PATTERNS

THROUGH_THE_ORGANIZATION = [
    "unauthorized-api-calls", "console-signin-without-mfa", "root-usage", "console-auth-failures",
    "organizations-changes",
]
LEFT_TO_THE_ACCOUNT = [control for control in PATTERNS if control not in THROUGH_THE_ORGANIZATION]
S3, KMS, VPC, GROUPS = (
    "s3-bucket-policy-changes", "kms-cmk-disable-delete", "vpc-changes", "security-group-changes"
)


class Claims:
    """What is expected of one account."""

    def __init__(self, *, management=False):
        self.by_control = {
            control: ["pass", "covered_by_organization_trail"] if control in THROUGH_THE_ORGANIZATION
            else ["fail", "no_filter"]
            for control in PATTERNS
        }
        if management:
            for control in THROUGH_THE_ORGANIZATION:
                self.by_control[control] = ["pass", "covered"]
        else:
            self.by_control["organizations-changes"] = ["not_applicable", "management_account_only"]

    def own_chains(self):
        """Every control that the account can have is covered by a chain of its own."""
        for control, claim in self.by_control.items():
            if claim[0] != "not_applicable":
                self.by_control[control] = ["pass", "covered"]
        return self

    def fails(self, reason, controls=tuple(LEFT_TO_THE_ACCOUNT)):
        for control in controls:
            self.by_control[control] = ["fail", reason]
        return self


# One function per account: what is made in it, and what follows.

def nothing_of_its_own(_):
    return Claims()


def healthy(account):
    account.make_chains()
    return Claims().own_chains()


def healthy_in_other_words(account):
    """Rewritten patterns, a filter split in two, other thresholds, metric math."""
    group, topic = account.make_chains(controls=[c for c in PATTERNS if c not in (S3, KMS, VPC)])
    account.make_filter(group, KMS, name="disable", pattern=
                        "{$.eventName=\"DisableKey\"&&$.eventSource=\"kms.amazonaws.com\"}")
    account.make_filter(group, KMS, name="delete", pattern=
                        "{ ($.eventName = ScheduleKeyDeletion) && ($.eventSource = kms.*) }")
    account.make_alarm(KMS, topic, Threshold=0, ComparisonOperator="GreaterThanThreshold")
    account.make_filter(group, S3, pattern=
                        "{ ($.eventName = PutBucket*) || ($.eventName = DeleteBucket*) }")
    account.make_alarm(S3, topic, Statistic="Maximum", Period=60, EvaluationPeriods=3, DatapointsToAlarm=1)
    account.make_filter(group, VPC)
    watched = {"Namespace": "CISBenchmark", "MetricName": VPC}
    account.make_alarm(
        VPC, topic, Namespace=None, MetricName=None, Statistic=None, Period=None,
        Metrics=[
            {"Id": "changes", "MetricStat": {"Metric": watched, "Period": 300, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "filled", "Expression": "FILL(changes, 0)", "ReturnData": True},
        ],
    )
    return Claims().own_chains()


def trail_stopped(account):
    """The organization's chain gets further: to its filters. So it is the one that is reported."""
    account.make_chains()
    account.client("cloudtrail").stop_logging(Name="main")
    return Claims().fails("no_filter")


def one_region_only(account):
    """Sees its own Region's events, and the global services', which end up there. Elsewhere the
    organization's chain gets further."""
    account.make_chains(multi_region=False)
    claims = Claims().fails("no_filter")
    claims.by_control["iam-policy-changes"] = ["pass", "covered"]
    return claims


def log_group_deleted(account):
    group, _ = account.make_chains()
    account.client("logs").delete_log_group(logGroupName=group)
    return Claims().fails("no_filter")


def kms_events_excluded(account):
    """Calls to KMS that are refused, or root's, are among the events that the trail leaves out."""
    account.make_chains()
    account.client("cloudtrail").put_event_selectors(
        TrailName="main",
        EventSelectors=[{
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "ExcludeManagementEventSources": ["kms.amazonaws.com"],
        }],
    )
    claims = Claims().own_chains().fails("no_filter", [KMS])
    for control in ("unauthorized-api-calls", "root-usage"):
        claims.by_control[control] = ["pass", "covered_by_organization_trail"]
    return claims


def filter_drops_an_event(account):
    group, _ = account.make_chains()
    # moto adds a filter of the same name where AWS would replace it.
    account.client("logs").delete_metric_filter(logGroupName=group, filterName=S3)
    account.make_filter(
        group, S3, pattern=PATTERNS[S3].replace("|| ($.eventName = DeleteBucketPolicy) ", "")
    )
    return Claims().own_chains().fails("filter_does_not_cover", [S3])


def no_alarm(account):
    account.make_chains()
    account.client("cloudwatch").delete_alarms(AlarmNames=[GROUPS])
    return Claims().own_chains().fails("no_alarm", [GROUPS])


def alarm_in_another_namespace(account):
    _, topic = account.make_chains()
    account.make_alarm(S3, topic, Namespace="LogMetrics")
    return Claims().own_chains().fails("alarm_wrong_metric", [S3])


def alarm_counts_to_ten(account):
    _, topic = account.make_chains()
    account.make_alarm(S3, topic, Threshold=10)
    return Claims().own_chains().fails("alarm_needs_more_events", [S3])


def alarm_actions_disabled(account):
    _, topic = account.make_chains()
    account.make_alarm(VPC, topic, ActionsEnabled=False)
    return Claims().own_chains().fails("alarm_actions_disabled", [VPC])


def alarm_without_action(account):
    account.make_chains()
    account.make_alarm(VPC, None)
    return Claims().own_chains().fails("alarm_no_action", [VPC])


def topic_deleted(account):
    _, topic = account.make_chains()
    account.client("sns").delete_topic(TopicArn=topic)
    return Claims().fails("topic_missing")


def topic_for_others(account):
    _, topic = account.make_chains()
    policy = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account.number}:role/deploy"},
            "Action": "SNS:Publish",
            "Resource": topic,
        }],
    }
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    return Claims().fails("topic_policy_denies")


def topic_with_the_default_key(account):
    _, topic = account.make_chains()
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
    )
    return Claims().fails("topic_key_denies")


def nobody_subscribed(account):
    group, topic = account.make_trail(), account.make_topic(subscribed=False)
    for control in PATTERNS:
        account.make_filter(group, control)
        account.make_alarm(control, topic)
    return Claims().fails("no_subscription")


MEMBERS = {
    "audit": nothing_of_its_own,
    "bare": nothing_of_its_own,
    "healthy": healthy,
    "healthy-in-other-words": healthy_in_other_words,
    "trail-stopped": trail_stopped,
    "one-region-only": one_region_only,
    "log-group-deleted": log_group_deleted,
    "kms-events-excluded": kms_events_excluded,
    "filter-drops-an-event": filter_drops_an_event,
    "no-alarm": no_alarm,
    "alarm-in-another-namespace": alarm_in_another_namespace,
    "alarm-counts-to-ten": alarm_counts_to_ten,
    "alarm-actions-disabled": alarm_actions_disabled,
    "alarm-without-action": alarm_without_action,
    "topic-deleted": topic_deleted,
    "topic-for-others": topic_for_others,
    "topic-with-the-default-key": topic_with_the_default_key,
    "nobody-subscribed": nobody_subscribed,
}
WITHOUT_A_TRAIL = (nothing_of_its_own,)

def budget_of(make):
    """The most calls that reading an account may take. Where it has a single-Region trail of its
    own, every other Region is asked for one, too. One call more than at AWS: there, filters and a
    fresh delivery show that the log group exists; moto keeps the filters of a group that is gone,
    and tells of no delivery."""
    if make in WITHOUT_A_TRAIL:
        return 3
    return 11 + (ENABLED_REGIONS - 1 if make is one_region_only else 0)


def make_organization(management):
    """The organization with its accounts, in two OUs; returns its id and name -> number."""
    organizations = management.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = {
        name: organizations.create_organizational_unit(ParentId=root, Name=name)["OrganizationalUnit"]["Id"]
        for name in ("Security", "Workloads")
    }
    accounts = {}
    for name in [*MEMBERS, "closed"]:
        status = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        number = status["CreateAccountStatus"]["AccountId"]
        accounts[name] = number
        organizations.move_account(
            AccountId=number,
            SourceParentId=root,
            DestinationParentId=units["Security" if name == "audit" else "Workloads"],
        )
        organizations.tag_resource(ResourceId=number, Tags=[{"Key": "team", "Value": name[:1]}])
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    organizations.register_delegated_administrator(
        AccountId=accounts["audit"], ServicePrincipal="access-analyzer.amazonaws.com"
    )
    organizations.close_account(AccountId=accounts["closed"])
    return organizations.describe_organization()["Organization"]["Id"], accounts


def main():
    endpoint = sys.argv[1]
    # moto takes an unknown key for one of its default account.
    own = {"key": "AKIAMANAGEMENTMANAGE", "secret": "not-checked", "token": None}
    management = Account(endpoint, None, own)
    management.number = management.client("sts").get_caller_identity()["Account"]
    organization, accounts = make_organization(management)
    management.make_chains(THROUGH_THE_ORGANIZATION, name="organization", organization=True)

    expected = {management.number: Claims(management=True).by_control}
    budgets = {}
    credentials = {"management": own}
    for name, make in MEMBERS.items():
        account = management.enter(accounts[name])
        expected[account.number] = make(account).by_control
        budgets[account.number] = budget_of(make)
        if name == "audit":
            credentials["audit"] = account.credentials
    print(json.dumps({
        "organization": organization,
        "accounts": {"management": management.number, **accounts},
        "credentials": credentials,
        "expected": expected,
        "skipped": {accounts["closed"]: "suspended"},
        "budgets": budgets,
    }))


if __name__ == "__main__":
    main()
