#!/usr/bin/env python3
"""The CIS benchmark by hand, with the AWS CLI and boto3 against a served orgsim.

The seed (a multi-Region trail with a log group), the four remediation steps as
the CLI really spells them, the audit steps, and then an event that happens
while orgsim serves and ends as a message in a queue.

    python tests/clients/benchmark.py ENDPOINT MANAGEMENT_ACCOUNT

All of it in an account that it creates. Prints one JSON object; exits with an assertion when something is not as it
is on AWS.
"""
import json
import os
import subprocess
import sys
import urllib.request

import boto3

ENDPOINT, MANAGEMENT = sys.argv[1:3]
REGION = "us-east-1"
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": ENDPOINT,
    "AWS_ACCESS_KEY_ID": "AKIAORGS" + MANAGEMENT,
    "AWS_SECRET_ACCESS_KEY": "orgsim",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_PAGER": "",
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
}
PATTERN = (
    "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || "
    "($.eventName = PutBucketCors) || ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || "
    "($.eventName = DeleteBucketPolicy) || ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle) || "
    "($.eventName = DeleteBucketReplication)) }"
)


def account():
    """A new account in a new unit."""
    organizations = boto3.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.create_organizational_unit(ParentId=root, Name="By hand")["OrganizationalUnit"]["Id"]
    asked = organizations.create_account(Email="by-hand@example.com", AccountName="by hand")["CreateAccountStatus"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert status["State"] == "SUCCEEDED", status
    number = status["AccountId"]
    organizations.move_account(AccountId=number, SourceParentId=root, DestinationParentId=unit)
    organizations.tag_resource(ResourceId=number, Tags=[{"Key": "made", "Value": "by hand"}])
    assert [row["Id"] for row in organizations.list_accounts_for_parent(ParentId=unit)["Accounts"]] == [number]
    return number


def aws(*arguments):
    """The CLI's answer."""
    ended = subprocess.run(
        [sys.executable, "-m", "awscli", *arguments, "--output", "json"],
        env=ENVIRONMENT, capture_output=True, text=True,
    )
    assert ended.returncode == 0, f"aws {' '.join(arguments)}: {ended.stderr}"
    return json.loads(ended.stdout) if ended.stdout.strip() else {}


def control(method, path, body):
    request = urllib.request.Request(f"{ENDPOINT}/_orgsim/{path}", json.dumps(body).encode(), method=method)
    return json.loads(urllib.request.urlopen(request).read())


def seed():
    """A trail as the benchmark takes it for granted."""
    iam = boto3.client("iam")
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="CloudTrailToLogs", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="CloudTrailToLogs", PolicyName="write", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}))
    assert iam.get_role(RoleName="CloudTrailToLogs")["Role"]["AssumeRolePolicyDocument"] == trust
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="cis", tags={"owner": "security"})
    group = logs.describe_log_groups(logGroupNamePrefix="cis")["logGroups"][0]["arn"]
    trail = boto3.client("cloudtrail")
    trail.create_trail(Name="cis", S3BucketName="cis-trail", IsMultiRegionTrail=True,
                       CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role)
    trail.put_event_selectors(TrailName="cis", EventSelectors=[
        {"ReadWriteType": "All", "IncludeManagementEvents": True}])
    trail.start_logging(Name="cis")


def remediate():
    """The benchmark's four steps."""
    aws("logs", "put-metric-filter", "--log-group-name", "cis", "--filter-name", "s3-bucket-policy-changes",
        "--metric-transformations", "metricName=s3-bucket-policy-changes,metricNamespace=CISBenchmark,metricValue=1",
        "--filter-pattern", PATTERN)
    topic = aws("sns", "create-topic", "--name", "cis-alarms")["TopicArn"]
    subscribed = aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "email",
                     "--notification-endpoint", "security@example.com")
    assert subscribed["SubscriptionArn"] == "pending confirmation", subscribed
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", "s3-bucket-policy-changes",
        "--metric-name", "s3-bucket-policy-changes", "--statistic", "Sum", "--period", "300", "--threshold", "1",
        "--comparison-operator", "GreaterThanOrEqualToThreshold", "--evaluation-periods", "1",
        "--namespace", "CISBenchmark", "--alarm-actions", topic)
    return topic


def audit(topic):
    """The benchmark's seven audit steps."""
    trails = aws("cloudtrail", "describe-trails")["trailList"]
    trail = next(trail for trail in trails if trail["Name"] == "cis" and trail["IsMultiRegionTrail"])
    group = trail["CloudWatchLogsLogGroupArn"].split(":")[6]
    assert aws("cloudtrail", "get-trail-status", "--name", trail["TrailARN"])["IsLogging"]
    selectors = aws("cloudtrail", "get-event-selectors", "--trail-name", trail["TrailARN"])["EventSelectors"]
    assert any(row["IncludeManagementEvents"] and row["ReadWriteType"] == "All" for row in selectors)
    filters = aws("logs", "describe-metric-filters", "--log-group-name", group)["metricFilters"]
    metric = next(row for row in filters if row["filterPattern"] == PATTERN)["metricTransformations"][0]["metricName"]
    alarms = aws("cloudwatch", "describe-alarms", "--query", f"MetricAlarms[?MetricName=='{metric}']")
    assert alarms[0]["AlarmActions"] == [topic]
    subscriptions = aws("sns", "list-subscriptions-by-topic", "--topic-arn", topic)["Subscriptions"]
    return [row["SubscriptionArn"] for row in subscriptions]


def queue(topic):
    """A queue that subscribes, whose policy lets the topic send."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    assert subscription.startswith(topic), subscription
    allow = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(allow)})
    return url


def happen(url):
    """An event that rings, and one that does not."""
    sqs = boto3.client("sqs")
    record = {"eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy",
              "eventCategory": "Management", "managementEvent": True, "readOnly": False}
    where = f"events?account={ACCOUNT}&region=eu-west-1"
    control("POST", where, {**record, "eventName": "CreateBucket"})
    control("POST", "clock", {"seconds": 1800})
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "creating a bucket is no change of a policy"
    control("POST", where, record)
    assert "Messages" not in sqs.receive_message(QueueUrl=url), "CloudTrail takes five minutes"
    control("POST", "clock", {"seconds": 900})
    message = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"][0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    notification = json.loads(message["Body"])
    alarm = json.loads(notification["Message"])
    lines = boto3.client("logs").filter_log_events(logGroupName="cis", filterPattern=PATTERN)["events"]
    history = boto3.client("cloudwatch").describe_alarm_history(AlarmName="s3-bucket-policy-changes")
    return {
        "subject": notification["Subject"],
        "alarm": alarm["AlarmName"],
        "state": alarm["NewStateValue"],
        "lines": [json.loads(line["message"])["eventName"] for line in lines],
        "history": sorted({item["HistoryItemType"] for item in history["AlarmHistoryItems"]}),
        "value": boto3.client("cloudwatch").get_metric_statistics(
            Namespace="CISBenchmark", MetricName="s3-bucket-policy-changes", Period=86400, Statistics=["Sum"],
            StartTime="2020-01-01T00:00:00Z", EndTime="2099-01-01T00:00:00Z")["Datapoints"][0]["Sum"],
    }


os.environ.update(ENVIRONMENT)
ACCOUNT = account()
ENVIRONMENT["AWS_ACCESS_KEY_ID"] = "AKIAORGS" + ACCOUNT
os.environ.update(ENVIRONMENT)
boto3.setup_default_session()
seed()
topic = remediate()
listed = audit(topic)
url = queue(topic)
print(json.dumps({"topic": topic, "listed": listed, "told": happen(url)}))
