//! What the fake answers when nothing is wrong: an organization with three
//! accounts, one of them with a trail of its own, one under the organization's.

use serde_json::{Value, json};

use super::protocol::Asked;
use super::{AUDIT, MANAGEMENT, MEMBER, OWN, REGION, Reply};

/// The usual answer.
pub(super) fn usual(asked: &Asked) -> Reply {
    let account = asked.account.as_str();
    let own_group = format!("arn:aws:logs:{REGION}:{OWN}:log-group:CloudTrail/own:*");
    let topic = format!("arn:aws:sns:{REGION}:{OWN}:alerts");
    Reply::Result(match asked.operation.as_str() {
        "GetCallerIdentity" => json!({
            "Account": account, "Arn": format!("arn:aws:sts::{account}:assumed-role/Audit/nightly"), "UserId": "AROA",
        }),
        "AssumeRole" => assumed(asked),
        "DescribeOrganization" => json!({ "Organization": {
            "Id": "o-a1b2c3d4e5", "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL",
        } }),
        "ListAccounts" => accounts(asked),
        "ListRoots" => json!({ "Roots": [{ "Id": "r-ab12", "Name": "Root" }] }),
        "ListOrganizationalUnitsForParent" => match asked.parameter("ParentId") {
            "r-ab12" => {
                json!({ "OrganizationalUnits": [{ "Id": "ou-ab12-11111111", "Name": "Workloads" }] })
            }
            "ou-ab12-11111111" => {
                json!({ "OrganizationalUnits": [{ "Id": "ou-ab12-22222222", "Name": "Prod" }] })
            }
            _ => json!({ "OrganizationalUnits": [] }),
        },
        "ListAccountsForParent" => match asked.parameter("ParentId") {
            "r-ab12" => json!({ "Accounts": [{ "Id": AUDIT }] }),
            "ou-ab12-22222222" => json!({ "Accounts": [{ "Id": OWN }, { "Id": MEMBER }] }),
            _ => json!({ "Accounts": [] }),
        },
        "ListTagsForResource" => {
            json!({ "Tags": [{ "Key": "team", "Value": asked.parameter("ResourceId") }] })
        }
        "ListRegions" => json!({ "Regions": [
            { "RegionName": "us-east-1", "RegionOptStatus": "ENABLED_BY_DEFAULT" },
            { "RegionName": REGION, "RegionOptStatus": "ENABLED_BY_DEFAULT" },
        ] }),
        "DescribeTrails" => json!({ "trailList": trails(account) }),
        "GetTrailStatus" => {
            json!({ "IsLogging": true, "LatestCloudWatchLogsDeliveryTime": 1_700_000_000 })
        }
        "GetEventSelectors" => json!({ "AdvancedEventSelectors": [{
            "Name": "Management events selector",
            "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Management"] }],
        }] }),
        "DescribeLogGroups" => json!({ "logGroups": [
            { "logGroupName": "CloudTrail/own", "arn": own_group, "logGroupClass": "STANDARD" },
            { "logGroupName": "CloudTrail/own-not-this", "logGroupClass": "INFREQUENT_ACCESS" },
        ] }),
        "DescribeMetricFilters" => filters(asked),
        "DescribeLogStreams" => json!({ "logStreams": [] }),
        "DescribeAlarms" => alarms(&topic),
        "DescribeAlarmHistory" => json!({ "AlarmHistoryItems": [] }),
        "ListAlarmMuteRules" => json!({ "AlarmMuteRuleSummaries": [] }),
        "GetAlarmMuteRule" | "GetLink" => {
            return Reply::error("ResourceNotFoundException", "");
        }
        "ListLinks" => json!({ "Items": [] }),
        "GetTopicAttributes" => json!({ "Attributes": { "entry": [
            ["TopicArn", topic], ["Policy", "{\"Statement\":[]}"], ["KmsMasterKeyId", "alias/mine"],
        ] } }),
        "ListSubscriptionsByTopic" => json!({ "Subscriptions": [
            { "SubscriptionArn": format!("{topic}:1"), "Protocol": "email", "Endpoint": "sec@example.com", "Owner": account },
            { "SubscriptionArn": "PendingConfirmation", "Protocol": "https",
              "Endpoint": "https://hooks.example.com/s3cr3t", "Owner": account },
        ] }),
        "GetSubscriptionAttributes" => json!({ "Attributes": { "entry": [
            ["SubscriptionArn", asked.parameter("SubscriptionArn")], ["PendingConfirmation", "false"],
        ] } }),
        "DescribeKey" => json!({ "KeyMetadata": {
            "KeyId": "11111111-2222-3333-4444-555555555555", "KeyState": "Enabled", "KeyManager": "CUSTOMER",
            "Arn": format!("arn:aws:kms:{REGION}:{OWN}:key/11111111-2222-3333-4444-555555555555"),
        } }),
        "GetKeyPolicy" => json!({ "Policy": "{}", "PolicyName": "default" }),
        _ => return Reply::error("UnknownOperationException", ""),
    })
}

/// Credentials from whose key the account is known.
fn assumed(asked: &Asked) -> Value {
    let account = asked
        .parameter("RoleArn")
        .split(':')
        .nth(4)
        .unwrap_or_default();
    json!({ "Credentials": {
        "AccessKeyId": format!("ASIA{account}"), "SecretAccessKey": "s3cr3t-role", "SessionToken": "s3cr3t-token",
        "Expiration": "2099-01-01T00:00:00Z",
    } })
}

/// Three pages, the second of them empty.
fn accounts(asked: &Asked) -> Value {
    match asked.parameter("NextToken") {
        "" => json!({ "NextToken": "2", "Accounts": [
            { "Id": OWN, "Name": "own trail", "Email": "own@example.com", "State": "ACTIVE", "Status": "ACTIVE" },
            { "Id": "444444444444", "Name": "closed", "State": "SUSPENDED" },
        ] }),
        "2" => json!({ "NextToken": "3", "Accounts": [] }),
        _ => {
            json!({ "Accounts": [{ "Id": AUDIT, "Name": "audit" }, { "Id": MEMBER, "Name": "member" }] })
        }
    }
}

fn trails(account: &str) -> Value {
    let organization_trail = json!({
        "Name": "organization", "TrailARN": format!("arn:aws:cloudtrail:{REGION}:{MANAGEMENT}:trail/organization"),
        "HomeRegion": REGION, "IsMultiRegionTrail": true, "IsOrganizationTrail": true,
        "IncludeGlobalServiceEvents": true,
        "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{REGION}:{MANAGEMENT}:log-group:organization:*"),
    });
    let own_trail = json!({
        "Name": "own", "TrailARN": format!("arn:aws:cloudtrail:{REGION}:{account}:trail/own"),
        "HomeRegion": REGION, "IsMultiRegionTrail": true, "IncludeGlobalServiceEvents": true,
        "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{REGION}:{account}:log-group:CloudTrail/own:*"),
    });
    match account {
        OWN => json!([own_trail]),
        MEMBER => json!([organization_trail]),
        _ => json!([]),
    }
}

/// Two pages.
fn filters(asked: &Asked) -> Value {
    // Every control has its filter, so that nobody looks for filters on other groups.
    let pattern = "{ $.eventName = *BucketPolicy || $.userIdentity.type = \"Root\" || $.errorCode = \"AccessDenied*\" }";
    let filter = |name: &str| {
        json!({
            "filterName": name, "filterPattern": pattern,
            "logGroupName": "CloudTrail/own",
            "metricTransformations": [{ "metricName": name, "metricNamespace": "CIS", "metricValue": "1" }],
        })
    };
    match asked.parameter("nextToken") {
        "" => json!({ "metricFilters": [filter("z"), filter("bucket-policy")], "nextToken": "2" }),
        _ => json!({ "metricFilters": [filter("a")] }),
    }
}

fn alarms(topic: &str) -> Value {
    let alarm = |name: &str, metric: &str| {
        json!({
            "AlarmName": name, "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{OWN}:alarm:{name}"),
            "MetricName": metric, "Namespace": "CIS", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1,
            "Threshold": 1.0, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "ActionsEnabled": true,
            "AlarmActions": [topic],
        })
    };
    json!({
        "MetricAlarms": [alarm("unrelated", "CPUUtilization"), alarm("bucket-policy", "bucket-policy")],
        "CompositeAlarms": [],
    })
}
