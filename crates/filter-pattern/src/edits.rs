//! Patterns with one part fewer, and the same pattern with common parts taken
//! out of parentheses. Whether an edit keeps the meaning is not decided here:
//! every caller proves it.

use crate::ast::{Ast, Expression};
use crate::pattern::FilterPattern;

/// Which lists lose a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// `||`: the pattern matches less afterwards, or the same.
    Alternatives,
    /// `&&`: the pattern matches more afterwards, or the same.
    Conjuncts,
}

/// The pattern without the part of that number, counted over all lists of that
/// kind in the order of the text, outer parts first; `None` when it has no such part.
pub(crate) fn without_part(pattern: &FilterPattern, lists: Lists, number: usize) -> Option<Edit> {
    let mut left = number;
    match pattern.ast() {
        Ast::Json(expression) => {
            let (rest, removed) = without(expression, lists, &mut left)?;
            Some(Edit {
                pattern: FilterPattern::from_ast(Ast::Json(rest)),
                removed: FilterPattern::from_ast(Ast::Json(removed)),
            })
        }
        Ast::Terms(terms) if terms.terms.len() > 1 && number < terms.terms.len() => {
            let mut kept = terms.clone();
            let removed = kept.terms.remove(number);
            let removed = crate::ast::Terms {
                terms: vec![removed],
            };
            Some(Edit {
                pattern: FilterPattern::from_ast(Ast::Terms(kept)),
                removed: FilterPattern::from_ast(Ast::Terms(removed)),
            })
        }
        _ => None,
    }
}

/// A pattern that lost a part, and the part.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) pattern: FilterPattern,
    pub(crate) removed: FilterPattern,
}

fn without(
    expression: &Expression,
    lists: Lists,
    number: &mut usize,
) -> Option<(Expression, Expression)> {
    let (parts, is_list) = match expression {
        Expression::Condition(_) => return None,
        Expression::And(parts) => (parts, lists == Lists::Conjuncts),
        Expression::Or(parts) => (parts, lists == Lists::Alternatives),
    };
    for (position, part) in parts.iter().enumerate() {
        if is_list {
            if *number == 0 {
                let mut kept = parts.clone();
                let removed = kept.remove(position);
                return Some((same_list(expression, kept), removed));
            }
            *number -= 1;
        }
        if let Some((edited, removed)) = without(part, lists, number) {
            let mut kept = Vec::with_capacity(parts.len());
            kept.extend_from_slice(&parts[..position]);
            kept.push(edited);
            kept.extend_from_slice(&parts[position + 1..]);
            return Some((same_list(expression, kept), removed));
        }
    }
    None
}

/// A list of the kind that `like` is.
fn same_list(like: &Expression, parts: Vec<Expression>) -> Expression {
    match like {
        Expression::And(_) => all_of(parts),
        _ => any_of(parts),
    }
}

/// All of the parts, as the parser would build it: one part stands for itself,
/// lists of the same kind are one list.
pub(crate) fn all_of(parts: Vec<Expression>) -> Expression {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Expression::And(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 {
        flat.remove(0)
    } else {
        Expression::And(flat)
    }
}

/// Any of the parts, as the parser would build it.
pub(crate) fn any_of(parts: Vec<Expression>) -> Expression {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Expression::Or(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 {
        flat.remove(0)
    } else {
        Expression::Or(flat)
    }
}

/// Takes parts out of the pattern one after the other, as long as `keeps` says
/// that the rest will do; tells `taken` which.
pub(crate) fn stripped(
    pattern: &FilterPattern,
    lists: Lists,
    keeps: &mut dyn FnMut(&Edit) -> bool,
) -> FilterPattern {
    let mut current = pattern.clone();
    let mut number = 0;
    while let Some(edit) = without_part(&current, lists, number) {
        if keeps(&edit) {
            current = edit.pattern;
        } else {
            number += 1;
        }
    }
    current
}

/// The same alternatives with a part that several of them share written once:
/// `a && b || a && c` becomes `a && (b || c)`; `None` when none share a part.
pub(crate) fn factored(pattern: &FilterPattern) -> Option<FilterPattern> {
    let Ast::Json(expression) = pattern.ast() else {
        return None;
    };
    let mut changed = false;
    let expression = factor(expression, &mut changed);
    changed.then(|| FilterPattern::from_ast(Ast::Json(expression)))
}

fn factor(expression: &Expression, changed: &mut bool) -> Expression {
    match expression {
        Expression::Condition(_) => expression.clone(),
        Expression::And(parts) => all_of(parts.iter().map(|part| factor(part, changed)).collect()),
        Expression::Or(parts) => {
            let mut parts: Vec<Expression> =
                parts.iter().map(|part| factor(part, changed)).collect();
            while let Some(common) = most_shared(&parts) {
                *changed = true;
                let first = parts
                    .iter()
                    .position(|part| conjuncts(part).contains(&common))
                    .unwrap_or_default();
                let mut rests = Vec::new();
                let mut others = Vec::new();
                let mut common_alone = false;
                for part in parts {
                    let inner = conjuncts(&part);
                    if !inner.contains(&common) {
                        others.push(part);
                        continue;
                    }
                    let rest: Vec<Expression> = inner
                        .iter()
                        .filter(|part| **part != common)
                        .cloned()
                        .collect();
                    if rest.is_empty() {
                        common_alone = true;
                    } else {
                        rests.push(all_of(rest));
                    }
                }
                let joined = if common_alone {
                    common
                } else {
                    all_of(vec![common, factor(&any_of(rests), changed)])
                };
                others.insert(first.min(others.len()), joined);
                parts = others;
            }
            any_of(parts)
        }
    }
}

fn conjuncts(expression: &Expression) -> &[Expression] {
    match expression {
        Expression::And(parts) => parts,
        other => std::slice::from_ref(other),
    }
}

/// The part that most of the alternatives ask for, when at least two do.
fn most_shared(alternatives: &[Expression]) -> Option<Expression> {
    let mut best: Option<(usize, &Expression)> = None;
    for (position, alternative) in alternatives.iter().enumerate() {
        for part in conjuncts(alternative) {
            let shared = alternatives[position..]
                .iter()
                .filter(|other| conjuncts(other).contains(part))
                .count();
            if shared > best.map_or(1, |(most, _)| most) {
                best = Some((shared, part));
            }
        }
    }
    best.map(|(_, part)| part.clone())
}

/// How many conditions, terms or fields a pattern has.
pub(crate) fn clauses(pattern: &FilterPattern) -> usize {
    match pattern.ast() {
        Ast::Empty => 0,
        Ast::Regex(_) => 1,
        Ast::Json(expression) => expression.conditions().len(),
        Ast::Terms(terms) => terms.terms.len(),
        Ast::SpaceDelimited(list) => list.fields.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilterPattern {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn parts_are_taken_out_one_by_one() {
        let original = pattern("{ $.a = 1 && ($.b = 2 || $.c = 3 || ($.d = 4 && $.e = 5)) }");
        #[rustfmt::skip]
        let table = [
            (Lists::Alternatives, 0, Some("{ $.a = 1 && ($.c = 3 || ($.d = 4 && $.e = 5)) }")),
            (Lists::Alternatives, 1, Some("{ $.a = 1 && ($.b = 2 || ($.d = 4 && $.e = 5)) }")),
            (Lists::Alternatives, 2, Some("{ $.a = 1 && ($.b = 2 || $.c = 3) }")),
            (Lists::Alternatives, 3, None),
            (Lists::Conjuncts,    0, Some("{ $.b = 2 || $.c = 3 || ($.d = 4 && $.e = 5) }")),
            (Lists::Conjuncts,    1, Some("{ $.a = 1 }")),
            (Lists::Conjuncts,    2, Some("{ $.a = 1 && ($.b = 2 || $.c = 3 || $.e = 5) }")),
            (Lists::Conjuncts,    3, Some("{ $.a = 1 && ($.b = 2 || $.c = 3 || $.d = 4) }")),
            (Lists::Conjuncts,    4, None),
        ];
        for (lists, number, expected) in table {
            let edited = without_part(&original, lists, number).map(|edit| edit.pattern);
            assert_eq!(edited, expected.map(pattern), "{lists:?} {number}");
        }
    }

    #[test]
    fn an_edited_pattern_is_one_that_the_parser_builds() {
        let original =
            pattern("{ ($.a = 1 || $.b = 2) && ($.c = 3 || ($.d = 4 && $.e = 5)) && $.f = 6 }");
        for lists in [Lists::Alternatives, Lists::Conjuncts] {
            let mut number = 0;
            while let Some(edit) = without_part(&original, lists, number) {
                assert_eq!(pattern(&edit.pattern.to_string()), edit.pattern);
                number += 1;
            }
            assert!(number > 0);
        }
    }

    #[test]
    fn common_parts_are_written_once() {
        #[rustfmt::skip]
        let table = [
            ("{ $.a = 1 && $.b = 2 || $.a = 1 && $.c = 3 }", Some("{ $.a = 1 && ($.b = 2 || $.c = 3) }")),
            ("{ $.a = 1 || $.a = 1 && $.c = 3 }",            Some("{ $.a = 1 }")),
            ("{ $.x = 0 || $.a = 1 && $.b = 2 || $.a = 1 && $.c = 3 }", Some("{ $.x = 0 || ($.a = 1 && ($.b = 2 || $.c = 3)) }")),
            ("{ $.a = 1 || $.b = 2 }",                       None),
        ];
        for (text, expected) in table {
            assert_eq!(factored(&pattern(text)), expected.map(pattern), "{text}");
        }
    }

    #[test]
    fn a_word_alone_has_no_part_to_lose() {
        let losing = |text, number| without_part(&pattern(text), Lists::Conjuncts, number);
        assert!(losing("ERROR", 0).is_none());
        assert!(losing("ERROR WARN", 2).is_none());
        let edit = losing("ERROR WARN", 1).expect("two words");
        assert_eq!(edit.pattern, pattern("ERROR"));
        assert_eq!(edit.removed, pattern("WARN"));
    }

    #[test]
    fn clauses_are_conditions_words_and_fields() {
        #[rustfmt::skip]
        let table = [
            ("",                                    0),
            ("%ERR.*%",                             1),
            ("ERROR",                               1),
            ("ERROR WARN -debug",                   3),
            ("{ $.a = 1 }",                         1),
            ("{ $.a = 1 && ($.b = 2 || $.c = 3) }", 3),
            ("[ip, user, ..., status = 4*]",        4),
        ];
        for (text, number) in table {
            assert_eq!(clauses(&pattern(text)), number, "{text}");
        }
    }
}
