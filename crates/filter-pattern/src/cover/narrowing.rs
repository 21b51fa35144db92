//! Why an event escapes: which clauses of which filters it fails, and whether a
//! filter would cover without them; and what filters match beyond a pattern.

use std::fmt;

use crate::ast::{Ast, Expression};
use crate::evaluate::Reading;
use crate::event::Event;
use crate::pattern::FilterPattern;
use crate::schema::Schema;

use super::answer::{Budget, Covers};
use super::question::{CoverQuestion, covers};

/// A clause of a filter that lets an event escape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NarrowingClause {
    /// Which of the filters, counted from zero.
    pub filter: usize,
    /// The clause, a part of the filter that has to hold and does not.
    pub clause: Expression,
    /// For a clause of one condition, the value that the event has there; `None`
    /// when it has none or the clause has several conditions.
    pub value: Option<String>,
    /// Whether the filter without this clause would cover the required pattern.
    pub decides: bool,
}

/// The clause as it is written, without braces.
impl fmt::Display for NarrowingClause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = pattern(&self.clause).to_string();
        let inner = text.trim_start_matches('{').trim_end_matches('}');
        formatter.write_str(inner.trim())
    }
}

/// The clauses of each filter that an event fails, the filters closest to
/// matching it first: those of which a clause alone decides, then those with the
/// fewest failing clauses.
///
/// ```
/// use filter_pattern::{Covers, FilterPattern, Schema, covers, narrowing_clauses};
///
/// let required: FilterPattern = "{ $.eventName = StopLogging }".parse()?;
/// let filter: FilterPattern = "{ $.eventName = StopLogging && $.awsRegion = us-east-1 }".parse()?;
/// let Covers::No(witness) = covers(&required, &[&filter], &Schema::cloudtrail()) else {
///     panic!("other Regions escape");
/// };
/// let clauses = narrowing_clauses(&required, &[&filter], witness.as_event(), &Schema::cloudtrail());
/// assert_eq!(clauses[0].to_string(), r#"$.awsRegion = "us-east-1""#);
/// assert_eq!(clauses[0].value.as_deref(), Some("eu-west-1"));
/// assert!(clauses[0].decides);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn narrowing_clauses(
    required: &FilterPattern,
    filters: &[&FilterPattern],
    event: &Event,
    schema: &Schema,
) -> Vec<NarrowingClause> {
    CoverQuestion {
        schema,
        ..CoverQuestion::new(required, filters)
    }
    .narrowing_clauses(event)
}

impl CoverQuestion<'_> {
    /// The clauses of each filter that an event fails, as [`narrowing_clauses`]
    /// has them; a clause decides when the filter without it, and with the
    /// exclusions of the question, would cover.
    pub fn narrowing_clauses(&self, event: &Event) -> Vec<NarrowingClause> {
        let mut narrowed: Vec<Vec<NarrowingClause>> = Vec::new();
        // All filters share the budget.
        let mut left = self.budget.remaining();
        for (number, filter) in self.filters.iter().enumerate() {
            let Ast::Json(expression) = filter.ast() else {
                continue;
            };
            let parts = match expression {
                Expression::And(parts) => parts.as_slice(),
                other => std::slice::from_ref(other),
            };
            let fails =
                |part: &&Expression| !pattern(part).matches_under(event, Reading::default());
            let failing: Vec<&Expression> = parts.iter().filter(fails).collect();
            let clauses = failing.iter().map(|clause| NarrowingClause {
                filter: number,
                clause: (*clause).clone(),
                value: value_at(clause, event),
                decides: failing.len() == 1
                    && parts.len() > 1
                    && self.is_covered_without(parts, clause, &mut left),
            });
            narrowed.push(clauses.collect());
        }
        narrowed.sort_by_key(|clauses| {
            let decides = clauses.iter().any(|clause| clause.decides);
            (!decides, clauses.len())
        });
        narrowed.into_iter().flatten().collect()
    }

    /// Whether the parts of a filter without one clause cover alone, as far as half of the
    /// steps that are left tells.
    fn is_covered_without(
        &self,
        parts: &[Expression],
        clause: &Expression,
        left: &mut u64,
    ) -> bool {
        let mut rest: Vec<Expression> = parts
            .iter()
            .filter(|part| *part != clause)
            .cloned()
            .collect();
        let without = match rest.len() {
            0 => return false,
            1 => rest.swap_remove(0),
            _ => Expression::And(rest),
        };
        let without = pattern(&without);
        let (answer, steps) = CoverQuestion {
            filters: &[&without],
            budget: Budget::steps(*left / 2),
            ..*self
        }
        .decide_counting();
        *left -= steps;
        answer.is_yes()
    }
}

fn pattern(expression: &Expression) -> FilterPattern {
    FilterPattern::from_ast(Ast::Json(expression.clone()))
}

fn value_at(clause: &Expression, event: &Event) -> Option<String> {
    let Expression::Condition(condition) = clause else {
        return None;
    };
    let value = event.get(&condition.selector)?;
    let text = value.as_text().map(str::to_owned);
    Some(text.unwrap_or_else(|| value.to_json()))
}

/// How much of a sample of events filters match beyond a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noise {
    /// Events of the sample.
    pub events: usize,
    /// Those that a filter matches.
    pub matched: usize,
    /// Those that a filter matches and the required pattern does not.
    pub beyond: usize,
}

impl Noise {
    /// The share of the matched events that the required pattern does not ask
    /// for, between 0 and 1; 0 when nothing is matched.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of a sample needs no more than 52 bits"
    )]
    pub fn share(self) -> f64 {
        if self.matched == 0 {
            return 0.0;
        }
        self.beyond as f64 / self.matched as f64
    }
}

/// Counts what filters match beyond a pattern, in a sample of events.
pub fn noise<'e>(
    required: &FilterPattern,
    filters: &[&FilterPattern],
    events: impl IntoIterator<Item = &'e Event>,
) -> Noise {
    let mut noise = Noise::default();
    for event in events {
        noise.events += 1;
        if filters.iter().any(|filter| filter.matches(event)) {
            noise.matched += 1;
            noise.beyond += usize::from(!required.matches(event));
        }
    }
    noise
}

/// For each filter, whether it matches events beyond a pattern: `Yes` when it
/// stays within, `No` with an event that it matches and the pattern does not.
pub fn beyond(
    required: &FilterPattern,
    filters: &[&FilterPattern],
    schema: &Schema,
) -> Vec<Covers> {
    filters
        .iter()
        .map(|filter| covers(filter, &[required], schema))
        .collect()
}
