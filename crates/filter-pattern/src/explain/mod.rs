//! A pattern in plain English, and what may surprise its reader.

mod phrase;
mod precedence;
mod record;
mod remark;
mod sentence;

pub use remark::{Remark, RemarkKind};

use crate::parse::ParseError;
use crate::pattern::FilterPattern;
use crate::schema::Schema;

/// What a pattern says.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// One sentence; it ends with a colon when `alternatives` go on.
    pub summary: String,
    /// The kinds of events, when the pattern joins unlike ones.
    pub alternatives: Vec<String>,
    /// What may surprise: contradictions, clauses without effect, semantics that
    /// differ from what the text suggests.
    pub remarks: Vec<Remark>,
}

/// What a pattern says, and what about it may surprise over the events of a schema.
///
/// ```
/// use filter_pattern::{Schema, explain::explain};
///
/// let text = r#"{ $.eventName = ConsoleLogin && $.errorMessage = "Failed authentication" }"#;
/// let explanation = explain(text, &Schema::cloudtrail())?;
/// assert_eq!(
///     explanation.summary,
///     "Matches console sign-ins (`ConsoleLogin`) with the error message `Failed authentication`."
/// );
/// # Ok::<(), filter_pattern::ParseError>(())
/// ```
pub fn explain(text: &str, schema: &Schema) -> Result<Explanation, ParseError> {
    let pattern = FilterPattern::parse(text)?;
    let (summary, alternatives) = sentence::sentence(&pattern);
    Ok(Explanation {
        summary,
        alternatives,
        remarks: remark::remarks(text, &pattern, schema),
    })
}

/// The events of a pattern as a noun phrase: `calls of `StopLogging``.
pub fn events_of(pattern: &FilterPattern) -> String {
    sentence::phrase(pattern)
}

#[cfg(test)]
mod tests;
