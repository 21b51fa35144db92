//! Whether a condition that somebody wrote stays where it is put: between parentheses, beside
//! the other selectors. It is read as PostgreSQL reads it: strings, names, dollar quotes and
//! comments hide what is in them. What it means is the database's to say.

/// Why a condition would not stay between the parentheses around it; `None` when it does.
pub(super) fn flaw(condition: &str) -> Option<&'static str> {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(next) = condition[at..].chars().next() {
        let (before, rest) = condition.split_at(at);
        let hidden = match next {
            '(' => {
                open += 1;
                Some(1)
            }
            ')' if open == 0 => return Some("it closes a parenthesis that it did not open"),
            ')' => {
                open -= 1;
                Some(1)
            }
            '\'' if last_word(before).eq_ignore_ascii_case("e") => escaped(rest),
            '\'' | '"' => up_to(rest, 1, rest.get(..1)?),
            '-' if rest.starts_with("--") => Some(rest.find(['\n', '\r']).unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => comment(rest),
            '$' if last_word(before).is_empty() => match dollar_quote(rest) {
                Some(quote) => up_to(rest, quote.len(), quote),
                None => Some(1),
            },
            other => Some(other.len_utf8()),
        };
        let Some(hidden) = hidden else {
            return Some("a quote or a comment in it does not end");
        };
        at += hidden;
    }
    (open > 0).then_some("it opens a parenthesis that it does not close")
}

/// The length of what ends with `end`, which is looked for after `from`. A doubled quote ends
/// one string and begins another, which hides as much.
fn up_to(text: &str, from: usize, end: &str) -> Option<usize> {
    Some(from + text[from..].find(end)? + end.len())
}

/// The length of a string in which a backslash escapes what follows.
fn escaped(text: &str) -> Option<usize> {
    let mut skip = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if skip => skip = false,
            '\\' => skip = true,
            '\'' => {
                let end = at + 1;
                return match goes_on_after(&text[end..]) {
                    Some(blanks) => Some(end + blanks + escaped(&text[end + blanks..])?),
                    None => Some(end),
                };
            }
            _ => {}
        }
    }
    None
}

/// The length of the blanks, with a line break among them, after which a string goes on, with
/// backslashes that escape.
fn goes_on_after(text: &str) -> Option<usize> {
    let rest = text.trim_start();
    let blanks = text.len() - rest.len();
    let goes_on = rest.starts_with('\'') && text[..blanks].contains(['\n', '\r']);
    goes_on.then_some(blanks)
}

/// The length of a comment, in which there may be others.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
        } else {
            at += rest.chars().next()?.len_utf8();
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The `$$` or `$tag$` with which a text begins.
fn dollar_quote(text: &str) -> Option<&str> {
    let tag = text.get(1..)?.split_once('$')?.0;
    let is_tag = tag.chars().all(|one| one.is_alphanumeric() || one == '_')
        && !tag.starts_with(|one: char| one.is_ascii_digit());
    is_tag.then(|| &text[..tag.len() + 2])
}

/// The name, keyword or number with which a text ends.
fn last_word(text: &str) -> &str {
    let is_word = |one: char| one.is_alphanumeric() || one == '_' || one == '$';
    &text[text.trim_end_matches(is_word).len()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSES: Option<&str> = Some("it closes a parenthesis that it did not open");
    const OPENS: Option<&str> = Some("it opens a parenthesis that it does not close");
    const ENDLESS: Option<&str> = Some("a quote or a comment in it does not end");

    #[test]
    #[rustfmt::skip]
    fn a_condition_stays_between_its_parentheses_or_is_refused() {
        for (condition, expected) in [
            ("failing_for > interval '90 days'",      None),
            ("(a or b) and (c or d)",                 None),
            ("account_name = 'it''s (mine'",          None),
            (r"account_name = E'it\'s (mine'",        None),
            (r"account_name = 'a\' and (b)",          None),
            (r#"")" = 'a'"#,                          None),
            ("$$)$$ = $tag$ ) $$ ( $tag$",            None),
            ("a$b = 1 and c$b = 2",                   None),
            ("true -- (",                             None),
            ("true -- )\n and (false)",               None),
            ("true /* ( /* ) */ ( */",                None),
            ("",                                      None),
            ("größer = 'ß)'",                         None),
            ("1=1) or (1=1",                          CLOSES),
            ("true)",                                 CLOSES),
            (r"'\') or ('",                           CLOSES),
            ("true -- (\n) or (true",                 CLOSES),
            ("true -- (\r) or (true",                 CLOSES),
            ("a = E'b'\n'c\\') or ('",                None),
            ("a = E'b'\n'c\\'",                       ENDLESS),
            ("a = 'b'\n'c\\') or ('",                 CLOSES),
            ("(true",                                 OPENS),
            ("a = 'b",                                ENDLESS),
            (r"a = E'b\'",                            ENDLESS),
            ("true /* /* */",                         ENDLESS),
            ("$a$ )",                                 ENDLESS),
            ("\"a",                                   ENDLESS),
        ] {
            assert_eq!(flaw(condition), expected, "{condition}");
        }
    }
}
