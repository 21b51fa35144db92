//! A nondeterministic automaton over characters, run as sets of states. The
//! evaluator steps it over a text; the coverage proof steps it over symbols
//! that stand for classes of characters.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use crate::limits::REGEX_STATES;

#[derive(Debug)]
pub(super) enum Node {
    /// Consumes one character out of the ranges.
    Characters(Box<[(char, char)]>, u32),
    /// Goes on in any of these without consuming.
    Split(Box<[u32]>),
    /// Goes on at the start of the text only.
    AtStart(u32),
    /// Goes on at the end of the text only.
    AtEnd(u32),
    Match,
}

/// An unanchored search for one regular expression.
#[derive(Debug)]
pub(crate) struct Nfa {
    nodes: Vec<Node>,
    start: u32,
}

/// Where the search stands after some characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RegexState {
    /// A match has been seen; nothing that follows can change that.
    Matched,
    /// The nodes that wait for a character or for the end of the text.
    Searching {
        /// Whether no character has been consumed.
        at_start: bool,
        /// Node numbers, ascending.
        waiting: Box<[u32]>,
    },
}

impl RegexState {
    pub(crate) fn is_matched(&self) -> bool {
        matches!(self, Self::Matched)
    }
}

impl Nfa {
    /// `None` when the automaton would exceed [`REGEX_STATES`].
    pub(crate) fn compile(hir: &Hir) -> Option<Self> {
        let mut compiler = Compiler {
            nodes: vec![Node::Match],
        };
        let start = compiler.node(hir, 0)?;
        Some(Self {
            nodes: compiler.nodes,
            start,
        })
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node where a match starts.
    pub(super) fn first(&self) -> u32 {
        self.start
    }

    pub(crate) fn start(&self) -> RegexState {
        let mut closure = Closure::new(self, true, false);
        closure.add(self.start);
        closure.finish()
    }

    pub(crate) fn step(&self, state: &RegexState, character: char) -> RegexState {
        let RegexState::Searching { waiting, .. } = state else {
            return RegexState::Matched;
        };
        let mut closure = Closure::new(self, false, false);
        for &node in waiting {
            if let Node::Characters(ranges, next) = &self.nodes[node as usize]
                && ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&character))
            {
                closure.add(*next);
            }
        }
        closure.add(self.start);
        closure.finish()
    }

    pub(crate) fn accepts(&self, state: &RegexState) -> bool {
        match state {
            RegexState::Matched => true,
            RegexState::Searching { at_start, waiting } => {
                let mut closure = Closure::new(self, *at_start, true);
                for &node in waiting {
                    if matches!(self.nodes[node as usize], Node::AtEnd(_)) {
                        closure.add(node);
                    }
                }
                closure.matched
            }
        }
    }

    /// The first characters of classes that the expression tells apart.
    pub(crate) fn boundaries(&self) -> impl Iterator<Item = u32> + '_ {
        self.nodes.iter().flat_map(|node| {
            let ranges: &[(char, char)] = match node {
                Node::Characters(ranges, _) => ranges,
                _ => &[],
            };
            ranges
                .iter()
                .flat_map(|(low, high)| [u32::from(*low), u32::from(*high) + 1])
        })
    }
}

/// The nodes reachable without consuming a character.
struct Closure<'a> {
    nfa: &'a Nfa,
    at_start: bool,
    at_end: bool,
    seen: Vec<u64>,
    waiting: Vec<u32>,
    matched: bool,
}

impl<'a> Closure<'a> {
    fn new(nfa: &'a Nfa, at_start: bool, at_end: bool) -> Self {
        let seen = vec![0; nfa.nodes.len().div_ceil(64)];
        Self {
            nfa,
            at_start,
            at_end,
            seen,
            waiting: Vec::new(),
            matched: false,
        }
    }

    fn add(&mut self, node: u32) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            let (word, bit) = (node as usize / 64, 1_u64 << (node % 64));
            if self.seen[word] & bit != 0 {
                continue;
            }
            self.seen[word] |= bit;
            match &self.nfa.nodes[node as usize] {
                Node::Characters(..) => self.waiting.push(node),
                Node::Split(nexts) => open.extend(nexts.iter().copied()),
                Node::AtStart(next) => {
                    if self.at_start {
                        open.push(*next);
                    }
                }
                Node::AtEnd(next) => {
                    if self.at_end {
                        open.push(*next);
                    } else {
                        self.waiting.push(node);
                    }
                }
                Node::Match => self.matched = true,
            }
        }
    }

    fn finish(mut self) -> RegexState {
        if self.matched {
            return RegexState::Matched;
        }
        self.waiting.sort_unstable();
        RegexState::Searching {
            at_start: self.at_start,
            waiting: self.waiting.into(),
        }
    }
}

struct Compiler {
    nodes: Vec<Node>,
}

impl Compiler {
    /// Adds the nodes for `hir`, going on in `next`; returns the first.
    fn node(&mut self, hir: &Hir, next: u32) -> Option<u32> {
        match hir.kind() {
            HirKind::Empty => Some(next),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                text.chars().rev().try_fold(next, |next, character| {
                    self.push(Node::Characters(Box::new([(character, character)]), next))
                })
            }
            HirKind::Class(class) => {
                let ranges: Box<[(char, char)]> = match class {
                    Class::Unicode(class) => class
                        .iter()
                        .map(|range| (range.start(), range.end()))
                        .collect(),
                    Class::Bytes(class) => class
                        .iter()
                        .map(|range| (char::from(range.start()), char::from(range.end())))
                        .collect(),
                };
                self.push(Node::Characters(ranges, next))
            }
            HirKind::Look(Look::Start) => self.push(Node::AtStart(next)),
            HirKind::Look(Look::End) => self.push(Node::AtEnd(next)),
            HirKind::Look(_) => None,
            HirKind::Capture(capture) => self.node(&capture.sub, next),
            HirKind::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.node(part, next)),
            HirKind::Alternation(parts) => {
                let starts = parts
                    .iter()
                    .map(|part| self.node(part, next))
                    .collect::<Option<Box<[u32]>>>()?;
                self.push(Node::Split(starts))
            }
            HirKind::Repetition(repetition) => self.repetition(repetition, next),
        }
    }

    fn repetition(&mut self, repetition: &Repetition, next: u32) -> Option<u32> {
        let mut after = next;
        match repetition.max {
            None => {
                let again = self.push(Node::Split(Box::default()))?;
                let body = self.node(&repetition.sub, again)?;
                self.nodes[again as usize] = Node::Split(Box::new([body, next]));
                after = again;
            }
            Some(max) => {
                for _ in repetition.min..max {
                    let body = self.node(&repetition.sub, after)?;
                    after = self.push(Node::Split(Box::new([body, next])))?;
                }
            }
        }
        for _ in 0..repetition.min {
            after = self.node(&repetition.sub, after)?;
        }
        Some(after)
    }

    fn push(&mut self, node: Node) -> Option<u32> {
        if self.nodes.len() >= REGEX_STATES {
            return None;
        }
        self.nodes.push(node);
        u32::try_from(self.nodes.len() - 1).ok()
    }
}
