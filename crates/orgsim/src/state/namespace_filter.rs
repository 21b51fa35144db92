//! The language in which a link says which namespaces it shares: the `Filter` of its
//! `MetricConfiguration` (OAM API reference). Conditions on `Namespace` are joined with
//! `AND`, which binds stronger, and `OR`; `LIKE` compares beginnings alone.

/// "Each filter has a limit of five conditional operands. Conditional operands are AND and OR."
const MOST_OPERANDS: usize = 5;

/// A filter that was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamespaceFilter {
    /// One of these has to hold, each with all of its conditions.
    alternatives: Vec<Vec<Condition>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Condition {
    negated: bool,
    compared: Compared,
}

#[derive(Debug, Clone, PartialEq)]
enum Compared {
    /// The namespace is one of these.
    Names(Vec<String>),
    /// The namespace begins like this.
    Prefix(String),
}

impl NamespaceFilter {
    /// `None` when the text is no filter.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens };
        let mut alternatives = vec![vec![reader.condition()?]];
        let mut operands = 0;
        while let Some(operand) = reader.next() {
            operands += 1;
            if operands > MOST_OPERANDS {
                return None;
            }
            let condition = reader.condition()?;
            match (operand, alternatives.last_mut()) {
                (Token::Word("AND"), Some(all)) => all.push(condition),
                (Token::Word("OR"), _) => alternatives.push(vec![condition]),
                _ => return None,
            }
        }
        Some(Self { alternatives })
    }

    /// Whether metrics of the namespace are shared.
    pub(crate) fn shares(&self, namespace: &str) -> bool {
        let holds = |condition: &Condition| condition.holds(namespace);
        self.alternatives.iter().any(|all| all.iter().all(holds))
    }
}

impl Condition {
    fn holds(&self, namespace: &str) -> bool {
        let found = match &self.compared {
            Compared::Names(names) => names.iter().any(|name| name == namespace),
            Compared::Prefix(prefix) => namespace.starts_with(prefix),
        };
        found != self.negated
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    /// What stands between single quotation marks.
    Name(&'a str),
    /// `=`, `!=`, `(`, `)` or `,`
    Sign(&'a str),
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '\'' {
            let name = rest[1..].split_once('\'')?.0;
            (Token::Name(name), name.len() + 2)
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic());
            let word = &rest[..end.unwrap_or(rest.len())];
            (Token::Word(word), word.len())
        } else {
            let signs = ["=", "!=", "(", ")", ","];
            let sign = signs.into_iter().find(|sign| rest.starts_with(sign))?;
            (Token::Sign(sign), sign.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// Takes the tokens from the front.
struct Reader<'a> {
    tokens: &'a [Token<'a>],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    fn name(&mut self) -> Option<String> {
        match self.next()? {
            Token::Name(name) => Some(name.to_owned()),
            _ => None,
        }
    }

    fn condition(&mut self) -> Option<Condition> {
        if self.next()? != Token::Word("Namespace") {
            return None;
        }
        let (negated, operator) = match self.next()? {
            Token::Sign("!=") => (true, Token::Sign("=")),
            Token::Word("NOT") => match self.next()? {
                Token::Word(word) => (true, Token::Word(word)),
                _ => return None,
            },
            other => (false, other),
        };
        let compared = match operator {
            Token::Sign("=") => Compared::Names(vec![self.name()?]),
            Token::Word("LIKE") => Compared::Prefix(self.prefix()?),
            Token::Word("IN") => Compared::Names(self.names()?),
            _ => return None,
        };
        Some(Condition { negated, compared })
    }

    fn prefix(&mut self) -> Option<String> {
        let name = self.name()?;
        let prefix = name.strip_suffix('%')?;
        (!prefix.contains('%')).then(|| prefix.to_owned())
    }

    fn names(&mut self) -> Option<Vec<String>> {
        if self.next()? != Token::Sign("(") {
            return None;
        }
        let mut names = vec![self.name()?];
        loop {
            match self.next()? {
                Token::Sign(",") => names.push(self.name()?),
                Token::Sign(")") => return Some(names),
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_shares_the_namespaces_that_it_describes() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 12] = [
            ("Namespace = 'AWS/EC2'",                                                       &["AWS/EC2"]),
            ("Namespace='AWS/EC2'",                                                         &["AWS/EC2"]),
            ("Namespace = 'aws/ec2'",                                                       &[]),
            ("Namespace != 'AWS/EC2'",                                                      &["AWS/ELB", "App", "Apps"]),
            ("Namespace IN ('AWS/EC2', 'App')",                                             &["AWS/EC2", "App"]),
            ("Namespace NOT IN ('AWS/EC2','App')",                                          &["AWS/ELB", "Apps"]),
            ("Namespace LIKE 'App%'",                                                       &["App", "Apps"]),
            ("Namespace NOT LIKE 'AWS/%'",                                                  &["App", "Apps"]),
            ("Namespace LIKE '%'",                                                          &["AWS/EC2", "AWS/ELB", "App", "Apps"]),
            ("Namespace = 'AWS/EC2' OR Namespace NOT LIKE 'AWS/%'",                         &["AWS/EC2", "App", "Apps"]),
            ("Namespace LIKE 'App%' AND Namespace != 'App' OR Namespace = 'AWS/ELB'",       &["AWS/ELB", "Apps"]),
            ("Namespace = 'AWS/ELB' OR Namespace LIKE 'AWS/%' AND Namespace LIKE 'App%'",   &["AWS/ELB"]),
        ];
        for (text, shared) in rows {
            let filter = NamespaceFilter::read(text).unwrap_or_else(|| panic!("{text}"));
            let all = ["AWS/EC2", "AWS/ELB", "App", "Apps"];
            let found: Vec<&str> = all.into_iter().filter(|name| filter.shares(name)).collect();
            assert_eq!(found, shared, "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_filters() {
        let texts = [
            "",
            "*",
            "Namespace",
            "Namespace = ",
            "Namespace = AWS/EC2",
            "Namespace = \"AWS/EC2\"",
            "Namespace = 'AWS/EC2",
            "Namespace == 'AWS/EC2'",
            "Namespace NOT = 'AWS/EC2'",
            "Namespace != NOT LIKE 'a%'",
            "Namespace LIKE 'AWS/EC2'",
            "Namespace LIKE '%EC2'",
            "Namespace LIKE 'AWS/%2%'",
            "Namespace IN ()",
            "Namespace IN ('a'",
            "Namespace IN ('a' 'b')",
            "Namespace IN 'a'",
            "namespace = 'a'",
            "MetricName = 'a'",
            "Namespace = 'a' AND",
            "Namespace = 'a' Namespace = 'b'",
            "Namespace = 'a' XOR Namespace = 'b'",
            "(Namespace = 'a')",
        ];
        for text in texts {
            assert_eq!(NamespaceFilter::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_filter_has_at_most_five_conditional_operands() {
        let filter = |operands| vec!["Namespace = 'a'"; operands + 1].join(" OR ");
        assert!(NamespaceFilter::read(&filter(MOST_OPERANDS)).is_some());
        assert_eq!(NamespaceFilter::read(&filter(MOST_OPERANDS + 1)), None);
    }
}
