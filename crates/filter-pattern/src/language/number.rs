//! JSON number texts as an automaton, of one sign or of both. Bounds on the
//! value are no matter of automata here: exponents make them irregular.

use super::State;

/// Characters of number texts.
pub(super) const CHARACTERS: &str = "0123456789-+.eE";

/// The number texts of some signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct NumberLanguage {
    /// Texts that start with a minus sign.
    pub(crate) negative: bool,
    /// Texts that do not.
    pub(crate) unsigned: bool,
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

impl NumberLanguage {
    pub(super) fn start() -> State {
        State::At(START)
    }

    pub(super) fn step(self, at: u32, character: char) -> State {
        if at == START
            && !(if character == '-' {
                self.negative
            } else {
                self.unsigned
            })
        {
            return State::Dead;
        }
        State::At(match (at, character) {
            (START, '-') => SIGN,
            (START | SIGN, '0') => ZERO,
            (START | SIGN, '1'..='9') | (WHOLE, '0'..='9') => WHOLE,
            (ZERO | WHOLE, '.') => POINT,
            (POINT | FRACTION, '0'..='9') => FRACTION,
            (ZERO | WHOLE | FRACTION, 'e' | 'E') => EXPONENT,
            (EXPONENT, '+' | '-') => EXPONENT_SIGN,
            (EXPONENT | EXPONENT_SIGN | EXPONENT_DIGITS, '0'..='9') => EXPONENT_DIGITS,
            _ => return State::Dead,
        })
    }

    pub(super) fn accepts(at: u32) -> bool {
        matches!(at, ZERO | WHOLE | FRACTION | EXPONENT_DIGITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::is_json_number;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_automaton_agrees_with_the_json_grammar(text in "[-+.eE01x]{0,7}") {
            let language = NumberLanguage { negative: true, unsigned: true };
            let mut state = NumberLanguage::start();
            for character in text.chars() {
                state = match state {
                    State::At(at) => language.step(at, character),
                    other => other,
                };
            }
            let accepted = matches!(state, State::At(at) if NumberLanguage::accepts(at));
            prop_assert_eq!(accepted, is_json_number(&text));
        }
    }
}
