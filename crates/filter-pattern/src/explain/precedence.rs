//! Whether a JSON pattern's text leaves to precedence what parentheses could
//! say: `a || b && c` is `a || (b && c)`.

use std::ops::Range;

/// The first `&&` that stands beside an `||` in the same parentheses.
pub(super) fn mixed_operators(text: &str) -> Option<Range<usize>> {
    #[derive(Default)]
    struct Level {
        and: Option<usize>,
        or: bool,
    }
    let mut levels = vec![Level::default()];
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            quote @ (b'\'' | b'%') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1;
                }
            }
            b'(' => levels.push(Level::default()),
            b')' if levels.len() > 1 => {
                levels.pop();
            }
            b'&' | b'|' if bytes.get(at + 1) == Some(&bytes[at]) => {
                let level = levels.last_mut()?;
                if bytes[at] == b'&' {
                    level.and.get_or_insert(at);
                } else {
                    level.or = true;
                }
                if let (Some(and), true) = (level.and, level.or) {
                    return Some(and..and + 2);
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_operators_side_by_side_are_mixed() {
        #[rustfmt::skip]
        let table = [
            ("{ $.a = 1 || $.b = 2 && $.c = 3 }",          Some(21)),
            ("{ $.a = 1 && $.b = 2 || $.c = 3 }",          Some(10)),
            ("{ $.a = 1 || ($.b = 2 && $.c = 3) }",        None),
            ("{ ($.a = 1 || $.b = 2) && $.c = 3 }",        None),
            (r#"{ $.a = "|| &&" || $.b = %a&&b% }"#,       None),
            (r#"{ $.a = "\" ||" && $.b = 1 }"#,            None),
        ];
        for (text, at) in table {
            let span = mixed_operators(text);
            if let Some(span) = &span {
                assert_eq!(text.get(span.clone()), Some("&&"), "{text}");
            }
            assert_eq!(span.map(|span| span.start), at, "{text}");
        }
    }
}
