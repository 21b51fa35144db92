//! Exact decimal numbers: what a number text is worth, without rounding.
//! Only comparison and a value strictly between two others live here; the
//! language has no arithmetic.

mod parts;

use std::cmp::Ordering;

use parts::Parts;

/// The exact value of a number text, comparable without rounding.
///
/// The value is `0.d₁d₂d₃… × 10^point`, with no leading and no trailing zero
/// digit, so that equal values have equal representations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    digits: Box<[u8]>,
    point: i64,
}

impl Decimal {
    /// Reads `12`, `-12.50`, `.5`, `+1e-3`, `007`; `None` for anything else. "An
    /// integer with an optional + or - sign, a decimal with an optional + or -
    /// sign, or a number in scientific notation" (`FilterAndPatternSyntax`, 2018).
    pub fn parse(text: &str) -> Option<Self> {
        let parts = Parts::read(text)?;
        let digits: Box<[u8]> = parts.digits().collect();
        if digits.is_empty() {
            return Some(Self::zero());
        }
        Some(Self {
            negative: parts.negative,
            point: parts.point(),
            digits,
        })
    }

    /// How the value of a number text compares to this one, without allocating;
    /// `None` when the text is no number.
    pub(crate) fn compared_with(&self, text: &str) -> Option<Ordering> {
        let parts = Parts::read(text)?;
        let is_zero = parts.digits().next().is_none();
        let sign = |negative: bool, is_zero: bool| match (is_zero, negative) {
            (true, _) => 0_i8,
            (false, true) => -1,
            (false, false) => 1,
        };
        let signs = sign(parts.negative, is_zero).cmp(&sign(self.negative, self.is_zero()));
        if signs.is_ne() || is_zero {
            return Some(signs);
        }
        let magnitude = parts
            .point()
            .cmp(&self.point)
            .then_with(|| parts.digits().cmp(self.digits.iter().copied()));
        Some(if self.negative {
            magnitude.reverse()
        } else {
            magnitude
        })
    }

    pub(crate) fn zero() -> Self {
        Self {
            negative: false,
            digits: Box::default(),
            point: 0,
        }
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether the value is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// A JSON number text with exactly this value, the plainest one.
    pub(crate) fn to_text(&self) -> String {
        if self.is_zero() {
            return "0".to_owned();
        }
        let sign = if self.negative { "-" } else { "" };
        let digits: String = self.digits.iter().map(|digit| char::from(*digit)).collect();
        let count = self.digits.len() as i64;
        if self.point >= count && self.point <= 21 {
            let zeros = "0".repeat((self.point - count) as usize);
            format!("{sign}{digits}{zeros}")
        } else if self.point > 0 && self.point < count {
            let (whole, fraction) = digits.split_at(self.point as usize);
            format!("{sign}{whole}.{fraction}")
        } else if self.point <= 0 && self.point > -12 {
            let zeros = "0".repeat(self.point.unsigned_abs() as usize);
            format!("{sign}0.{zeros}{digits}")
        } else {
            format!("{sign}{digits}e{}", self.point.saturating_sub(count))
        }
    }

    /// The value times a power of ten.
    pub(crate) fn shifted(&self, places: i64) -> Self {
        let point = if self.is_zero() {
            0
        } else {
            self.point.saturating_add(places)
        };
        Self {
            point,
            ..self.clone()
        }
    }

    /// The digits without the zeros at both ends; none for zero.
    pub(crate) fn significant_digits(&self) -> &[u8] {
        &self.digits
    }

    /// The digits before and after the decimal point, sign aside; `None` when
    /// that takes more than `most` digits.
    pub(crate) fn plain_digits(&self, most: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        if self.is_zero() {
            return Some((Vec::new(), Vec::new()));
        }
        let point = usize::try_from(self.point.unsigned_abs())
            .ok()
            .filter(|point| *point <= most)?;
        if self.digits.len() > most {
            return None;
        }
        let mut digits = self.digits.to_vec();
        if self.point <= 0 {
            let mut fraction = vec![b'0'; point];
            fraction.append(&mut digits);
            return Some((Vec::new(), fraction));
        }
        while digits.len() < point {
            digits.push(b'0');
        }
        let fraction = digits.split_off(point);
        Some((digits, fraction))
    }

    /// A value strictly between the two bounds, a whole number where there is
    /// one that is easily found.
    pub(crate) fn between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        let fits = |value: &Self| {
            low.is_none_or(|low| value > low) && high.is_none_or(|high| value < high)
        };
        let next =
            |bound: &Self, step: i128| Self::from_scaled(bound.floor()?.checked_add(step)?, 0);
        let above = low.and_then(|low| next(low, 1));
        let below = high.and_then(|high| next(high, -1));
        let simple = [above, below, Some(Self::zero())]
            .into_iter()
            .flatten()
            .find(fits);
        simple
            .or_else(|| Self::fraction_between(low, high).filter(fits))
            .or_else(|| Self::far_between(low, high).filter(fits))
    }

    /// The middle of two bounds that fit 128-bit arithmetic.
    fn fraction_between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        let (low, high) = (low?, high?);
        let scale = low.scale().max(high.scale()).checked_add(1)?;
        Self::from_scaled(
            low.scaled(scale)?.checked_add(high.scaled(scale)?)? / 2,
            scale,
        )
    }

    /// A value next to a bound, for bounds of any size.
    fn far_between(low: Option<&Self>, high: Option<&Self>) -> Option<Self> {
        match (low, high) {
            (Some(low), None) => Some(low.shifted(1)),
            (None, Some(high)) => Some(high.shifted(1)),
            (None, None) => None,
            (Some(low), Some(high)) if high.negative => {
                Self::far_between(Some(&high.negated()), Some(&low.negated()))
                    .map(|it| it.negated())
            }
            (Some(low), Some(high)) if low.is_zero() => Some(high.shifted(-1)),
            (Some(low), Some(high)) if high.point > low.point.saturating_add(1) => {
                Some(low.shifted(1))
            }
            (Some(low), Some(high)) => {
                // One more digit than either bound has, and a 1 at its place.
                let mut digits = low.digits.to_vec();
                digits.resize(low.digits.len().max(high.digits.len()) + 1, b'0');
                digits.push(b'1');
                Some(Self {
                    digits: digits.into(),
                    ..low.clone()
                })
            }
        }
    }

    fn negated(&self) -> Self {
        Self {
            negative: !self.negative && !self.is_zero(),
            ..self.clone()
        }
    }

    /// How many digits stand after the decimal point.
    fn scale(&self) -> i64 {
        (self.digits.len() as i64).saturating_sub(self.point).max(0)
    }

    /// The value times 10^scale, when that is a whole number that fits.
    fn scaled(&self, scale: i64) -> Option<i128> {
        if self.is_zero() {
            return Some(0);
        }
        let zeros = self
            .point
            .checked_add(scale)?
            .checked_sub(self.digits.len() as i64)?;
        if !(0..=36).contains(&zeros) || self.digits.len() > 36 {
            return None;
        }
        let mut value: i128 = 0;
        for digit in &self.digits {
            value = value
                .checked_mul(10)?
                .checked_add(i128::from(digit - b'0'))?;
        }
        for _ in 0..zeros {
            value = value.checked_mul(10)?;
        }
        Some(if self.negative { -value } else { value })
    }

    /// The largest whole number that is not above the value.
    fn floor(&self) -> Option<i128> {
        let scale = self.scale();
        let scaled = self.scaled(scale)?;
        Some(scaled.div_euclid(10_i128.checked_pow(u32::try_from(scale).ok()?)?))
    }

    fn from_scaled(value: i128, scale: i64) -> Option<Self> {
        Self::parse(&format!("{value}e-{scale}"))
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => self
                .point
                .cmp(&other.point)
                .then_with(|| self.digits.cmp(&other.digits)),
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitude(other),
            (true, true) => other.compare_magnitude(self),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
