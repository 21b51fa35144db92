//! Which constructs of the language the generated patterns reached. A
//! generator that never makes some construct proves nothing about it, so that
//! a run in which one is missing has failed.

use std::collections::BTreeMap;

use filter_pattern::FilterPattern;
use filter_pattern::ast::{
    Ast, Comparison, Expression, Field, FieldCondition, Operand, Segment, Selector, TermRole, Test,
};

use crate::generate::{Case, Criteria, Events};

/// How often each construct was generated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    counts: BTreeMap<&'static str, u64>,
}

#[rustfmt::skip]
static CONSTRUCTS: &[&str] = &[
    "kind.empty", "kind.json", "kind.space-delimited", "kind.terms", "kind.regex",
    "expression.and", "expression.or", "expression.and-in-or", "expression.or-in-and",
    "selector.key", "selector.quoted-key", "selector.index", "selector.index-of-index",
    "selector.any-key", "selector.any-index", "selector.key-after-wildcard",
    "test.equals", "test.not-equals", "test.less", "test.less-or-equal", "test.greater",
    "test.greater-or-equal", "test.is-null", "test.is-true", "test.is-false", "test.not-exists",
    "operand.text", "operand.empty-text", "operand.escaped-text", "operand.wildcard-at-end",
    "operand.wildcard-at-start", "operand.wildcard-inside", "operand.wildcards", "operand.only-wildcard",
    "operand.whole-number", "operand.negative-number", "operand.fraction", "operand.exponent",
    "operand.leading-zero", "operand.leading-point", "operand.regex", "operand.negated-regex",
    "regex.alternatives", "regex.start", "regex.end", "regex.any", "regex.class", "regex.negated-class",
    "regex.range", "regex.digit", "regex.no-digit", "regex.blank", "regex.no-blank", "regex.word",
    "regex.no-word", "regex.hexadecimal", "regex.escaped", "regex.star", "regex.plus", "regex.optional",
    "regex.count", "regex.count-from", "regex.count-up-to", "regex.count-between", "regex.lazy",
    "fields.ellipsis-first", "fields.ellipsis-inside", "fields.ellipsis-last", "fields.no-ellipsis",
    "fields.none", "fields.unnamed", "fields.bare", "fields.condition", "fields.and", "fields.or",
    "terms.required", "terms.excluded", "terms.optional", "terms.optional-beside-others", "terms.phrase",
    "criteria.and", "criteria.or", "criteria.equals", "criteria.not-equals", "criteria.in",
    "criteria.not-in", "criteria.account", "criteria.region",
    "question.any", "question.records", "question.records-of-account", "question.several-filters",
    "question.exclusions", "question.filter-of-another-kind",
    "mutation.dropped", "mutation.split-by-region", "mutation.reordered", "mutation.wildcard",
    "mutation.regex", "mutation.negated", "mutation.nested", "mutation.halved", "mutation.sourced",
];

impl Nodes {
    /// All constructs with how often they were generated.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        CONSTRUCTS
            .iter()
            .map(|name| (*name, self.counts.get(name).copied().unwrap_or(0)))
    }

    /// Constructs that were never generated.
    pub fn missing(&self) -> Vec<&'static str> {
        self.counts()
            .filter(|(_, count)| *count == 0)
            .map(|(name, _)| name)
            .collect()
    }

    /// Adds what another part of the run reached.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(name).or_default() += count;
        }
    }

    fn note(&mut self, name: &'static str) {
        debug_assert!(CONSTRUCTS.contains(&name), "{name} is listed");
        *self.counts.entry(name).or_default() += 1;
    }

    fn note_if(&mut self, name: &'static str, holds: bool) {
        if holds {
            self.note(name);
        }
    }

    /// Counts the constructs of a pattern.
    pub fn pattern(&mut self, pattern: &FilterPattern) {
        match pattern.ast() {
            Ast::Empty => self.note("kind.empty"),
            Ast::Json(expression) => {
                self.note("kind.json");
                self.expression(expression);
            }
            Ast::SpaceDelimited(list) => {
                self.note("kind.space-delimited");
                let ellipsis = list
                    .fields
                    .iter()
                    .position(|field| *field == Field::Ellipsis);
                self.note(match ellipsis {
                    None => "fields.no-ellipsis",
                    Some(0) => "fields.ellipsis-first",
                    Some(at) if at + 1 == list.fields.len() => "fields.ellipsis-last",
                    Some(_) => "fields.ellipsis-inside",
                });
                self.note_if("fields.none", list.fields.is_empty());
                for field in &list.fields {
                    self.note_if("fields.unnamed", *field == Field::Unnamed);
                    if let Field::Named { condition, .. } = field {
                        match condition {
                            None => self.note("fields.bare"),
                            Some(condition) => {
                                self.note("fields.condition");
                                self.field_condition(condition);
                            }
                        }
                    }
                }
            }
            Ast::Terms(terms) => {
                self.note("kind.terms");
                let optional = |role| role == TermRole::Optional;
                let mixed = terms.terms.iter().any(|term| optional(term.role))
                    && !terms.terms.iter().all(|term| optional(term.role));
                self.note_if("terms.optional-beside-others", mixed);
                for term in &terms.terms {
                    self.note_if(
                        "terms.phrase",
                        !term.text.chars().all(char::is_alphanumeric),
                    );
                    self.note(match term.role {
                        TermRole::Required => "terms.required",
                        TermRole::Excluded => "terms.excluded",
                        TermRole::Optional => "terms.optional",
                    });
                }
            }
            Ast::Regex(regex) => {
                self.note("kind.regex");
                self.regex(regex.as_str());
            }
        }
    }

    fn expression(&mut self, expression: &Expression) {
        let (parts, names) = match expression {
            Expression::Condition(condition) => {
                self.selector(&condition.selector);
                self.test(&condition.test);
                return;
            }
            Expression::And(parts) => (parts, ["expression.and", "expression.or-in-and"]),
            Expression::Or(parts) => (parts, ["expression.or", "expression.and-in-or"]),
        };
        self.note(names[0]);
        for part in parts {
            self.note_if(names[1], !matches!(part, Expression::Condition(_)));
            self.expression(part);
        }
    }

    fn selector(&mut self, selector: &Selector) {
        let segments = selector.segments();
        let indices = segments
            .iter()
            .filter(|it| matches!(it, Segment::Index(_)))
            .count();
        self.note_if("selector.index-of-index", indices > 1);
        for (position, segment) in segments.iter().enumerate() {
            let wildcard = position > 0 && segments[position - 1].is_wildcard();
            self.note(match segment {
                Segment::Key(_) if wildcard => "selector.key-after-wildcard",
                Segment::Key(key) if key.contains('.') => "selector.quoted-key",
                Segment::Key(_) => "selector.key",
                Segment::Index(_) => "selector.index",
                Segment::AnyKey => "selector.any-key",
                Segment::AnyIndex => "selector.any-index",
            });
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::Equals(operand) => {
                self.note("test.equals");
                self.operand(operand);
            }
            Test::NotEquals(operand) => {
                self.note("test.not-equals");
                self.note_if(
                    "operand.negated-regex",
                    matches!(operand, Operand::Regex(_)),
                );
                self.operand(operand);
            }
            Test::Compare(comparison, literal) => {
                self.note(match comparison {
                    Comparison::Less => "test.less",
                    Comparison::LessOrEqual => "test.less-or-equal",
                    Comparison::Greater => "test.greater",
                    Comparison::GreaterOrEqual => "test.greater-or-equal",
                });
                self.number(literal.as_str());
            }
            Test::IsNull => self.note("test.is-null"),
            Test::IsTrue => self.note("test.is-true"),
            Test::IsFalse => self.note("test.is-false"),
            Test::NotExists => self.note("test.not-exists"),
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Number(literal) => self.number(literal.as_str()),
            Operand::Regex(regex) => {
                self.note("operand.regex");
                self.regex(regex.as_str());
            }
            Operand::Text(pattern) => {
                let text = pattern.as_str();
                let inside = text.trim_matches('*').contains('*');
                self.note_if("operand.empty-text", text.is_empty());
                self.note_if("operand.escaped-text", text.contains(['"', '\\']));
                self.note_if("operand.only-wildcard", pattern.is_universal());
                self.note_if("operand.wildcards", text.matches('*').count() > 1);
                self.note_if("operand.wildcard-inside", inside);
                self.note_if("operand.wildcard-at-end", text.ends_with('*'));
                self.note_if("operand.wildcard-at-start", text.starts_with('*'));
                self.note_if("operand.text", pattern.is_literal());
            }
        }
    }

    fn number(&mut self, text: &str) {
        let digits = text.trim_start_matches(['-', '+']);
        self.note_if("operand.negative-number", text.starts_with('-'));
        self.note_if("operand.fraction", text.contains('.'));
        let unsigned = text.trim_start_matches(['-', '+']);
        self.note_if("operand.leading-point", unsigned.starts_with('.'));
        self.note_if("operand.exponent", text.contains(['e', 'E']));
        self.note_if(
            "operand.leading-zero",
            digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0."),
        );
        self.note_if(
            "operand.whole-number",
            digits.bytes().all(|digit| digit.is_ascii_digit()),
        );
    }

    fn regex(&mut self, text: &str) {
        // Escaped characters are looked at by themselves, and then no more.
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character != '\\' {
                plain.push(character);
                continue;
            }
            self.note(match characters.next() {
                Some('d') => "regex.digit",
                Some('D') => "regex.no-digit",
                Some('s') => "regex.blank",
                Some('S') => "regex.no-blank",
                Some('w') => "regex.word",
                Some('W') => "regex.no-word",
                Some('x') => "regex.hexadecimal",
                _ => "regex.escaped",
            });
            plain.push('E');
        }
        let mut outside = String::new();
        let mut rest = plain.as_str();
        while let Some((before, class)) = rest.split_once('[') {
            let (items, after) = class.split_once(']').unwrap_or((class, ""));
            self.note(if items.starts_with('^') {
                "regex.negated-class"
            } else {
                "regex.class"
            });
            self.note_if("regex.range", items.trim_end_matches('-').contains('-'));
            outside.push_str(before);
            outside.push('C');
            rest = after;
        }
        outside.push_str(rest);
        self.note_if("regex.alternatives", outside.contains('|'));
        self.note_if("regex.start", outside.contains('^'));
        self.note_if("regex.end", outside.contains('$'));
        self.note_if("regex.any", outside.contains('.'));
        self.note_if("regex.star", outside.contains('*'));
        self.note_if("regex.plus", outside.contains('+'));
        self.note_if(
            "regex.lazy",
            ["*?", "+?", "??", "}?"]
                .iter()
                .any(|it| outside.contains(it)),
        );
        self.note_if("regex.optional", outside.contains('?'));
        self.note_if("regex.count", outside.contains("{2}"));
        self.note_if("regex.count-from", outside.contains(",}"));
        self.note_if("regex.count-between", outside.contains("0,2}"));
        self.note_if("regex.count-up-to", outside.contains("{,2}"));
    }

    fn field_condition(&mut self, condition: &FieldCondition) {
        let parts = match condition {
            FieldCondition::Test(test) => return self.test(test),
            FieldCondition::And(parts) => {
                self.note("fields.and");
                parts
            }
            FieldCondition::Or(parts) => {
                self.note("fields.or");
                parts
            }
        };
        for part in parts {
            self.field_condition(part);
        }
    }

    /// Counts the constructs of criteria.
    pub fn criteria(&mut self, criteria: &Criteria) {
        match criteria {
            Criteria::And(parts) => {
                self.note("criteria.and");
                for part in parts {
                    self.criteria(part);
                }
            }
            Criteria::Or(parts) => {
                self.note("criteria.or");
                for part in parts {
                    self.criteria(part);
                }
            }
            Criteria::One(one) => {
                self.note(if one.account {
                    "criteria.account"
                } else {
                    "criteria.region"
                });
                self.note(match one.operator {
                    "=" => "criteria.equals",
                    "!=" => "criteria.not-equals",
                    "IN" => "criteria.in",
                    _ => "criteria.not-in",
                });
            }
        }
    }

    /// Counts the constructs of a coverage question.
    pub fn case(&mut self, case: &Case) {
        self.note(match case.events {
            Events::Any => "question.any",
            Events::Records => "question.records",
            Events::RecordsOfAccount => "question.records-of-account",
        });
        let json = |pattern: &FilterPattern| matches!(pattern.ast(), Ast::Json(_));
        self.note_if("question.several-filters", case.filters.len() > 1);
        self.note_if("question.exclusions", !case.except.is_empty());
        self.note_if(
            "question.filter-of-another-kind",
            !case.filters.iter().all(json),
        );
        if let Some((mutation, _)) = case.made_by {
            self.note(mutation.name());
        }
        case.patterns().for_each(|pattern| self.pattern(pattern));
    }
}
