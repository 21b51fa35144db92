"""Accounts under an organization trail, of the management account or of a delegated administrator."""
import json

from account import PATTERNS, REGION
from own_chains import KMS, NAMES, S3, VPC

GROUPS, NACL, ROUTES = "security-group-changes", "nacl-changes", "route-table-changes"
SHARED = ("pass", ["covered_by_organization_trail"])


def make_of_management(management, members):
    members.trust_cloudtrail()
    return make(management, members, SHARED[0], ["covered"])


def make_of_delegated_administrator(_management, members):
    """Like moto, CloudTrail lets a delegated administrator make the trail. Its log group is there, too."""
    security = members["security"]
    members.trust_cloudtrail(security)
    return make(security, members, SHARED[0], ["covered", "covered_by_organization_trail"])


def make(owner, members, own_verdict, own_reasons):
    """The owner's chains: whole for S3; for one member only for KMS; a threshold of ten for VPC; no filter for
    security groups; `PutBucketPolicy`-like narrowing by account for NACLs; nobody subscribed for route tables."""
    deployer = members["deployer"]
    group = owner.make_trail(name="organization", organization=True, group="aws-controltower/CloudTrailLogs")
    topic, deserted = owner.make_topic(), owner.make_topic(subscribed=False, name="deserted")
    owner.make_filter(group, S3, pattern="{" + NAMES + "}")
    owner.make_alarm(S3, topic)
    only = f'{{ ($.recipientAccountId = "{deployer.number}") && ({PATTERNS[KMS].strip("{} ")}) }}'
    owner.make_filter(group, KMS, pattern=only)
    owner.make_alarm(KMS, topic)
    owner.make_filter(group, VPC)
    owner.make_alarm(VPC, topic, Threshold=10)
    but = f'{{ ($.recipientAccountId != "{deployer.number}") && ({PATTERNS[NACL].strip("{} ")}) }}'
    owner.make_filter(group, NACL, pattern=but)
    owner.make_alarm(NACL, topic)
    owner.make_filter(group, ROUTES)
    owner.make_alarm(ROUTES, deserted)

    claims = []

    def claim(name, account, **by_control):
        for control, (verdict, reasons) in by_control.items():
            claims.append([name, account.number, control, verdict, list(reasons)])

    own, fail = ("pass", ["covered"]), lambda *reasons: ("fail", reasons)
    common = {
        VPC: fail("alarm_needs_more_events"), GROUPS: fail("no_filter"), ROUTES: fail("no_subscription"),
    }
    narrowed = fail("filter_does_not_cover", "no_filter")
    claim("owner", owner, **common | {S3: (own_verdict, own_reasons), KMS: narrowed, NACL: (own_verdict, own_reasons)})
    claim("deployer", deployer, **common | {S3: SHARED, KMS: SHARED, NACL: narrowed})
    claim("bare", members["bare"], **common | {S3: SHARED, KMS: narrowed, NACL: SHARED})

    # A trail of its own for what the organization's leaves out.
    mixed = members["mixed"]
    own_group, own_topic = mixed.make_trail(), mixed.make_topic()
    for control in (KMS, GROUPS, VPC):
        mixed.make_filter(own_group, control)
        mixed.make_alarm(control, own_topic)
    claim("mixed", mixed, **common | {S3: SHARED, KMS: own, GROUPS: own, VPC: own, NACL: SHARED})

    # Both chains hold.
    twice = members["twice"]
    own_group = twice.make_trail()
    twice.make_filter(own_group, S3)
    twice.make_alarm(S3, twice.make_topic())
    claim("twice", twice, **{S3: ("pass", ["covered", "covered_by_organization_trail"]), GROUPS: fail("no_filter")})

    # Its own chain is broken; the organization's holds.
    silenced = members["silenced"]
    own_group = silenced.make_trail()
    silenced.make_filter(own_group, S3)
    silenced.make_alarm(S3, silenced.make_topic(), ActionsEnabled=False)
    claim("silenced", silenced, **{S3: SHARED})

    # One trail and one chain in each Region, none of them multi-Region: together they reach everywhere.
    everywhere = members["everywhere"]
    for region in regions(everywhere):
        chain_in(everywhere.at(region), GROUPS)
    claim("everywhere", everywhere, **{GROUPS: own, S3: SHARED})

    # The same, but for one Region.
    almost = members["almost-everywhere"]
    for region in regions(almost):
        if region != "ap-south-1":
            chain_in(almost.at(region), GROUPS)
    claim("almost-everywhere", almost, **{GROUPS: fail("trail_not_multi_region", "no_filter"), S3: SHARED})

    # Its alarm tells a topic of the owner's account, which lets it.
    borrowing = members["borrowing"]
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish",
        "Resource": topic, "Condition": {"StringEquals": {"aws:SourceAccount": [owner.number, borrowing.number]}},
    }]}
    owner.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    borrowing.make_filter(borrowing.make_trail(), GROUPS)
    borrowing.make_alarm(GROUPS, topic)
    claim("borrowing", borrowing, **{GROUPS: own, S3: SHARED})

    # The same topic, which does not let this one.
    uninvited = members["uninvited"]
    uninvited.make_filter(uninvited.make_trail(), GROUPS)
    uninvited.make_alarm(GROUPS, topic)
    claim("uninvited", uninvited, **{GROUPS: fail("topic_policy_denies"), S3: SHARED})
    return claims


def regions(account):
    """The Regions that are enabled in the account."""
    answer = account.client("account").list_regions(RegionOptStatusContains=["ENABLED_BY_DEFAULT"])
    names = [region["RegionName"] for region in answer["Regions"]]
    assert REGION in names, names
    return names


def chain_in(account, control):
    account.make_filter(account.make_trail(name=account.region, multi_region=False), control)
    account.make_alarm(control, account.make_topic())
