//! Whether a test holds throughout a class of values.

use crate::ast::{Operand, Test};
use crate::decimal::Decimal;
use crate::evaluate::{Reading, test_holds};

use super::classes::Class;

/// Whether a test holds for every value of a class; for cells, apart from what
/// a language decides.
pub(super) fn holds(test: &Test, class: &Class<'_>, reading: Reading) -> bool {
    match class {
        Class::Missing => test_holds(test, None, reading),
        Class::OtherText => holds_in_other_text(test),
        Class::NumberAt(value) => holds_for_number(test, &|literal| Some(value.cmp(literal))),
        Class::NumberBetween(low, high) => holds_for_number(test, &|literal| {
            if low.as_ref().is_some_and(|low| literal <= low) {
                Some(std::cmp::Ordering::Greater)
            } else if high.as_ref().is_some_and(|high| literal >= high) {
                Some(std::cmp::Ordering::Less)
            } else {
                None
            }
        }),
        known => known
            .value()
            .is_some_and(|value| test_holds(test, Some(&value), reading)),
    }
}

/// A text that no test names equals no named text and is no named number.
fn holds_in_other_text(test: &Test) -> bool {
    match test {
        Test::Equals(Operand::Text(pattern)) => pattern.is_universal(),
        Test::NotEquals(Operand::Text(pattern)) => pattern.is_literal(),
        Test::NotEquals(Operand::Number(_)) => true,
        _ => false,
    }
}

fn holds_for_number(
    test: &Test,
    compared: &dyn Fn(&Decimal) -> Option<std::cmp::Ordering>,
) -> bool {
    match test {
        Test::Equals(Operand::Text(pattern)) => pattern.is_universal(),
        Test::NotEquals(Operand::Text(pattern)) => pattern.is_literal(),
        Test::Equals(Operand::Number(literal)) => {
            compared(literal.value()).is_some_and(std::cmp::Ordering::is_eq)
        }
        Test::NotEquals(Operand::Number(literal)) => {
            compared(literal.value()).is_none_or(std::cmp::Ordering::is_ne)
        }
        Test::Compare(comparison, literal) => {
            compared(literal.value()).is_some_and(|ordering| comparison.holds(ordering))
        }
        _ => false,
    }
}
