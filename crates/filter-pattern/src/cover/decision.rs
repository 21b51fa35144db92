//! Which filters a question is about, and what becomes of the answer.
//!
//! A log group's other filters seldom matter: those that no event of the
//! required pattern can match are left out, and of many that are left, those
//! come first that share a condition with it. A proof by some of the filters is
//! a proof; an event that escapes them is shown to all.

use std::borrow::Cow;

use crate::ast::{Ast, Selector};
use crate::evaluate::{OpenQuestion, Reading};
use crate::event::Event;
use crate::pattern::FilterPattern;
use crate::schema::Schema;

use super::answer::{Covers, Why};
use super::asked::{Asked, Confirm, Confirmation, Outcome};
use super::assumption::Assumption;
use super::messages;
use super::problem::{Patterns, Problem};
use super::relevance::{self, Required};
use super::texts;

/// So many filters are asked at once.
const FEW_FILTERS: usize = 6;

/// Decides whether an event escapes.
pub(crate) fn decide(patterns: &Patterns<'_>, schema: &Schema, steps: &mut u64) -> Covers {
    if is_about_messages(patterns) {
        return messages::decide(patterns, schema, steps);
    }
    let concerned = concerned(patterns);
    if let Some(first) = concerned.kin(patterns) {
        let decided = with_share(steps, |share| {
            with_question(patterns, &first, schema, |asked| asked.decide(share))
        });
        match decided {
            Outcome::Answer(Covers::Unknown(_)) | Outcome::Caught => {}
            Outcome::Answer(answer) => return answer,
        }
    }
    match with_question(patterns, &concerned, schema, |asked| asked.decide(steps)) {
        Outcome::Answer(answer) => answer,
        // INVARIANT: does not happen, since all filters that may match took part.
        Outcome::Caught => Covers::Unknown(Why::Unconfirmed),
    }
}

/// What a proof that no event escapes rests on; `None` without one. Where nobody
/// looks at an event that escapes, this takes less time than to decide.
pub(crate) fn prove(
    patterns: &Patterns<'_>,
    schema: &Schema,
    steps: &mut u64,
) -> Option<Vec<Assumption>> {
    if patterns.are_covered_at_a_glance() {
        return Some(Vec::new());
    }
    if is_about_messages(patterns) {
        return messages::are_covered(patterns, schema, steps).then(Vec::new);
    }
    let concerned = concerned(patterns);
    let by_kin = concerned.kin(patterns).and_then(|first| {
        with_share(steps, |share| {
            with_question(patterns, &first, schema, |asked| asked.prove(share))
        })
    });
    by_kin.or_else(|| with_question(patterns, &concerned, schema, |asked| asked.prove(steps)))
}

/// Whether a question is about the text of messages, whatever its form.
fn is_about_messages(patterns: &Patterns<'_>) -> bool {
    let about_text = |pattern: &&FilterPattern| {
        matches!(pattern.ast(), Ast::Terms(_) | Ast::Regex(_) | Ast::Empty)
    };
    let is_word_question =
        |pattern: &&FilterPattern| matches!(pattern.ast(), Ast::Terms(_) | Ast::Regex(_));
    patterns.required.iter().all(about_text) && patterns.required.iter().any(is_word_question)
}

/// Lets a first attempt have half of the steps.
fn with_share<R>(steps: &mut u64, attempt: impl FnOnce(&mut u64) -> R) -> R {
    let mut share = *steps / 2;
    let kept = *steps - share;
    let result = attempt(&mut share);
    *steps = kept + share;
    result
}

/// The filters that may match an event of the required patterns.
struct Concerned<'f> {
    filters: Vec<&'f FilterPattern>,
    except: Vec<&'f FilterPattern>,
}

impl<'f> Concerned<'f> {
    /// Of many filters, those that come first: they share a condition with the
    /// required patterns.
    fn kin(&self, patterns: &Patterns<'f>) -> Option<Self> {
        if self.filters.len() <= FEW_FILTERS {
            return None;
        }
        let kin = relevance::kin(patterns.required, self.filters.iter().copied());
        (!kin.is_empty() && kin.len() < self.filters.len()).then(|| Self {
            filters: kin,
            except: self.except.clone(),
        })
    }
}

fn concerned<'f>(patterns: &Patterns<'f>) -> Concerned<'f> {
    let required = Required::new(patterns.required);
    Concerned {
        filters: required.meeting(patterns.filters),
        except: required.meeting(patterns.except),
    }
}

/// Makes the problem of a question with all filters that matter and hands it on.
pub(super) fn with_all_filters<R>(
    patterns: &Patterns<'_>,
    schema: &Schema,
    answer: impl FnOnce(&Asked<'_, '_>) -> R,
) -> R {
    with_question(patterns, &concerned(patterns), schema, answer)
}

fn with_question<'f, R>(
    patterns: &Patterns<'f>,
    concerned: &Concerned<'f>,
    schema: &Schema,
    answer: impl FnOnce(&Asked<'_, '_>) -> R,
) -> R {
    // Filters of words count as far as a word stands in a property's value.
    let selectors = selectors(patterns.required);
    let bounded = |filters: &[&'f FilterPattern]| -> Vec<Cow<'f, FilterPattern>> {
        let bound = |filter: &&'f FilterPattern| {
            texts::lower_bound(filter, &selectors).map_or(Cow::Borrowed(*filter), Cow::Owned)
        };
        filters.iter().map(bound).collect()
    };
    let inexact = concerned
        .filters
        .iter()
        .chain(&concerned.except)
        .any(|filter| matches!(filter.ast(), Ast::Terms(_)));
    let (filters, except) = (bounded(&concerned.filters), bounded(&concerned.except));
    let filters: Vec<&FilterPattern> = filters.iter().map(AsRef::as_ref).collect();
    let except: Vec<&FilterPattern> = except.iter().map(AsRef::as_ref).collect();
    let taking_part = Patterns {
        filters: &filters,
        except: &except,
        ..*patterns
    };
    let mut problem = Problem::new(&taking_part, schema);
    problem.inexact |= inexact;
    let takes_part = |filter: &&&FilterPattern| {
        concerned
            .filters
            .iter()
            .any(|it| std::ptr::eq(*it, **filter))
    };
    let confirm = Evaluator {
        patterns,
        concerned,
        others: (patterns.filters.iter())
            .filter(|filter| !takes_part(filter))
            .copied()
            .collect(),
        schema,
    };
    answer(&Asked::new(&problem, taking_part, schema, &confirm))
}

/// The evaluator on the patterns of a question.
struct Evaluator<'q, 'f> {
    patterns: &'q Patterns<'f>,
    concerned: &'q Concerned<'f>,
    /// The filters that take no part in the problem.
    others: Vec<&'f FilterPattern>,
    schema: &'q Schema,
}

impl Confirm for Evaluator<'_, '_> {
    fn confirm(&self, event: &Event, reading: Reading) -> Confirmation {
        let matches = |pattern: &&FilterPattern| pattern.matches_under(event, reading);
        if !self.patterns.required.iter().all(matches)
            || self.concerned.filters.iter().any(matches)
            || self.patterns.except.iter().any(matches)
            || !self.schema.admits(event)
        {
            return Confirmation::Refused;
        }
        if self.others.iter().any(matches) {
            return Confirmation::Caught;
        }
        Confirmation::Escapes
    }

    fn raised_by(&self, event: &Event) -> Vec<OpenQuestion> {
        let filters = self.patterns.filters.iter().chain(self.patterns.except);
        let mut raised = Vec::new();
        for pattern in self.patterns.required.iter().chain(filters) {
            let Ast::Json(expression) = pattern.ast() else {
                continue;
            };
            for condition in expression.conditions() {
                if condition.selector.has_wildcard() {
                    return OpenQuestion::ALL.to_vec();
                }
                let Some(value) = event.get(&condition.selector) else {
                    continue;
                };
                raised.extend(
                    OpenQuestion::ALL
                        .into_iter()
                        .filter(|it| it.is_about(value)),
                );
            }
        }
        raised.sort_unstable();
        raised.dedup();
        raised
    }
}

/// The properties that patterns name without wildcards.
fn selectors<'a>(patterns: &[&'a FilterPattern]) -> Vec<&'a Selector> {
    let mut selectors: Vec<&Selector> = Vec::new();
    for pattern in patterns {
        if let Ast::Json(expression) = pattern.ast() {
            for condition in expression.conditions() {
                if !condition.selector.has_wildcard() && !selectors.contains(&&condition.selector) {
                    selectors.push(&condition.selector);
                }
            }
        }
    }
    selectors
}

#[cfg(test)]
mod tests;
