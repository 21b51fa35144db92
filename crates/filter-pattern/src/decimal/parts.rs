//! A number text taken apart, borrowed: what reading a value and comparing with
//! one without allocating share.

/// A number text taken apart.
pub(super) struct Parts<'a> {
    pub(super) negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
    /// Zeros at the start of all digits.
    leading: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], parse_exponent(&unsigned[at + 1..])?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.as_bytes(), fraction.as_bytes());
        let is_zero = |digit: &&u8| **digit == b'0';
        Some(Self {
            negative,
            whole,
            fraction,
            exponent,
            leading: whole.iter().chain(fraction).take_while(is_zero).count(),
        })
    }

    /// The digits without the zeros at both ends.
    pub(super) fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        let all = || self.whole.iter().chain(self.fraction).copied();
        let trailing = all().rev().take_while(|digit| *digit == b'0').count();
        let count = (self.whole.len() + self.fraction.len()).saturating_sub(trailing);
        all().take(count).skip(self.leading)
    }

    pub(super) fn point(&self) -> i64 {
        (self.whole.len() as i64 - self.leading as i64).saturating_add(self.exponent)
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Beyond nine digits every exponent compares alike with what patterns hold.
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX).min(1_000_000_000);
    Some(if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    })
}
