//! Terraform's language as values, printed as `terraform fmt` leaves it: two
//! spaces a level, the equals signs of neighbouring lines in one column.

use std::fmt::Write;

use serde_json::Value;

/// What can stand on the right of an equals sign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    /// Text; `${` in it means itself.
    Text(String),
    /// Text with `${…}` in it.
    Template(String),
    /// A reference or call, as it is written.
    Reference(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
    /// A list, one item a line.
    List(Vec<Expression>),
    /// Keys and values, one a line.
    Object(Vec<(String, Expression)>),
    /// The JSON of a value.
    Json(Box<Expression>),
}

/// One line, or several, of a block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// `name = value`.
    Attribute(String, Expression),
    /// A block in the block.
    Block(Block),
    /// An empty line, which also ends a column of equals signs.
    Gap,
}

/// A block: its kind, its labels, and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    kind: String,
    labels: Vec<String>,
    items: Vec<Item>,
}

impl Block {
    /// An empty block.
    pub(crate) fn new(kind: &str, labels: &[&str]) -> Self {
        Self {
            kind: kind.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            items: Vec::new(),
        }
    }

    /// The block with one attribute more.
    pub(crate) fn with(mut self, name: &str, value: Expression) -> Self {
        self.items.push(Item::Attribute(name.to_owned(), value));
        self
    }

    /// The block with a block in it, after an empty line when something precedes it.
    pub(crate) fn containing(mut self, block: Block) -> Self {
        if !self.items.is_empty() {
            self.items.push(Item::Gap);
        }
        self.items.push(Item::Block(block));
        self
    }

    /// The block with an empty line.
    pub(crate) fn gap(mut self) -> Self {
        self.items.push(Item::Gap);
        self
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let _ = write!(text, "{indent}{}", self.kind);
        for label in &self.labels {
            let _ = write!(text, " {}", quoted(label));
        }
        if self.items.is_empty() {
            text.push_str(" {}\n");
            return;
        }
        text.push_str(" {\n");
        let widths = columns(&self.items.iter().map(line_of_item).collect::<Vec<_>>());
        for (item, width) in self.items.iter().zip(widths) {
            match item {
                Item::Gap => text.push('\n'),
                Item::Block(block) => block.write(text, depth + 1),
                Item::Attribute(name, value) => {
                    let _ = write!(text, "{indent}  {name:width$} = ");
                    value.write(text, depth + 1);
                    text.push('\n');
                }
            }
        }
        let _ = writeln!(text, "{indent}}}");
    }
}

/// Blocks as a file.
pub(crate) fn file(blocks: &[Block]) -> String {
    let mut text = String::new();
    for (number, block) in blocks.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        block.write(&mut text, 0);
    }
    text
}

impl Expression {
    /// Text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A reference.
    pub(crate) fn reference(text: impl Into<String>) -> Self {
        Self::Reference(text.into())
    }

    /// A list of texts.
    pub(crate) fn texts<T: Into<String>>(all: impl IntoIterator<Item = T>) -> Self {
        Self::List(all.into_iter().map(Self::text).collect())
    }

    fn is_on_one_line(&self) -> bool {
        match self {
            Self::List(all) => all.is_empty() || matches!(&all[..], [one] if one.is_on_one_line()),
            Self::Object(entries) => entries.is_empty(),
            Self::Json(value) => value.is_on_one_line(),
            _ => true,
        }
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Text(value) => text.push_str(&quoted(value)),
            Self::Template(value) => text.push_str(&in_quotes(value)),
            Self::Reference(value) => text.push_str(value),
            Self::Number(value) => {
                let _ = write!(text, "{value}");
            }
            Self::Bool(value) => {
                let _ = write!(text, "{value}");
            }
            Self::List(all) if all.is_empty() => text.push_str("[]"),
            Self::List(all) if self.is_on_one_line() => {
                text.push('[');
                all[0].write(text, depth);
                text.push(']');
            }
            Self::List(all) => {
                text.push_str("[\n");
                for value in all {
                    let _ = write!(text, "{indent}  ");
                    value.write(text, depth + 1);
                    text.push_str(",\n");
                }
                let _ = write!(text, "{indent}]");
            }
            Self::Object(entries) if entries.is_empty() => text.push_str("{}"),
            Self::Object(entries) => {
                text.push_str("{\n");
                let keys: Vec<String> = entries.iter().map(|(key, _)| key_of(key)).collect();
                let lines: Vec<Line> = keys
                    .iter()
                    .zip(entries)
                    .map(|(key, (_, value))| line_of(key, value))
                    .collect();
                for ((key, (_, value)), width) in keys.iter().zip(entries).zip(columns(&lines)) {
                    let _ = write!(text, "{indent}  {key:width$} = ");
                    value.write(text, depth + 1);
                    text.push('\n');
                }
                let _ = write!(text, "{indent}}}");
            }
            Self::Json(value) => {
                text.push_str("jsonencode(");
                value.write(text, depth);
                text.push(')');
            }
        }
    }
}

impl From<Value> for Expression {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::reference("null"),
            Value::Bool(yes) => Self::Bool(yes),
            Value::Number(number) => number
                .as_i64()
                .map_or_else(|| Self::reference(number.to_string()), Self::Number),
            Value::String(text) => Self::Text(text),
            Value::Array(all) => Self::List(all.into_iter().map(Self::from).collect()),
            Value::Object(entries) => Self::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, Self::from(value)))
                    .collect(),
            ),
        }
    }
}

/// What a line means for the column of equals signs.
#[derive(Clone, Copy)]
enum Line {
    /// `name = value`, with the width of the name.
    Assigns(usize),
    /// Something that ends the column: a value of several lines, a block, a gap.
    Ends(usize),
}

fn line_of_item(item: &Item) -> Line {
    match item {
        Item::Attribute(name, value) => line_of(name, value),
        Item::Block(_) | Item::Gap => Line::Ends(0),
    }
}

fn line_of(name: &str, value: &Expression) -> Line {
    let width = name.chars().count();
    if value.is_on_one_line() {
        Line::Assigns(width)
    } else {
        Line::Ends(width)
    }
}

/// The width of each line's name, so that neighbours' equals signs stand in one column.
fn columns(lines: &[Line]) -> Vec<usize> {
    let mut widths = vec![0; lines.len()];
    let mut start = 0;
    while start < lines.len() {
        let end = (start..lines.len())
            .find(|line| matches!(lines[*line], Line::Ends(_)))
            .unwrap_or(lines.len());
        let widest = lines[start..end]
            .iter()
            .map(|line| match line {
                Line::Assigns(width) | Line::Ends(width) => *width,
            })
            .max()
            .unwrap_or(0);
        widths[start..end].fill(widest);
        if let Some(Line::Ends(width)) = lines.get(end) {
            widths[end] = *width;
        }
        start = end + 1;
    }
    widths
}

/// A key of an object: plain where the language takes it for a name.
fn key_of(key: &str) -> String {
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_name { key.to_owned() } else { quoted(key) }
}

/// Text that means itself.
fn quoted(text: &str) -> String {
    in_quotes(&text.replace("${", "$${").replace("%{", "%%{"))
}

fn in_quotes(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_laid_out_as_terraform_does() {
        let block = Block::new("resource", &["aws_sns_topic", "alarms"])
            .with("name", Expression::text("alarms"))
            .with("display_name", Expression::text("${not} \"this\""))
            .with(
                "policy",
                Expression::Json(Box::new(Expression::from(serde_json::json!({
                    "Version": "2012-10-17",
                    "Statement": [{"Sid": "A", "Effect": "Allow"}, {"aws:Source": 1}],
                })))),
            )
            .with("fifo_topic", Expression::Bool(false))
            .gap()
            .with("tags", Expression::texts(["one"]))
            .containing(Block::new("lifecycle", &[]));
        insta::assert_snapshot!(file(&[block, Block::new("locals", &[])]), @r#"
        resource "aws_sns_topic" "alarms" {
          name         = "alarms"
          display_name = "$${not} \"this\""
          policy = jsonencode({
            Statement = [
              {
                Effect = "Allow"
                Sid    = "A"
              },
              {
                "aws:Source" = 1
              },
            ]
            Version = "2012-10-17"
          })
          fifo_topic = false

          tags = ["one"]

          lifecycle {}
        }

        locals {}
        "#);
    }
}
