//! `orgsweep pattern parse`: what a pattern says, as a tree and in its canonical form.

use std::fmt::Write as _;

use clap::Args;
use filter_pattern::ast::{Ast, Expression, Field, FieldCondition, Operand, TermRole, Test};
use filter_pattern::{FilterPattern, PatternKind, limits};
use serde::Serialize;

use crate::exit::Exit;
use crate::output::number::grouped;
use crate::output::{Format, csv, escaped, json, terminal};

/// Show what a pattern says, as a tree and in its canonical form, and how much it uses of AWS's limits.
///
/// Ends with 2 when the pattern is invalid, and shows where.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The filter pattern.
    #[arg(allow_hyphen_values = true)]
    pattern: String,
}

/// A part of a pattern and its parts.
#[derive(Debug, Serialize)]
struct Node {
    says: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Node>,
}

impl Node {
    fn leaf(says: impl Into<String>) -> Self {
        Self {
            says: says.into(),
            parts: Vec::new(),
        }
    }
}

/// A parsed pattern as it is printed.
#[derive(Serialize)]
struct Parsed {
    kind: &'static str,
    canonical: String,
    tree: Node,
    limits: Vec<Limit>,
}

/// A limit of AWS for one pattern.
#[derive(Serialize)]
struct Limit {
    of: &'static str,
    used: usize,
    most: usize,
}

pub(crate) fn run(arguments: &Arguments, format: Format) -> anyhow::Result<Exit> {
    let pattern = super::read(&arguments.pattern, "pattern")?;
    terminal::print(&printed(&arguments.pattern, &pattern, format)?)?;
    Ok(Exit::Fine)
}

fn printed(text: &str, pattern: &FilterPattern, format: Format) -> anyhow::Result<String> {
    let parsed = Parsed {
        kind: kind_of(pattern.kind()),
        canonical: pattern.to_string(),
        tree: tree(pattern.ast()),
        limits: limits_of(text, pattern.ast()),
    };
    Ok(match format {
        Format::Json => json::pretty(&parsed)?,
        Format::Jsonl => json::line(&parsed)?,
        Format::Csv => {
            let mut row = vec![parsed.kind.to_owned(), parsed.canonical];
            let used = parsed.limits.iter().map(|limit| limit.used.to_string());
            row.extend(used);
            let mut headers = vec!["kind", "canonical"];
            headers.extend(parsed.limits.iter().map(|limit| limit.of));
            csv::table(&headers, std::iter::once(row))?
        }
        Format::Table => {
            let mut text = format!("{}\n", parsed.tree.says);
            draw(&mut text, &parsed.tree.parts, "");
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "\ncanonical: {}", escaped(&parsed.canonical));
            let used: Vec<String> = parsed
                .limits
                .iter()
                .map(|limit| {
                    let most = grouped(limit.most as u64);
                    format!("{} of {most} {}", limit.used, limit.of.replace('_', " "))
                })
                .collect();
            let _ = writeln!(text, "limits: {}", used.join(", "));
            if pattern.has_regex() {
                let _ = writeln!(
                    text,
                    "        a log group takes {} filters with regular expressions",
                    limits::REGEX_PATTERNS_PER_LOG_GROUP
                );
            }
            text
        }
    })
}

/// What a pattern, written so, uses of the limits that apply to its kind.
fn limits_of(text: &str, ast: &Ast) -> Vec<Limit> {
    let characters = Limit {
        of: "characters",
        used: text.chars().count(),
        most: limits::PATTERN_CHARACTERS,
    };
    let regular_expressions = |used| Limit {
        of: "regular_expressions",
        used,
        most: limits::REGEXES_PER_PATTERN,
    };
    match ast {
        Ast::Empty | Ast::Terms(_) | Ast::Regex(_) => vec![characters],
        Ast::Json(expression) => {
            let conditions = expression.conditions();
            let regexes = conditions.iter().filter(|one| has_regex(&one.test));
            let wildcards = conditions.iter().filter(|one| one.selector.has_wildcard());
            vec![
                characters,
                regular_expressions(regexes.count()),
                Limit {
                    of: "wildcard_selectors",
                    used: wildcards.count(),
                    most: limits::WILDCARD_SELECTORS_PER_PATTERN,
                },
            ]
        }
        Ast::SpaceDelimited(list) => {
            let conditions = list.fields.iter().filter_map(|field| match field {
                Field::Named { condition, .. } => condition.as_ref(),
                Field::Ellipsis | Field::Unnamed => None,
            });
            vec![
                characters,
                regular_expressions(conditions.map(regexes_of).sum()),
            ]
        }
    }
}

fn regexes_of(condition: &FieldCondition) -> usize {
    match condition {
        FieldCondition::And(parts) | FieldCondition::Or(parts) => {
            parts.iter().map(regexes_of).sum()
        }
        FieldCondition::Test(test) => usize::from(has_regex(test)),
    }
}

fn has_regex(test: &Test) -> bool {
    matches!(
        test,
        Test::Equals(Operand::Regex(_)) | Test::NotEquals(Operand::Regex(_))
    )
}

fn kind_of(kind: PatternKind) -> &'static str {
    match kind {
        PatternKind::Empty => "empty",
        PatternKind::Json => "json",
        PatternKind::SpaceDelimited => "space_delimited",
        PatternKind::Terms => "terms",
        PatternKind::Regex => "regex",
    }
}

fn tree(ast: &Ast) -> Node {
    let (says, parts) = match ast {
        Ast::Empty => ("every message", Vec::new()),
        Ast::Json(expression) => ("a JSON event in which", vec![expression_node(expression)]),
        Ast::SpaceDelimited(list) => (
            "a message of these fields, separated by blanks",
            list.fields.iter().map(field_node).collect(),
        ),
        Ast::Terms(terms) => (
            "a message that",
            terms
                .terms
                .iter()
                .map(|term| {
                    let role = match term.role {
                        TermRole::Required => "contains",
                        TermRole::Excluded => "does not contain",
                        TermRole::Optional => "contains, when no other optional term is in it,",
                    };
                    Node::leaf(format!("{role} `{}`", term.text))
                })
                .collect(),
        ),
        Ast::Regex(regex) => (
            "a message that fits",
            vec![Node::leaf(format!("%{}%", regex.as_str()))],
        ),
    };
    Node {
        says: says.to_owned(),
        parts,
    }
}

fn expression_node(expression: &Expression) -> Node {
    let (says, parts) = match expression {
        Expression::And(parts) => ("all of", parts),
        Expression::Or(parts) => ("any of", parts),
        Expression::Condition(condition) => return Node::leaf(condition.to_string()),
    };
    Node {
        says: says.to_owned(),
        parts: parts.iter().map(expression_node).collect(),
    }
}

fn field_node(field: &Field) -> Node {
    match field {
        Field::Ellipsis => Node::leaf("any number of fields"),
        Field::Unnamed => Node::leaf("a field without a name"),
        Field::Named {
            name,
            condition: None,
        } => Node::leaf(name.to_string()),
        Field::Named {
            name,
            condition: Some(condition),
        } => Node {
            says: format!("{name}, of which"),
            parts: vec![field_condition_node(condition)],
        },
    }
}

fn field_condition_node(condition: &FieldCondition) -> Node {
    let (says, parts) = match condition {
        FieldCondition::And(parts) => ("all of", parts),
        FieldCondition::Or(parts) => ("any of", parts),
        FieldCondition::Test(test) => return Node::leaf(test.to_string()),
    };
    Node {
        says: says.to_owned(),
        parts: parts.iter().map(field_condition_node).collect(),
    }
}

fn draw(text: &mut String, nodes: &[Node], indent: &str) {
    for (index, node) in nodes.iter().enumerate() {
        let last = index + 1 == nodes.len();
        let (branch, stem) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        let _ = writeln!(text, "{indent}{branch}{}", escaped(&node.says));
        draw(text, &node.parts, &format!("{indent}{stem}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_drawn_as_trees() {
        let patterns = [
            "{($.eventName=ConsoleLogin)&&(($.errorMessage=\"Failed*\")||($.x NOT EXISTS))}",
            "[ip, ..., status = 4* && status != 404]",
            "ERROR -benign",
            "%^Fail%",
            "{ $.a[*] = %x% && ($.b.* != %y% || $.c >= 1) }",
            "[a = %x% && a != %y%, b]",
            "",
        ];
        insta::assert_snapshot!(
            patterns
                .map(|text| printed(text, &text.parse().unwrap(), Format::Table).unwrap())
                .join("----\n")
        );
    }
}
