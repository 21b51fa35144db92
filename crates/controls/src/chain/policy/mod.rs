//! Resource policies (of topics and keys), decided for one request of an AWS
//! service: allowed, not allowed, or not decidable from what is known. Deny
//! wins; without a matching Allow nothing is allowed (IAM's evaluation logic).

mod condition;
mod statement;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::ids::Arn;
use crate::remembered::Remembered;

use statement::Effect;

/// Policies that were read: all alarms of an account ask the same few.
static READ: LazyLock<Remembered<Value>> = LazyLock::new(|| Remembered::up_to(64));

/// A request of an AWS service, as a policy sees it.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    /// Service principal, for example `cloudwatch.amazonaws.com`.
    pub(crate) service: &'a str,
    /// Action, for example `sns:Publish`.
    pub(crate) action: &'a str,
    /// ARN of the resource.
    pub(crate) resource: &'a str,
    /// Context keys that are there, in lower case, with their values.
    pub(crate) context: Vec<(&'static str, &'a str)>,
    /// Context keys of which it is not documented whether they are there; where they are, they have
    /// this value.
    pub(crate) perhaps: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Request<'a> {
    /// What CloudWatch sends when an alarm acts: its documented context keys.
    pub(crate) fn of_alarm(
        action: &'a str,
        resource: &'a str,
        alarm_arn: &'a str,
        alarm_account: &'a str,
    ) -> Self {
        let service = "cloudwatch.amazonaws.com";
        let part = |number| resource.split(':').nth(number).unwrap_or_default();
        let context = vec![
            ("aws:sourcearn", alarm_arn),
            ("aws:sourceaccount", alarm_account),
            ("aws:sourceowner", alarm_account),
            ("aws:principalisawsservice", "true"),
            ("aws:principalservicename", service),
            ("aws:principalservicenameslist", service),
            ("aws:viaawsservice", "false"),
            ("aws:securetransport", "true"),
            ("aws:requestedregion", part(3)),
        ];
        Self {
            service,
            action,
            resource,
            context,
            perhaps: vec![("aws:resourceaccount", part(4).into())],
        }
    }

    /// The same for the key of `topic`: CloudWatch may ask for it by way of SNS.
    pub(crate) fn about_key_of(mut self, topic: &'a Arn) -> Self {
        let region = topic.region().map(String::from).unwrap_or_default();
        let suffix = match topic.partition() {
            "aws-cn" => ".cn",
            _ => "",
        };
        let account = self
            .context
            .iter()
            .find(|(key, _)| *key == "aws:sourceaccount");
        let account = account.map_or("", |(_, account)| account);
        self.perhaps.extend([
            (
                "kms:viaservice",
                format!("sns.{region}.amazonaws.com{suffix}").into(),
            ),
            ("kms:calleraccount", account.into()),
            (
                "kms:encryptioncontext:aws:sns:topicarn",
                topic.as_str().into(),
            ),
        ]);
        self
    }
}

/// What a policy says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is allowed.
    Allowed,
    /// It is not, and why.
    Denied(String),
    /// It depends on something that is not known.
    Undecided(String),
}

/// True, false, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// Decides `request` by the JSON text of a resource policy.
pub(crate) fn decide(policy: &str, request: &Request<'_>) -> Decision {
    let document = READ.of(policy, |text| serde_json::from_str(text).map(Arc::new));
    let Ok(document) = document else {
        return Decision::Undecided("the policy is not valid JSON".to_owned());
    };
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => return Decision::Undecided("the policy has no statements".to_owned()),
    };
    let (mut allowed, mut maybe_allowed, mut maybe_denied) = (false, None, None);
    for (index, statement) in statements.iter().enumerate() {
        let name = || statement::name_of(statement, index);
        let doubtful = || {
            let keys = condition::doubtful(statement.get("Condition"), request);
            match keys.as_slice() {
                [] => name(),
                keys => format!("{}, which asks for {},", name(), keys.join(" and ")),
            }
        };
        let applies = statement::applies(statement, request);
        match (statement::effect_of(statement), applies) {
            (_, Truth::False) => {}
            (Some(Effect::Deny), Truth::True) => {
                return Decision::Denied(format!("statement {} denies it", name()));
            }
            (Some(Effect::Allow), Truth::True) => allowed = true,
            (Some(Effect::Allow), Truth::Unknown) => {
                maybe_allowed.get_or_insert_with(doubtful);
            }
            (Some(Effect::Deny), Truth::Unknown) | (None, _) => {
                maybe_denied.get_or_insert_with(doubtful);
            }
        }
    }
    let doubt = match (allowed, maybe_allowed, maybe_denied) {
        (true, _, None) => return Decision::Allowed,
        (false, None, _) => return Decision::Denied("no statement allows it".to_owned()),
        (true, _, Some(name)) => format!("whether statement {name} denies it cannot be decided"),
        (false, Some(name), _) => format!("whether statement {name} allows it cannot be decided"),
    };
    Decision::Undecided(doubt)
}

#[cfg(test)]
mod tests;
