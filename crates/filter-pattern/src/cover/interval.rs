//! The numbers of one cell: one value, or everything strictly between two.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::decimal::Decimal;
use crate::language::{DigitsLanguage, Language, NumberLanguage, SizeLanguage};

/// A set of numbers without a gap.
#[derive(Debug)]
pub(super) struct Interval {
    /// Strictly above this.
    pub(super) low: Option<Decimal>,
    /// Strictly below this.
    pub(super) high: Option<Decimal>,
    /// Only this.
    pub(super) at: Option<Decimal>,
}

impl Interval {
    pub(super) fn at(value: &Decimal) -> Self {
        Self {
            low: None,
            high: None,
            at: Some(value.clone()),
        }
    }

    pub(super) fn admits(&self, value: &Decimal) -> bool {
        self.low.as_ref().is_none_or(|low| value > low)
            && self.high.as_ref().is_none_or(|high| value < high)
            && self.at.as_ref().is_none_or(|at| value == at)
    }

    /// The plainest of the numbers.
    pub(super) fn plain_value(&self) -> Option<Decimal> {
        match &self.at {
            Some(value) => Some(value.clone()),
            None => Decimal::between(self.low.as_ref(), self.high.as_ref()),
        }
    }

    /// The texts of the numbers as intersections of languages, one for each
    /// sign; with exponents, a superset. `None` when a bound is too long.
    pub(super) fn pieces(&self, exponents: bool) -> Option<Vec<Vec<Language>>> {
        let none = NumberLanguage {
            negative: false,
            zero: false,
            positive: false,
            exponents,
        };
        let mut pieces = Vec::new();
        let zero = Decimal::zero();
        if self.admits(&zero) {
            pieces.push(vec![Language::Number(NumberLanguage {
                zero: true,
                ..none
            })]);
        }
        if self.high.as_ref().is_none_or(|high| *high > zero) {
            let above = self.low.as_ref().filter(|low| **low > zero);
            let positive = Language::Number(NumberLanguage {
                positive: true,
                ..none
            });
            pieces.extend(self.piece(positive, false, above, self.high.as_ref())?);
        }
        if self.low.as_ref().is_none_or(|low| *low < zero) {
            let above = self.high.as_ref().filter(|high| **high < zero);
            let negative = Language::Number(NumberLanguage {
                negative: true,
                ..none
            });
            pieces.extend(self.piece(negative, true, above, self.low.as_ref())?);
        }
        Some(pieces)
    }

    /// The numbers of one sign whose size is between two bounds; the outer
    /// option is whether the bounds are short enough.
    #[expect(
        clippy::option_option,
        reason = "a piece that is empty and a bound that is too long are two things"
    )]
    fn piece(
        &self,
        sign: Language,
        negative: bool,
        above: Option<&Decimal>,
        below: Option<&Decimal>,
    ) -> Option<Option<Vec<Language>>> {
        let size = |bound: &Decimal, wanted: Ordering| {
            let language = SizeLanguage::new(bound, |ordering| ordering == wanted)?;
            Some(Language::Size(Arc::new(language)))
        };
        let mut piece = vec![sign];
        if let Some(at) = &self.at {
            if at.is_zero() || at.is_negative() != negative {
                return Some(None);
            }
            piece.push(size(at, Ordering::Equal)?);
            piece.push(Language::Digits(Arc::new(DigitsLanguage::new(at))));
        }
        if let Some(above) = above {
            piece.push(size(above, Ordering::Greater)?);
        }
        if let Some(below) = below {
            piece.push(size(below, Ordering::Less)?);
        }
        Some(Some(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Emptiness, Query, find_text};

    const BOUNDS: [&str; 8] = ["-10", "-2.5", "-0.5", "0", "0.05", "1", "2.5", "100"];

    /// Plain decimals in several spellings around the bounds.
    #[rustfmt::skip]
    const TEXTS: [&str; 28] = [
        "0", "-0", "0.0", "0.05", "0.050", "0.04", "0.051", "0.5", "1", "1.0", "1.01", "0.99", "2.5", "2.49", "2.51",
        "10", "99.9", "100", "100.0", "101", "-0.5", "-0.4", "-0.51", "-2.5", "-2.4", "-9.99", "-10", "-11",
    ];

    fn intervals() -> Vec<Interval> {
        let bounds: Vec<Decimal> = BOUNDS
            .iter()
            .map(|text| Decimal::parse(text).expect("a number"))
            .collect();
        let mut intervals: Vec<Interval> = bounds.iter().map(Interval::at).collect();
        let between = |low: Option<&Decimal>, high: Option<&Decimal>| Interval {
            low: low.cloned(),
            high: high.cloned(),
            at: None,
        };
        intervals.push(between(None, None));
        for (position, low) in bounds.iter().enumerate() {
            intervals.push(between(Some(low), None));
            intervals.push(between(None, Some(low)));
            let above = &bounds[position + 1..];
            intervals.extend(above.iter().map(|high| between(Some(low), Some(high))));
        }
        intervals
    }

    /// Whether the value is in the interval, by its ends.
    fn is_within(interval: &Interval, value: &Decimal) -> bool {
        let after_low = interval
            .low
            .as_ref()
            .is_none_or(|low| value.cmp(low).is_gt());
        let before_high = interval
            .high
            .as_ref()
            .is_none_or(|high| value.cmp(high).is_lt());
        match &interval.at {
            Some(at) => value == at,
            None => after_low && before_high,
        }
    }

    fn is_in(pieces: &[Vec<Language>], text: &str) -> bool {
        let only = Language::of_texts([text]);
        pieces.iter().any(|piece| {
            let inside = piece.iter().chain([&only]).collect();
            let query = Query {
                inside,
                outside: Vec::new(),
            };
            match find_text(&query, &mut 100_000) {
                Emptiness::Found(_) => true,
                Emptiness::Empty => false,
                Emptiness::Undecided => panic!("{text} takes too many steps"),
            }
        })
    }

    #[test]
    fn an_interval_admits_the_numbers_between_its_ends() {
        for interval in intervals() {
            for text in TEXTS {
                let value = Decimal::parse(text).expect("a number");
                let expected = is_within(&interval, &value);
                assert_eq!(interval.admits(&value), expected, "{text} in {interval:?}");
            }
            let plain = interval.plain_value().expect("no interval here is empty");
            assert!(is_within(&interval, &plain), "{plain:?} in {interval:?}");
        }
    }

    #[test]
    fn the_pieces_of_an_interval_hold_the_texts_of_its_numbers_and_no_others() {
        for interval in intervals() {
            let plain = interval.pieces(false).expect("short bounds");
            let with_exponents = interval.pieces(true).expect("short bounds");
            for text in TEXTS {
                let value = Decimal::parse(text).expect("a number");
                let expected = is_within(&interval, &value);
                assert_eq!(is_in(&plain, text), expected, "{text} in {interval:?}");
                assert_eq!(
                    is_in(&with_exponents, text),
                    expected,
                    "{text} in {interval:?}"
                );
                // The size of a text with an exponent is not told, its sign is.
                let shifted = format!("{}e-1", value.shifted(1).to_text());
                assert!(!is_in(&plain, &shifted), "{shifted} has an exponent");
                if expected {
                    assert!(
                        is_in(&with_exponents, &shifted),
                        "{shifted} in {interval:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn pieces_with_exponents_keep_the_sign() {
        let one = Decimal::parse("1").expect("a number");
        let negative = Interval {
            low: None,
            high: Some(Decimal::zero()),
            at: None,
        };
        let positive = Interval {
            low: Some(Decimal::zero()),
            high: None,
            at: None,
        };
        #[rustfmt::skip]
        let table = [
            (&positive,           "1e2",  true),
            (&positive,           "-1e2", false),
            (&positive,           "0e2",  false),
            (&negative,           "-1e2", true),
            (&negative,           "1e2",  false),
            (&Interval::at(&one), "10e-1", true),
            (&Interval::at(&one), "2e0",  false),
            (&Interval::at(&one), "-1e0", false),
        ];
        for (interval, text, expected) in table {
            let pieces = interval.pieces(true).expect("short bounds");
            assert_eq!(is_in(&pieces, text), expected, "{text} in {interval:?}");
        }
    }

    #[test]
    fn bounds_with_too_many_digits_have_no_pieces() {
        let far = Decimal::parse("1e9999").expect("a number");
        assert!(Interval::at(&far).pieces(false).is_none());
    }
}
