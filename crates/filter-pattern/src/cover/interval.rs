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
