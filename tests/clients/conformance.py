#!/usr/bin/env python3
"""One boto3 script against orgsim and against moto, and where the answers differ.

    python tests/clients/conformance.py ENDPOINT LISTED

ENDPOINT is an orgsim whose management account is 123456789012; moto is started
here. LISTED is the file of known differences: by step, who is right and AWS's
source. Prints what differs without being listed, and what is listed without
differing; both have to be nothing.
"""
import datetime
import json
import pathlib
import re
import subprocess
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

ENDPOINT, LISTED = sys.argv[1:3]
REGION = "us-west-2"
ACCOUNT = "123456789012"
MOTO = pathlib.Path(__file__).resolve().parents[1] / "moto/server.py"
# What is wrong with a request is for the servers to say.
UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})
NUMBERS = [(re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID")]


def plain(value):
    """The value without what no two servers have in common."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime.datetime):
        return "TIME"
    if isinstance(value, str):
        for pattern, name in NUMBERS:
            value = pattern.sub(name, value)
    return value


def pick(*names):
    """Only these members of a row: what both are asked about."""
    return lambda row: {name: row.get(name) for name in names}


class Script:
    """The steps; each is a name and what it answers."""

    def __init__(self, endpoint):
        self.answers = {}
        self.clients = {
            name: boto3.client(name, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="AKIAORGS" + ACCOUNT,
                               aws_secret_access_key="orgsim", config=UNCHECKED)
            for name in ("logs", "cloudwatch", "sns", "sqs", "cloudtrail", "kms", "iam", "sts", "organizations")
        }

    def step(self, name, service, operation, show=None, **arguments):
        """Calls an operation; remembers its error, or what `show` picks of its answer."""
        try:
            answer = getattr(self.clients[service], operation)(**arguments)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            self.answers[name] = f"{error.response['Error']['Code']} {status}"
            return {}
        except (BotoCoreError, ResponseParserError) as error:
            self.answers[name] = f"{type(error).__name__}"
            return {}
        self.answers[name] = plain(show(answer)) if show else "done"
        return answer

    def logs(self):
        step = self.step
        pattern = "{ $.eventName = StopLogging }"
        published = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
        put = {"logGroupName": "g", "filterName": "f", "filterPattern": pattern, "metricTransformations": published}
        step("a filter needs its group", "logs", "put_metric_filter", **put)
        step("a group is made", "logs", "create_log_group", logGroupName="g")
        step("a group is made once", "logs", "create_log_group", logGroupName="g")
        step("a filter is put", "logs", "put_metric_filter", **put)
        step("a filter is shown", "logs", "describe_metric_filters", logGroupName="g", show=lambda answer: [
            pick("filterName", "filterPattern", "logGroupName", "metricTransformations")(row)
            for row in answer["metricFilters"]])
        step("a filter is found by its metric", "logs", "describe_metric_filters", metricName="m", metricNamespace="n",
             show=lambda answer: [row["filterName"] for row in answer["metricFilters"]])
        step("a metric's name wants its namespace", "logs", "describe_metric_filters", metricName="m")
        step("filters of no group", "logs", "describe_metric_filters", logGroupName="none")
        step("a long pattern", "logs", "put_metric_filter", **{**put, "filterPattern": "x" * 1025})
        step("a pattern that is none", "logs", "put_metric_filter", **{**put, "filterPattern": "{ $.a = }"})
        step("retention", "logs", "put_retention_policy", logGroupName="g", retentionInDays=365)
        step("retention of two days", "logs", "put_retention_policy", logGroupName="g", retentionInDays=2)
        step("groups", "logs", "describe_log_groups", logGroupNamePrefix="g", show=lambda answer: [
            pick("logGroupName", "retentionInDays", "metricFilterCount", "arn", "storedBytes")(row)
            for row in answer["logGroups"]])
        step("no filter to delete", "logs", "delete_metric_filter", logGroupName="g", filterName="none")
        step("a filter is deleted", "logs", "delete_metric_filter", logGroupName="g", filterName="f")
        step("a stream is made", "logs", "create_log_stream", logGroupName="g", logStreamName="s")
        step("a stream is made once", "logs", "create_log_stream", logGroupName="g", logStreamName="s")
        step("a stream of no group", "logs", "create_log_stream", logGroupName="none", logStreamName="s")
        step("no group to delete", "logs", "delete_log_group", logGroupName="none")

    def alarms(self):
        step = self.step
        alarm = {"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 300,
                 "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
        step("an alarm is put", "cloudwatch", "put_metric_alarm", **alarm)
        members = ("AlarmName", "AlarmArn", "ActionsEnabled", "AlarmActions", "OKActions", "MetricName", "Namespace",
                   "Statistic", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator", "StateValue",
                   "Dimensions", "TreatMissingData")
        step("an alarm is shown", "cloudwatch", "describe_alarms", AlarmNames=["a"],
             show=lambda answer: [pick(*members)(row) for row in answer["MetricAlarms"]])
        step("a state is set", "cloudwatch", "set_alarm_state", AlarmName="a", StateValue="ALARM", StateReason="test")
        step("the state is shown", "cloudwatch", "describe_alarms", AlarmNames=["a"],
             show=lambda answer: [pick("StateValue", "StateReason")(row) for row in answer["MetricAlarms"]])
        step("no alarm to set", "cloudwatch", "set_alarm_state", AlarmName="none", StateValue="OK", StateReason="test")
        step("no such state", "cloudwatch", "set_alarm_state", AlarmName="a", StateValue="LOUD", StateReason="test")
        step("no such operator", "cloudwatch", "put_metric_alarm", **{**alarm, "ComparisonOperator": "About"})
        step("actions off", "cloudwatch", "disable_alarm_actions", AlarmNames=["a"])
        step("alarms of a metric", "cloudwatch", "describe_alarms_for_metric", MetricName="m", Namespace="n",
             show=lambda answer: [row["AlarmName"] for row in answer["MetricAlarms"]])
        step("a composite is put", "cloudwatch", "put_composite_alarm", AlarmName="c", AlarmRule="ALARM(a)")
        step("a composite is shown", "cloudwatch", "describe_alarms", AlarmTypes=["CompositeAlarm"],
             show=lambda answer: [row["AlarmName"] for row in answer["CompositeAlarms"]])
        step("metrics and composites apart", "cloudwatch", "describe_alarms",
             show=lambda answer: [len(answer["MetricAlarms"]), len(answer["CompositeAlarms"])])
        step("an alarm that is needed", "cloudwatch", "delete_alarms", AlarmNames=["a"])
        step("alarms are deleted", "cloudwatch", "delete_alarms", AlarmNames=["c"])
        step("no alarm to delete", "cloudwatch", "delete_alarms", AlarmNames=["none"])
        at = datetime.datetime.now(datetime.timezone.utc)
        step("values are put", "cloudwatch", "put_metric_data", Namespace="n",
             MetricData=[{"MetricName": "v", "Value": 2.0, "Timestamp": at}])
        step("metrics are listed", "cloudwatch", "list_metrics", Namespace="n",
             show=lambda answer: [pick("MetricName", "Namespace", "Dimensions")(row) for row in answer["Metrics"]])
        hour = datetime.timedelta(hours=1)
        step("a statistic", "cloudwatch", "get_metric_statistics", Namespace="n", MetricName="v", StartTime=at - hour,
             EndTime=at + hour, Period=86400, Statistics=["Sum"],
             show=lambda answer: [row["Sum"] for row in answer["Datapoints"]])

    def topics(self):
        step, sns = self.step, self.clients["sns"]
        step("a topic is made", "sns", "create_topic", Name="t", show=lambda answer: answer["TopicArn"])
        arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"
        step("a topic is made twice", "sns", "create_topic", Name="t", show=lambda answer: answer["TopicArn"])
        step("a bad name", "sns", "create_topic", Name="a b")
        step("a topic is shown", "sns", "get_topic_attributes", TopicArn=arn, show=lambda answer: {
            **pick("TopicArn", "Owner", "SubscriptionsConfirmed", "DisplayName")(answer["Attributes"])})
        step("the usual policy", "sns", "get_topic_attributes", TopicArn=arn,
             show=lambda answer: json.loads(answer["Attributes"]["Policy"]))
        step("no topic", "sns", "get_topic_attributes", TopicArn=arn + "none")
        step("no arn", "sns", "get_topic_attributes", TopicArn="t")
        step("e-mail waits", "sns", "subscribe", TopicArn=arn, Protocol="email", Endpoint="a@example.com",
             show=lambda answer: answer["SubscriptionArn"])
        step("waiting is shown", "sns", "list_subscriptions_by_topic", TopicArn=arn, show=lambda answer: [
            pick("SubscriptionArn", "Protocol", "Endpoint", "Owner")(row) for row in answer["Subscriptions"]])
        step("no topic to subscribe to", "sns", "subscribe", TopicArn=arn + "none", Protocol="email",
             Endpoint="a@example.com")
        step("a queue is made", "sqs", "create_queue", QueueName="q")
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
        step("a queue subscribes", "sns", "subscribe", TopicArn=arn, Protocol="sqs", Endpoint=queue,
             show=lambda answer: answer["SubscriptionArn"])
        allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage",
                 "Principal": {"Service": "sns.amazonaws.com"}, "Resource": queue}]}
        url = self.clients["sqs"].get_queue_url(QueueName="q")["QueueUrl"]
        step("a queue's policy", "sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": json.dumps(allow)})
        step("a message is published", "sns", "publish", TopicArn=arn, Message="hello", Subject="s")
        step("it arrives", "sqs", "receive_message", QueueUrl=url, show=lambda answer: [
            pick("Type", "TopicArn", "Subject", "Message", "SignatureVersion")(json.loads(row["Body"]))
            for row in answer.get("Messages", [])])
        step("it is hidden then", "sqs", "receive_message", QueueUrl=url, show=lambda answer: answer.get("Messages"))
        step("no queue", "sqs", "get_queue_url", QueueName="none")
        step("too many messages", "sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=11)
        step("a bad receipt", "sqs", "delete_message", QueueUrl=url, ReceiptHandle="none")
        step("a tag", "sns", "tag_resource", ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
        step("the tag is shown", "sns", "list_tags_for_resource", ResourceArn=arn, show=lambda answer: answer["Tags"])
        step("tags of no topic", "sns", "list_tags_for_resource", ResourceArn=arn + "none")
        sns.delete_topic(TopicArn=arn)
        step("a topic is deleted twice", "sns", "delete_topic", TopicArn=arn)

    def others(self):
        step = self.step
        step("no trail", "cloudtrail", "get_trail_status", Name="none")
        step("a short trail name", "cloudtrail", "create_trail", Name="ab", S3BucketName="b")
        step("no key", "kms", "describe_key", KeyId="00000000-0000-4000-8000-000000000000")
        key = step_key = self.clients["kms"].create_key()["KeyMetadata"]["KeyId"]
        step("a key's policy", "kms", "get_key_policy", KeyId=step_key,
             show=lambda answer: json.loads(answer["Policy"])["Statement"][0]["Principal"])
        step("a name for a key", "kms", "create_alias", AliasName="alias/k", TargetKeyId=key)
        step("a name is given once", "kms", "create_alias", AliasName="alias/k", TargetKeyId=key)
        step("a name of AWS's", "kms", "create_alias", AliasName="alias/aws/k", TargetKeyId=key)
        step("a key is switched off", "kms", "disable_key", KeyId=key)
        step("it is off", "kms", "describe_key", KeyId=key,
             show=lambda answer: pick("Enabled", "KeyState", "KeyManager")(answer["KeyMetadata"]))
        trust = json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})
        step("a role is made", "iam", "create_role", RoleName="r", AssumeRolePolicyDocument=trust,
             show=lambda answer: pick("RoleName", "Arn", "Path", "AssumeRolePolicyDocument")(answer["Role"]))
        step("a role is made once", "iam", "create_role", RoleName="r", AssumeRolePolicyDocument=trust)
        step("no role", "iam", "get_role", RoleName="none")
        step("no inline policy", "iam", "get_role_policy", RoleName="r", PolicyName="none")
        step("an inline policy", "iam", "put_role_policy", RoleName="r", PolicyName="p", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
        step("inline policies", "iam", "list_role_policies", RoleName="r", show=lambda answer: answer["PolicyNames"])
        step("a role that is used", "iam", "delete_role", RoleName="r")
        step("a policy that is none", "iam", "create_policy", PolicyName="p", PolicyDocument="{")
        step("who am I", "sts", "get_caller_identity", show=lambda answer: answer["Account"])
        step("a role is assumed", "sts", "assume_role", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
             RoleSessionName="night", show=lambda answer: answer["AssumedRoleUser"]["Arn"])
        step("a session that is too short", "sts", "assume_role", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
             RoleSessionName="night", DurationSeconds=60)

    def run(self):
        self.logs()
        self.alarms()
        self.topics()
        self.others()
        return self.answers


def main():
    ours = Script(ENDPOINT).run()
    process = subprocess.Popen([sys.executable, str(MOTO), "--log", "/dev/null"], stdout=subprocess.PIPE, text=True)
    try:
        theirs = Script(process.stdout.readline().strip()).run()
    finally:
        process.kill()
    differing = {name: {"orgsim": ours[name], "moto": theirs[name]} for name in ours if ours[name] != theirs[name]}
    listed = json.load(open(LISTED))
    print(json.dumps({
        "steps": len(ours),
        "unlisted": {name: both for name, both in differing.items() if listed.get(name, {}).get("answers") != both},
        "gone": [name for name in listed if name not in differing],
    }, indent=1))


main()
