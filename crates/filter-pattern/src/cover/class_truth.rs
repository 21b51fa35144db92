//! For which classes of a field's values a test holds.

use crate::ast::{Comparison, Operand, Test};
use crate::decimal::Decimal;
use crate::evaluate::{OpenQuestion, Reading, test_holds};
use crate::schema::Kinds;

use super::classes::{Class, Classes};
use super::text_places::FEW;

/// Which classes a test holds for.
pub(crate) struct Truth {
    /// Classes for which it holds throughout.
    pub(crate) classes: Box<[u64]>,
    /// The language that decides within cells; with true, being outside of it.
    pub(crate) language: Option<(usize, bool)>,
}

impl Classes<'_> {
    /// The classes for which a test holds under the plain reading.
    pub(crate) fn truth(&self, test: &Test) -> Truth {
        let named = match test {
            Test::Equals(operand) | Test::NotEquals(operand) => self.named(operand),
            _ => None,
        };
        let classes = match (test, named) {
            (Test::Equals(_), Some(named)) => named,
            (_, Some(named)) => {
                let compared = Kinds::STRING.or(Kinds::NUMBER);
                let mut others = self.mask(|class| compared.contains(class.kind()));
                for (word, named) in others.iter_mut().zip(&named) {
                    *word &= !named;
                }
                others
            }
            (Test::Compare(comparison, literal), None) if self.points.len() > FEW => {
                self.compared(*comparison, literal.value())
            }
            _ => self.mask(|class| holds(test, class, Reading::default())),
        };
        Truth {
            classes,
            language: self.language_of(test),
        }
    }

    /// The classes whose values equal what an operand names; `None` for one that stands
    /// for several texts. Looking at each class takes too long where tests are many.
    fn named(&self, operand: &Operand) -> Option<Box<[u64]>> {
        let mut words = vec![0_u64; self.words()];
        let mut mark = |place: usize| words[place / 64] |= 1 << (place % 64);
        match operand {
            Operand::Text(pattern) if pattern.is_literal() => {
                self.mark_named(pattern.as_str(), &mut words);
            }
            Operand::Number(literal) => {
                let place = self.points.binary_search(literal.value()).ok();
                // INVARIANT: each number that a test names has a class.
                let place = place.map(|point| self.numbers + 2 * point);
                place
                    .into_iter()
                    .chain(self.of_named_text(literal.as_str()))
                    .for_each(&mut mark);
                for (place, class) in self.list.iter().enumerate().take(self.numbers) {
                    if let Class::NumberText(_, value) = class
                        && value == literal.value()
                    {
                        mark(place);
                    }
                }
            }
            Operand::Text(_) | Operand::Regex(_) => return None,
        }
        Some(words.into())
    }

    /// The classes of the numbers that compare to a number in a way.
    fn compared(&self, comparison: Comparison, bound: &Decimal) -> Box<[u64]> {
        let mut words = vec![0_u64; self.words()];
        let before = self.points.partition_point(|point| point < bound);
        // Class by class: each point, and the numbers before it.
        let mut range = |from: usize, to: usize| mark_range(&mut words, from, to);
        let (at, last) = (
            self.numbers + 2 * before,
            self.numbers + 2 * self.points.len(),
        );
        match comparison {
            Comparison::Less | Comparison::LessOrEqual => {
                range(self.numbers, at);
                range(at + 1, at + 2);
            }
            Comparison::Greater | Comparison::GreaterOrEqual => {
                range(at + 2, last + 1);
            }
        }
        if matches!(
            comparison,
            Comparison::LessOrEqual | Comparison::GreaterOrEqual
        ) {
            range(at, at + 1);
        }
        for (position, class) in self.list.iter().enumerate().take(self.numbers) {
            if let Class::NumberText(_, value) = class
                && comparison.holds(value.cmp(bound))
            {
                words[position / 64] |= 1 << (position % 64);
            }
        }
        words.into()
    }

    /// The classes for which a test holds only if an open question is answered
    /// with yes; `None` when there are none.
    pub(crate) fn truth_added_by(&self, test: &Test, question: OpenQuestion) -> Option<Box<[u64]>> {
        let yes = Reading::default().with(question);
        let candidates: [Option<usize>; 2] = match question {
            OpenQuestion::NotEqualsOnNull | OpenQuestion::NotExistsOnNull => {
                [Some(self.kinds + 2), None]
            }
            OpenQuestion::NotEqualsOnBoolean | OpenQuestion::BooleanAsText => {
                [Some(self.kinds), Some(self.kinds + 1)]
            }
            OpenQuestion::IsBooleanOnText => [self.texts.get("true"), self.texts.get("false")],
            OpenQuestion::NotEqualsOnEveryElement => [None, None],
        };
        let mut words: Option<Box<[u64]>> = None;
        for position in candidates.into_iter().flatten() {
            let class = &self.list[position];
            if holds(test, class, yes) && !holds(test, class, Reading::default()) {
                let words = words.get_or_insert_with(|| vec![0; self.words()].into());
                words[position / 64] |= 1 << (position % 64);
            }
        }
        words
    }

    /// The class of the text that a test compares with a number of the same characters.
    pub(crate) fn text_as_number(&self, test: &Test) -> Option<usize> {
        match test {
            Test::Equals(Operand::Number(literal)) | Test::NotEquals(Operand::Number(literal)) => {
                self.of_named_text(literal.as_str())
            }
            _ => None,
        }
    }

    fn language_of(&self, test: &Test) -> Option<(usize, bool)> {
        let (operand, outside) = match test {
            Test::Equals(operand) => (operand, false),
            Test::NotEquals(operand) => (operand, true),
            _ => return None,
        };
        Some((self.place_of(operand)?, outside))
    }
}

/// Whether a test holds for every value of a class; for cells, apart from what
/// a language decides.
fn holds(test: &Test, class: &Class<'_>, reading: Reading) -> bool {
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

/// Marks the places from one up to another.
fn mark_range(words: &mut [u64], from: usize, to: usize) {
    let mut at = from;
    while at < to {
        let in_word = (64 - at % 64).min(to - at);
        words[at / 64] |= (u64::MAX >> (64 - in_word)) << (at % 64);
        at += in_word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::{NumberLiteral, TextPattern};

    #[test]
    fn what_a_test_names_is_found_as_by_looking_at_each_class() {
        let number = |text: &str| NumberLiteral::parse(text).expect("a number");
        let bounds = (0..30).flat_map(|at| {
            use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
            [Less, LessOrEqual, Greater, GreaterOrEqual].map(|comparison| {
                Test::Compare(comparison, number(&format!("{}.5", at * 7 % 13 - 4)))
            })
        });
        let texts = ["3", "3.0", "3.5", "x", "true", "-0", "1e1"];
        let operands = texts.map(|text| Operand::Text(TextPattern::new(text)));
        let numbers = ["3", "3.50", "0", "10", "7"].map(|text| Operand::Number(number(text)));
        let named = operands
            .into_iter()
            .chain(numbers)
            .flat_map(|operand| [Test::Equals(operand.clone()), Test::NotEquals(operand)]);
        let tests: Vec<Test> = bounds.chain(named).collect();
        let classes = Classes::new(&tests.iter().collect::<Vec<_>>(), &[]);
        assert!(classes.points.len() > FEW);
        for test in &tests {
            let one_by_one = classes.mask(|class| holds(test, class, Reading::default()));
            assert_eq!(classes.truth(test).classes, one_by_one, "{test:?}");
        }
    }

    #[test]
    fn a_range_of_places_is_marked_and_nothing_else() {
        for (from, to) in [
            (0, 0),
            (0, 8),
            (3, 11),
            (60, 70),
            (0, 64),
            (63, 129),
            (5, 6),
        ] {
            let mut words = [0; 3];
            mark_range(&mut words, from, to);
            for place in 0..192 {
                let marked = words[place / 64] >> (place % 64) & 1 == 1;
                assert_eq!(
                    marked,
                    (from..to).contains(&place),
                    "{place} of {from}..{to}"
                );
            }
        }
    }

    #[test]
    fn all_classes_are_marked_whatever_their_number() {
        let texts: Vec<String> = (0..140).map(|number| format!("t{number}")).collect();
        let mut sizes = Vec::new();
        for count in 0..texts.len() {
            let texts: Vec<&str> = texts[..count].iter().map(String::as_str).collect();
            let classes = Classes::new(&[], &texts);
            assert_eq!(classes.all(), classes.mask(|_| true), "{count}");
            sizes.push(classes.list.len());
        }
        assert!(sizes.contains(&64) && sizes.contains(&128), "{sizes:?}");
    }
}
