//! Whether a resource policy lets CloudWatch use a topic or a key: statements,
//! principals, actions and conditions, as the IAM user guide has them ("Policy
//! evaluation logic", "IAM JSON policy elements"). A service principal has no
//! identity policy: without a matching `Allow` the answer is no.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is asked of a policy.
pub(super) struct Question<'a> {
    /// For example `sns:Publish`.
    pub(super) action: &'a str,
    /// ARN of the resource that carries the policy.
    pub(super) resource: &'a str,
    /// The calling service, for example `cloudwatch.amazonaws.com`.
    pub(super) service: &'a str,
    /// Condition keys in small letters, and their values.
    pub(super) context: BTreeMap<String, String>,
}

/// Whether the policy allows it.
pub(super) fn allows(policy: &str, question: &Question<'_>) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return false;
    };
    let statements = each(&policy["Statement"]);
    let applies = |effect: &str| {
        statements
            .iter()
            .any(|statement| statement["Effect"] == effect && concerns(statement, question))
    };
    !applies("Deny") && applies("Allow")
}

/// A list, or a single value as a list of one.
pub(crate) fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        other => vec![other],
    }
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    each(value)
        .into_iter()
        .map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

fn concerns(statement: &Value, question: &Question<'_>) -> bool {
    let principal = match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, not) => !names_service(not, question.service),
        (principal, _) => names_service(principal, question.service),
    };
    let among = |yes: &str, no: &str, subject: &str, case: bool| {
        let matches = |patterns: &Value| {
            texts(patterns).iter().any(|pattern| {
                if case {
                    like(pattern, subject)
                } else {
                    like(&pattern.to_ascii_lowercase(), &subject.to_ascii_lowercase())
                }
            })
        };
        match (&statement[yes], &statement[no]) {
            (Value::Null, Value::Null) => true,
            (Value::Null, not) => !matches(not),
            (patterns, _) => matches(patterns),
        }
    };
    principal
        && among("Action", "NotAction", question.action, false)
        && among("Resource", "NotResource", question.resource, true)
        && conditions_hold(&statement["Condition"], &question.context)
}

/// `"*"` and `{"AWS": "*"}` are everybody, services included.
fn names_service(principal: &Value, service: &str) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Object(kinds) => kinds.iter().any(|(kind, named)| {
            let named = texts(named);
            match kind.as_str() {
                "AWS" => named.iter().any(|name| name == "*"),
                "Service" => named.iter().any(|name| name == service || name == "*"),
                _ => false,
            }
        }),
        _ => false,
    }
}

pub(crate) fn conditions_hold(conditions: &Value, context: &BTreeMap<String, String>) -> bool {
    let Some(conditions) = conditions.as_object() else {
        return true;
    };
    conditions.iter().all(|(operator, keys)| {
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, wanted)| {
                let present = context.get(&key.to_ascii_lowercase());
                holds(operator, present.map(String::as_str), &texts(wanted))
            })
        })
    })
}

/// One operator on one key. An absent key fails a positive test, satisfies a negated one, and
/// satisfies every test that ends in `IfExists`.
fn holds(operator: &str, present: Option<&str>, wanted: &[String]) -> bool {
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (Some(set), operator),
        None => (None, operator),
    };
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    if operator == "Null" {
        return wanted
            .iter()
            .any(|absent| (absent == "true") == present.is_none());
    }
    let Some(value) = present else {
        let negated = operator.contains("Not");
        return if_exists || negated || set == Some("ForAllValues");
    };
    let (negated, test): (bool, fn(&str, &str) -> bool) = match operator {
        "StringEquals" => (false, |wanted, value| wanted == value),
        "StringNotEquals" => (true, |wanted, value| wanted == value),
        "StringEqualsIgnoreCase" | "Bool" => (false, str::eq_ignore_ascii_case),
        "StringNotEqualsIgnoreCase" => (true, str::eq_ignore_ascii_case),
        "StringLike" => (false, like),
        "StringNotLike" => (true, like),
        "ArnEquals" | "ArnLike" => (false, arn_like),
        "ArnNotEquals" | "ArnNotLike" => (true, arn_like),
        _ => return false,
    };
    wanted.iter().any(|wanted| test(wanted, value)) != negated
}

/// `*` and `?` over the whole text.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // Where the pattern can be after each character: a row of the usual table.
    let mut places = vec![false; pattern.len() + 1];
    places[0] = true;
    let spread = |places: &mut Vec<bool>| {
        for place in 0..pattern.len() {
            if places[place] && pattern[place] == '*' {
                places[place + 1] = true;
            }
        }
    };
    spread(&mut places);
    for letter in text {
        let mut next = vec![false; pattern.len() + 1];
        for place in 0..pattern.len() {
            if places[place] {
                match pattern[place] {
                    '*' => next[place] = true,
                    '?' => next[place + 1] = true,
                    wanted if wanted == letter => next[place + 1] = true,
                    _ => {}
                }
            }
        }
        spread(&mut next);
        places = next;
    }
    places[pattern.len()]
}

/// ARNs are compared part by part; a wildcard does not reach over a colon.
fn arn_like(pattern: &str, arn: &str) -> bool {
    let parts = |text: &str| -> Vec<String> { text.splitn(6, ':').map(str::to_owned).collect() };
    let (pattern, arn) = (parts(pattern), parts(arn));
    pattern.len() == arn.len()
        && pattern
            .iter()
            .zip(&arn)
            .all(|(wanted, part)| like(wanted, part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alerts";

    fn allowed(statements: &Value) -> bool {
        let context = [
            (
                "aws:sourcearn",
                "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a",
            ),
            ("aws:sourceaccount", "111122223333"),
            ("aws:sourceowner", "111122223333"),
            ("aws:securetransport", "true"),
            ("aws:principalisawsservice", "true"),
        ];
        let question = Question {
            action: "sns:Publish",
            resource: TOPIC,
            service: "cloudwatch.amazonaws.com",
            context: context
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        };
        allows(&json!({"Statement": statements}).to_string(), &question)
    }

    #[test]
    fn policies_decide_as_documented() {
        let service = json!({"Service": "cloudwatch.amazonaws.com"});
        let allow = |more: Value| {
            let mut statement = json!({"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC});
            for (key, value) in more.as_object().unwrap() {
                statement[key] = value.clone();
            }
            statement
        };
        let deny = |condition: Value| json!({"Effect": "Deny", "Principal": "*", "Action": "SNS:*", "Resource": "*", "Condition": condition});
        #[rustfmt::skip]
        let rows = [
            (json!([]), false),
            (json!(allow(json!({}))), true),
            (json!([allow(json!({"Principal": service}))]), true),
            (json!([allow(json!({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}))]), false),
            (json!([allow(json!({"Principal": {"Service": "events.amazonaws.com"}}))]), false),
            (json!([allow(json!({"Action": "sns:Sub*"}))]), false),
            (json!([allow(json!({"Resource": "arn:aws:sns:*:*:alerts"}))]), true),
            (json!([allow(json!({"Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}}}))]), true),
            (json!([allow(json!({"Condition": {"StringEquals": {"AWS:SourceOwner": "999999999999"}}}))]), false),
            (json!([allow(json!({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:111122223333:alarm:*"}}}))]), true),
            (json!([allow(json!({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}}))]), false),
            (json!([allow(json!({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}))]), false),
            (json!([allow(json!({"Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}))]), true),
            (json!([allow(json!({})), deny(json!({"Bool": {"aws:SecureTransport": "false"}}))]), true),
            (json!([allow(json!({})), deny(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}))]), false),
            (json!([allow(json!({})), deny(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:PrincipalIsAWSService": "false"}}))]), true),
            (json!([allow(json!({})), deny(json!({"Null": {"aws:PrincipalOrgID": "true"}}))]), false),
        ];
        for (statements, expected) in rows {
            assert_eq!(allowed(&statements), expected, "{statements}");
        }
        let not_principal = json!([allow(json!({})), {"Effect": "Deny", "NotPrincipal": service, "Action": "sns:Publish", "Resource": "*"}]);
        assert!(allowed(&not_principal));
        let not_action = json!([{"Effect": "Allow", "Principal": "*", "NotAction": "sns:Delete*", "Resource": "*"}]);
        assert!(allowed(&not_action));
    }
}
