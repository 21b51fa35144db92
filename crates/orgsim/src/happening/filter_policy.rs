//! Filter policies of subscriptions: whether a message passes (SNS developer
//! guide, "Amazon SNS subscription filter policies"). Alarm messages carry no
//! message attributes, so a policy over attributes lets through only what it
//! wants absent; one over the body is asked about the body's keys.

use serde_json::{Map, Value};

/// Whether a message with this body, and without attributes, passes.
pub(crate) fn passes(policy: Option<&str>, scope: Option<&str>, body: &Value) -> bool {
    let Some(policy) = policy.filter(|policy| !policy.trim().is_empty()) else {
        return true;
    };
    let Ok(Value::Object(policy)) = serde_json::from_str::<Value>(policy) else {
        return false;
    };
    let nothing = Value::Object(Map::new());
    let subject = if scope == Some("MessageBody") {
        body
    } else {
        &nothing
    };
    all(&policy, subject)
}

/// Every key has to pass; `$or` has a list of policies of which one has to.
fn all(policy: &Map<String, Value>, subject: &Value) -> bool {
    policy.iter().all(|(key, wanted)| match wanted {
        Value::Array(choices) if key == "$or" => choices.iter().any(|choice| {
            choice
                .as_object()
                .is_some_and(|choice| all(choice, subject))
        }),
        Value::Array(choices) => {
            let value = subject.get(key);
            choices.iter().any(|choice| one(choice, value))
        }
        Value::Object(nested) => match subject.get(key) {
            Some(Value::Array(items)) => items.iter().any(|item| all(nested, item)),
            Some(inner) => all(nested, inner),
            None => all(nested, &Value::Null),
        },
        _ => false,
    })
}

fn one(choice: &Value, value: Option<&Value>) -> bool {
    if let Some(wanted) = choice.get("exists") {
        return wanted.as_bool() == Some(value.is_some());
    }
    match value {
        None => false,
        Some(Value::Array(items)) => items.iter().any(|item| matches(choice, item)),
        Some(value) => matches(choice, value),
    }
}

fn matches(choice: &Value, value: &Value) -> bool {
    let Some(choice) = choice.as_object() else {
        return same(choice, value);
    };
    choice.iter().all(|(test, wanted)| match test.as_str() {
        "prefix" => with_texts(wanted, value, |text, wanted| text.starts_with(wanted)),
        "suffix" => with_texts(wanted, value, |text, wanted| text.ends_with(wanted)),
        "equals-ignore-case" => with_texts(wanted, value, str::eq_ignore_ascii_case),
        "anything-but" => !any_of(wanted, value),
        "numeric" => numeric(wanted, value),
        _ => false,
    })
}

/// What `anything-but` excludes: values, or a test such as a prefix.
fn any_of(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(wanted) => wanted.iter().any(|wanted| matches(wanted, value)),
        other => matches(other, value),
    }
}

fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => (wanted - value).abs() < 1e-9,
        _ => wanted == value,
    }
}

fn with_texts(wanted: &Value, value: &Value, test: impl Fn(&str, &str) -> bool) -> bool {
    match (wanted.as_str(), value.as_str()) {
        (Some(wanted), Some(text)) => test(text, wanted),
        _ => false,
    }
}

/// `["=", 5]`, `[">", 0, "<=", 10]`.
fn numeric(wanted: &Value, value: &Value) -> bool {
    let (Some(wanted), Some(value)) = (wanted.as_array(), value.as_f64()) else {
        return false;
    };
    wanted.chunks(2).all(|pair| {
        let [operator, bound] = pair else {
            return false;
        };
        let Some(bound) = bound.as_f64() else {
            return false;
        };
        match operator.as_str() {
            Some("=") => (value - bound).abs() < 1e-9,
            Some(">") => value > bound,
            Some(">=") => value >= bound,
            Some("<") => value < bound,
            Some("<=") => value <= bound,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_let_alarm_messages_through_or_not() {
        let body = serde_json::json!({
            "AlarmName": "cis-root-usage", "NewStateValue": "ALARM",
            "Trigger": {"MetricName": "root-usage", "Period": 300, "Dimensions": []},
        });
        let attributes = None;
        let in_body = Some("MessageBody");
        #[rustfmt::skip]
        let rows = [
            (attributes, "{}",                                                       true),
            (attributes, r#"{"severity": ["high"]}"#,                                false),
            (attributes, r#"{"severity": [{"exists": false}]}"#,                     true),
            (attributes, r#"{"NewStateValue": ["ALARM"]}"#,                          false),
            (in_body,    r#"{"NewStateValue": ["ALARM"]}"#,                          true),
            (in_body,    r#"{"NewStateValue": ["OK"]}"#,                             false),
            (in_body,    r#"{"AlarmName": [{"prefix": "cis-"}]}"#,                   true),
            (in_body,    r#"{"AlarmName": [{"anything-but": {"prefix": "cis-"}}]}"#, false),
            (in_body,    r#"{"AlarmName": [{"anything-but": ["x"]}]}"#,              true),
            (in_body,    r#"{"Trigger": {"Period": [{"numeric": [">", 60, "<", 900]}]}}"#, true),
            (in_body,    r#"{"Trigger": {"Period": [60, 300]}}"#,                    true),
            (in_body,    r#"{"$or": [{"AlarmName": ["x"]}, {"NewStateValue": ["ALARM"]}]}"#, true),
            (in_body,    r#"{"severity": ["high"]}"#,                                false),
            (in_body,    "not json",                                                 false),
        ];
        for (scope, policy, expected) in rows {
            assert_eq!(passes(Some(policy), scope, &body), expected, "{policy}");
        }
        assert!(passes(None, None, &body));
    }
}
