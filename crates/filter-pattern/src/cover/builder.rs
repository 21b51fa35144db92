//! Makes the fields and the formula of a problem: patterns, the structure of
//! JSON, and the conditions that facts are made of.

use std::collections::{BTreeMap, HashMap};

use crate::ast::{Ast, Expression, Segment, Selector, Test};
use crate::evaluate::OpenQuestion;
use crate::event::{Event, EventValue};
use crate::pattern::FilterPattern;
use crate::schema::Kinds;

use super::classes::{Class, Classes};
use super::drafts::{Drafts, Places};
use super::elements::{self, Elements};
use super::formula::{Formula, Literal, NodeId};
use super::problem::{Field, Source};

/// Makes fields and nodes.
pub(super) struct Builder<'a> {
    pub(super) fields: Vec<Field<'a>>,
    pub(super) formula: Formula,
    pub(super) state_words: usize,
    pub(super) inexact: bool,
    /// Whether numbers differ from all texts, against what is taken as given.
    numbers_apart: bool,
    /// Where the drafts stand, whose order the fields after the open questions have.
    places: Places,
}

/// The fields before those of properties.
const QUESTIONS: usize = OpenQuestion::ALL.len();

impl<'a> Builder<'a> {
    /// The fields of the open questions and of all drafts.
    pub(super) fn of(drafts: Drafts<'a>, usual: &Event, numbers_apart: bool) -> Self {
        let mut builder = Self {
            fields: Vec::with_capacity(QUESTIONS + drafts.list.len()),
            formula: Formula::default(),
            state_words: 0,
            inexact: false,
            numbers_apart,
            places: drafts.places,
        };
        for question in OpenQuestion::ALL {
            builder.add_field(
                Source::Question(question),
                None,
                Classes::of_question(),
                None,
            );
        }
        for draft in drafts.list {
            let usual = usual.get(&draft.selector);
            builder.add_field(
                Source::Property(draft.selector),
                draft.parent.map(|parent| parent + QUESTIONS),
                Classes::new(&draft.tests, &draft.texts),
                usual,
            );
        }
        builder
    }

    fn add_field(
        &mut self,
        source: Source,
        parent: Option<usize>,
        classes: Classes<'a>,
        usual: Option<&EventValue>,
    ) {
        let cells = classes.mask(Class::is_cell);
        // A field that the plain record has keeps some value if it can.
        let plain = match (&source, usual) {
            (Source::Property(_), None) => [Some(classes.missing()), None],
            (_, Some(EventValue::Bool(value))) => {
                [*value, !*value].map(|value| classes.of_value(&EventValue::Bool(value)))
            }
            // Services that only statements name, such as the sign-in service, come last.
            (Source::Property(selector), usual)
                if *selector == Selector::of_keys(["eventSource"]) =>
            {
                [
                    usual.and_then(|value| classes.of_value(value)),
                    Some(classes.other_text()),
                ]
            }
            (_, usual) => [usual.and_then(|value| classes.of_value(value)), None],
        };
        let field = Field {
            source,
            parent,
            classes,
            offset: self.state_words,
            plain,
            cells,
        };
        self.state_words += field.class_words() + 2 * field.language_words();
        self.fields.push(field);
    }

    pub(super) fn field(&self, selector: &Selector) -> Option<usize> {
        let properties = &self.fields[QUESTIONS..];
        let place = self.places.find(properties, selector, Field::selector)?;
        Some(place + QUESTIONS)
    }

    pub(super) fn pattern(
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
                let mut nodes = Vec::new();
                let mut rest = parts.as_slice();
                while let Some((first, others)) = rest.split_first() {
                    if let Some((node, count)) = self.names(rest) {
                        nodes.push(node);
                        rest = &rest[count..];
                    } else {
                        nodes.push(self.expression(first, required, elements));
                        rest = others;
                    }
                }
                self.formula.or(nodes)
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

    /// The first parts that each name a text for the same field, as one
    /// condition, and how many they are: twenty event names are one condition.
    fn names(&mut self, parts: &[Expression]) -> Option<(NodeId, usize)> {
        let (selector, _) = named(parts.first()?)?;
        let field = self.field(selector)?;
        let classes = &self.fields[field].classes;
        let mut words = vec![0; classes.words()];
        let texts = parts.iter().map_while(|part| {
            let (other, text) = named(part)?;
            (other == selector).then_some(text)
        });
        let mut count = 0;
        for text in texts {
            classes.mark_named(text, &mut words);
            count += 1;
        }
        let literal = Literal {
            field,
            classes: words.into(),
            language: None,
        };
        (count > 1).then(|| (self.formula.literal(literal), count))
    }

    /// A test of a field, with what open questions add to it.
    pub(super) fn test(&mut self, field: usize, test: &'a Test) -> NodeId {
        let classes = &self.fields[field].classes;
        let mut truth = classes.truth(test);
        if self.numbers_apart
            && let Some(text) = classes.text_as_number(test)
        {
            truth.classes[text / 64] ^= 1 << (text % 64);
        }
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
            .filter_map(|question| Some((*question, classes.truth_added_by(test, *question)?)))
            .collect();
        let holds = self.formula.literal(Literal {
            field,
            classes: truth.classes,
            language: truth.language,
        });
        if added.is_empty() {
            return holds;
        }
        let mut parts = vec![holds];
        for (question, classes) in added {
            let holds = self.formula.literal(Literal {
                field,
                classes,
                language: None,
            });
            let yes = self.question(question);
            parts.push(self.formula.and(vec![holds, yes]));
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

    /// That a field has one of these texts, all of which have classes.
    pub(super) fn text_among(&mut self, field: usize, texts: &[&str]) -> NodeId {
        let classes = &self.fields[field].classes;
        let mut words = vec![0; classes.words()];
        for position in texts.iter().filter_map(|text| classes.of_named_text(text)) {
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
        self.text_not_among(field, &[text])
    }

    /// That a field has another value than these texts, all of which have classes.
    pub(super) fn text_not_among(&mut self, field: usize, texts: &[&str]) -> NodeId {
        let classes = &self.fields[field].classes;
        let mut words = classes.all();
        for position in texts.iter().filter_map(|text| classes.of_named_text(text)) {
            words[position / 64] &= !(1 << (position % 64));
        }
        self.formula.literal(Literal {
            field,
            classes: words,
            language: None,
        })
    }

    /// That a condition, or one of several that go together, does not hold, open questions answered
    /// with no; for one that a language decides, and for alternatives, no restriction.
    pub(super) fn negated(&mut self, expression: &'a Expression) -> NodeId {
        let condition = match expression {
            Expression::Condition(condition) => condition,
            Expression::And(all) => {
                let none_of_them = all.iter().map(|one| self.negated(one)).collect();
                return self.formula.or(none_of_them);
            }
            Expression::Or(_) => return self.formula.constant(true),
        };
        let Some(field) = self.field(&condition.selector) else {
            return self.formula.constant(true);
        };
        let classes = &self.fields[field].classes;
        let truth = classes.truth(&condition.test);
        if truth.language.is_some() {
            return self.formula.constant(true);
        }
        let mut others = classes.all();
        for (word, holding) in others.iter_mut().zip(&truth.classes) {
            *word &= !holding;
        }
        self.formula.literal(Literal {
            field,
            classes: others,
            language: None,
        })
    }

    /// A member needs an object above it, an element an array and the element
    /// before it.
    pub(super) fn add_structure(&mut self, goals: &mut Vec<(NodeId, bool)>) {
        let elements = self.elements();
        // Goals are looked at from the last one back, and what a value needs above it
        // follows step by step: in this order, at once.
        for field in (0..self.fields.len()).rev() {
            let Some(step) = self.last_step(field) else {
                continue;
            };
            let index = match step {
                Segment::Index(index) => Some(*index),
                _ => None,
            };
            let parent = self.fields[field].parent;
            let kind = if index.is_some() {
                Kinds::ARRAY
            } else {
                Kinds::OBJECT
            };
            match parent {
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
            let before = index.and_then(|index| {
                let known = elements.get(&parent)?;
                known.range(..index).next_back()
            });
            if let Some((_, before)) = before {
                let missing = self.of_kind(field, Kinds::MISSING);
                let present = self.present(*before);
                goals.push((self.formula.or(vec![missing, present]), true));
            }
        }
    }

    fn last_step(&self, field: usize) -> Option<&Segment> {
        self.fields[field].selector()?.segments().last()
    }

    /// For each field of an array, the fields of its elements by their indices.
    fn elements(&self) -> HashMap<Option<usize>, BTreeMap<u32, usize>> {
        let mut elements: HashMap<_, BTreeMap<u32, usize>> = HashMap::new();
        for (place, field) in self.fields.iter().enumerate() {
            if let Some(Segment::Index(index)) = self.last_step(place) {
                let known = elements.entry(field.parent).or_default();
                known.insert(*index, place);
            }
        }
        elements
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
}

/// The field and the text of a condition that asks for just that text, whatever
/// the open questions are answered with.
fn named(expression: &Expression) -> Option<(&Selector, &str)> {
    let Expression::Condition(condition) = expression else {
        return None;
    };
    let text = super::named_text(&condition.test)?;
    let plain = !condition.selector.has_wildcard() && !matches!(text, "true" | "false");
    plain.then_some((&condition.selector, text))
}
