//! The questions that callers ask.

use std::sync::LazyLock;

use crate::ast::{Ast, Selector};
use crate::pattern::FilterPattern;
use crate::schema::Schema;

use super::answer::{Budget, Covers, Proof};
use super::decision::{decide, with_all_filters};
use super::problem::Patterns;

static CLOUDTRAIL: LazyLock<Schema> = LazyLock::new(Schema::cloudtrail);
static EMPTY: FilterPattern = FilterPattern::empty();

/// Does every event of a schema that `required` matches get matched by one of
/// `filters`, or by one of the exclusions `except`?
#[derive(Clone, Copy, Debug)]
pub struct CoverQuestion<'a> {
    /// The events that must not go unnoticed.
    pub required: &'a FilterPattern,
    /// The patterns that notice events.
    pub filters: &'a [&'a FilterPattern],
    /// Events that were agreed to go unnoticed.
    pub except: &'a [&'a FilterPattern],
    /// Which events exist.
    pub schema: &'a Schema,
    /// How long to think.
    pub budget: Budget,
}

impl<'a> CoverQuestion<'a> {
    /// A question about CloudTrail records, without exclusions.
    pub fn new(required: &'a FilterPattern, filters: &'a [&'a FilterPattern]) -> Self {
        Self {
            required,
            filters,
            except: &[],
            schema: &CLOUDTRAIL,
            budget: Budget::default(),
        }
    }

    /// Answers the question.
    pub fn decide(&self) -> Covers {
        self.decide_counting().0
    }

    /// Answers the question and says how many steps of the budget that took.
    pub fn decide_counting(&self) -> (Covers, u64) {
        let required = [self.required];
        let patterns = Patterns {
            required: &required,
            filters: self.filters,
            except: self.except,
        };
        if patterns.are_covered_at_a_glance() {
            return (Covers::Yes(Proof::default()), 0);
        }
        let mut steps = self.budget.remaining();
        let mut answer = decide(&patterns, self.schema, &mut steps);
        if let Covers::Yes(proof) = &mut answer
            && !self.except.is_empty()
        {
            let without = Patterns {
                except: &[],
                ..patterns
            };
            proof.needs_exclusions = !decide(&without, self.schema, &mut steps).is_yes();
        }
        (answer, self.budget.remaining() - steps)
    }

    /// The texts that the required pattern names for a field (`eventName`) and
    /// for which some event escapes the filters and is no exclusion, in the
    /// order of the pattern. They share the budget: a text is left out when half of
    /// what the ones before it left does not suffice.
    ///
    /// ```
    /// use filter_pattern::{CoverQuestion, FilterPattern};
    ///
    /// let required: FilterPattern =
    ///     "{ $.eventName = StopLogging || $.eventName = DeleteTrail || $.eventName = UpdateTrail }".parse()?;
    /// let filter: FilterPattern = "{ $.eventName = StopLogging }".parse()?;
    /// let deploys: FilterPattern = "{ $.eventName = UpdateTrail }".parse()?;
    /// let filters = [&filter];
    /// let question = CoverQuestion {
    ///     except: &[&deploys],
    ///     ..CoverQuestion::new(&required, &filters)
    /// };
    /// assert_eq!(question.missing_values("eventName"), ["DeleteTrail"]);
    /// # Ok::<(), filter_pattern::ParseError>(())
    /// ```
    pub fn missing_values(&self, selector: &str) -> Vec<String> {
        let Ok(selector) = selector.parse::<Selector>() else {
            return Vec::new();
        };
        let named = named_values(self.required, &selector);
        if named.is_empty() {
            return Vec::new();
        }
        let required = [self.required];
        let patterns = Patterns {
            required: &required,
            filters: self.filters,
            except: self.except,
        };
        with_all_filters(&patterns, self.schema, |asked| {
            let Some(field) = asked.problem.find_field(&selector) else {
                return Vec::new();
            };
            let mut active = asked.no_facts();
            let mut left = self.budget.remaining();
            let mut escapes = |text: &&str| {
                let class = asked.problem.fields[field].classes.of_named_text(text);
                let mut share = left / 2;
                let kept = left - share;
                let found = class.is_some_and(|class| {
                    asked.escapes_within(field, class, &mut active, &mut share)
                });
                left = kept + share;
                found
            };
            named
                .into_iter()
                .filter(|text| escapes(text))
                .map(str::to_owned)
                .collect()
        })
    }
}

/// Does every event of a schema that `required` matches get matched by a filter?
///
/// ```
/// use filter_pattern::{Covers, FilterPattern, Schema, covers};
///
/// let required: FilterPattern = "{ $.eventName = StopLogging || $.eventName = DeleteTrail }".parse()?;
/// let filter: FilterPattern = "{ $.eventName = StopLogging }".parse()?;
/// let Covers::No(witness) = covers(&required, &[&filter], &Schema::cloudtrail()) else {
///     panic!("a deleted trail escapes");
/// };
/// assert_eq!(witness.event()["eventName"], "DeleteTrail");
/// assert_eq!(witness.event()["eventSource"], "cloudtrail.amazonaws.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn covers(required: &FilterPattern, filters: &[&FilterPattern], schema: &Schema) -> Covers {
    CoverQuestion {
        schema,
        ..CoverQuestion::new(required, filters)
    }
    .decide()
}

/// Whether two patterns match the same events of a schema; the witness is
/// matched by one of them only.
pub fn equivalent(left: &FilterPattern, right: &FilterPattern, schema: &Schema) -> Covers {
    let there = covers(left, &[right], schema);
    let Covers::Yes(mut proof) = there else {
        return there;
    };
    match covers(right, &[left], schema) {
        Covers::Yes(back) => {
            proof.assumptions.extend(back.assumptions);
            proof.assumptions.sort_unstable();
            proof.assumptions.dedup();
            Covers::Yes(proof)
        }
        other => other,
    }
}

/// Whether no event of a schema matches both patterns; the witness does.
pub fn overlap(left: &FilterPattern, right: &FilterPattern, schema: &Schema) -> Covers {
    let required = [left, right];
    decide(
        &Patterns {
            required: &required,
            filters: &[],
            except: &[],
        },
        schema,
        &mut Budget::default().remaining(),
    )
}

/// Whether no event of a schema matches a pattern; the witness does.
pub fn never_matches(pattern: &FilterPattern, schema: &Schema) -> Covers {
    overlap(pattern, &EMPTY, schema)
}

/// The texts that `required` names for a field (`eventName`) and for which some
/// event escapes the filters, in the order of the pattern. With exclusions, ask
/// [`CoverQuestion::missing_values`].
pub fn missing_values(
    required: &FilterPattern,
    filters: &[&FilterPattern],
    selector: &str,
    schema: &Schema,
) -> Vec<String> {
    CoverQuestion {
        schema,
        ..CoverQuestion::new(required, filters)
    }
    .missing_values(selector)
}

/// The texts that a pattern asks a field for, in its order.
fn named_values<'p>(pattern: &'p FilterPattern, selector: &Selector) -> Vec<&'p str> {
    let Ast::Json(expression) = pattern.ast() else {
        return Vec::new();
    };
    let mut named: Vec<&str> = Vec::new();
    for condition in expression.conditions() {
        if let Some(text) = super::named_text(&condition.test)
            && condition.selector == *selector
            && !named.contains(&text)
        {
            named.push(text);
        }
    }
    named
}
