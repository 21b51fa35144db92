//! What about a condition does not go with CloudTrail's records: fields that no record has
//! under that name, kinds of values that a field never has, and spellings of values
//! that look like another one. None of it is an error: the documentation may lag.

use crate::ast::{Condition, Operand, Segment, Selector, Test};
use crate::schema::{self, FieldRule, Kinds};

use super::remark::RemarkKind;

/// What does not go with a record about one condition.
pub(super) fn of_condition(condition: &Condition) -> Option<(RemarkKind, String)> {
    if let Some(text) = unknown_field(&condition.selector) {
        return Some((RemarkKind::UnknownField, text));
    }
    let rule = schema::documented(&condition.selector);
    if let Some(text) = rule.and_then(|rule| other_kind(condition, rule)) {
        return Some((RemarkKind::FieldKind, text));
    }
    let (Test::Equals(Operand::Text(text)) | Test::NotEquals(Operand::Text(text))) =
        &condition.test
    else {
        return None;
    };
    let text = text.is_literal().then(|| text.as_str())?;
    let said = empty_error_code(condition, text, rule?).or_else(|| other_value(text, rule?))?;
    Some((RemarkKind::UnusualValue, said))
}

/// The words for a comparison of the error code with nothing: "only if the request returned an error"
/// (CloudTrail User Guide, record contents).
fn empty_error_code(condition: &Condition, text: &str, rule: &FieldRule) -> Option<String> {
    let instead = match condition.test {
        Test::Equals(_) => "NOT EXISTS",
        _ => "= *",
    };
    (text.is_empty() && rule.path == "errorCode").then(|| {
        format!(
            "`errorCode` is missing where a call succeeded, and never empty: write `{} {instead}`",
            condition.selector
        )
    })
}

/// Fields that records have beside the ones with a rule: of other kinds of records, and
/// newer ones whose kind of value is not documented.
const OTHER_FIELDS: &[&str] = &[
    "accountId",
    "eventContext",
    "eventId",
    "insightDetails",
    "summary",
    "timeWindow",
];

/// The words for a field that looks like a documented one and is none.
fn unknown_field(selector: &Selector) -> Option<String> {
    let keys: Vec<&str> = selector
        .segments()
        .iter()
        .map_while(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            _ => None,
        })
        .collect();
    let first = *keys.first()?;
    let inside =
        || Some(Selector::new(rest_of(selector)?)).map(|inner| format!(": write `{inner}`"));
    match first {
        "Records" => {
            let instead = inside().unwrap_or_default();
            return Some(format!(
                "CloudWatch Logs gets each record as an event of its own, without the `Records` of CloudTrail's files{instead}"
            ));
        }
        "detail" => {
            let instead = inside().unwrap_or_default();
            return Some(format!(
                "`detail` is the envelope of EventBridge, which records in a log group do not have{instead}"
            ));
        }
        _ => {}
    }
    for length in 1..=keys.len() {
        let path = keys[..length].join(".");
        if schema::documented_paths().any(|known| known == path) {
            continue;
        }
        let parent = &keys[..length - 1];
        let key = keys[length - 1];
        if length == 1 && OTHER_FIELDS.contains(&key) {
            return None;
        }
        let near = nearest(key, members_of(parent), is_free(parent))?;
        let meant = Selector::of_keys(parent.iter().copied().chain([near]));
        return Some(format!(
            "CloudTrail documents no field `{path}`; is `{}` meant?",
            meant.field_name()
        ));
    }
    None
}

/// The steps after an envelope: after `$.Records[0]`, after `$.detail`.
fn rest_of(selector: &Selector) -> Option<Vec<Segment>> {
    let is_element = |step: &Segment| matches!(step, Segment::Index(_) | Segment::AnyIndex);
    let rest = &selector.segments()[1..];
    let elements = rest.iter().take_while(|step| is_element(step)).count();
    let rest = &rest[elements..];
    (!rest.is_empty()).then(|| rest.to_vec())
}

/// The documented members of an object of the record.
fn members_of(parent: &[&str]) -> impl Iterator<Item = &'static str> {
    let prefix = match parent {
        [] => String::new(),
        keys => format!("{}.", keys.join(".")),
    };
    schema::documented_paths().filter_map(move |path| {
        let member = path.strip_prefix(&prefix)?;
        (!member.contains('.')).then_some(member)
    })
}

/// Whether services put members of their own into an object.
fn is_free(parent: &[&str]) -> bool {
    matches!(
        parent,
        [
            "requestParameters"
                | "responseElements"
                | "additionalEventData"
                | "serviceEventDetails",
            ..
        ]
    )
}

/// The known name that a name was probably meant to be; among free names, only one
/// that differs in upper and lower case.
fn nearest(
    name: &str,
    known: impl Iterator<Item = &'static str>,
    free: bool,
) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let distance = |known: &str| {
        let known = known.to_ascii_lowercase();
        let begins = lower.len() >= 6 && known.starts_with(&lower);
        match edit_distance(&lower, &known) {
            0 => Some(0),
            _ if free => None,
            near @ 1..=2 if lower.len() >= 6 => Some(near),
            _ => begins.then_some(3),
        }
    };
    known
        .filter_map(|known| Some((distance(known)?, known)))
        .min()
        .map(|(_, known)| known)
}

/// How many letters are to be put in, taken out or changed (Levenshtein).
fn edit_distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, left) in one.bytes().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (place, right) in other.bytes().enumerate() {
            let changed = before + usize::from(left != right);
            before = row[place + 1];
            row[place + 1] = changed.min(row[place] + 1).min(before + 1);
        }
    }
    row[other.len()]
}

/// The words for a test of a kind of value that the field never has.
fn other_kind(condition: &Condition, rule: &FieldRule) -> Option<String> {
    let Condition { selector, test, .. } = condition;
    let path = rule.path;
    let only = |kind: Kinds| rule.kinds == kind;
    let has_null = rule.kinds.contains(Kinds::NULL);
    match test {
        Test::Equals(_) | Test::NotEquals(_) if only(Kinds::BOOLEAN) => {
            let truth = match test {
                Test::Equals(Operand::Text(text)) if text.as_str() == "true" => Some("TRUE"),
                Test::Equals(Operand::Text(text)) if text.as_str() == "false" => Some("FALSE"),
                Test::NotEquals(Operand::Text(text)) if text.as_str() == "true" => Some("FALSE"),
                Test::NotEquals(Operand::Text(text)) if text.as_str() == "false" => Some("TRUE"),
                _ => None,
            };
            let instead = truth.map_or(String::new(), |truth| {
                format!(": write `{selector} IS {truth}`")
            });
            Some(format!(
                "`{path}` is true or false in CloudTrail records, and AWS documents no comparison of a text with these{instead}"
            ))
        }
        Test::IsTrue | Test::IsFalse if only(Kinds::STRING) => {
            let truth = if *test == Test::IsTrue {
                "true"
            } else {
                "false"
            };
            let instead = if rule.values.contains(&truth) {
                format!(": write `{selector} = \"{truth}\"`")
            } else {
                String::new()
            };
            Some(format!(
                "`{path}` is a text in CloudTrail records, and AWS documents `{test}` for true and false only{instead}"
            ))
        }
        Test::IsNull if !has_null => Some(format!(
            "`{path}` is never null in CloudTrail records; to ask whether it is missing, write `{selector} NOT EXISTS`"
        )),
        Test::Equals(_) | Test::NotEquals(_) | Test::Compare(..)
            if only(Kinds::OBJECT) || only(Kinds::OBJECT.or(Kinds::NULL)) =>
        {
            let keys: Vec<&str> = path.split('.').collect();
            let member = members_of(&keys).next();
            let instead = member.map_or(String::new(), |member| {
                format!(": ask for a member of it, as in `{selector}.{member}`")
            });
            Some(format!(
                "`{path}` is an object in CloudTrail records, which no comparison matches{instead}"
            ))
        }
        Test::Equals(_) | Test::NotEquals(_) | Test::Compare(..) if only(Kinds::ARRAY) => {
            Some(format!(
                "`{path}` is an array in CloudTrail records, which no comparison matches: ask for its elements, as in `{selector}[*]`"
            ))
        }
        Test::Compare(..) if only(Kinds::STRING) => Some(format!(
            "`{path}` is a text in CloudTrail records, and `<` and `>` compare numbers only"
        )),
        _ => None,
    }
}

/// The types of identities that CloudTrail documents (userIdentity element).
const IDENTITY_TYPES: &[&str] = &[
    "Root",
    "IAMUser",
    "AssumedRole",
    "Role",
    "FederatedUser",
    "Directory",
    "AWSAccount",
    "AWSService",
    "IdentityCenterUser",
    "SAMLUser",
    "WebIdentityUser",
    "Unknown",
];

/// Operations of Amazon S3 that CloudTrail logs under another name (Amazon S3 User Guide, CloudTrail
/// events).
const LOGGED_OTHERWISE: &[(&str, &str)] = &[
    ("PutBucketLifecycleConfiguration", "`PutBucketLifecycle`"),
    (
        "PutPublicAccessBlock",
        "`PutBucketPublicAccessBlock` of a bucket and `PutAccountPublicAccessBlock` of an account",
    ),
    (
        "DeletePublicAccessBlock",
        "`DeleteBucketPublicAccessBlock` of a bucket and `DeleteAccountPublicAccessBlock` of an account",
    ),
];

/// The words for a text that the field has in another spelling.
fn other_value(text: &str, rule: &FieldRule) -> Option<String> {
    if !rule.values.is_empty() && !rule.values.contains(&text) {
        return Some(match in_other_case(text, rule.values.iter().copied()) {
            Some(known) => case_matters(known),
            None => format!("`{}` is one of {}", rule.path, rule.values.join(", ")),
        });
    }
    let names = || schema::familiar_events().map(|(name, _)| name);
    match rule.path {
        "eventName" => {
            if let Some((service, name)) = text.split_once(':') {
                return Some(format!(
                    "names of events have no prefix as the actions of policies have: write `$.eventName = \"{name}\"`, and if need be `$.eventSource = \"{service}.amazonaws.com\"`"
                ));
            }
            if let Some((_, logged)) = LOGGED_OTHERWISE.iter().find(|it| it.0 == text) {
                return Some(format!("Amazon S3 logs `{text}` as {logged}"));
            }
            in_other_case(text, names().chain(schema::documented_events())).map(case_matters)
        }
        "eventSource" if !text.ends_with(".amazonaws.com") => {
            let lower = text.to_ascii_lowercase();
            Some(if lower.ends_with(".amazonaws.com") {
                case_matters(&lower)
            } else if text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            {
                format!(
                    "the sources of events end with `.amazonaws.com`; is `{lower}.amazonaws.com` meant?"
                )
            } else {
                return None;
            })
        }
        "eventSource" => {
            let lower = text.to_ascii_lowercase();
            (lower != text).then(|| case_matters(&lower))
        }
        "userIdentity.type" => {
            in_other_case(text, IDENTITY_TYPES.iter().copied()).map(case_matters)
        }
        _ => None,
    }
}

fn in_other_case<'k>(text: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let mut exact = known.clone();
    if exact.any(|known| known == text) {
        return None;
    }
    known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(text))
}

fn case_matters(known: &str) -> String {
    format!("upper and lower case matter; is `{known}` meant?")
}

#[cfg(test)]
mod tests;
