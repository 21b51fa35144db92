//! The search for a text in the intersection of sets and complements of sets:
//! breadth first over tuples of states, so the first text found is a shortest
//! one, and an exhausted search proves that there is none.

use std::collections::HashSet;

use super::alphabet::representatives;
use super::{Language, State};

/// Which texts are asked for.
pub(crate) struct Query<'a> {
    /// Sets that the text lies in.
    pub(crate) inside: Vec<&'a Language>,
    /// Sets that the text lies outside of.
    pub(crate) outside: Vec<&'a Language>,
}

/// Whether the texts asked for exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Emptiness {
    /// One of them.
    Found(String),
    /// There are none.
    Empty,
    /// The budget of steps ended first.
    Undecided,
}

/// Finds a text; takes its steps out of `budget`.
pub(crate) fn find_text(query: &Query<'_>, budget: &mut u64) -> Emptiness {
    let mut boundaries = Vec::new();
    for language in query.inside.iter().chain(&query.outside) {
        language.boundaries(&mut boundaries);
    }
    let alphabet = representatives(boundaries);
    let start: Box<[State]> = query
        .inside
        .iter()
        .chain(&query.outside)
        .map(|language| language.start())
        .collect();
    if is_hopeless(query, &start) {
        return Emptiness::Empty;
    }
    // Where each reached tuple came from: the tuple, its predecessor, the character.
    let mut reached: Vec<(Box<[State]>, usize, char)> = vec![(start.clone(), 0, '\0')];
    let mut seen: HashSet<Box<[State]>> = HashSet::from([start]);
    let mut next = 0;
    while next < reached.len() {
        if accepts(query, &reached[next].0) {
            return Emptiness::Found(spell(&reached, next));
        }
        for &character in &alphabet {
            let cost = 1 + reached[next].0.iter().map(State::cost).sum::<u64>();
            if *budget < cost {
                *budget = 0;
                return Emptiness::Undecided;
            }
            *budget -= cost;
            let states: Box<[State]> = languages(query)
                .zip(reached[next].0.iter())
                .map(|(language, state)| language.step(state, character))
                .collect();
            if !is_hopeless(query, &states) && seen.insert(states.clone()) {
                reached.push((states, next, character));
            }
        }
        next += 1;
    }
    Emptiness::Empty
}

fn languages<'a>(query: &'a Query<'_>) -> impl Iterator<Item = &'a Language> {
    query.inside.iter().chain(&query.outside).copied()
}

/// Whether no continuation can be accepted.
fn is_hopeless(query: &Query<'_>, states: &[State]) -> bool {
    let (inside, outside) = states.split_at(query.inside.len());
    inside.contains(&State::Dead) || outside.contains(&State::Full)
}

fn accepts(query: &Query<'_>, states: &[State]) -> bool {
    let (inside, outside) = states.split_at(query.inside.len());
    query
        .inside
        .iter()
        .zip(inside)
        .all(|(language, state)| language.accepts(state))
        && !query
            .outside
            .iter()
            .zip(outside)
            .any(|(language, state)| language.accepts(state))
}

fn spell(reached: &[(Box<[State]>, usize, char)], mut at: usize) -> String {
    let mut characters = Vec::new();
    while at != 0 {
        characters.push(reached[at].2);
        at = reached[at].1;
    }
    characters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ast::TextPattern;
    use crate::regex::RegexPattern;

    fn glob(text: &str) -> Language {
        Language::of_text(&TextPattern::new(text))
    }

    fn regex(text: &str) -> Language {
        Language::of_regex(&RegexPattern::new(text).expect("valid"))
    }

    fn find(inside: &[Language], outside: &[Language]) -> Emptiness {
        let query = Query {
            inside: inside.iter().collect(),
            outside: outside.iter().collect(),
        };
        find_text(&query, &mut 1_000_000)
    }

    #[test]
    fn inclusion_of_languages_is_decided() {
        #[rustfmt::skip]
        let included = [
            (glob("AccessDenied*"),    glob("Access*")),
            (glob("abc*"),             glob("*")),
            (glob("*a*b*"),            glob("*b*")),
            (glob("ab*"),              regex("^ab")),
            (regex("^ab$"), glob("ab")),
            (regex("^[0-9]{3}$"),      regex("[0-9]+")),
        ];
        for (small, large) in included {
            assert_eq!(
                find(std::slice::from_ref(&small), std::slice::from_ref(&large)),
                Emptiness::Empty,
                "{small:?} in {large:?}"
            );
        }
    }

    #[test]
    fn a_shortest_readable_text_is_found() {
        assert_eq!(
            find(&[glob("Access*")], &[glob("AccessDenied*")]),
            Emptiness::Found("Access".into())
        );
        // Without backtracking `*ab` does not match `abab`.
        assert_eq!(
            find(&[regex("ab$")], &[glob("*ab")]),
            Emptiness::Found("abab".into())
        );
        let words = Language::of_texts(["", "a", "b"]);
        assert_eq!(find(&[glob("*")], &[words]), Emptiness::Found("c".into()));
    }

    #[test]
    fn what_no_text_can_reach_any_more_is_not_searched() {
        let long = || regex("a.{60}b");
        #[rustfmt::skip]
        let table = [
            (vec![glob("x*"), glob("y*"), long()], vec![]),
            (vec![glob("x*"), long()],             vec![glob("*")]),
            (vec![glob("xy*"), long()],            vec![regex("^xy?")]),
        ];
        for (inside, outside) in table {
            let query = Query {
                inside: inside.iter().collect(),
                outside: outside.iter().collect(),
            };
            let found = find_text(&query, &mut 1_000);
            assert_eq!(found, Emptiness::Empty, "{inside:?} {outside:?}");
        }
    }

    #[test]
    fn the_search_ends_with_the_budget() {
        let many: Vec<Language> = "abcdefghijklmnopqrst"
            .chars()
            .map(|it| glob(&format!("*{it}{it}*")))
            .collect();
        let query = Query {
            inside: many.iter().collect(),
            outside: vec![],
        };
        assert_eq!(find_text(&query, &mut 10_000), Emptiness::Undecided);
    }
}
