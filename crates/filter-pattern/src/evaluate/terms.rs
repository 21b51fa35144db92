//! Evaluation of unstructured patterns. A term matches inside a word as well:
//! `Exception` is found in `InvalidQueryException` (`API_TestMetricFilter`).

use crate::ast::{TermRole, Terms};

use super::{Reading, Taken};

/// "If you combine `?` with other filter patterns, all question mark terms will
/// be ignored." (`FilterAndPatternSyntax`)
pub(super) fn matches(terms: &Terms, message: &str, reading: Reading) -> bool {
    let mut optional = terms
        .terms
        .iter()
        .filter(|term| term.role == TermRole::Optional)
        .peekable();
    let any_optional = optional.peek().is_some();
    let some_optional = optional.any(|term| message.contains(&*term.text));
    let mut others = terms
        .terms
        .iter()
        .filter(|term| term.role != TermRole::Optional)
        .peekable();
    if others.peek().is_none() {
        return some_optional || !any_optional;
    }
    if some_optional && reading.departs_from(Taken::OptionalTermsIgnored) {
        return true;
    }
    others.all(|term| message.contains(&*term.text) == (term.role == TermRole::Required))
}
