//! PostgreSQL's text output as JSON: numbers stay numbers, arrays become arrays, times
//! become RFC 3339. What has no exact JSON form stays text.

use serde_json::{Number, Value};

/// The JSON form of a value of type `type_name` that PostgreSQL printed as `text`.
pub(crate) fn to_json(type_name: &str, text: &str) -> Value {
    if let Some(element) = type_name.strip_suffix("[]") {
        return array(element, text).unwrap_or_else(|| Value::String(text.to_owned()));
    }
    let kept = || Value::String(text.to_owned());
    match type_name {
        "BOOL" => match text {
            "t" => Value::Bool(true),
            "f" => Value::Bool(false),
            _ => kept(),
        },
        "INT2" | "INT4" | "INT8" | "OID" => {
            text.parse::<i64>().map_or_else(|_| kept(), Value::from)
        }
        "FLOAT4" | "FLOAT8" => number(text).unwrap_or_else(kept),
        // A decimal that a double cannot hold exactly stays text.
        "NUMERIC" => number(text)
            .filter(|value| exact(text, value))
            .unwrap_or_else(kept),
        "JSON" | "JSONB" => serde_json::from_str(text).unwrap_or_else(|_| kept()),
        "TIMESTAMP" | "TIMESTAMPTZ" => Value::String(rfc3339(text)),
        _ => kept(),
    }
}

fn number(text: &str) -> Option<Value> {
    text.parse::<f64>()
        .ok()
        .and_then(Number::from_f64)
        .map(|parsed| {
            // 3 rather than 3.0 for a whole number.
            text.parse::<i64>()
                .map_or(Value::Number(parsed), Value::from)
        })
}

fn exact(text: &str, value: &Value) -> bool {
    let significant = |text: &str| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.trim_start_matches('0').len()
    };
    value.is_i64() || significant(text) <= 15
}

/// `2026-11-23 22:35:00+00` → `2026-11-23T22:35:00+00:00`.
fn rfc3339(text: &str) -> String {
    let Some((date, time)) = text.split_once(' ') else {
        return text.to_owned();
    };
    let zone_without_minutes = time
        .rfind(['+', '-'])
        .is_some_and(|place| time.len() - place == 3);
    if zone_without_minutes {
        format!("{date}T{time}:00")
    } else {
        format!("{date}T{time}")
    }
}

/// An array literal, `{a,"b c",NULL,{…}}`; nothing when it is none (explicit bounds).
fn array(element: &str, text: &str) -> Option<Value> {
    let mut rest = text.chars().peekable();
    let value = nested(element, &mut rest)?;
    rest.next().is_none().then_some(value)
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn nested(element: &str, rest: &mut Characters<'_>) -> Option<Value> {
    if rest.next()? != '{' {
        return None;
    }
    let mut items = Vec::new();
    if rest.next_if_eq(&'}').is_some() {
        return Some(Value::Array(items));
    }
    loop {
        items.push(match rest.peek()? {
            '{' => nested(element, rest)?,
            '"' => to_json(element, &quoted(rest)?),
            _ => plain(element, rest),
        });
        match rest.next()? {
            ',' => {}
            '}' => return Some(Value::Array(items)),
            _ => return None,
        }
    }
}

fn quoted(rest: &mut Characters<'_>) -> Option<String> {
    rest.next();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            other => text.push(other),
        }
    }
}

fn plain(element: &str, rest: &mut Characters<'_>) -> Value {
    let mut text = String::new();
    while let Some(next) = rest.next_if(|next| !matches!(next, ',' | '}')) {
        text.push(next);
    }
    if text == "NULL" {
        Value::Null
    } else {
        to_json(element, &text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_keep_their_meaning() {
        let huge = "12345678901234567890.5";
        for (type_name, text, expected) in [
            ("BOOL", "t", json!(true)),
            ("INT8", "9007199254740993", json!(9_007_199_254_740_993_i64)),
            ("FLOAT8", "0.1", json!(0.1)),
            ("FLOAT8", "NaN", json!("NaN")),
            ("NUMERIC", "87.5", json!(87.5)),
            ("NUMERIC", "100", json!(100)),
            ("NUMERIC", huge, json!(huge)),
            ("JSONB", r#"{"a": [1, null]}"#, json!({"a": [1, null]})),
            ("TEXT", "{a}", json!("{a}")),
            ("TEXT[]", "{}", json!([])),
            (
                "TEXT[]",
                r#"{eu-west-1,"a b","q\"\\",NULL,"NULL",""}"#,
                json!(["eu-west-1", "a b", "q\"\\", null, "NULL", ""]),
            ),
            ("INT4[]", "{{1,2},{3,NULL}}", json!([[1, 2], [3, null]])),
            ("INT4[]", "[2:3]={1,2}", json!("[2:3]={1,2}")),
            ("TEXT[]", "{a", json!("{a")),
            (
                "TIMESTAMPTZ",
                "2026-11-23 22:35:00.5+00",
                json!("2026-11-23T22:35:00.5+00:00"),
            ),
            (
                "TIMESTAMPTZ",
                "2026-11-23 22:35:00+05:30",
                json!("2026-11-23T22:35:00+05:30"),
            ),
            (
                "TIMESTAMP",
                "2026-11-23 22:35:00",
                json!("2026-11-23T22:35:00"),
            ),
            ("TIMESTAMPTZ", "infinity", json!("infinity")),
            ("INTERVAL", "3 days 04:05:06", json!("3 days 04:05:06")),
        ] {
            assert_eq!(to_json(type_name, text), expected, "{type_name} {text}");
        }
    }
}
