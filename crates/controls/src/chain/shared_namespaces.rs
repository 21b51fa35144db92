//! Which metric namespaces a link shares with a monitoring account: the `Filter` of its
//! `MetricConfiguration`, for example `Namespace = 'AWS/EC2' OR Namespace NOT LIKE 'AWS/%'`
//! (OAM API reference, `MetricConfiguration`).

/// Whether metrics of `namespace` pass the filter. `None`: the filter cannot be read, or the
/// answer rests on whether AND binds stronger than OR, which is not documented.
pub(super) fn share(filter: &str, namespace: &str) -> Option<bool> {
    if filter.trim() == "*" {
        return Some(true);
    }
    let mut rest = tokens(filter)?.into_iter().peekable();
    let mut in_order = condition(&mut rest, namespace)?;
    let mut alternatives = vec![in_order];
    while let Some(token) = rest.next() {
        let is_and = token.is_word("AND");
        if !is_and && !token.is_word("OR") {
            return None;
        }
        let next = condition(&mut rest, namespace)?;
        if is_and {
            in_order &= next;
            *alternatives.last_mut()? &= next;
        } else {
            in_order |= next;
            alternatives.push(next);
        }
    }
    let and_first = alternatives.contains(&true);
    (and_first == in_order).then_some(in_order)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A keyword or an operator.
    Word(String),
    /// A name in single quotes.
    Name(String),
}

impl Token {
    fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

fn tokens(filter: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = filter.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first == '\'' {
            let (name, after) = rest[1..].split_once('\'')?;
            (Token::Name(name.to_owned()), after)
        } else {
            let length = if first.is_ascii_alphabetic() {
                let end = rest.find(|letter: char| !letter.is_ascii_alphabetic());
                end.unwrap_or(rest.len())
            } else if rest.starts_with("!=") {
                2
            } else if "=(),".contains(first) {
                1
            } else {
                return None;
            };
            (Token::Word(rest[..length].to_owned()), &rest[length..])
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

/// Whether `namespace` meets the condition at the head of `tokens`, which is taken off them.
fn condition(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = Token>>,
    namespace: &str,
) -> Option<bool> {
    tokens.next_if(|token| token.is_word("Namespace"))?;
    let is_not = tokens.next_if(|token| token.is_word("NOT")).is_some();
    let Some(Token::Word(operator)) = tokens.next() else {
        return None;
    };
    let meets = match operator.to_ascii_uppercase().as_str() {
        "=" if !is_not => name(tokens)? == namespace,
        "!=" if !is_not => name(tokens)? != namespace,
        "LIKE" => {
            let pattern = name(tokens)?;
            // The only wildcard is one at the end.
            let prefix = pattern.strip_suffix('%')?;
            if prefix.contains('%') {
                return None;
            }
            namespace.starts_with(prefix)
        }
        "IN" => {
            tokens.next_if(|token| token.is_word("("))?;
            let mut is_among = name(tokens)? == namespace;
            while tokens.next_if(|token| token.is_word(",")).is_some() {
                is_among |= name(tokens)? == namespace;
            }
            tokens.next_if(|token| token.is_word(")"))?;
            is_among
        }
        _ => return None,
    };
    Some(meets != is_not)
}

fn name(tokens: &mut impl Iterator<Item = Token>) -> Option<String> {
    match tokens.next()? {
        Token::Name(name) => Some(name),
        Token::Word(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn a_filter_shares_the_namespaces_that_it_says_or_nothing_is_known() {
        for (filter,                                                  namespace,  expected) in [
            ("*",                                                     "CIS",      Some(true)),
            ("Namespace NOT LIKE 'AWS/%'",                            "CIS",      Some(true)),
            ("Namespace NOT LIKE 'AWS/%'",                            "AWS/EC2",  Some(false)),
            ("Namespace LIKE 'CIS%'",                                 "CISBench", Some(true)),
            ("Namespace LIKE 'CIS%'",                                 "cis",      Some(false)),
            ("Namespace IN ('AWS/EC2', 'CIS')",                       "CIS",      Some(true)),
            ("Namespace IN ('AWS/EC2','AWS/S3')",                     "CIS",      Some(false)),
            ("namespace not in ('CIS')",                              "CIS",      Some(false)),
            ("Namespace = 'AWS/EC2' OR Namespace NOT LIKE 'AWS/%'",   "CIS",      Some(true)),
            ("Namespace = 'AWS/EC2' OR Namespace NOT LIKE 'AWS/%'",   "AWS/S3",   Some(false)),
            ("Namespace != 'A' AND Namespace != 'CIS'",               "CIS",      Some(false)),
            ("Namespace='CIS'",                                       "CIS",      Some(true)),
            // Either way of reading it says the same, and here it does not.
            ("Namespace = 'A' AND Namespace = 'B' OR Namespace = 'CIS'", "CIS",   Some(true)),
            ("Namespace = 'CIS' OR Namespace = 'A' AND Namespace = 'B'", "CIS",   None),
            ("",                                                      "CIS",      None),
            ("Namespace = CIS",                                       "CIS",      None),
            ("Namespace NOT = 'CIS'",                                 "CIS",      None),
            ("Namespace LIKE '%CIS'",                                 "CIS",      None),
            ("Namespace LIKE 'CIS'",                                  "CIS",      None),
            ("Namespace = 'CIS",                                      "CIS",      None),
            ("Namespace = 'CIS' 'A'",                                 "CIS",      None),
            ("Namespace IN ('CIS'",                                   "CIS",      None),
            ("(Namespace = 'CIS')",                                   "CIS",      None),
            ("MetricName = 'CIS'",                                    "CIS",      None),
        ] {
            assert_eq!(share(filter, namespace), expected, "{filter} of {namespace}");
        }
    }
}
