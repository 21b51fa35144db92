//! Selectors with a wildcard, made finite. A condition on `$.items[*].id` asks
//! whether some element has it; an event that answers a question needs no more
//! elements than the ones that patterns name by index or key and one for each
//! condition that must hold somewhere. So each such condition becomes a
//! disjunction over those elements, without loss.

use crate::ast::{Condition, Segment, Selector, Test};
use crate::evaluate::OpenQuestion;
use crate::schema::{self, Kinds, Records, Schema};

use super::builder::Builder;
use super::drafts::Drafts;
use super::formula::NodeId;

/// More elements than this are not worth a proof.
const MOST_ELEMENTS: usize = 48;

/// The elements that stand for all elements of a container.
pub(super) struct Container {
    prefix: Box<[Segment]>,
    wildcard: Segment,
    steps: Vec<Segment>,
}

/// All containers of a question.
pub(super) struct Elements {
    containers: Vec<Container>,
    /// Some container needs too many elements: conditions with wildcards are
    /// then bounded instead of decided.
    pub(super) incomplete: bool,
}

impl Elements {
    /// For expressions without wildcards.
    pub(super) fn none() -> Self {
        Self {
            containers: Vec::new(),
            incomplete: false,
        }
    }
}

/// A selector's steps before its wildcard, the wildcard, and the steps after.
fn split(selector: &Selector) -> Option<(&[Segment], &Segment, &[Segment])> {
    let at = selector.segments().iter().position(Segment::is_wildcard)?;
    Some((
        &selector.segments()[..at],
        &selector.segments()[at],
        &selector.segments()[at + 1..],
    ))
}

fn element(prefix: &[Segment], step: &Segment, suffix: &[Segment]) -> Selector {
    let steps: Vec<Segment> = prefix.iter().chain([step]).chain(suffix).cloned().collect();
    Selector::new(steps)
}

/// Finds the elements and adds their fields with the tests on them.
pub(super) fn expand<'a>(
    conditions: &[(&'a Condition, bool)],
    drafts: &mut Drafts<'a>,
    schema: &Schema,
) -> Elements {
    let mut containers: Vec<Container> = Vec::new();
    for (condition, _) in conditions {
        let Some((prefix, wildcard, _)) = split(&condition.selector) else {
            continue;
        };
        if !prefix.is_empty() {
            drafts.add(&Selector::new(prefix));
        }
        if !containers
            .iter()
            .any(|container| *container.prefix == *prefix && container.wildcard == *wildcard)
        {
            containers.push(Container {
                prefix: prefix.into(),
                wildcard: wildcard.clone(),
                steps: Vec::new(),
            });
        }
    }
    if !containers.is_empty() {
        for (selector, _) in schema.known() {
            drafts.add(selector);
        }
        if schema.records() == Records::CloudTrail {
            for rule in schema::mandatory() {
                drafts.add(&Selector::of_keys(rule.path.split('.')));
            }
        }
    }
    // Elements of one container can name elements of another one.
    let mut incomplete = false;
    let mut rounds = 0;
    loop {
        let before = drafts.list.len();
        for container in &mut containers {
            container.name_steps(drafts);
            incomplete |= container.steps.len() > MOST_ELEMENTS;
        }
        if incomplete {
            break;
        }
        add_fields(conditions, &containers, drafts);
        rounds += 1;
        if drafts.list.len() == before {
            break;
        }
        if rounds > 4 {
            incomplete = true;
            break;
        }
    }
    if !incomplete {
        for container in &mut containers {
            container.add_unnamed(conditions, schema);
            incomplete |= container.steps.len() > MOST_ELEMENTS;
        }
    }
    if !incomplete {
        add_fields(conditions, &containers, drafts);
    }
    Elements {
        containers,
        incomplete,
    }
}

fn add_fields<'a>(
    conditions: &[(&'a Condition, bool)],
    containers: &[Container],
    drafts: &mut Drafts<'a>,
) {
    for (condition, _) in conditions {
        let Some((prefix, wildcard, suffix)) = split(&condition.selector) else {
            continue;
        };
        for container in containers {
            if *container.prefix == *prefix && container.wildcard == *wildcard {
                for step in &container.steps {
                    drafts.add(&element(prefix, step, &[]));
                    let field = drafts.add(&element(prefix, step, suffix));
                    let tests = &mut drafts.list[field].tests;
                    if !tests.contains(&&condition.test) {
                        tests.push(&condition.test);
                    }
                }
            }
        }
    }
}

impl Container {
    /// The elements that some selector names by index or key.
    fn name_steps(&mut self, drafts: &Drafts<'_>) {
        for draft in &drafts.list {
            let segments = draft.selector.segments();
            let Some(step) = segments
                .strip_prefix(&*self.prefix)
                .and_then(<[Segment]>::first)
            else {
                continue;
            };
            match (&self.wildcard, step) {
                (Segment::AnyKey, Segment::Key(_)) => self.add(step.clone()),
                (Segment::AnyIndex, Segment::Index(index)) => {
                    for index in 0..=(*index).min(MOST_ELEMENTS as u32 + 1) {
                        self.add(Segment::Index(index));
                    }
                }
                _ => {}
            }
        }
    }

    /// One more element for each condition that may have to hold somewhere.
    fn add_unnamed(&mut self, conditions: &[(&Condition, bool)], schema: &Schema) {
        let mut seen: Vec<&Condition> = Vec::new();
        for (condition, required) in conditions {
            let here = split(&condition.selector).is_some_and(|(prefix, wildcard, _)| {
                *prefix == *self.prefix && *wildcard == self.wildcard
            });
            // A filter's `!=` can fail on one element only when it asks them all.
            let needs_one = *required || matches!(condition.test, Test::NotEquals(_));
            if here && needs_one && !seen.contains(condition) {
                seen.push(condition);
            }
        }
        for _ in 0..seen.len() {
            let step = match self.wildcard {
                Segment::AnyIndex => {
                    let count = self.steps.len() as u32;
                    Segment::Index(count)
                }
                _ => self.unnamed_key(schema),
            };
            self.add(step);
        }
    }

    fn unnamed_key(&self, schema: &Schema) -> Segment {
        let mut number = 1;
        loop {
            let step = Segment::Key(format!("other{number}").into());
            let documented = schema.rule(&element(&self.prefix, &step, &[])).is_some();
            if !documented && !self.steps.contains(&step) {
                return step;
            }
            number += 1;
        }
    }

    fn add(&mut self, step: Segment) {
        if !self.steps.contains(&step) {
            self.steps.push(step);
        }
    }
}

/// A condition with a wildcard over the elements of its container.
pub(super) fn encode<'a>(
    builder: &mut Builder<'a>,
    condition: &'a Condition,
    elements: &Elements,
) -> NodeId {
    let Some((prefix, wildcard, suffix)) = split(&condition.selector) else {
        return builder.formula.constant(false);
    };
    let container = elements
        .containers
        .iter()
        .find(|container| *container.prefix == *prefix && container.wildcard == *wildcard);
    let mut some = Vec::new();
    let mut every = Vec::new();
    let mut any_there = Vec::new();
    for step in container.map_or(&[][..], |container| &container.steps) {
        let there = builder.field(&element(prefix, step, &[]));
        let field = builder.field(&element(prefix, step, suffix));
        let (Some(there), Some(field)) = (there, field) else {
            continue;
        };
        let holds = builder.test(field, &condition.test);
        if condition.test == Test::NotExists {
            let present = builder.present(there);
            some.push(builder.formula.and(vec![present, holds]));
        } else {
            some.push(holds);
        }
        if matches!(condition.test, Test::NotEquals(_)) {
            let absent = builder.of_kind(there, Kinds::MISSING);
            every.push(builder.formula.or(vec![absent, holds]));
            any_there.push(builder.present(there));
        }
    }
    let some = builder.formula.or(some);
    if !matches!(condition.test, Test::NotEquals(_)) {
        return some;
    }
    every.push(builder.formula.or(any_there));
    let every = builder.formula.and(every);
    let yes = builder.question(OpenQuestion::NotEqualsOnEveryElement);
    let no = builder.no_to(OpenQuestion::NotEqualsOnEveryElement);
    let by_one = builder.formula.and(vec![no, some]);
    let by_all = builder.formula.and(vec![yes, every]);
    builder.formula.or(vec![by_one, by_all])
}

#[cfg(test)]
mod tests;
