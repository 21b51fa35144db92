//! Which resources an action of a step is allowed on: as few as the step's kind
//! can be about (Service Authorization Reference; actions that know no resources
//! need `*`).

use orgsweep_aws_access::only_reads;

use super::policy::{Condition, Resource};
use crate::planner::Names;
use crate::steps::StepKind;

/// What a statement of the remediator's role is about: its Sid, its resources
/// and its condition.
pub(super) type Scope = (&'static str, Resource, Option<Condition>);

/// Where `action` of a step of this kind is allowed.
pub(super) fn scope(kind: StepKind, action: &str, names: &Names) -> Scope {
    let (service, operation) = action.split_once(':').unwrap_or(("", action));
    let reads = only_reads(action);
    // Unsubscribe knows no resource.
    if reads || action == "sns:Unsubscribe" {
        return if reads {
            ("ReadBeforeWriting", Resource::Any, None)
        } else {
            ("EndSubscriptions", Resource::Any, None)
        };
    }
    let arn = |rest: String| Resource::Arn(rest);
    match service {
        "cloudtrail" => ("ChangeTrails", arn("cloudtrail:*:*:trail/*".into()), None),
        "logs" => ("ChangeLogGroups", arn("logs:*:*:log-group:*".into()), None),
        "sns" => ("ChangeTopics", arn("sns:*:*:*".into()), None),
        "cloudwatch" if matches!(kind, StepKind::PutAlarm | StepKind::Remove) => (
            "ChangeOwnAlarms",
            arn(format!("cloudwatch:*:*:alarm:{}", names.of("*"))),
            None,
        ),
        "cloudwatch" => ("ChangeAlarms", arn("cloudwatch:*:*:alarm:*".into()), None),
        "iam" => {
            let roles = arn(format!("iam::*:role/{}", names.of("*")));
            if operation == "PassRole" {
                // Undoing hands a trail the role back that it had, whatever that is called.
                let roles = arn("iam::*:role/*".to_owned());
                let to_trails = Condition {
                    key: "iam:PassedToService",
                    value: "cloudtrail.amazonaws.com".to_owned(),
                };
                ("HandTheRoleToTrails", roles, Some(to_trails))
            } else {
                ("MakeDeliveryRoles", roles, None)
            }
        }
        _ => ("Other", Resource::Any, None),
    }
}
