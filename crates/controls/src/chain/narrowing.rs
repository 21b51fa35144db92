//! What narrows the events that a filter or an alarm sees: field-selection
//! criteria and dimension values, written as conditions of the pattern language,
//! so that the coverage proof takes them into account.

use filter_pattern::{FieldSelectionCriteria, FilterPattern, PatternKind};

/// What is taken as given where a filter's field-selection criteria decide.
pub const CRITERIA_ASSUME: &str = "the account and Region of a log event, for which field-selection criteria ask, are its record's \
     `recipientAccountId` and `awsRegion` (not documented by AWS)";

/// The pattern that matches what `pattern` matches under all `conditions`
/// (bodies of JSON patterns); `None` when that cannot be written.
pub(crate) fn narrowed(pattern: &str, conditions: &[String]) -> Option<String> {
    if conditions.is_empty() {
        return Some(pattern.to_owned());
    }
    let mut clauses: Vec<String> = Vec::new();
    let text = pattern.trim();
    if !text.is_empty() {
        let body = text.strip_prefix('{')?.strip_suffix('}')?;
        clauses.push(format!("({})", body.trim()));
    }
    clauses.extend(conditions.iter().map(|condition| format!("({condition})")));
    Some(format!("{{ {} }}", clauses.join(" && ")))
}

/// The pattern of the CloudTrail events that a filter with field-selection criteria matches; `None`
/// when that cannot be written as one.
pub fn pattern_with_criteria(pattern: &str, criteria: &str) -> Option<FilterPattern> {
    narrowed(pattern, &of_criteria(criteria)?)?.parse().ok()
}

/// The condition that a selector of the event has a value; `None` when the value
/// cannot be written exactly.
pub(crate) fn equals(selector: &str, value: &str) -> Option<String> {
    let plain = !value.contains(['"', '\\', '*', '%']);
    (plain && selector.starts_with("$.")).then(|| format!("{selector} = \"{value}\""))
}

/// Field-selection criteria (`@aws.account IN ["…"]`, `@aws.region = "…"`) as conditions on the
/// fields of CloudTrail's records that say the same; `None` when they cannot be read, ask for
/// another field, or cannot be written as a pattern.
pub(crate) fn of_criteria(criteria: &str) -> Option<Vec<String>> {
    let criteria: FieldSelectionCriteria = criteria.trim().parse().ok()?;
    let (account, region) = ("recipientAccountId".parse(), "awsRegion".parse());
    let pattern = criteria.as_pattern(&account.ok()?, &region.ok()?)?;
    if pattern.kind() == PatternKind::Empty {
        return Some(Vec::new());
    }
    let text = pattern.to_string();
    let body = text.strip_prefix('{')?.strip_suffix('}')?;
    Some(vec![body.trim().to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_become_conditions_when_they_are_simple() {
        for (criteria, expected) in [
            ("", Some("")),
            (
                "@aws.account = \"111122223333\"",
                Some("$.recipientAccountId = \"111122223333\""),
            ),
            (
                "@aws.account IN [\"1\", \"2\"]",
                Some("$.recipientAccountId = \"1\" || $.recipientAccountId = \"2\""),
            ),
            (
                "@aws.region != \"us-east-1\" AND @aws.account = \"1\"",
                Some("$.awsRegion != \"us-east-1\" && $.recipientAccountId = \"1\""),
            ),
            (
                "@aws.account NOT IN [\"1\", \"2\"]",
                Some("$.recipientAccountId != \"1\" && $.recipientAccountId != \"2\""),
            ),
            (
                "@aws.account = \"1\" OR @aws.account = \"2\"",
                Some("$.recipientAccountId = \"1\" || $.recipientAccountId = \"2\""),
            ),
            ("@aws.account NOT [\"1\"]", None),
            ("@aws.account LIKE \"1*\"", None),
            ("@aws.account = \"1*\"", None),
            ("@log.source = \"x\"", None),
        ] {
            let conditions = of_criteria(criteria);
            assert_eq!(
                conditions.as_deref().map(|c| c.join("|")).as_deref(),
                expected,
                "{criteria}"
            );
        }
    }

    #[test]
    fn conditions_are_added_to_json_patterns_and_to_the_empty_one() {
        let condition = ["$.a = \"1\"".to_owned()];
        assert_eq!(
            narrowed("{ $.b = 2 || $.c = 3 }", &condition).unwrap(),
            "{ ($.b = 2 || $.c = 3) && ($.a = \"1\") }"
        );
        assert_eq!(narrowed("", &condition).unwrap(), "{ ($.a = \"1\") }");
        assert_eq!(narrowed("PutBucketPolicy", &condition), None);
        assert_eq!(narrowed("PutBucketPolicy", &[]).unwrap(), "PutBucketPolicy");
    }
}
