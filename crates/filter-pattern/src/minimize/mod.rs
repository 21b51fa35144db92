//! Shorter patterns and fewer filters that match the same events. Every step is
//! proved before it is offered; what cannot be proved stays as it is.

mod group;
mod one;

pub use crate::spelling::shortest_spelling;
pub use group::{GroupFilter, GroupStep, MinimizedGroup, minimize_group};
pub use one::{Minimized, Step, StepKind, minimize};
pub(crate) use one::{inner_text, minimize_with};

use crate::limits;
use crate::pattern::FilterPattern;

/// How a pattern is best written for AWS: in canonical form, or in the shortest
/// spelling where the canonical form has more than 1,024 characters.
pub fn offered_text(pattern: &FilterPattern) -> String {
    let canonical = pattern.to_string();
    if canonical.chars().count() <= limits::PATTERN_CHARACTERS {
        canonical
    } else {
        shortest_spelling(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_offered_as_people_write_it_where_it_fits() {
        let offered = |text: &str| offered_text(&text.parse().unwrap());
        assert_eq!(offered("{$.a=x||$.b=y}"), r#"{ $.a = "x" || $.b = "y" }"#);
        let names: Vec<String> = (100..180).map(|name| format!("$.a=x{name}")).collect();
        let long = format!("{{{}}}", names.join("||"));
        assert!(long.len() <= limits::PATTERN_CHARACTERS);
        assert_eq!(offered(&long), long);
    }
}
