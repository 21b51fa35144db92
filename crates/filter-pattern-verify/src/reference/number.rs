//! Numbers compared digit by digit, after writing out all their zeros.

use std::cmp::Ordering;

/// A number written out: `1.2e1` is `12.0`.
#[derive(Clone, Debug)]
pub struct Number {
    negative: bool,
    whole: String,
    fraction: String,
}

/// How many digits are written out; a larger exponent counts as this one, which
/// is far beyond those of the patterns that are generated.
const DIGITS: i64 = 4_000;

impl Number {
    /// Reads `12`, `-12.50`, `.5`, `+1e-3`; nothing for a text that is no number.
    pub fn read(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let lower = unsigned.to_ascii_lowercase();
        let (mantissa, exponent) = match lower.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (lower.as_str(), 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let digits = |part: &str| part.chars().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let exponent = exponent.clamp(-DIGITS, DIGITS);
        let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
        for _ in 0..exponent {
            if fraction.is_empty() {
                fraction.push('0');
            }
            whole.push(fraction.remove(0));
        }
        for _ in exponent..0 {
            fraction.insert(0, whole.pop().unwrap_or('0'));
        }
        Some(Self {
            negative,
            whole,
            fraction,
        })
    }

    /// How two numbers compare.
    pub fn compare(&self, other: &Self) -> Ordering {
        let whole = self.whole.len().max(other.whole.len());
        let fraction = self.fraction.len().max(other.fraction.len());
        let digits =
            |number: &Self| format!("{:0>whole$}{:0<fraction$}", number.whole, number.fraction);
        let (left, right) = (digits(self), digits(other));
        let zero = |digits: &str| digits.bytes().all(|digit| digit == b'0');
        match (
            self.negative && !zero(&left),
            other.negative && !zero(&right),
        ) {
            (false, false) => left.cmp(&right),
            (true, true) => right.cmp(&left),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.chars().all(|digit| digit.is_ascii_digit());
    if unsigned.is_empty() || !digits {
        return None;
    }
    text.strip_prefix('+').unwrap_or(text).parse().ok()
}
