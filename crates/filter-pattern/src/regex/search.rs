//! Searching a text with an automaton without allocating: sets of nodes are bits
//! on the stack. Automata that are too large for that go through
//! [`RegexState`](super::RegexState)s.

use super::automaton::{Nfa, Node};

/// Sets of nodes as words of 64 bits; `N` is 64 times `W`.
struct Search<'a, const W: usize, const N: usize> {
    nfa: &'a Nfa,
    matched: bool,
}

/// Whether the text contains a match; `None` for an automaton that is too large.
pub(super) fn contains(nfa: &Nfa, text: &str) -> Option<bool> {
    match nfa.nodes().len() {
        0..=64 => Some(Search::<1, 64>::run(nfa, text)),
        65..=512 => Some(Search::<8, 512>::run(nfa, text)),
        _ => None,
    }
}

impl<'a, const W: usize, const N: usize> Search<'a, W, N> {
    fn run(nfa: &'a Nfa, text: &str) -> bool {
        let mut search = Self {
            nfa,
            matched: false,
        };
        let mut current = [0; W];
        search.add(nfa.first(), &mut current, true, text.is_empty());
        for (at, character) in text.char_indices() {
            if search.matched {
                return true;
            }
            let at_end = at + character.len_utf8() == text.len();
            let mut next = [0; W];
            for (word, bits) in current.into_iter().enumerate() {
                let mut bits = bits;
                while bits != 0 {
                    let node = word * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    if let Node::Characters(ranges, after) = &nfa.nodes()[node]
                        && ranges
                            .iter()
                            .any(|(low, high)| (*low..=*high).contains(&character))
                    {
                        search.add(*after, &mut next, false, at_end);
                    }
                }
            }
            search.add(nfa.first(), &mut next, false, at_end);
            current = next;
        }
        search.matched
    }

    /// Adds what is reached from a node without consuming a character.
    fn add(&mut self, node: u32, set: &mut [u64; W], at_start: bool, at_end: bool) {
        // Each node is pushed once, when its bit is set.
        let mut open = [0_u32; N];
        let mut count = 0;
        let mut push = |node: u32, open: &mut [u32; N], count: &mut usize| {
            let (word, bit) = (node as usize / 64, 1_u64 << (node % 64));
            if set[word] & bit == 0 {
                set[word] |= bit;
                open[*count] = node;
                *count += 1;
            }
        };
        push(node, &mut open, &mut count);
        while count > 0 {
            count -= 1;
            let node = &self.nfa.nodes()[open[count] as usize];
            match node {
                Node::Characters(..) => {}
                Node::Split(nexts) => {
                    for next in nexts {
                        push(*next, &mut open, &mut count);
                    }
                }
                Node::AtStart(next) | Node::AtEnd(next) => {
                    let is_start = matches!(node, Node::AtStart(_));
                    if (is_start && at_start) || (!is_start && at_end) {
                        push(*next, &mut open, &mut count);
                    }
                }
                Node::Match => self.matched = true,
            }
        }
    }
}
