//! What narrows the events that a filter or an alarm sees: field-selection
//! criteria and dimension values, written as conditions of the pattern language,
//! so that the coverage proof takes them into account.

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

/// The condition that a selector of the event has a value; `None` when the value
/// cannot be written exactly.
pub(crate) fn equals(selector: &str, value: &str) -> Option<String> {
    let plain = !value.contains(['"', '\\', '*', '%']);
    (plain && selector.starts_with("$.")).then(|| format!("{selector} = \"{value}\""))
}

/// Field-selection criteria (`@aws.account IN ["…"]`, `@aws.region = "…"`,
/// joined by AND) as conditions; `None` when they are of another form.
pub(crate) fn of_criteria(criteria: &str) -> Option<Vec<String>> {
    let text = criteria.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    split_and(text).into_iter().map(one_criterion).collect()
}

fn split_and(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    let upper = text.to_ascii_uppercase();
    let mut from = 0;
    while let Some(found) = upper[from..].find(" AND ") {
        parts.push(&text[from..from + found]);
        from += found + " AND ".len();
        rest = &text[from..];
    }
    parts.push(rest);
    parts
}

fn one_criterion(text: &str) -> Option<String> {
    let text = text.trim();
    let field_end = text.find(|c: char| c.is_whitespace() || c == '=' || c == '!')?;
    let selector = match &text[..field_end] {
        "@aws.account" => "$.recipientAccountId",
        "@aws.region" => "$.awsRegion",
        _ => return None,
    };
    let rest = text[field_end..].trim_start();
    if let Some(value) = rest.strip_prefix("!=") {
        let value = unquoted(value)?;
        return Some(equals(selector, value)?.replace(" = ", " != "));
    }
    if let Some(value) = rest.strip_prefix('=') {
        return equals(selector, unquoted(value)?);
    }
    let (rest, negated) = match after_word(rest, "not") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let list = after_word(rest, "in")?
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'))?;
    let values = list
        .split(',')
        .map(|value| equals(selector, unquoted(value)?))
        .collect::<Option<Vec<_>>>()?;
    if negated {
        let others: Vec<String> = values.iter().map(|v| v.replace(" = ", " != ")).collect();
        return Some(others.join(" && "));
    }
    Some(values.join(" || "))
}

/// What follows a keyword, which is written in any case.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let found = text.get(..word.len())?;
    let rest = &text[word.len()..];
    let ends = rest.starts_with(|c: char| c.is_whitespace() || c == '[');
    (found.eq_ignore_ascii_case(word) && ends).then(|| rest.trim())
}

fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inner = ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text);
    let plain = !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain.then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_become_conditions_when_they_are_simple() {
        for (criteria, expected) in [
            (
                "@aws.account = \"111122223333\"",
                Some("$.recipientAccountId = \"111122223333\""),
            ),
            (
                "@aws.account IN [\"1\", '2']",
                Some("$.recipientAccountId = \"1\" || $.recipientAccountId = \"2\""),
            ),
            (
                "@aws.region != us-east-1",
                Some("$.awsRegion != \"us-east-1\""),
            ),
            (
                "@aws.account NOT IN [\"1\", \"2\"]",
                Some("$.recipientAccountId != \"1\" && $.recipientAccountId != \"2\""),
            ),
            ("@aws.account NOT [\"1\"]", None),
            ("@aws.account NOTIN [\"1\"]", None),
            ("@aws.account IN []", None),
            ("@aws.account = \"1\" OR @aws.account = \"2\"", None),
            ("@aws.account LIKE \"1*\"", None),
            ("@log.source = \"x\"", None),
        ] {
            let conditions = of_criteria(criteria);
            assert_eq!(
                conditions.as_deref().map(|c| c.join("|")).as_deref(),
                expected,
                "{criteria}"
            );
        }
        assert_eq!(
            of_criteria("@aws.account=1 AND @aws.region=2")
                .unwrap()
                .len(),
            2
        );
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
