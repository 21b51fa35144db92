#!/usr/bin/env python3
"""Writes what orgsim checks of its requests: `crates/orgsim/data/shapes/SERVICE.json`.

The input shapes of the operations that orgsim answers, from botocore's service
models (Apache License 2.0): types, required members, lengths, ranges, patterns
and enumerations. With `--check` nothing is written; the exit code says whether
the files are those of the installed botocore.

    python tests/botocore/input_shapes.py [--check]
"""
import json
import pathlib
import re
import sys

import botocore.loaders

# The operations that orgsim answers, by botocore's name of the service.
OPERATIONS = {
    "organizations": """
        DescribeOrganization DescribeAccount ListAccounts ListAccountsForParent ListRoots
        ListOrganizationalUnitsForParent ListParents ListChildren ListTagsForResource TagResource UntagResource
        ListDelegatedAdministrators ListDelegatedServicesForAccount RegisterDelegatedAdministrator
        DeregisterDelegatedAdministrator EnableAWSServiceAccess DisableAWSServiceAccess
        ListAWSServiceAccessForOrganization CreateOrganization CreateAccount DescribeCreateAccountStatus CloseAccount
        MoveAccount CreateOrganizationalUnit UpdateOrganizationalUnit DeleteOrganizationalUnit
        DescribeOrganizationalUnit CreatePolicy UpdatePolicy DeletePolicy DescribePolicy ListPolicies
        ListPoliciesForTarget ListTargetsForPolicy AttachPolicy DetachPolicy EnablePolicyType DisablePolicyType""",
    "sts": "GetCallerIdentity AssumeRole GetAccessKeyInfo",
    "account": "ListRegions GetRegionOptStatus EnableRegion DisableRegion",
    "cloudtrail": """
        DescribeTrails ListTrails GetTrail GetTrailStatus GetEventSelectors ListTags CreateTrail UpdateTrail DeleteTrail
        StartLogging StopLogging PutEventSelectors AddTags RemoveTags""",
    "logs": """
        DescribeLogGroups DescribeMetricFilters DescribeLogStreams TestMetricFilter CreateLogGroup DeleteLogGroup
        PutRetentionPolicy DeleteRetentionPolicy PutMetricFilter DeleteMetricFilter CreateLogStream DeleteLogStream
        PutLogEvents GetLogEvents FilterLogEvents TagResource UntagResource ListTagsForResource TagLogGroup
        UntagLogGroup ListTagsLogGroup""",
    "cloudwatch": """
        DescribeAlarms DescribeAlarmsForMetric DescribeAlarmHistory ListTagsForResource TagResource UntagResource
        ListAlarmMuteRules GetAlarmMuteRule PutAlarmMuteRule DeleteAlarmMuteRule PutMetricAlarm PutCompositeAlarm
        DeleteAlarms EnableAlarmActions DisableAlarmActions SetAlarmState PutMetricData GetMetricData
        GetMetricStatistics ListMetrics""",
    "sns": """
        ListTopics GetTopicAttributes ListSubscriptions ListSubscriptionsByTopic GetSubscriptionAttributes
        SetSubscriptionAttributes CreateTopic DeleteTopic SetTopicAttributes Subscribe ConfirmSubscription Unsubscribe
        Publish AddPermission RemovePermission TagResource UntagResource ListTagsForResource""",
    "kms": """
        CreateKey DescribeKey ListKeys GetKeyPolicy PutKeyPolicy ListKeyPolicies CreateAlias DeleteAlias ListAliases
        EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion TagResource UntagResource ListResourceTags
        GetKeyRotationStatus""",
    "iam": """
        CreateRole GetRole ListRoles DeleteRole UpdateAssumeRolePolicy PutRolePolicy GetRolePolicy ListRolePolicies
        DeleteRolePolicy AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies CreatePolicy GetPolicy
        GetPolicyVersion ListPolicies DeletePolicy ListInstanceProfilesForRole ListPolicyVersions""",
    "sqs": """
        CreateQueue DeleteQueue GetQueueUrl ListQueues GetQueueAttributes SetQueueAttributes SendMessage ReceiveMessage
        DeleteMessage ChangeMessageVisibility PurgeQueue TagQueue UntagQueue ListQueueTags""",
    "oam": "ListLinks GetLink",
}

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "crates/orgsim/data/shapes"


def pattern(text):
    """The pattern as Rust's `regex-lite` reads it, or None where it cannot."""
    if re.search(r"\(\?|\\p|\\uD[89A-F]|\\u10000", text, re.IGNORECASE):
        return None
    return re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", text)


def shapes(service):
    """The operations and the shapes that their inputs reach."""
    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    operations, reached = {}, {}

    def reach(name):
        if name in reached:
            return
        shape = model["shapes"][name]
        row = {"type": shape["type"]}
        reached[name] = row
        for key in ("min", "max", "enum"):
            if key in shape:
                row[key] = shape[key]
        if "pattern" in shape and (read := pattern(shape["pattern"])):
            row["pattern"] = read
        if shape["type"] == "structure":
            row["required"] = shape.get("required", [])
            row["members"] = {member: there["shape"] for member, there in shape["members"].items()}
            for there in shape["members"].values():
                reach(there["shape"])
        for key in ("member", "key", "value"):
            if key in shape:
                row[key] = shape[key]["shape"]
                reach(shape[key]["shape"])

    for operation in OPERATIONS[service].split():
        described = model["operations"][operation]
        name = described.get("input", {}).get("shape")
        operations[operation] = name
        if name:
            reach(name)
    return {"operations": operations, "shapes": dict(sorted(reached.items()))}


def main():
    different = []
    for service in OPERATIONS:
        read = shapes(service)
        lines = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(shape, separators=(',', ':'))}" for name, shape in read["shapes"].items()
        )
        operations = ",\n".join(f"  {json.dumps(name)}: {json.dumps(shape)}" for name, shape in read["operations"].items())
        text = f'{{"operations": {{\n{operations}\n}},\n"shapes": {{\n{lines}\n}}}}\n'
        file = FOLDER / f"{service}.json"
        if "--check" in sys.argv:
            if not file.exists() or file.read_text() != text:
                different.append(file.name)
        else:
            file.write_text(text)
    if different:
        sys.exit(f"not those of the installed botocore: {', '.join(different)}; run tests/botocore/input_shapes.py")


if __name__ == "__main__":
    main()
