//! JSON number texts as automata: of some signs, and of some size. The size of a
//! plain decimal is told digit by digit; that of a text with an exponent is no
//! regular property, so such texts are admitted or left out as a whole.

use std::cmp::Ordering;

use super::State;
use crate::decimal::Decimal;

/// Characters of number texts.
pub(super) const CHARACTERS: &str = "0123456789-+.eE";

/// The number texts of some signs. Zero is a sign of its own: no digit but 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NumberLanguage {
    /// Texts below zero.
    pub(crate) negative: bool,
    /// Texts whose value is zero, written with or without a minus sign.
    pub(crate) zero: bool,
    /// Texts above zero.
    pub(crate) positive: bool,
    /// Whether texts may have an exponent.
    pub(crate) exponents: bool,
}

const START: u32 = 0;
const SIGN: u32 = 1;
const ZERO: u32 = 2;
const WHOLE: u32 = 3;
const POINT: u32 = 4;
const FRACTION: u32 = 5;
const EXPONENT: u32 = 6;
const EXPONENT_SIGN: u32 = 7;
const EXPONENT_DIGITS: u32 = 8;
/// Added once a minus sign has been read.
const NEGATIVE: u32 = 16;
/// Added once a digit other than 0 has been read before the exponent.
const NONZERO: u32 = 32;

impl NumberLanguage {
    pub(super) fn start() -> State {
        State::At(START)
    }

    pub(super) fn step(self, at: u32, character: char) -> State {
        let (part, mut marks) = (at % NEGATIVE, at - at % NEGATIVE);
        let next = match (part, character) {
            (START, '-') => SIGN,
            (START | SIGN, '0') => ZERO,
            (START | SIGN, '1'..='9') | (WHOLE, '0'..='9') => WHOLE,
            (ZERO | WHOLE, '.') => POINT,
            (POINT | FRACTION, '0'..='9') => FRACTION,
            (ZERO | WHOLE | FRACTION, 'e' | 'E') if self.exponents => EXPONENT,
            (EXPONENT, '+' | '-') => EXPONENT_SIGN,
            (EXPONENT | EXPONENT_SIGN | EXPONENT_DIGITS, '0'..='9') => EXPONENT_DIGITS,
            _ => return State::Dead,
        };
        if next == SIGN {
            marks |= NEGATIVE;
        }
        if matches!(next, WHOLE | FRACTION) && character != '0' {
            marks |= NONZERO;
        }
        State::At(next + marks)
    }

    pub(super) fn accepts(self, at: u32) -> bool {
        let of_sign = match (at & NONZERO != 0, at & NEGATIVE != 0) {
            (false, _) => self.zero,
            (true, true) => self.negative,
            (true, false) => self.positive,
        };
        of_sign && matches!(at % NEGATIVE, ZERO | WHOLE | FRACTION | EXPONENT_DIGITS)
    }
}

/// The number texts whose size, sign aside, compares to a bound in some way.
/// Every text with an exponent is among them.
#[derive(Clone, Debug)]
pub(crate) struct SizeLanguage {
    whole: Box<[u8]>,
    fraction: Box<[u8]>,
    less: bool,
    equal: bool,
    greater: bool,
}

/// How the digits read so far compare with as many digits of the bound.
const SAME: u32 = 0;
const BELOW: u32 = 1;
const ABOVE: u32 = 2;
/// One more digit, in the numbering of states.
const DIGIT: u32 = 4;
/// The state after an exponent.
const ANY_SIZE: u32 = 3;
/// More digits before the point than the bound has.
const LONGER: u32 = u32::MAX - 1;

/// Digits of a bound that are worth an automaton.
const MOST_DIGITS: usize = 400;

impl SizeLanguage {
    /// Texts whose size compares like this with the bound's; `None` when the
    /// bound has too many digits.
    pub(crate) fn new(bound: &Decimal, accepts: impl Fn(Ordering) -> bool) -> Option<Self> {
        let (whole, fraction) = bound.plain_digits(MOST_DIGITS)?;
        Some(Self {
            whole: whole.into(),
            fraction: fraction.into(),
            less: accepts(Ordering::Less),
            equal: accepts(Ordering::Equal),
            greater: accepts(Ordering::Greater),
        })
    }

    pub(super) fn start() -> State {
        State::At(SAME)
    }

    /// State numbers: digits before the point count up from zero; after it they
    /// count on from one more than the bound has.
    pub(super) fn step(&self, at: u32, character: char) -> State {
        let whole = self.whole.len() as u32;
        let first_after_point = (whole + 1) * DIGIT;
        let last = first_after_point + self.fraction.len() as u32 * DIGIT;
        if at == ANY_SIZE || matches!(character, 'e' | 'E') {
            return State::At(ANY_SIZE);
        }
        State::At(match character {
            '-' => at,
            '.' => self.at_point(at),
            '0'..='9' if at == LONGER => LONGER,
            '0'..='9' if at < first_after_point => {
                let (count, compared) = (at / DIGIT, at % DIGIT);
                // The one leading zero of `0.5` is no digit.
                if count == 0 && character == '0' {
                    return State::At(at);
                }
                if count == whole {
                    return State::At(LONGER);
                }
                (count + 1) * DIGIT + compare(compared, character, self.whole[count as usize])
            }
            '0'..='9' => {
                let (place, compared) = ((at - first_after_point) / DIGIT, at % DIGIT);
                if at >= last {
                    return State::At(last + compare(compared, character, b'0'));
                }
                at - compared + DIGIT + compare(compared, character, self.fraction[place as usize])
            }
            _ => return State::Dead,
        })
    }

    /// The state after the digits before the point.
    fn at_point(&self, at: u32) -> u32 {
        let whole = self.whole.len() as u32;
        let compared = match at {
            LONGER => ABOVE,
            _ if at / DIGIT < whole => BELOW,
            _ => at % DIGIT,
        };
        (whole + 1) * DIGIT + compared
    }

    pub(super) fn accepts(&self, at: u32) -> bool {
        if at == ANY_SIZE {
            return true;
        }
        let first_after_point = (self.whole.len() as u32 + 1) * DIGIT;
        let last = first_after_point + self.fraction.len() as u32 * DIGIT;
        let at = if at < first_after_point || at == LONGER {
            self.at_point(at)
        } else {
            at
        };
        match at % DIGIT {
            // The bound goes on with digits that are not all zero.
            SAME if at < last => self.less,
            SAME => self.equal,
            BELOW => self.less,
            _ => self.greater,
        }
    }
}

fn compare(so_far: u32, digit: char, bound: u8) -> u32 {
    match (so_far, (digit as u8).cmp(&bound)) {
        (SAME, Ordering::Less) => BELOW,
        (SAME, Ordering::Greater) => ABOVE,
        _ => so_far,
    }
}

/// The number texts whose digits, zeros at both ends aside, are those of a
/// value. A text of that value has them whatever its exponent.
#[derive(Clone, Debug)]
pub(crate) struct DigitsLanguage {
    digits: Box<[u8]>,
}

/// The state after the exponent's letter, once all digits have been seen.
const DIGITS_SEEN: u32 = u32::MAX;

impl DigitsLanguage {
    pub(crate) fn new(value: &Decimal) -> Self {
        Self {
            digits: value.significant_digits().into(),
        }
    }

    pub(super) fn start() -> State {
        State::At(0)
    }

    /// States count the digits that have been seen.
    pub(super) fn step(&self, at: u32, character: char) -> State {
        let seen = at as usize;
        match character {
            _ if at == DIGITS_SEEN => State::At(at),
            '-' | '.' => State::At(at),
            'e' | 'E' if seen == self.digits.len() => State::At(DIGITS_SEEN),
            '0' if seen == 0 || seen == self.digits.len() => State::At(at),
            _ if self
                .digits
                .get(seen)
                .is_some_and(|digit| char::from(*digit) == character) =>
            {
                State::At(at + 1)
            }
            _ => State::Dead,
        }
    }

    pub(super) fn accepts(&self, at: u32) -> bool {
        at == DIGITS_SEEN || at as usize == self.digits.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::is_json_number;
    use proptest::prelude::*;

    fn run(start: State, text: &str, step: impl Fn(u32, char) -> State) -> Option<u32> {
        let mut state = start;
        for character in text.chars() {
            state = match state {
                State::At(at) => step(at, character),
                other => other,
            };
        }
        match state {
            State::At(at) => Some(at),
            _ => None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn signs_agree_with_the_values(text in "[-+.eE01x]{0,7}", signs in 0_u8..8) {
            let language = NumberLanguage {
                negative: signs & 1 != 0,
                zero: signs & 2 != 0,
                positive: signs & 4 != 0,
                exponents: true,
            };
            let end = run(NumberLanguage::start(), &text, |at, character| language.step(at, character));
            let expected = is_json_number(&text)
                && match Decimal::parse(&text) {
                    Some(value) if value.is_zero() => language.zero,
                    Some(value) if value.is_negative() => language.negative,
                    _ => language.positive,
                };
            prop_assert_eq!(end.is_some_and(|at| language.accepts(at)), expected, "{}", text);
        }

        #[test]
        fn digits_agree_with_the_values(text in "-?(0|[1-9][01]{0,3})(\\.[01]{1,3})?(e[0-9])?", value in "[01]{1,3}(\\.[01]{1,2})?") {
            let value = Decimal::parse(&value).expect("a number");
            let language = DigitsLanguage::new(&value);
            let end = run(DigitsLanguage::start(), &text, |at, character| language.step(at, character));
            let same = Decimal::parse(&text).expect("a number").significant_digits() == value.significant_digits();
            prop_assert_eq!(end.is_some_and(|at| language.accepts(at)), same, "{} and {:?}", text, value);
        }

        #[test]
        fn sizes_agree_with_the_values(text in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?", bound in "[0-9]{1,3}(\\.[0-9]{1,2})?") {
            let bound = Decimal::parse(&bound).expect("a number");
            let size = Decimal::parse(text.trim_start_matches('-')).expect("a number");
            for wanted in [Ordering::Less, Ordering::Equal, Ordering::Greater] {
                let language = SizeLanguage::new(&bound, |ordering| ordering == wanted).expect("short");
                let end = run(SizeLanguage::start(), &text, |at, character| language.step(at, character));
                let accepted = end.is_some_and(|at| language.accepts(at));
                prop_assert_eq!(accepted, size.cmp(&bound) == wanted, "{} to {:?}", text, bound);
            }
        }
    }
}
