"""An account of a moto organization, with the links of a chain to make in it. Shared by the seeds."""
import json
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "us-east-1"
ROLE = "OrgsweepReadOnly"
PATTERNS = json.loads((Path(__file__).parent / "patterns.json").read_text(encoding="utf-8"))
# Regions that are enabled in every account (server.py's ListRegions).
ENABLED_REGIONS = 17


class Account:
    """One account in one Region, with clients that act in it."""

    def __init__(self, endpoint, number, credentials, region=REGION):
        self.number = number
        self.credentials = credentials
        self.region = region
        self._endpoint = endpoint
        self._clients = {}

    def at(self, region):
        """The same account in another Region."""
        return Account(self._endpoint, self.number, self.credentials, region)

    def client(self, service, region=None):
        region = region or self.region
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self._endpoint,
                aws_access_key_id=self.credentials["key"],
                aws_secret_access_key=self.credentials["secret"],
                aws_session_token=self.credentials["token"],
                config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service, region]

    def enter(self, number):
        """The account `number`, as the role in it."""
        role = f"arn:aws:iam::{number}:role/{ROLE}"
        made = self.client("sts").assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
        credentials = {
            "key": made["AccessKeyId"], "secret": made["SecretAccessKey"], "token": made["SessionToken"]
        }
        return Account(self._endpoint, number, credentials)

    def make_trail(self, name="main", *, organization=False, multi_region=True, group=None, selectors=None):
        """A trail that logs to a log group of the account; returns the group's name."""
        group, bucket = group or f"cloudtrail/{name}", f"trail-{name}-{self.number}"
        self.client("s3", REGION).create_bucket(Bucket=bucket)
        self.client("logs").create_log_group(logGroupName=group)
        self.client("cloudtrail").create_trail(
            Name=name,
            S3BucketName=bucket,
            IsMultiRegionTrail=multi_region,
            IsOrganizationTrail=organization,
            IncludeGlobalServiceEvents=True,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:{self.region}:{self.number}:log-group:{group}:*",
            CloudWatchLogsRoleArn=f"arn:aws:iam::{self.number}:role/cloudtrail-to-logs",
        )
        self.client("cloudtrail").start_logging(Name=name)
        selectors = selectors or {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}
        self.client("cloudtrail").put_event_selectors(TrailName=name, **selectors)
        return group

    def make_topic(self, subscribed=True, name="security", **attributes):
        sns = self.client("sns")
        topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        if subscribed:
            sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security@example.com")
        return topic

    def make_filter(self, group, control, *, pattern=None, name=None, **transformation):
        published = {"metricNamespace": "CISBenchmark", "metricName": control, "metricValue": "1"}
        self.client("logs").put_metric_filter(
            logGroupName=group,
            filterName=name or control,
            filterPattern=PATTERNS[control] if pattern is None else pattern,
            metricTransformations=[published | transformation],
        )

    def make_alarm(self, control, topic, **changes):
        settings = {
            "AlarmName": control,
            "Namespace": "CISBenchmark",
            "MetricName": control,
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "ActionsEnabled": True,
            "AlarmActions": [topic] if topic else [],
        }
        settings.update(changes)
        self.client("cloudwatch").put_metric_alarm(
            **{name: value for name, value in settings.items() if value is not None}
        )

    def make_chains(self, controls=tuple(PATTERNS), **trail):
        """A whole chain for each control; returns the log group and the topic."""
        group, topic = self.make_trail(**trail), self.make_topic()
        for control in controls:
            self.make_filter(group, control)
            self.make_alarm(control, topic)
        return group, topic
