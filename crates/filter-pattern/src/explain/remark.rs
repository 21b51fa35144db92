//! What about a pattern may surprise its reader: what is proved (it never
//! matches, a clause has no effect) and what the language does differently from
//! what the text suggests.

use std::ops::Range;

use crate::ast::{
    Ast, Condition, Expression, Field, Operand, Segment, TermRole, Terms, Test, TextPattern,
};
use crate::cover::Why;
use crate::minimize::{StepKind, minimize_with};
use crate::pattern::FilterPattern;
use crate::prover::Prover;
use crate::schema::{Kinds, Records, Schema};

use super::precedence::mixed_operators;
use super::record;

/// Something that may surprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What kind of thing.
    pub kind: RemarkKind,
    /// The words, without a full stop.
    pub text: String,
    /// The part of the pattern's text that it is about, when it is one part.
    pub span: Option<Range<usize>>,
}

/// Kinds of surprises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RemarkKind {
    /// No event matches.
    NeverMatches,
    /// Every event matches.
    AlwaysMatches,
    /// One alternative alone matches nearly every event.
    MatchesNearlyAll,
    /// A clause changes nothing.
    NoEffect,
    /// The pattern is too hard to tell of each clause whether it changes something.
    NotDecided,
    /// `!=` does not match an event without the field.
    MissingField,
    /// Wildcards do not backtrack.
    Wildcard,
    /// `&&` binds tighter than `||`.
    Precedence,
    /// A quoted number is compared with the number's text.
    NumberText,
    /// A regular expression fits anywhere in the value.
    RegexAnywhere,
    /// `?word` is ignored beside other terms.
    OptionalIgnored,
    /// A wildcard selector is satisfied by one element.
    AnyElement,
    /// The last field takes the rest of the line.
    LastField,
    /// No CloudTrail record has a field of this name.
    UnknownField,
    /// A CloudTrail field never has values of the kind that is asked for.
    FieldKind,
    /// A text that a CloudTrail field has in another spelling.
    UnusualValue,
}

impl RemarkKind {
    /// A stable name, lower case with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::NeverMatches => "never_matches",
            Self::AlwaysMatches => "always_matches",
            Self::MatchesNearlyAll => "matches_nearly_all",
            Self::NoEffect => "no_effect",
            Self::NotDecided => "not_decided",
            Self::MissingField => "missing_field",
            Self::Wildcard => "wildcard",
            Self::Precedence => "precedence",
            Self::NumberText => "number_text",
            Self::RegexAnywhere => "regex_anywhere",
            Self::OptionalIgnored => "optional_ignored",
            Self::AnyElement => "any_element",
            Self::LastField => "last_field",
            Self::UnknownField => "unknown_field",
            Self::FieldKind => "field_kind",
            Self::UnusualValue => "unusual_value",
        }
    }
}

pub(super) fn remarks(text: &str, pattern: &FilterPattern, schema: &Schema) -> Vec<Remark> {
    let mut found = Vec::new();
    proved(pattern, schema, &mut found);
    match pattern.ast() {
        Ast::Json(expression) => {
            if let Some(span) = mixed_operators(text) {
                let text = format!(
                    "`&&` binds tighter than `||`: this is read as `{}`",
                    crate::minimize::inner_text(pattern)
                );
                found.push(remark(RemarkKind::Precedence, text, Some(span)));
            }
            let conditions = expression.conditions();
            for (position, condition) in conditions.iter().enumerate() {
                let repeated = conditions[..position]
                    .iter()
                    .any(|before| before.selector == condition.selector);
                of_condition(condition, repeated, expression, schema, &mut found);
            }
        }
        Ast::Terms(terms) => of_terms(terms, &mut found),
        Ast::Regex(regex) if !is_anchored(regex.as_str()) => found.push(remark(
            RemarkKind::RegexAnywhere,
            "the expression may fit anywhere in the text; `^` and `$` tie it to its ends",
            None,
        )),
        Ast::SpaceDelimited(list) => {
            if let (Some(Field::Named { name, .. }), false) =
                (list.fields.last(), list.fields.contains(&Field::Ellipsis))
            {
                let text = format!("`{name}` takes the rest of a line that has more fields");
                found.push(remark(RemarkKind::LastField, text, None));
            }
        }
        Ast::Empty | Ast::Regex(_) => {}
    }
    found
}

fn remark(kind: RemarkKind, text: impl Into<String>, span: Option<Range<usize>>) -> Remark {
    Remark {
        kind,
        text: text.into(),
        span,
    }
}

fn proved(pattern: &FilterPattern, schema: &Schema, found: &mut Vec<Remark>) {
    let Ast::Json(expression) = pattern.ast() else {
        return;
    };
    let prover = Prover::new(schema);
    if prover.proof(pattern, &[]).is_some() {
        let mut text = "no event matches this pattern".to_owned();
        let mut span = None;
        if let Some((one, other)) = clashing(expression, &prover) {
            text = format!("{text}: `{one}` and `{other}` exclude each other");
            span = Some(other.span.range());
        }
        found.push(remark(RemarkKind::NeverMatches, text, span));
        return;
    }
    let everything = FilterPattern::empty();
    if prover.proof(&everything, &[pattern]).is_some() {
        found.push(remark(
            RemarkKind::AlwaysMatches,
            "every event matches this pattern",
            None,
        ));
        return;
    }
    if let Expression::Or(parts) = expression {
        for part in parts {
            if let Expression::Condition(condition) = part
                && matches!(condition.test, Test::NotEquals(_))
                && !asks_whether_missing(expression, condition)
            {
                let text = format!(
                    "the alternative `{condition}` alone matches every event whose `{}` is another, so nearly all of them; was `&&` meant?",
                    condition.selector.field_name()
                );
                found.push(remark(
                    RemarkKind::MatchesNearlyAll,
                    text,
                    Some(condition.span.range()),
                ));
            }
        }
    }
    for step in minimize_with(pattern, &prover).steps {
        let because = match step.kind {
            StepKind::AlternativeLeftOut => "what it matches, the rest matches too",
            StepKind::ConditionLeftOut => "it holds wherever the rest holds",
            StepKind::WrittenOnce => continue,
        };
        let statements: Vec<&str> = step
            .assumptions
            .iter()
            .map(crate::Assumption::statement)
            .collect();
        let given = if statements.is_empty() {
            String::new()
        } else {
            format!(" (given that {})", statements.join("; "))
        };
        found.push(remark(
            RemarkKind::NoEffect,
            format!("`{}` changes nothing: {because}{given}", step.part),
            None,
        ));
    }
    if prover.ran_out() {
        let text = format!(
            "too hard to tell of each clause whether it changes something; {}",
            Why::TooManySteps.simplify_hint()
        );
        found.push(remark(RemarkKind::NotDecided, text, None));
    }
}

/// Two conditions of one conjunction that no event satisfies together.
fn clashing<'a>(
    expression: &'a Expression,
    prover: &Prover<'_>,
) -> Option<(&'a Condition, &'a Condition)> {
    match expression {
        Expression::Condition(_) => None,
        Expression::Or(parts) => parts.iter().find_map(|part| clashing(part, prover)),
        Expression::And(parts) => {
            let conditions: Vec<&Condition> = parts
                .iter()
                .filter_map(|part| match part {
                    Expression::Condition(condition) => Some(condition),
                    _ => None,
                })
                .collect();
            conditions.iter().enumerate().find_map(|(position, one)| {
                let other = conditions[position + 1..].iter().find(|other| {
                    let both = Expression::And(vec![
                        Expression::Condition((*one).clone()),
                        Expression::Condition((**other).clone()),
                    ]);
                    let both = FilterPattern::from_ast(Ast::Json(both));
                    prover.proof(&both, &[]).is_some()
                })?;
                Some((*one, *other))
            })
        }
    }
}

fn of_condition(
    condition: &Condition,
    repeated: bool,
    whole: &Expression,
    schema: &Schema,
    found: &mut Vec<Remark>,
) {
    let field = condition.selector.field_name();
    let span = Some(condition.span.range());
    if schema.records() == Records::CloudTrail
        && let Some((kind, text)) = record::of_condition(condition)
    {
        found.push(remark(kind, text, span.clone()));
    }
    if matches!(condition.test, Test::NotEquals(_))
        && !repeated
        && may_be_missing(condition, schema)
        && !asks_whether_missing(whole, condition)
    {
        let text = format!(
            "an event without `{field}` does not match `{condition}`; to match it too, write `({condition} || {} NOT EXISTS)`",
            condition.selector
        );
        found.push(remark(RemarkKind::MissingField, text, span.clone()));
    }
    let (Test::Equals(operand) | Test::NotEquals(operand)) = &condition.test else {
        return;
    };
    match operand {
        Operand::Text(text) => {
            if let Some(example) = backtracking_example(text) {
                let text = format!(
                    "wildcards do not backtrack: `{}` does not stand for `{example}`, where what follows the `*` comes twice",
                    text.as_str()
                );
                found.push(remark(RemarkKind::Wildcard, text, span.clone()));
            }
            let is_number = crate::ast::NumberLiteral::parse(text.as_str()).is_some();
            let always_text = schema
                .rule(&condition.selector)
                .is_some_and(|rule| !rule.kinds.contains(Kinds::NUMBER));
            if is_number && !always_text && !field.ends_with("ccountId") {
                let text = format!(
                    "the quoted `\"{0}\"` is compared with the text of a number, so `{0}.0` is another; without quotation marks numbers are compared by value",
                    text.as_str()
                );
                found.push(remark(RemarkKind::NumberText, text, span.clone()));
            }
        }
        Operand::Regex(regex) if !is_anchored(regex.as_str()) => {
            let text = format!(
                "`%{}%` may fit anywhere in the value; `^` and `$` tie it to its ends",
                regex.as_str()
            );
            found.push(remark(RemarkKind::RegexAnywhere, text, span.clone()));
        }
        Operand::Regex(_) | Operand::Number(_) => {}
    }
    let wildcard = condition
        .selector
        .segments()
        .iter()
        .any(Segment::is_wildcard);
    if wildcard && matches!(condition.test, Test::NotEquals(_)) {
        let text = format!(
            "`{condition}` matches as soon as one of several elements is another, even if the value is among them"
        );
        found.push(remark(RemarkKind::AnyElement, text, span));
    }
}

/// Whether a pattern asks for the condition's field to be missing as well.
fn asks_whether_missing(whole: &Expression, condition: &Condition) -> bool {
    whole
        .conditions()
        .iter()
        .any(|other| other.selector == condition.selector && other.test == Test::NotExists)
}

/// Whether events of a schema may lack the field that a condition asks for.
fn may_be_missing(condition: &Condition, schema: &Schema) -> bool {
    if condition.selector.has_wildcard() {
        return false;
    }
    let missing = Expression::Condition(Condition {
        test: Test::NotExists,
        ..condition.clone()
    });
    let missing = FilterPattern::from_ast(Ast::Json(missing));
    Prover::new(schema).proof(&missing, &[]).is_none()
}

/// A text that the pattern would stand for if wildcards did backtrack.
fn backtracking_example(text: &TextPattern) -> Option<String> {
    let (before, last) = text.as_str().rsplit_once('*')?;
    if last.is_empty() {
        return None;
    }
    let example = format!("{}{last}{last}", before.replace('*', ""));
    (!text.matches(&example)).then_some(example)
}

fn is_anchored(regex: &str) -> bool {
    regex.starts_with('^') || regex.ends_with('$')
}

fn of_terms(terms: &Terms, found: &mut Vec<Remark>) {
    let optional = |role| role == TermRole::Optional;
    let some = terms.terms.iter().any(|term| optional(term.role));
    let all = terms.terms.iter().all(|term| optional(term.role));
    if some && !all {
        let ignored: Vec<String> = terms
            .terms
            .iter()
            .filter(|term| optional(term.role))
            .map(|term| format!("`{term}`"))
            .collect();
        let text = format!(
            "AWS ignores terms with `?` beside other terms: {} changes nothing",
            ignored.join(", ")
        );
        found.push(remark(RemarkKind::OptionalIgnored, text, None));
    }
}
