//! One coverage question made ready for the search: the fields that it is
//! about with the classes of their values, the formula that an escaping event
//! satisfies, and the facts of the schema as restrictions that can be switched
//! off one by one.

use crate::ast::{Ast, Condition, Expression, Segment, Selector, Test};
use crate::evaluate::OpenQuestion;
use crate::pattern::FilterPattern;
use crate::schema::{Kinds, Schema};

use super::classes::Classes;
use super::elements::{self, Elements};
use super::facts::{self, Fact};
use super::formula::{Formula, Literal, NodeId};

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
    /// The length of a state.
    pub(crate) state_words: usize,
}

/// A field before its classes are known.
pub(super) struct Draft<'a> {
    pub(super) selector: Selector,
    pub(super) tests: Vec<&'a Test>,
    pub(super) texts: Vec<&'a str>,
}

pub(super) struct Drafts<'a> {
    pub(super) list: Vec<Draft<'a>>,
}

impl Drafts<'_> {
    pub(super) fn find(&self, selector: &Selector) -> Option<usize> {
        self.list
            .iter()
            .position(|draft| draft.selector == *selector)
    }

    pub(super) fn add(&mut self, selector: &Selector) -> usize {
        self.find(selector).unwrap_or_else(|| {
            self.list.push(Draft {
                selector: selector.clone(),
                tests: Vec::new(),
                texts: Vec::new(),
            });
            self.list.len() - 1
        })
    }

    fn add_ancestors(&mut self) {
        let mut next = 0;
        while next < self.list.len() {
            if let Some(parent) = self.list[next].selector.parent() {
                self.add(&parent);
            }
            next += 1;
        }
    }
}

impl<'a> Problem<'a> {
    pub(crate) fn new(patterns: &Patterns<'a>, schema: &'a Schema) -> Self {
        let mut drafts = Drafts { list: Vec::new() };
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
        drafts.add_ancestors();
        let relations = facts::relevant_relations(&mut drafts, schema);
        facts::add_texts(&mut drafts, schema);

        let mut builder = Builder {
            fields: Vec::new(),
            formula: Formula::default(),
            state_words: 0,
            inexact: false,
        };
        for question in OpenQuestion::ALL {
            builder.add_field(Source::Question(question), None, Classes::of_question());
        }
        let questions = OpenQuestion::ALL.len();
        for draft in &drafts.list {
            let parent = draft
                .selector
                .parent()
                .and_then(|parent| drafts.find(&parent));
            let classes = Classes::new(&draft.tests, &draft.texts);
            builder.add_field(
                Source::Property(draft.selector.clone()),
                parent.map(|parent| parent + questions),
                classes,
            );
        }
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
        } = builder;
        Self {
            fields,
            formula,
            goals,
            facts,
            inexact: inexact || elements.incomplete,
            state_words,
        }
    }

    pub(crate) fn find_field(&self, selector: &Selector) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.selector() == Some(selector))
    }
}

/// Makes fields and nodes.
pub(super) struct Builder<'a> {
    pub(super) fields: Vec<Field<'a>>,
    pub(super) formula: Formula,
    state_words: usize,
    inexact: bool,
}

impl<'a> Builder<'a> {
    fn add_field(&mut self, source: Source, parent: Option<usize>, classes: Classes<'a>) {
        let cells = classes.mask(super::classes::Class::is_cell);
        let field = Field {
            source,
            parent,
            classes,
            offset: self.state_words,
            cells,
        };
        self.state_words += field.class_words() + 2 * field.language_words();
        self.fields.push(field);
    }

    pub(super) fn field(&self, selector: &Selector) -> Option<usize> {
        self.fields
            .iter()
            .position(|field| field.selector() == Some(selector))
    }

    fn pattern(
        &mut self,
        pattern: &'a FilterPattern,
        required: bool,
        elements: &Elements,
    ) -> NodeId {
        match pattern.ast() {
            Ast::Empty => self.formula.constant(true),
            Ast::Json(expression) => self.expression(expression, required, elements),
            Ast::SpaceDelimited(_) | Ast::Terms(_) | Ast::Regex(_) => {
                self.inexact = true;
                self.formula.constant(required)
            }
        }
    }

    pub(super) fn expression(
        &mut self,
        expression: &'a Expression,
        required: bool,
        elements: &Elements,
    ) -> NodeId {
        match expression {
            Expression::And(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.expression(part, required, elements))
                    .collect();
                self.formula.and(parts)
            }
            Expression::Or(parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.expression(part, required, elements))
                    .collect();
                self.formula.or(parts)
            }
            Expression::Condition(condition) if condition.selector.has_wildcard() => {
                if elements.incomplete {
                    return self.formula.constant(required);
                }
                elements::encode(self, condition, elements)
            }
            Expression::Condition(condition) => match self.field(&condition.selector) {
                Some(field) => self.test(field, &condition.test),
                None => self.formula.constant(required),
            },
        }
    }

    /// A test of a field, with what open questions add to it.
    pub(super) fn test(&mut self, field: usize, test: &'a Test) -> NodeId {
        let classes = &self.fields[field].classes;
        let truth = classes.truth(test);
        let questions: &[OpenQuestion] = match test {
            Test::Equals(_) => &[OpenQuestion::BooleanAsText],
            Test::NotEquals(_) => &[
                OpenQuestion::NotEqualsOnNull,
                OpenQuestion::NotEqualsOnBoolean,
                OpenQuestion::BooleanAsText,
            ],
            Test::NotExists => &[OpenQuestion::NotExistsOnNull],
            Test::IsTrue | Test::IsFalse => &[OpenQuestion::IsBooleanOnText],
            Test::IsNull | Test::Compare(..) => &[],
        };
        let added: Vec<_> = questions
            .iter()
            .map(|question| (*question, classes.truth_added_by(test, *question)))
            .collect();
        let mut parts = vec![self.formula.literal(Literal {
            field,
            classes: truth.classes,
            language: truth.language,
        })];
        for (question, classes) in added {
            if classes.iter().any(|word| *word != 0) {
                let holds = self.formula.literal(Literal {
                    field,
                    classes,
                    language: None,
                });
                let yes = self.question(question);
                parts.push(self.formula.and(vec![holds, yes]));
            }
        }
        self.formula.or(parts)
    }

    /// That an open question is answered with yes.
    pub(super) fn question(&mut self, question: OpenQuestion) -> NodeId {
        let field = question as usize;
        self.formula.literal(Literal {
            field,
            classes: vec![2].into(),
            language: None,
        })
    }

    /// That an open question is answered with no.
    pub(super) fn no_to(&mut self, question: OpenQuestion) -> NodeId {
        let field = question as usize;
        self.formula.literal(Literal {
            field,
            classes: vec![1].into(),
            language: None,
        })
    }

    /// That a field's value is of one of these kinds.
    pub(super) fn of_kind(&mut self, field: usize, kinds: Kinds) -> NodeId {
        let classes = self.fields[field]
            .classes
            .mask(|class| kinds.contains(class.kind()));
        self.formula.literal(Literal {
            field,
            classes,
            language: None,
        })
    }

    /// That a field has a text that some test names.
    pub(super) fn text_is(&mut self, field: usize, text: &str) -> NodeId {
        let classes = &self.fields[field].classes;
        let mut words = vec![0; classes.words()];
        if let Some(position) = classes.of_named_text(text) {
            words[position / 64] |= 1 << (position % 64);
        }
        self.formula.literal(Literal {
            field,
            classes: words.into(),
            language: None,
        })
    }

    /// That a field has another value than a text that some test names.
    pub(super) fn text_is_not(&mut self, field: usize, text: &str) -> NodeId {
        let classes = &self.fields[field].classes;
        let named = classes.of_named_text(text);
        let mut words = classes.mask(|_| true);
        if let Some(position) = named {
            words[position / 64] &= !(1 << (position % 64));
        }
        self.formula.literal(Literal {
            field,
            classes: words,
            language: None,
        })
    }

    /// That a single condition without languages does not hold.
    pub(super) fn negated(&mut self, expression: &'a Expression) -> NodeId {
        let Expression::Condition(condition) = expression else {
            return self.formula.constant(true);
        };
        match (
            self.field(&condition.selector),
            super::named_text(&condition.test),
        ) {
            (Some(field), Some(text)) => self.text_is_not(field, text),
            _ => self.formula.constant(true),
        }
    }

    /// A member needs an object above it, an element an array and the element
    /// before it.
    fn add_structure(&mut self, goals: &mut Vec<(NodeId, bool)>) {
        for field in 0..self.fields.len() {
            let Some(selector) = self.fields[field].selector().cloned() else {
                continue;
            };
            let Some(step) = selector.segments().last() else {
                continue;
            };
            let kind = if matches!(step, Segment::Index(_)) {
                Kinds::ARRAY
            } else {
                Kinds::OBJECT
            };
            match self.fields[field].parent {
                Some(parent) => {
                    let missing = self.of_kind(field, Kinds::MISSING);
                    let container = self.of_kind(parent, kind);
                    goals.push((self.formula.or(vec![missing, container]), true));
                }
                // The root is an object and has no elements.
                None if kind == Kinds::ARRAY => {
                    goals.push((self.of_kind(field, Kinds::MISSING), true));
                }
                None => {}
            }
            if let Segment::Index(index) = step
                && let Some(before) = self.element_before(&selector, *index)
            {
                let missing = self.of_kind(field, Kinds::MISSING);
                let present = self.present(before);
                goals.push((self.formula.or(vec![missing, present]), true));
            }
        }
    }

    /// That a field is there.
    pub(super) fn present(&mut self, field: usize) -> NodeId {
        let classes = self.fields[field]
            .classes
            .mask(|class| class.kind() != Kinds::MISSING);
        self.formula.literal(Literal {
            field,
            classes,
            language: None,
        })
    }

    /// The field of the nearest element before this one in the same array.
    fn element_before(&self, selector: &Selector, index: u32) -> Option<usize> {
        let (_, prefix) = selector.segments().split_last()?;
        let mut nearest = None;
        for (position, field) in self.fields.iter().enumerate() {
            if let Some((Segment::Index(other), before)) =
                field.selector().and_then(|it| it.segments().split_last())
                && before == prefix
                && *other < index
                && nearest.is_none_or(|(best, _)| *other > best)
            {
                nearest = Some((*other, position));
            }
        }
        nearest.map(|(_, position)| position)
    }
}
