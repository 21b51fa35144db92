//! Coverage questions: a required pattern, filters, exclusions, and the events
//! over which they are asked.

use std::fmt;

use filter_pattern::{CoverQuestion, Covers, FilterPattern, Schema};

use super::controls::{Controls, Effect, Mutation};
use super::{Flavour, json_pattern, text_pattern};
use crate::random::Random;

/// The events over which coverage is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Events {
    /// Every JSON object.
    Any,
    /// CloudTrail records.
    Records,
    /// CloudTrail records of one account.
    RecordsOfAccount,
}

/// The account of [`Events::RecordsOfAccount`].
pub(super) const ACCOUNT: &str = "111122223333";

/// A coverage question.
#[derive(Clone, Debug)]
pub struct Case {
    /// What must not go unnoticed.
    pub required: FilterPattern,
    /// What notices.
    pub filters: Vec<FilterPattern>,
    /// What was agreed to go unnoticed.
    pub except: Vec<FilterPattern>,
    /// Over which events.
    pub events: Events,
    /// What was done to the required pattern to make the filters, if that.
    pub made_by: Option<(Mutation, Effect)>,
}

impl Case {
    /// The schema of the question.
    pub fn schema(&self) -> Schema {
        match self.events {
            Events::Any => Schema::any(),
            Events::Records => Schema::cloudtrail(),
            Events::RecordsOfAccount => {
                Schema::cloudtrail().with_fact("recipientAccountId", ACCOUNT)
            }
        }
    }

    /// The crate's answer.
    pub fn answer(&self) -> Covers {
        let filters: Vec<&FilterPattern> = self.filters.iter().collect();
        let except: Vec<&FilterPattern> = self.except.iter().collect();
        let schema = self.schema();
        let question = CoverQuestion {
            except: &except,
            schema: &schema,
            ..CoverQuestion::new(&self.required, &filters)
        };
        question.decide()
    }

    /// All patterns that take part.
    pub fn patterns(&self) -> impl Iterator<Item = &FilterPattern> {
        [&self.required]
            .into_iter()
            .chain(&self.filters)
            .chain(&self.except)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "required {}", self.required)?;
        for filter in &self.filters {
            write!(formatter, "\n  filter {filter}")?;
        }
        for except in &self.except {
            write!(formatter, "\n  except {except}")?;
        }
        write!(formatter, "\n  events {:?}", self.events)
    }
}

/// A question of one of the families.
pub fn case(random: &mut Random) -> Case {
    match random.below(10) {
        0..=3 => letters(random, Events::Any),
        4 => mutated(random, true),
        5 | 6 => mutated(random, false),
        7 => {
            let events = if random.once_in(4) {
                Events::Records
            } else {
                Events::Any
            };
            with_other_kinds(random, events)
        }
        _ => records(random),
    }
}

/// Patterns over few short properties.
fn letters(random: &mut Random, events: Events) -> Case {
    let flavour = if random.once_in(3) {
        Flavour::Letters
    } else {
        Flavour::Plain
    };
    let pattern = |random: &mut Random| json_pattern(random, flavour, 2);
    let required = pattern(random);
    let filters = (0..=random.below(3)).map(|_| pattern(random)).collect();
    let except = (0..usize::from(random.once_in(6)))
        .map(|_| pattern(random))
        .collect();
    Case {
        required,
        filters,
        except,
        events,
        made_by: None,
    }
}

/// Patterns over the properties of records.
fn records(random: &mut Random) -> Case {
    let events = match random.below(4) {
        0 => Events::RecordsOfAccount,
        1 => Events::Any,
        _ => Events::Records,
    };
    let pattern = |random: &mut Random| json_pattern(random, Flavour::Trail, 2);
    let required = pattern(random);
    let filters = (0..=random.below(4)).map(|_| pattern(random)).collect();
    let except = (0..usize::from(random.once_in(4)))
        .map(|_| pattern(random))
        .collect();
    Case {
        required,
        filters,
        except,
        events,
        made_by: None,
    }
}

/// A pattern, a control's or a generated one, against a changed one.
fn mutated(random: &mut Random, control: bool) -> Case {
    loop {
        let required = if control {
            Controls::pick(random)
        } else {
            json_pattern(random, Flavour::Plain, 2)
        };
        let mutation = *random.pick(&Mutation::ALL);
        let Some((mut filters, effect)) = mutation.apply(random, &required) else {
            continue;
        };
        let mut made_by = Some((mutation, effect));
        // A second change on top: then nothing is promised.
        if random.once_in(3) {
            let second = *random.pick(&Mutation::ALL);
            let at = random.below(filters.len());
            if let Some((more, _)) = second.apply(random, &filters[at]) {
                filters.splice(at..=at, more);
                made_by = None;
            }
        }
        let events = if control || effect == Effect::SameAmongRecords {
            Events::Records
        } else {
            Events::Any
        };
        return Case {
            required,
            filters,
            except: Vec::new(),
            events,
            made_by,
        };
    }
}

/// Words, regular expressions and fields among the filters.
fn with_other_kinds(random: &mut Random, events: Events) -> Case {
    let mut case = letters(random, events);
    let at = random.below(case.filters.len());
    case.filters[at] = text_pattern(random);
    case
}
