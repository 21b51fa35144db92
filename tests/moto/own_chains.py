"""Accounts without an organization trail, one chain each: pass or fail, and why."""
import json

from account import PATTERNS, REGION

S3, KMS, VPC, ROOT = "s3-bucket-policy-changes", "kms-cmk-disable-delete", "vpc-changes", "root-usage"
EVENTS = [
    "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle", "PutBucketReplication",
    "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication",
]
NAMES = " || ".join(f"($.eventName = {event})" for event in EVENTS)
CASES = []


def chain(verdict, *reasons, control=S3):
    """Registers a function that makes an account, with what its `control` is found to be."""
    def register(make):
        CASES.append((make.__name__.replace("_", "-"), make, control, verdict, reasons))
        return make
    return register


def passing(make):
    return chain("pass", "covered")(make)


def failing(*reasons, **control):
    return chain("fail", *reasons, **control)


def make(_management, members):
    claims = []
    for name, make_account, control, verdict, reasons in CASES:
        account = members[name]
        make_account(account)
        claims.append([name, account.number, control, verdict, list(reasons)])
    return claims


def the_rest(account, control=S3, **alarm):
    """Trail, topic and alarm; the log group to put filters on."""
    group = account.make_trail()
    account.make_alarm(control, account.make_topic(), **alarm)
    return group


def with_pattern(account, pattern, control=S3):
    account.make_filter(the_rest(account, control), control, pattern=pattern)


def with_alarm(account, control=S3, **alarm):
    account.make_filter(the_rest(account, control, **alarm), control)


# Patterns.

@passing
def of_management_events(account):
    with_pattern(account, f"{{ ($.managementEvent IS TRUE) && ($.eventCategory = Management) && ({NAMES}) }}")


@failing("filter_does_not_cover")
def of_data_events(account):
    with_pattern(account, f"{{ ($.eventCategory = Data) && ({NAMES}) }}")


@passing
def as_a_template_writes_it(account):
    with_pattern(account, "{\n  ($.eventSource = s3.amazonaws.com) &&\n  (\n    " + NAMES.replace(" || ", " ||\n    ") + "\n  )\n}\n")


@passing
def names_alone(account):
    with_pattern(account, "{" + NAMES + "}")


@passing
def reordered_and_quoted(account):
    names = "||".join(f'$.eventName="{event}"' for event in reversed(EVENTS))
    with_pattern(account, '{($.eventSource="s3.amazonaws.com")&&(' + names + ")}")


@passing
def source_after_each_name(account):
    with_pattern(account, "{" + "||".join(
        f"($.eventName={event} && $.eventSource=s3.*)" for event in EVENTS) + "}")


@passing
def wildcards(account):
    with_pattern(account, "{ $.eventSource = *s3* && ($.eventName = Put* || $.eventName = Delete*) }")


@passing
def one_regular_expression(account):
    with_pattern(account, "{ $.eventSource = %^s3% && $.eventName = %^PutBucket|^DeleteBucket% }")


@passing
def every_event(account):
    with_pattern(account, "")


@passing
def every_event_with_a_name(account):
    with_pattern(account, "{ $.eventName = * }")


@passing
def all_but_reads(account):
    with_pattern(account, "{ $.eventName != Get* && $.eventName != List* && $.eventName != Describe* }")


@passing
def succeeded_and_failed_apart(account):
    group = the_rest(account)
    account.make_filter(group, S3, name="ok", pattern="{ ($.errorCode NOT EXISTS) && (" + NAMES + ") }")
    account.make_filter(group, S3, name="denied", pattern="{ ($.errorCode = *) && (" + NAMES + ") }")


@passing
def regions_apart(account):
    group = the_rest(account)
    account.make_filter(group, S3, name="here", pattern="{ ($.awsRegion = us-east-1) && (" + NAMES + ") }")
    account.make_filter(group, S3, name="there", pattern="{ ($.awsRegion != us-east-1) && (" + NAMES + ") }")


@passing
def a_filter_per_event(account):
    group = the_rest(account)
    for event in EVENTS:
        account.make_filter(group, S3, name=event, pattern="{ $.eventName = " + event + " }")


@passing
def a_filter_a_metric_and_an_alarm_per_event(account):
    group, topic = account.make_trail(), account.make_topic()
    for event in EVENTS:
        account.make_filter(group, S3, name=event, pattern=f"{{ $.eventName = {event} }}", metricName=event)
        account.make_alarm(event, topic, MetricName=event)


@failing("alarm_actions_disabled", "filter_does_not_cover")
def one_of_nine_alarms_is_silenced(account):
    group, topic = account.make_trail(), account.make_topic()
    for event in EVENTS:
        account.make_filter(group, S3, name=event, pattern=f"{{ $.eventName = {event} }}", metricName=event)
        account.make_alarm(event, topic, MetricName=event, ActionsEnabled=event != "PutBucketPolicy")


@passing
def own_account_number(account):
    with_pattern(account, f'{{ ($.recipientAccountId = "{account.number}") && ({NAMES}) }}')


@failing("filter_does_not_cover", "no_filter")
def the_number_of_another_account(account):
    with_pattern(account, f'{{ ($.recipientAccountId = "999999999999") && ({NAMES}) }}')


@failing("filter_does_not_cover")
def successful_calls_only(account):
    with_pattern(account, "{ ($.errorCode NOT EXISTS) && (" + NAMES + ") }")


@failing("filter_does_not_cover")
def one_region_of_many(account):
    with_pattern(account, "{ ($.awsRegion = us-east-1) && (" + NAMES + ") }")


@failing("filter_does_not_cover")
def not_by_terraform(account):
    with_pattern(account, "{ ($.userAgent != *Terraform*) && (" + NAMES + ") }")


@failing("filter_does_not_cover")
def not_by_a_deploy_role(account):
    with_pattern(account, "{ ($.userIdentity.sessionContext.sessionIssuer.userName != deploy) && (" + NAMES + ") }")


@failing("filter_does_not_cover", "no_filter")
def and_in_the_place_of_or(account):
    with_pattern(account, "{ ($.eventName = PutBucketPolicy) && ($.eventName = DeleteBucketPolicy) }")


@failing("filter_does_not_cover", "no_filter")
def names_in_small_letters(account):
    with_pattern(account, "{" + NAMES.replace("= Put", "= put").replace("= Delete", "= delete") + "}")


@failing("filter_does_not_cover", "no_filter")
def a_field_in_small_letters(account):
    with_pattern(account, "{" + NAMES.replace("eventName", "eventname") + "}")


@failing("filter_does_not_cover")
def a_name_is_misspelt(account):
    with_pattern(account, "{" + NAMES.replace("PutBucketPolicy", "PutBucketPolcy") + "}")


@failing("filter_does_not_cover", "no_filter")
def a_source_that_does_not_exist(account):
    with_pattern(account, "{ ($.eventSource = s3.aws.com) && (" + NAMES + ") }")


@chain("fail", "filter_does_not_cover", control=ROOT)
def root_without_the_third_clause(account):
    """Narrowed to interactive use; root's calls with an access key go unnoticed."""
    with_pattern(account, '{ $.userIdentity.type = "Root" && $.eventName = ConsoleLogin }', ROOT)


@chain("pass", "covered", control=ROOT)
def root_with_fewer_clauses(account):
    with_pattern(account, "{ $.userIdentity.type = Root }", ROOT)


@chain("pass", "covered", control=KMS)
def keys_whatever_the_source(account):
    with_pattern(account, "{($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)}", KMS)


# Trails.

@failing("no_filter", "filter_on_abandoned_group", "filter_on_another_group")
def filters_on_another_log_group(account):
    the_rest(account)
    account.client("logs").create_log_group(logGroupName="other")
    account.make_filter("other", S3)


@failing("filter_on_abandoned_group")
def filters_left_behind_when_the_group_was_renamed(account):
    group = the_rest(account)
    logs = account.client("logs")
    # Somebody's own filter is on the new group.
    logs.put_metric_filter(
        logGroupName=group, filterName="errors", filterPattern="ERROR",
        metricTransformations=[{"metricNamespace": "Ops", "metricName": "Errors", "metricValue": "1"}])
    logs.create_log_group(logGroupName="before")
    account.make_filter("before", S3)


@failing("no_log_group")
def a_trail_to_a_bucket_only(account):
    account.client("s3").create_bucket(Bucket=f"only-{account.number}")
    account.client("cloudtrail").create_trail(
        Name="main", S3BucketName=f"only-{account.number}", IsMultiRegionTrail=True)
    account.client("cloudtrail").start_logging(Name="main")


@failing("trail_selectors_exclude")
def reads_only(account):
    selectors = {"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]}
    account.make_filter(account.make_trail(selectors=selectors), S3)
    account.make_alarm(S3, account.make_topic())


@passing
def writes_only(account):
    selectors = {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]}
    account.make_filter(account.make_trail(selectors=selectors), S3)
    account.make_alarm(S3, account.make_topic())


@passing
def reads_and_writes_apart(account):
    selectors = {"EventSelectors": [
        {"ReadWriteType": kind, "IncludeManagementEvents": True} for kind in ("ReadOnly", "WriteOnly")]}
    account.make_filter(account.make_trail(selectors=selectors), S3)
    account.make_alarm(S3, account.make_topic())


@failing("trail_selectors_exclude")
def data_events_only(account):
    selectors = {"EventSelectors": [{
        "ReadWriteType": "All", "IncludeManagementEvents": False,
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
    }]}
    account.make_filter(account.make_trail(selectors=selectors), S3)
    account.make_alarm(S3, account.make_topic())


@passing
def advanced_selectors_for_writes(account):
    selectors = {"AdvancedEventSelectors": [{"Name": "writes", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Management"]}, {"Field": "readOnly", "Equals": ["false"]}]}]}
    account.make_filter(account.make_trail(selectors=selectors), S3)
    account.make_alarm(S3, account.make_topic())


@chain("fail", "trail_selectors_exclude", control=KMS)
def advanced_selectors_without_kms(account):
    selectors = {"AdvancedEventSelectors": [{"Name": "quiet", "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Management"]},
        {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}]}]}
    account.make_filter(account.make_trail(selectors=selectors), KMS)
    account.make_alarm(KMS, account.make_topic())


@passing
def the_second_trail_works(account):
    account.make_trail(name="old")
    account.client("cloudtrail").stop_logging(Name="old")
    with_alarm(account)


@failing("trail_not_multi_region")
def one_region_only(account):
    account.make_filter(account.make_trail(multi_region=False), S3)
    account.make_alarm(S3, account.make_topic())


# Alarms.

@passing
def by_the_minute(account):
    with_alarm(account, Period=60)


@passing
def one_of_five(account):
    with_alarm(account, EvaluationPeriods=5, DatapointsToAlarm=1)


@passing
def more_than_nothing(account):
    with_alarm(account, Threshold=0, ComparisonOperator="GreaterThanThreshold", Statistic="SampleCount")


@passing
def each_event_counts_a_hundred(account):
    account.make_filter(the_rest(account, Threshold=100), S3, metricValue="100")


@failing("alarm_needs_more_events")
def five_of_five(account):
    with_alarm(account, EvaluationPeriods=5, DatapointsToAlarm=5)


@failing("alarm_needs_more_events")
def more_than_one(account):
    with_alarm(account, ComparisonOperator="GreaterThanThreshold")


@failing("alarm_never_fires")
def an_average_of_ones_above_one(account):
    with_alarm(account, Statistic="Average", ComparisonOperator="GreaterThanThreshold")


@failing("alarm_never_fires", "alarm_always_firing")
def fewer_than_one(account):
    with_alarm(account, ComparisonOperator="LessThanThreshold")


@failing("alarm_never_fires", "alarm_needs_more_events")
def events_count_nothing(account):
    account.make_filter(the_rest(account), S3, metricValue="0")


@failing("alarm_always_firing")
def silence_is_breaching(account):
    with_alarm(account, TreatMissingData="breaching")


@failing("alarm_wrong_metric")
def an_alarm_for_one_dimension(account):
    with_alarm(account, Dimensions=[{"Name": "eventName", "Value": "PutBucketPolicy"}])


@failing("alarm_wrong_metric")
def a_filter_with_dimensions(account):
    account.make_filter(the_rest(account), S3, dimensions={"eventName": "$.eventName"})


@failing("alarm_wrong_metric")
def a_unit_that_nobody_publishes(account):
    with_alarm(account, Unit="Bytes")


@failing("alarm_wrong_metric", "no_alarm")
def a_metric_in_small_letters(account):
    with_alarm(account, MetricName=S3.upper())


@failing("no_alarm")
def the_alarm_is_in_another_region(account):
    account.make_filter(account.make_trail(), S3)
    elsewhere = account.at("eu-west-1")
    elsewhere.make_alarm(S3, elsewhere.make_topic())


@failing("alarm_no_action")
def told_when_all_is_well_again(account):
    with_alarm(account, AlarmActions=[], OKActions=[f"arn:aws:sns:{REGION}:{account.number}:security"])


@passing
def the_second_alarm_works(account):
    group, topic = account.make_trail(), account.make_topic()
    account.make_filter(group, S3)
    account.make_alarm(S3, topic, Threshold=10)
    account.make_alarm(S3, topic, AlarmName="second")


def with_math(account, expression, **alarm):
    watched = {"Metric": {"Namespace": "CISBenchmark", "MetricName": S3}, "Period": 300, "Stat": "Sum"}
    with_alarm(
        account, Namespace=None, MetricName=None, Statistic=None, Period=None,
        Metrics=[
            {"Id": "m1", "MetricStat": watched, "ReturnData": False},
            {"Id": "e1", "Expression": expression, "ReturnData": True},
        ], **alarm)


@passing
def a_condition_on_the_metric(account):
    with_math(account, "IF(m1 > 0, 1, 0)")


@failing("alarm_needs_more_events")
def a_tenth_of_the_metric(account):
    with_math(account, "m1 / 10")


# Delivery.

@passing
def a_queue_is_subscribed(account):
    topic = account.make_topic(subscribed=False)
    queue = account.client("sqs").create_queue(QueueName="soc")["QueueUrl"]
    arn = account.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    account.make_filter(account.make_trail(), S3)
    account.make_alarm(S3, topic)


def with_policy(account, *statements):
    topic = account.make_topic()
    policy = {"Version": "2012-10-17", "Statement": [{"Resource": topic, **statement} for statement in statements]}
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    account.make_filter(account.make_trail(), S3)
    account.make_alarm(S3, topic)


CLOUDWATCH = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}


@passing
def cloudwatch_of_this_account_may_publish(account):
    with_policy(account, CLOUDWATCH | {"Condition": {
        "StringEquals": {"aws:SourceAccount": account.number},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{account.number}:alarm:*"},
    }})


@failing("topic_policy_denies")
def cloudwatch_of_another_account_may_publish(account):
    with_policy(account, CLOUDWATCH | {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}})


@failing("topic_policy_denies")
def events_may_publish_and_alarms_may_not(account):
    with_policy(account, CLOUDWATCH | {"Principal": {"Service": "events.amazonaws.com"}})


@failing("topic_policy_denies")
def a_deny_for_everybody(account):
    with_policy(account, CLOUDWATCH, {"Effect": "Deny", "Principal": "*", "Action": "SNS:*"})


@passing
def a_deny_for_cleartext(account):
    with_policy(account, CLOUDWATCH, {
        "Effect": "Deny", "Principal": "*", "Action": "sns:Publish",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    })


def with_key(account, *services):
    statements = [{
        "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": f"arn:aws:iam::{account.number}:root"},
    }]
    statements += [{
        "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
        "Principal": {"Service": service},
    } for service in services]
    key = account.client("kms").create_key(
        Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))["KeyMetadata"]["KeyId"]
    account.make_filter(account.make_trail(), S3)
    account.make_alarm(S3, account.make_topic(KmsMasterKeyId=key))


@passing
def a_key_that_alarms_may_use(account):
    with_key(account, "cloudwatch.amazonaws.com")


@failing("topic_key_denies")
def a_key_that_only_sns_may_use(account):
    with_key(account, "sns.amazonaws.com")


def with_filter_policy(account, policy, scope=None):
    with_alarm(account)
    sns = account.client("sns")
    subscription = sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue=json.dumps(policy))
    if scope:
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName="FilterPolicyScope", AttributeValue=scope)
    return sns


@failing("subscription_filtered")
def a_subscriber_to_other_messages(account):
    with_filter_policy(account, {"severity": ["high"]})


@failing("subscription_filtered")
def a_subscriber_to_recoveries(account):
    with_filter_policy(account, {"NewStateValue": ["OK"]}, scope="MessageBody")


@passing
def a_subscriber_to_alarms(account):
    with_filter_policy(account, {"NewStateValue": ["ALARM"]}, scope="MessageBody")


@passing
def one_of_two_subscribers_filters(account):
    sns = with_filter_policy(account, {"severity": ["high"]})
    topic = sns.list_topics()["Topics"][0]["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="soc@example.com")


@failing("action_not_notifying")
def an_alarm_that_only_scales(account):
    with_alarm(account, AlarmActions=[f"arn:aws:automate:{REGION}:ec2:reboot"])


@failing("action_wrong_place")
def a_topic_in_another_region(account):
    topic = account.at("eu-west-1").make_topic()
    account.make_filter(account.make_trail(), S3)
    account.make_alarm(S3, topic)


assert set(PATTERNS) >= {S3, KMS, VPC, ROOT}
