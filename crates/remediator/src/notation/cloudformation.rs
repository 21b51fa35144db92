//! CloudFormation templates as values, printed as YAML for people or as JSON for
//! programs. Keys keep their order, and text can never turn into anything else:
//! what YAML would read otherwise (`no`, `1e3`, `*`) is quoted.

use std::fmt::Write;

use serde_json::Value;

/// A value of a template.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in this order.
    Map(Vec<(String, Node)>),
    /// The value of a parameter or resource: `!Ref`.
    Ref(String),
    /// An attribute of a resource: `!GetAtt`.
    GetAtt(String, String),
    /// Text with `${…}` in it: `!Sub`.
    Sub(String),
}

/// A map of a template, in the given order.
pub(crate) fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    let owned = entries.map(|(key, node)| (key.to_owned(), node));
    Node::Map(owned.into())
}

/// Text of a template.
pub(crate) fn text(text: impl Into<String>) -> Node {
    Node::Text(text.into())
}

/// A list of texts.
pub(crate) fn texts<T: Into<String>>(all: impl IntoIterator<Item = T>) -> Node {
    Node::List(all.into_iter().map(text).collect())
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Text(String::new()),
            Value::Bool(yes) => Self::Bool(yes),
            Value::Number(number) => number
                .as_i64()
                .map_or_else(|| Self::Text(number.to_string()), Self::Number),
            Value::String(text) => Self::Text(text),
            Value::Array(all) => Self::List(all.into_iter().map(Self::from).collect()),
            Value::Object(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, Self::from(value)))
                    .collect(),
            ),
        }
    }
}

impl Node {
    /// The template as YAML, with `!Ref` and its like.
    pub(crate) fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        self.write_block(&mut yaml, 0);
        yaml
    }

    /// The template as JSON, indented, with `Ref` and its like.
    pub(crate) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json, 0);
        json.push('\n');
        json
    }

    /// On the line of its key or dash, when it fits there.
    fn inline(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) => scalar(text),
            Self::Number(number) => number.to_string(),
            Self::Bool(yes) => yes.to_string(),
            Self::Ref(name) => format!("!Ref {name}"),
            Self::GetAtt(resource, attribute) => format!("!GetAtt {resource}.{attribute}"),
            Self::Sub(text) => format!("!Sub {}", quoted(text)),
            Self::List(all) if all.is_empty() => "[]".to_owned(),
            Self::Map(entries) if entries.is_empty() => "{}".to_owned(),
            Self::List(_) | Self::Map(_) => return None,
        })
    }

    fn write_block(&self, yaml: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    let _ = write!(yaml, "{indent}{}:", scalar(key));
                    value.write_after_key(yaml, depth);
                }
            }
            Self::List(all) if !all.is_empty() => {
                for value in all {
                    value.write_item(yaml, depth);
                }
            }
            scalar => {
                let _ = writeln!(yaml, "{indent}{}", scalar.inline().unwrap_or_default());
            }
        }
    }

    fn write_after_key(&self, yaml: &mut String, depth: usize) {
        if let Some(inline) = self.inline() {
            let _ = writeln!(yaml, " {inline}");
            return;
        }
        yaml.push('\n');
        self.write_block(yaml, depth + 1);
    }

    /// As an item of a list. A nested block starts on the line of its dash.
    fn write_item(&self, yaml: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        if let Some(inline) = self.inline() {
            let _ = writeln!(yaml, "{indent}- {inline}");
            return;
        }
        let mut block = String::new();
        self.write_block(&mut block, depth + 1);
        let _ = write!(yaml, "{indent}- {}", &block[indent.len() + 2..]);
    }

    fn write_json(&self, json: &mut String, depth: usize) {
        let indent = "  ".repeat(depth + 1);
        let end = "  ".repeat(depth);
        let call = |name: &str, argument: Self| Self::Map(vec![(name.to_owned(), argument)]);
        match self {
            Self::Text(text) => json.push_str(&quoted(text)),
            Self::Number(number) => {
                let _ = write!(json, "{number}");
            }
            Self::Bool(yes) => {
                let _ = write!(json, "{yes}");
            }
            Self::Ref(name) => call("Ref", text(name)).write_json(json, depth),
            Self::GetAtt(resource, attribute) => {
                call("Fn::GetAtt", texts([resource, attribute])).write_json(json, depth);
            }
            Self::Sub(pattern) => call("Fn::Sub", text(pattern)).write_json(json, depth),
            Self::List(all) if all.is_empty() => json.push_str("[]"),
            Self::Map(entries) if entries.is_empty() => json.push_str("{}"),
            Self::List(all) => {
                json.push_str("[\n");
                for (number, value) in all.iter().enumerate() {
                    json.push_str(&indent);
                    value.write_json(json, depth + 1);
                    json.push_str(if number + 1 < all.len() { ",\n" } else { "\n" });
                }
                let _ = write!(json, "{end}]");
            }
            Self::Map(entries) => {
                json.push_str("{\n");
                for (number, (key, value)) in entries.iter().enumerate() {
                    let _ = write!(json, "{indent}{}: ", quoted(key));
                    value.write_json(json, depth + 1);
                    json.push_str(if number + 1 < entries.len() {
                        ",\n"
                    } else {
                        "\n"
                    });
                }
                let _ = write!(json, "{end}}}");
            }
        }
    }
}

/// Text in double quotes, escaped as JSON and YAML both read it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// Text as YAML reads it back: plain where that is safe.
fn scalar(text: &str) -> String {
    // Words that a reader of YAML 1.1, as CloudFormation is, takes for other things.
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let ends = text.ends_with(|c: char| c != ':' && c != ' ');
    let plain = |c: char| c.is_ascii_alphanumeric() || " _-./:@+=*,()'".contains(c);
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    if begins && ends && !is_word && !text.contains(": ") && text.chars().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Node {
        map([
            ("Parameters", map([("Who", map([("Default", text("no"))]))])),
            (
                "Policies",
                Node::List(vec![map([
                    ("Name", text("it's: one")),
                    ("Action", texts(["sns:Publish", "*"])),
                    ("Topic", Node::Ref("Topic".to_owned())),
                    ("Days", Node::Number(7)),
                    ("Key", Node::Sub("arn:${AWS::Partition}:kms".to_owned())),
                ])]),
            ),
            ("Empty", Node::List(Vec::new())),
        ])
    }

    #[test]
    fn yaml_is_laid_out_for_people_and_quotes_what_it_would_misread() {
        insta::assert_snapshot!(example().to_yaml(), @r#"
        Parameters:
          Who:
            Default: "no"
        Policies:
          - Name: "it's: one"
            Action:
              - sns:Publish
              - "*"
            Topic: !Ref Topic
            Days: 7
            Key: !Sub "arn:${AWS::Partition}:kms"
        Empty: []
        "#);
    }

    #[test]
    fn json_has_the_long_forms() {
        let read: Value = serde_json::from_str(&example().to_json()).unwrap();
        assert_eq!(
            read,
            serde_json::json!({
                "Parameters": {"Who": {"Default": "no"}},
                "Policies": [{
                    "Name": "it's: one",
                    "Action": ["sns:Publish", "*"],
                    "Topic": {"Ref": "Topic"},
                    "Days": 7,
                    "Key": {"Fn::Sub": "arn:${AWS::Partition}:kms"},
                }],
                "Empty": [],
            })
        );
    }

    #[test]
    fn text_stays_text() {
        #[rustfmt::skip]
        let rows = [
            ("logs:PutMetricFilter", "logs:PutMetricFilter"),
            ("Read-only role",       "Read-only role"),
            ("yes",                  "\"yes\""),
            ("2012-10-17",           "\"2012-10-17\""),
            ("*",                    "\"*\""),
            ("",                     "\"\""),
            ("ends:",                "\"ends:\""),
            ("a # b",                "\"a # b\""),
            ("{ $.a = \"b\" }",      "\"{ $.a = \\\"b\\\" }\""),
            ("two\nlines",           "\"two\\nlines\""),
        ];
        for (text, written) in rows {
            assert_eq!(scalar(text), written);
        }
    }
}
