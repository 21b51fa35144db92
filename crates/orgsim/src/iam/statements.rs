//! Statements of policies that are asked about a caller: effect, principal,
//! action, resource, condition (IAM user guide, "IAM JSON policy elements").

use std::collections::BTreeMap;

use serde_json::Value;

use super::Principal;
use crate::happening::{conditions_hold, each, like, texts};

/// What policies say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// A statement forbids it.
    Deny,
    /// A statement allows it and none forbids it.
    Allow,
    /// No statement is about it.
    Nothing,
}

/// What is asked.
pub(super) struct Question<'a> {
    /// For example `logs:DescribeLogGroups`.
    pub(super) action: &'a str,
    /// ARN, or `*` for an action without a resource.
    pub(super) resource: &'a str,
    /// Condition keys in small letters, and their values.
    pub(super) context: &'a BTreeMap<String, String>,
}

/// What the policies of an identity say together.
pub(super) fn of_identity<'a>(
    documents: impl Iterator<Item = &'a str>,
    question: &Question<'_>,
) -> Effect {
    let documents: Vec<Value> = documents
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    let statements = documents
        .iter()
        .flat_map(|document| each(&document["Statement"]));
    combined(statements.filter(|statement| concerns(statement, question)))
}

/// What the policy of a resource says to `principal`.
pub(super) fn of_resource(
    document: &str,
    question: &Question<'_>,
    principal: &Principal,
) -> Effect {
    let Ok(document) = serde_json::from_str::<Value>(document) else {
        return Effect::Nothing;
    };
    let statements = each(&document["Statement"]).into_iter();
    combined(statements.filter(|statement| {
        let named = match (&statement["Principal"], &statement["NotPrincipal"]) {
            (Value::Null, Value::Null) => false,
            (Value::Null, not) => !principal.is_named(not),
            (element, _) => principal.is_named(element),
        };
        named && concerns(statement, question)
    }))
}

fn combined<'a>(statements: impl Iterator<Item = &'a Value>) -> Effect {
    let mut effect = Effect::Nothing;
    for statement in statements {
        if statement["Effect"] == "Deny" {
            return Effect::Deny;
        }
        if statement["Effect"] == "Allow" {
            effect = Effect::Allow;
        }
    }
    effect
}

fn concerns(statement: &Value, question: &Question<'_>) -> bool {
    let action = question.action.to_ascii_lowercase();
    let matches_action = |patterns: &Value| {
        texts(patterns)
            .iter()
            .any(|pattern| like(&pattern.to_ascii_lowercase(), &action))
    };
    let matches_resource = |patterns: &Value| {
        texts(patterns)
            .iter()
            .any(|pattern| like(pattern, question.resource))
    };
    among(statement, ("Action", "NotAction"), matches_action)
        && among(statement, ("Resource", "NotResource"), matches_resource)
        && conditions_hold(&statement["Condition"], question.context)
}

/// Whether an element, or its opposite, fits; a statement with neither is about everything.
fn among(statement: &Value, (yes, no): (&str, &str), matches: impl Fn(&Value) -> bool) -> bool {
    match (&statement[yes], &statement[no]) {
        (Value::Null, Value::Null) => true,
        (Value::Null, not) => !matches(not),
        (patterns, _) => matches(patterns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_deny_wins_and_silence_is_no_allow() {
        let context = BTreeMap::from([("aws:requestedregion".to_owned(), "eu-west-1".to_owned())]);
        let effect = |statements: Value| {
            let document = json!({ "Statement": statements }).to_string();
            let question = Question {
                action: "logs:DescribeLogGroups",
                resource: "arn:aws:logs:eu-west-1:111122223333:log-group:cis",
                context: &context,
            };
            of_identity([document.as_str()].into_iter(), &question)
        };
        let allow = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let outside = json!({ "Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*",
            "Condition": { "StringNotEquals": { "aws:RequestedRegion": ["us-east-1"] } } });
        #[rustfmt::skip]
        let rows = [
            (json!([]),                                                                            Effect::Nothing),
            (json!([allow]),                                                                       Effect::Allow),
            (json!(allow),                                                                         Effect::Allow),
            (json!([{ "Effect": "Allow", "Action": "logs:describe*", "Resource": "*" }]),          Effect::Allow),
            (json!([{ "Effect": "Allow", "Action": "logs:Get*", "Resource": "*" }]),               Effect::Nothing),
            (json!([{ "Effect": "Allow", "Action": "logs:*", "Resource": "*:log-group:other" }]),  Effect::Nothing),
            (json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]),                Effect::Allow),
            (json!([allow, outside]),                                                              Effect::Deny),
        ];
        for (statements, expected) in rows {
            assert_eq!(effect(statements.clone()), expected, "{statements}");
        }
    }
}
