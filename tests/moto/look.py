#!/usr/bin/env python3
"""Looks at what a plan has made in a running moto, with boto3 and without orgsweep.

Use: look.py ENDPOINT PLAN.json there|gone, with the credentials of the management account in the
environment. Prints a JSON list of what is not as the plan says: with `there`, what each of its
steps should have made; with `gone`, what should not be there any more.
"""
import json
import sys

import boto3


class Accounts:
    """Clients in each account, through the role that an administrator has there."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.own = boto3.client("sts", endpoint_url=endpoint, region_name="us-east-1")
        self.caller = self.own.get_caller_identity()["Account"]
        self.sessions = {}

    def client(self, service, account, region):
        if account not in self.sessions:
            arguments = {}
            if account != self.caller:
                role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
                made = self.own.assume_role(RoleArn=role, RoleSessionName="look")["Credentials"]
                arguments = {
                    "aws_access_key_id": made["AccessKeyId"],
                    "aws_secret_access_key": made["SecretAccessKey"],
                    "aws_session_token": made["SessionToken"],
                }
            self.sessions[account] = boto3.session.Session(**arguments)
        return self.sessions[account].client(service, region_name=region, endpoint_url=self.endpoint)


def name_of(arn):
    return arn.split(":alarm:", 1)[1]


def put_metric_filter(step, client, plan):
    group = step["log_group"].split(":log-group:", 1)[1]
    listed = client("logs").describe_metric_filters(logGroupName=group, filterNamePrefix=step["filter"])
    for found in listed["metricFilters"]:
        if found["filterName"] == step["filter"]:
            made = found["metricTransformations"][0]
            return found["filterPattern"] == step["pattern"] and len(found["metricTransformations"]) == 1 and (
                made["metricNamespace"], made["metricName"], made["metricValue"], "defaultValue" in made
            ) == (step["metric"]["namespace"], step["metric"]["name"], "1", False)
    return None


def alarm_of(step, client):
    found = client("cloudwatch").describe_alarms(AlarmNames=[name_of(step["alarm"])])["MetricAlarms"]
    return found[0] if found else None


def tagged(step, tags, plan):
    tags = {tag["Key"]: tag["Value"] for tag in tags}
    return tags.get("made-by") == "orgsweep" and tags.get("orgsweep-plan") == plan


def put_alarm(step, client, plan):
    found = alarm_of(step, client)
    if found is None:
        return None
    wanted = {
        "Namespace": step["metric"]["namespace"],
        "MetricName": step["metric"]["name"],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [step["topic"]],
        "ActionsEnabled": True,
    }
    tags = client("cloudwatch").list_tags_for_resource(ResourceARN=step["alarm"])["Tags"]
    return all(found.get(key) == value for key, value in wanted.items()) and tagged(step, tags, plan)


def create_topic(step, client, plan):
    topics = [topic["TopicArn"] for page in client("sns").get_paginator("list_topics").paginate() for topic in page["Topics"]]
    if step["topic"] not in topics:
        return None
    return tagged(step, client("sns").list_tags_for_resource(ResourceArn=step["topic"])["Tags"], plan)


def subscribe(step, client, plan):
    try:
        listed = client("sns").list_subscriptions_by_topic(TopicArn=step["topic"])["Subscriptions"]
    except client("sns").exceptions.NotFoundException:
        return None
    wanted = (step["endpoint"]["protocol"], step["endpoint"]["address"])
    return True if wanted in [(found["Protocol"], found["Endpoint"]) for found in listed] else None


def allow_cloud_watch(step, client, plan):
    policy = client("sns").get_topic_attributes(TopicArn=step["topic"])["Attributes"]["Policy"]
    sids = [statement.get("Sid") for statement in json.loads(policy)["Statement"]]
    return True if step["statement"]["sid"] in sids else None


def enable_alarm_actions(step, client, plan):
    return True if alarm_of(step, client)["ActionsEnabled"] else None


def add_alarm_action(step, client, plan):
    return True if step["topic"] in alarm_of(step, client)["AlarmActions"] else None


def trail_of(step, client):
    return client("cloudtrail").describe_trails(trailNameList=[step["trail"].rsplit("/", 1)[1]])["trailList"][0]


def start_logging(step, client, plan):
    return True if client("cloudtrail").get_trail_status(Name=step["trail"])["IsLogging"] else None


def make_trail_multi_region(step, client, plan):
    return True if trail_of(step, client)["IsMultiRegionTrail"] else None


def record_global_service_events(step, client, plan):
    return True if trail_of(step, client)["IncludeGlobalServiceEvents"] else None


def connect_log_group(step, client, plan):
    return True if trail_of(step, client).get("CloudWatchLogsLogGroupArn") == step["log_group"] + ":*" else None


def create_log_group(step, client, plan):
    name = step["log_group"].split(":log-group:", 1)[1]
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return True if name in [group["logGroupName"] for group in groups] else None


def create_delivery_role(step, client, plan):
    name = step["role"].rsplit("/", 1)[1]
    roles = {role["RoleName"]: role for role in client("iam").list_roles()["Roles"]}
    if name not in roles:
        return None
    policy = client("iam").get_role_policy(RoleName=name, PolicyName="deliver")["PolicyDocument"]
    return policy["Statement"][0]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


def main():
    endpoint, path, wanted = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        plan = json.load(file)
    accounts = Accounts(endpoint)
    wrong = []
    for step in plan["steps"]:
        def client(service, step=step):
            return accounts.client(service, step["account_id"], step["region"])
        # True: as planned; False: something else; None: not there.
        found = globals()[step["kind"]](step, client, plan["plan_id"])
        if found is not (True if wanted == "there" else None):
            wrong.append(f"{step['account_id']} {step['kind']} {step['resource']}: {found}")
    print(json.dumps(wrong))


if __name__ == "__main__":
    main()
