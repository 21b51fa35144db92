//! Actions that a request needs beside its own: to tag what it makes, to hand a
//! role to a service, to name the source of a session.

use std::collections::BTreeMap;

use crate::request::Request;
use crate::service::Service;

/// An action that is needed as well.
pub(super) struct Dependent {
    /// For example `sns:TagResource`.
    pub(super) action: &'static str,
    /// ARN of what it is about; that of the request itself without one.
    pub(super) resource: Option<String>,
    /// Condition keys that it adds.
    pub(super) context: BTreeMap<String, String>,
}

/// What `request` needs beside its own action.
pub(super) fn of(request: &Request) -> Vec<Dependent> {
    let params = &request.params;
    let mut needed = Vec::new();
    let mut also = |action| {
        needed.push(Dependent {
            action,
            resource: None,
            context: BTreeMap::new(),
        });
    };
    let tags = !params.items("Tags").is_empty();
    match (request.service, request.operation.as_str()) {
        // SNS API reference, CreateTopic, "Tags".
        (Service::Sns, "CreateTopic") if tags => also("sns:TagResource"),
        // CloudWatch API reference, PutMetricAlarm, "Tags".
        (Service::CloudWatch, "PutMetricAlarm" | "PutCompositeAlarm") if tags => {
            also("cloudwatch:TagResource");
        }
        // CloudWatch Logs API reference, CreateLogGroup, "tags".
        (Service::Logs, "CreateLogGroup") if !params.text_map("tags").is_empty() => {
            also("logs:TagResource");
        }
        // OAM API reference, GetLink, "IncludeTags".
        (Service::Oam, "GetLink") if params.boolean("IncludeTags") == Some(true) => {
            also("oam:ListTagsForResource");
        }
        // IAM user guide, "Tagging IAM roles".
        (Service::Iam, "CreateRole") if tags => also("iam:TagRole"),
        // STS API reference, AssumeRole, "SourceIdentity".
        (Service::Sts, "AssumeRole") if params.text("SourceIdentity").is_some() => {
            also("sts:SetSourceIdentity");
        }
        // IAM user guide, "Granting a user permissions to pass a role to an AWS service".
        (Service::CloudTrail, "CreateTrail" | "UpdateTrail") => {
            // An empty one takes the role away, which passes none.
            let role = params.text("CloudWatchLogsRoleArn");
            if let Some(role) = role.filter(|role| !role.is_empty()) {
                let to = (
                    "iam:passedtoservice".to_owned(),
                    "cloudtrail.amazonaws.com".to_owned(),
                );
                needed.push(Dependent {
                    action: "iam:PassRole",
                    resource: Some(role.to_owned()),
                    context: BTreeMap::from([to]),
                });
            }
        }
        _ => {}
    }
    needed
}
