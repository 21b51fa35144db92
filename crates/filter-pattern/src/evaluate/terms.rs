//! Evaluation of unstructured patterns.

use crate::ast::{TermRole, Terms};

/// "If you combine `?` with other filter patterns, all question mark terms will
/// be ignored." (`FilterAndPatternSyntax`)
pub(super) fn matches(terms: &Terms, message: &str) -> bool {
    let contains = |text: &str| message.contains(text);
    let optional_alone = terms
        .terms
        .iter()
        .all(|term| term.role == TermRole::Optional);
    if optional_alone {
        return terms.terms.iter().any(|term| contains(&term.text));
    }
    terms.terms.iter().all(|term| match term.role {
        TermRole::Required => contains(&term.text),
        TermRole::Excluded => !contains(&term.text),
        TermRole::Optional => true,
    })
}
