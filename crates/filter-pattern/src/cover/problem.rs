//! One coverage question made ready for the search: the fields that it is
//! about with the classes of their values, the formula that an escaping event
//! satisfies, and the facts of the schema as restrictions that can be switched
//! off one by one.

use crate::ast::{Ast, Condition, Expression, Operand, Selector, Test};
use crate::evaluate::OpenQuestion;
use crate::pattern::FilterPattern;
use crate::schema::{Schema, plain_template};

use super::builder::Builder;
use super::calls;
use super::classes::Classes;
use super::drafts::Drafts;
use super::elements;
use super::facts::{self, Fact};
use super::formula::{Formula, NodeId};
use super::state::State;

/// The patterns that a question is about.
#[derive(Clone, Copy)]
pub(crate) struct Patterns<'a> {
    /// All of them match the events that are looked for.
    pub(crate) required: &'a [&'a FilterPattern],
    /// None of them does.
    pub(crate) filters: &'a [&'a FilterPattern],
    /// None of these either: agreed exclusions.
    pub(crate) except: &'a [&'a FilterPattern],
}

impl<'a> Patterns<'a> {
    /// Whether one of the filters is a required pattern, or matches everything.
    pub(crate) fn are_covered_at_a_glance(&self) -> bool {
        self.filters.iter().any(|filter| {
            filter.kind() == crate::PatternKind::Empty || self.required.contains(filter)
        })
    }

    fn all(&self) -> impl Iterator<Item = (&'a FilterPattern, bool)> {
        let required = self.required.iter().map(|pattern| (*pattern, true));
        required.chain(
            self.filters
                .iter()
                .chain(self.except)
                .map(|pattern| (*pattern, false)),
        )
    }
}

/// What a field of the problem stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// The value at a selector without wildcards.
    Property(Selector),
    /// The answer to an open question about AWS.
    Question(OpenQuestion),
}

/// One field with its classes.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) source: Source,
    pub(crate) parent: Option<usize>,
    pub(crate) classes: Classes<'a>,
    /// Where the field's part of a state begins.
    pub(crate) offset: usize,
    /// Classes to try first: the usual value's, or being absent.
    pub(crate) plain: [Option<usize>; 2],
    /// Classes that languages split further.
    pub(crate) cells: Box<[u64]>,
}

impl Field<'_> {
    pub(crate) fn selector(&self) -> Option<&Selector> {
        match &self.source {
            Source::Property(selector) => Some(selector),
            Source::Question(_) => None,
        }
    }

    /// What one test of the field costs: fields with very many classes and
    /// languages take longer.
    pub(crate) fn cost(&self) -> u64 {
        1 + (self.class_words() + self.language_words()) as u64 / 8
    }

    pub(crate) fn class_words(&self) -> usize {
        self.classes.words()
    }

    pub(crate) fn language_words(&self) -> usize {
        self.classes.languages.len().div_ceil(64)
    }
}

/// A question ready for the search.
#[derive(Debug)]
pub(crate) struct Problem<'a> {
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) formula: Formula,
    /// What an escaping event satisfies, with polarity.
    pub(crate) goals: Vec<(NodeId, bool)>,
    pub(crate) facts: Vec<Fact<'a>>,
    /// Patterns stand in for which the formula only has a bound: required ones
    /// may match less, filters may match more.
    pub(crate) inexact: bool,
    /// A state in which everything is left.
    pub(crate) unrestricted: State,
}

impl<'a> Problem<'a> {
    pub(crate) fn new(patterns: &Patterns<'a>, schema: &'a Schema) -> Self {
        Self::made(patterns, schema, false)
    }

    /// The same question where a number without quotation marks differs from every text; `None` when
    /// no condition is about one.
    pub(super) fn with_numbers_apart(patterns: &Patterns<'a>, schema: &'a Schema) -> Option<Self> {
        let names_number = |expression: &Expression| {
            expression.conditions().iter().any(|condition| {
                matches!(
                    condition.test,
                    Test::Equals(Operand::Number(_)) | Test::NotEquals(Operand::Number(_))
                )
            })
        };
        patterns
            .all()
            .any(|(pattern, _)| matches!(pattern.ast(), Ast::Json(it) if names_number(it)))
            .then(|| Self::made(patterns, schema, true))
    }

    fn made(patterns: &Patterns<'a>, schema: &'a Schema, numbers_apart: bool) -> Self {
        let mut drafts = Drafts::default();
        let mut wildcards: Vec<(&'a Condition, bool)> = Vec::new();
        for (pattern, required) in patterns.all() {
            let Ast::Json(expression) = pattern.ast() else {
                continue;
            };
            for condition in expression.conditions() {
                if condition.selector.has_wildcard() {
                    wildcards.push((condition, required));
                } else {
                    let field = drafts.add(&condition.selector);
                    drafts.list[field].tests.push(&condition.test);
                }
            }
        }
        let elements = elements::expand(&wildcards, &mut drafts, schema);
        for (selector, _) in schema.known() {
            drafts.add(selector);
        }
        calls::add_source(&mut drafts, schema);
        drafts.add_ancestors();
        let relations = facts::relevant_relations(&mut drafts, schema);
        facts::add_texts(&mut drafts, schema);

        let mut builder = Builder::of(drafts, &plain_template(schema), numbers_apart);
        let mut goals = Vec::new();
        for (pattern, required) in patterns.all() {
            let node = builder.pattern(pattern, required, &elements);
            goals.push((node, required));
        }
        builder.add_structure(&mut goals);
        let facts = facts::facts(&mut builder, schema, &relations);
        let Builder {
            fields,
            formula,
            state_words,
            inexact,
            ..
        } = builder;
        let unrestricted = State::unrestricted(&fields, state_words);
        Self {
            fields,
            formula,
            goals,
            facts,
            inexact,
            unrestricted,
        }
    }

    /// Whether the formula has a condition on the answer to an open question.
    pub(crate) fn asks_open_questions(&self) -> bool {
        let is_question = |field: usize| matches!(self.fields[field].source, Source::Question(_));
        self.formula
            .literals
            .iter()
            .any(|literal| is_question(literal.field))
    }

    /// What it cost to make the problem, in steps of the search.
    pub(super) fn cost(&self) -> u64 {
        6 * (self.fields.len() + self.formula.nodes.len()) as u64
    }

    pub(crate) fn find_field(&self, selector: &Selector) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.selector() == Some(selector))
    }
}
