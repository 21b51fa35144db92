//! The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR TRUE)`,
//! `AT_LEAST(2, ALARM, (a, b, c))` (CloudWatch user guide, "Combining alarms";
//! PutCompositeAlarm). Words may be written in small letters.

use crate::state::AlarmState;

/// Nesting that AWS's limit of 500 elements leaves far behind.
const DEEPEST: usize = 64;

/// A parsed rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Rule {
    Always(bool),
    Is(AlarmState, String),
    AtLeast {
        count: Count,
        negated: bool,
        state: AlarmState,
        children: Vec<String>,
    },
    Not(Box<Rule>),
    And(Vec<Rule>),
    Or(Vec<Rule>),
}

/// How many children have to be in a state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Count {
    Number(usize),
    Percent(f64),
}

impl Rule {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader {
            tokens: tokens(text)?,
            next: 0,
        };
        let rule = reader.or(0)?;
        match reader.tokens.get(reader.next) {
            None => Ok(rule),
            Some(token) => Err(format!("`{}` comes unexpectedly", token.text)),
        }
    }

    /// Names or ARNs of the alarms that it speaks about.
    pub(super) fn children(&self) -> Vec<&str> {
        match self {
            Self::Always(_) => Vec::new(),
            Self::Is(_, child) => vec![child],
            Self::AtLeast { children, .. } => children.iter().map(String::as_str).collect(),
            Self::Not(rule) => rule.children(),
            Self::And(rules) | Self::Or(rules) => rules.iter().flat_map(Self::children).collect(),
        }
    }

    /// Whether it holds with these states of its children.
    pub(super) fn holds(&self, state_of: &dyn Fn(&str) -> AlarmState) -> bool {
        match self {
            Self::Always(truth) => *truth,
            Self::Is(state, child) => state_of(child) == *state,
            Self::AtLeast {
                count,
                negated,
                state,
                children,
            } => {
                let matching = children
                    .iter()
                    .filter(|child| (state_of(child) == *state) != *negated)
                    .count();
                match count {
                    Count::Number(number) => matching >= *number,
                    Count::Percent(share) => {
                        matching as f64 * 100.0 >= share * children.len() as f64
                    }
                }
            }
            Self::Not(rule) => !rule.holds(state_of),
            Self::And(rules) => rules.iter().all(|rule| rule.holds(state_of)),
            Self::Or(rules) => rules.iter().any(|rule| rule.holds(state_of)),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    text: String,
    quoted: bool,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(&letter) = letters.peek() {
        match letter {
            blank if blank.is_whitespace() => {
                letters.next();
            }
            '(' | ')' | ',' => {
                letters.next();
                tokens.push(Token {
                    text: letter.to_string(),
                    quoted: false,
                });
            }
            '"' => {
                letters.next();
                let mut name = String::new();
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => name.extend(letters.next()),
                        Some(other) => name.push(other),
                        None => return Err("a name in quotes does not end".to_owned()),
                    }
                }
                tokens.push(Token {
                    text: name,
                    quoted: true,
                });
            }
            _ => {
                let mut word = String::new();
                while let Some(&letter) = letters.peek() {
                    if letter.is_whitespace() || "(),".contains(letter) {
                        break;
                    }
                    word.push(letter);
                    letters.next();
                }
                tokens.push(Token {
                    text: word,
                    quoted: false,
                });
            }
        }
    }
    Ok(tokens)
}

struct Reader {
    tokens: Vec<Token>,
    next: usize,
}

impl Reader {
    fn is(&self, word: &str) -> bool {
        self.tokens
            .get(self.next)
            .is_some_and(|token| !token.quoted && token.text.eq_ignore_ascii_case(word))
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.next += usize::from(found);
        found
    }

    fn need(&mut self, word: &str) -> Result<(), String> {
        if self.take(word) {
            Ok(())
        } else {
            Err(format!("`{word}` is missing"))
        }
    }

    fn or(&mut self, depth: usize) -> Result<Rule, String> {
        if depth > DEEPEST {
            return Err("it is nested too deeply".to_owned());
        }
        let mut rules = vec![self.and(depth)?];
        while self.take("OR") {
            rules.push(self.and(depth)?);
        }
        Ok(single(rules, Rule::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Rule, String> {
        let mut rules = vec![self.not(depth)?];
        while self.take("AND") {
            rules.push(self.not(depth)?);
        }
        Ok(single(rules, Rule::And))
    }

    fn not(&mut self, depth: usize) -> Result<Rule, String> {
        if self.take("NOT") {
            if depth > DEEPEST {
                return Err("it is nested too deeply".to_owned());
            }
            return Ok(Rule::Not(Box::new(self.not(depth + 1)?)));
        }
        self.primary(depth)
    }

    fn primary(&mut self, depth: usize) -> Result<Rule, String> {
        if self.take("(") {
            let rule = self.or(depth + 1)?;
            self.need(")")?;
            return Ok(rule);
        }
        for (word, truth) in [("TRUE", true), ("FALSE", false)] {
            if self.take(word) {
                return Ok(Rule::Always(truth));
            }
        }
        if self.take("AT_LEAST") {
            return self.at_least();
        }
        let state = self.state()?;
        self.need("(")?;
        let child = self.name()?;
        self.need(")")?;
        Ok(Rule::Is(state, child))
    }

    fn at_least(&mut self) -> Result<Rule, String> {
        self.need("(")?;
        let text = self.name()?;
        let count = match text.strip_suffix('%') {
            Some(share) => share.parse().map(Count::Percent).ok(),
            None => text.parse().map(Count::Number).ok(),
        }
        .ok_or_else(|| format!("`{text}` is no number"))?;
        self.need(",")?;
        let negated = self.take("NOT");
        let state = self.state()?;
        self.need(",")?;
        self.need("(")?;
        let mut children = vec![self.name()?];
        while self.take(",") {
            children.push(self.name()?);
        }
        self.need(")")?;
        self.need(")")?;
        Ok(Rule::AtLeast {
            count,
            negated,
            state,
            children,
        })
    }

    fn state(&mut self) -> Result<AlarmState, String> {
        let states = [
            AlarmState::Alarm,
            AlarmState::Ok,
            AlarmState::InsufficientData,
        ];
        states
            .into_iter()
            .find(|state| self.take(state.as_str()))
            .ok_or_else(|| "a state is missing".to_owned())
    }

    fn name(&mut self) -> Result<String, String> {
        let token = self.tokens.get(self.next).ok_or("it ends too early")?;
        if !token.quoted && ["(", ")", ","].contains(&token.text.as_str()) {
            return Err(format!("`{}` comes unexpectedly", token.text));
        }
        self.next += 1;
        Ok(token.text.clone())
    }
}

fn single(mut rules: Vec<Rule>, several: fn(Vec<Rule>) -> Rule) -> Rule {
    if rules.len() == 1 {
        rules.remove(0)
    } else {
        several(rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold_as_written() {
        // `a` is in ALARM, `b` in OK, everything else has no data.
        let state_of = |name: &str| match name {
            "a" | "the \"a\"" => AlarmState::Alarm,
            "b" => AlarmState::Ok,
            _ => AlarmState::InsufficientData,
        };
        #[rustfmt::skip]
        let rows = [
            ("ALARM(a)",                                   true),
            ("ALARM(\"the \\\"a\\\"\")",                   true),
            ("ALARM(a) AND OK(b)",                         true),
            ("ALARM(b) OR\n ALARM(a) AND FALSE",           false),
            ("NOT ALARM(c) AND INSUFFICIENT_DATA(c)",      true),
            ("not (alarm(a) or false)",                    false),
            ("AT_LEAST(2, ALARM, (a, b, c))",              false),
            ("AT_LEAST(2, NOT ALARM, (a, b, c))",          true),
            ("AT_LEAST(50%, OK, (a, b))",                  true),
            ("TRUE",                                       true),
        ];
        for (text, holds) in rows {
            let rule = Rule::parse(text).unwrap();
            assert_eq!(rule.holds(&state_of), holds, "{text}");
        }
        assert_eq!(
            Rule::parse("ALARM(a) AND NOT OK(b)").unwrap().children(),
            ["a", "b"]
        );
    }

    #[test]
    fn broken_rules_are_refused() {
        let deep = "(".repeat(100) + "TRUE" + &")".repeat(100);
        for text in [
            "",
            "ALARM()",
            "ALARM(a",
            "ALARM a",
            "ALARM(a) OK(b)",
            "\"a",
            "AND",
            &deep,
        ] {
            assert!(Rule::parse(text).is_err(), "{text}");
        }
    }
}
