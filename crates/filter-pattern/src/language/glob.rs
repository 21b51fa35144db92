//! A text with wildcards as a deterministic automaton. AWS finds each piece at
//! its first place and never goes back, which a chain of string-search
//! automata does exactly: its size is the length of the text.

use super::State;

#[derive(Debug)]
pub(crate) struct Glob {
    pieces: Vec<Piece>,
    /// Whether the text ends with a wildcard: all pieces found is enough.
    open_end: bool,
}

#[derive(Debug)]
struct Piece {
    characters: Vec<char>,
    /// For each length of a partial match, the next shorter one to fall back on.
    fallback: Vec<u32>,
    /// The number of the state in which nothing of this piece has been seen.
    first_state: u32,
    /// Whether the piece must stand right here instead of anywhere later.
    anchored: bool,
}

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut next_state = 0;
        for (position, part) in text.split('*').enumerate() {
            let anchored = position == 0;
            if part.is_empty() {
                continue;
            }
            let characters: Vec<char> = part.chars().collect();
            let first_state = next_state;
            next_state += characters.len() as u32;
            pieces.push(Piece {
                fallback: fallbacks(&characters),
                characters,
                first_state,
                anchored,
            });
        }
        Self {
            pieces,
            open_end: text.ends_with('*'),
        }
    }

    pub(super) fn start(&self) -> State {
        self.after(0)
    }

    /// The state in which the pieces before `piece` have been found.
    fn after(&self, piece: usize) -> State {
        match self.pieces.get(piece) {
            Some(piece) => State::At(piece.first_state),
            None if self.open_end => State::Full,
            None => State::At(self.final_state()),
        }
    }

    /// All pieces found, and the text must end here.
    fn final_state(&self) -> u32 {
        self.pieces
            .last()
            .map_or(0, |piece| piece.first_state + piece.characters.len() as u32)
    }

    pub(super) fn accepts(&self, at: u32) -> bool {
        !self.open_end && at == self.final_state()
    }

    pub(super) fn step(&self, at: u32, character: char) -> State {
        if at == self.final_state() {
            return State::Dead;
        }
        let number = self.pieces.partition_point(|piece| piece.first_state <= at) - 1;
        let piece = &self.pieces[number];
        let mut matched = (at - piece.first_state) as usize;
        while piece.characters[matched] != character {
            if piece.anchored {
                return State::Dead;
            }
            if matched == 0 {
                return State::At(piece.first_state);
            }
            matched = piece.fallback[matched - 1] as usize;
        }
        matched += 1;
        if matched == piece.characters.len() {
            return self.after(number + 1);
        }
        State::At(piece.first_state + matched as u32)
    }

    pub(super) fn characters(&self) -> impl Iterator<Item = char> + '_ {
        self.pieces
            .iter()
            .flat_map(|piece| piece.characters.iter().copied())
    }
}

/// For each prefix, the length of its longest proper suffix that is a prefix.
fn fallbacks(characters: &[char]) -> Vec<u32> {
    let mut fallback = vec![0_u32; characters.len()];
    let mut matched = 0_usize;
    for position in 1..characters.len() {
        while matched > 0 && characters[position] != characters[matched] {
            matched = fallback[matched - 1] as usize;
        }
        if characters[position] == characters[matched] {
            matched += 1;
        }
        fallback[position] = matched as u32;
    }
    fallback
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::TextPattern;
    use proptest::prelude::*;

    fn accepts(pattern: &str, text: &str) -> bool {
        let glob = Glob::new(pattern);
        let mut state = glob.start();
        for character in text.chars() {
            state = match state {
                State::At(at) => glob.step(at, character),
                other => other,
            };
        }
        match state {
            State::Full => true,
            State::At(at) => glob.accepts(at),
            _ => false,
        }
    }

    #[test]
    fn every_short_piece_is_found_where_the_matcher_finds_it() {
        let words = |length: usize| {
            (0..1_u32 << length).map(move |bits| {
                let letter = |at| if bits >> at & 1 == 0 { 'a' } else { 'b' };
                (0..length).map(letter).collect::<String>()
            })
        };
        let texts: Vec<String> = (0..=8).flat_map(words).collect();
        for piece in (1..=5).flat_map(words) {
            for pattern in [
                format!("*{piece}*"),
                format!("*{piece}*b"),
                format!("a*{piece}"),
            ] {
                let by_hand = TextPattern::new(pattern.as_str());
                for text in &texts {
                    assert_eq!(
                        accepts(&pattern, text),
                        by_hand.matches(text),
                        "{pattern} {text}"
                    );
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_automaton_agrees_with_the_matcher(pattern in "[ab*]{0,8}", text in "[abc]{0,10}") {
            prop_assert_eq!(accepts(&pattern, &text), TextPattern::new(pattern.as_str()).matches(&text));
        }
    }
}
