//! The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR …)`, read into
//! a tree and decided in three-valued logic over the states of its children.
//! What a rule means for a chain is `composite`'s.

use std::collections::BTreeSet;

/// A state that an alarm can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlarmState {
    Ok,
    Alarm,
    InsufficientData,
}

impl AlarmState {
    pub(crate) const ALL: [Self; 3] = [Self::Ok, Self::Alarm, Self::InsufficientData];
}

/// A composite alarm's rule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AlarmRule {
    Constant(bool),
    In(AlarmState, String),
    Not(Box<AlarmRule>),
    And(Vec<AlarmRule>),
    Or(Vec<AlarmRule>),
    AtLeast {
        count: Count,
        negated: bool,
        state: AlarmState,
        alarms: Vec<String>,
    },
}

/// How many alarms `AT_LEAST` wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Count {
    Alarms(u32),
    Percent(u32),
}

impl AlarmRule {
    /// Reads a rule; `None` when it is not one that is documented.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens };
        let rule = parser.or(0)?;
        parser.tokens.is_empty().then_some(rule)
    }

    /// Names or ARNs of the alarms that it mentions.
    pub(crate) fn alarms(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        self.collect(&mut names);
        names
    }

    fn collect<'a>(&'a self, names: &mut BTreeSet<&'a str>) {
        match self {
            Self::Constant(_) => {}
            Self::In(_, alarm) => {
                names.insert(alarm);
            }
            Self::Not(rule) => rule.collect(names),
            Self::And(rules) | Self::Or(rules) => rules.iter().for_each(|r| r.collect(names)),
            Self::AtLeast { alarms, .. } => names.extend(alarms.iter().map(String::as_str)),
        }
    }

    /// Whether the rule is true when `state` tells an alarm's state; `None`
    /// (for an alarm, and as the answer) is "either".
    pub(crate) fn decide(&self, state: &dyn Fn(&str) -> Option<AlarmState>) -> Option<bool> {
        self.decide_where(&|alarm, wanted| state(alarm).map(|is| is == wanted))
    }

    /// Whether the rule is true when `is_in` tells whether an alarm is in a state;
    /// `None` is "it may or may not be".
    pub(crate) fn decide_where(
        &self,
        is_in: &dyn Fn(&str, AlarmState) -> Option<bool>,
    ) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::In(wanted, alarm) => is_in(alarm, *wanted),
            Self::Not(rule) => rule.decide_where(is_in).map(|value| !value),
            Self::And(rules) => all(rules.iter().map(|rule| rule.decide_where(is_in))),
            Self::Or(rules) => all(rules
                .iter()
                .map(|rule| rule.decide_where(is_in).map(|v| !v)))
            .map(|v| !v),
            Self::AtLeast {
                count,
                negated,
                state: wanted,
                alarms,
            } => {
                let needed = match count {
                    Count::Alarms(number) => *number as usize,
                    Count::Percent(percent) => (alarms.len() * *percent as usize).div_ceil(100),
                };
                let in_state = |alarm: &String| is_in(alarm, *wanted).map(|is| is != *negated);
                let sure = alarms.iter().filter(|a| in_state(a) == Some(true)).count();
                let possible = alarms.iter().filter(|a| in_state(a) != Some(false)).count();
                match (sure >= needed, possible >= needed) {
                    (true, _) => Some(true),
                    (_, false) => Some(false),
                    _ => None,
                }
            }
        }
    }
}

fn all(values: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for value in values {
        match value {
            Some(false) => return Some(false),
            Some(true) => {}
            None => result = None,
        }
    }
    result
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Quoted(String),
    Bare(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&next) = chars.peek() {
        match next {
            '(' | ')' | ',' => {
                chars.next();
                tokens.push(match next {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                });
            }
            '"' => {
                chars.next();
                let mut name = String::new();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => name.push(chars.next()?),
                        other => name.push(other),
                    }
                }
                tokens.push(Token::Quoted(name));
            }
            blank if blank.is_whitespace() => {
                chars.next();
            }
            _ => {
                let mut word = String::new();
                while let Some(&c) = chars.peek() {
                    if c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"') {
                        break;
                    }
                    word.push(c);
                    chars.next();
                }
                tokens.push(Token::Bare(word));
            }
        }
    }
    Some(tokens)
}

/// Deeper than any rule that AWS accepts (500 elements) needs to nest in practice.
const DEEPEST: usize = 64;

struct Parser<'a> {
    tokens: &'a [Token],
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        match self.tokens.first() {
            Some(Token::Bare(word)) if word.eq_ignore_ascii_case(keyword) => {
                self.tokens = &self.tokens[1..];
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, token: &Token) -> Option<()> {
        (self.next()? == *token).then_some(())
    }

    fn or(&mut self, depth: usize) -> Option<AlarmRule> {
        let mut rules = vec![self.and(depth)?];
        while self.keyword("OR") {
            rules.push(self.and(depth)?);
        }
        Some(single(rules, AlarmRule::Or))
    }

    fn and(&mut self, depth: usize) -> Option<AlarmRule> {
        let mut rules = vec![self.not(depth)?];
        while self.keyword("AND") {
            rules.push(self.not(depth)?);
        }
        Some(single(rules, AlarmRule::And))
    }

    fn not(&mut self, depth: usize) -> Option<AlarmRule> {
        if depth > DEEPEST {
            return None;
        }
        if self.keyword("NOT") {
            return Some(AlarmRule::Not(Box::new(self.not(depth + 1)?)));
        }
        match self.next()? {
            Token::Open => {
                let rule = self.or(depth + 1)?;
                self.expect(&Token::Close)?;
                Some(rule)
            }
            Token::Bare(word) if word.eq_ignore_ascii_case("TRUE") => {
                Some(AlarmRule::Constant(true))
            }
            Token::Bare(word) if word.eq_ignore_ascii_case("FALSE") => {
                Some(AlarmRule::Constant(false))
            }
            Token::Bare(word) if word.eq_ignore_ascii_case("AT_LEAST") => self.at_least(),
            Token::Bare(word) => {
                let state = state_named(&word)?;
                self.expect(&Token::Open)?;
                let alarm = self.reference()?;
                self.expect(&Token::Close)?;
                Some(AlarmRule::In(state, alarm))
            }
            _ => None,
        }
    }

    fn at_least(&mut self) -> Option<AlarmRule> {
        self.expect(&Token::Open)?;
        let Token::Bare(number) = self.next()? else {
            return None;
        };
        let count = match number.strip_suffix('%') {
            Some(percent) => Count::Percent(percent.parse().ok()?),
            None => Count::Alarms(number.parse().ok()?),
        };
        self.expect(&Token::Comma)?;
        let negated = self.keyword("NOT");
        let Token::Bare(word) = self.next()? else {
            return None;
        };
        let state = state_named(&word)?;
        self.expect(&Token::Comma)?;
        self.expect(&Token::Open)?;
        let mut alarms = vec![self.reference()?];
        while self.tokens.first() == Some(&Token::Comma) {
            self.next();
            alarms.push(self.reference()?);
        }
        self.expect(&Token::Close)?;
        self.expect(&Token::Close)?;
        Some(AlarmRule::AtLeast {
            count,
            negated,
            state,
            alarms,
        })
    }

    fn reference(&mut self) -> Option<String> {
        match self.next()? {
            Token::Quoted(name) | Token::Bare(name) => Some(name),
            _ => None,
        }
    }
}

fn single(mut rules: Vec<AlarmRule>, many: fn(Vec<AlarmRule>) -> AlarmRule) -> AlarmRule {
    if rules.len() == 1 {
        rules.remove(0)
    } else {
        many(rules)
    }
}

fn state_named(word: &str) -> Option<AlarmState> {
    [
        ("ALARM", AlarmState::Alarm),
        ("OK", AlarmState::Ok),
        ("INSUFFICIENT_DATA", AlarmState::InsufficientData),
    ]
    .into_iter()
    .find(|(name, _)| word.eq_ignore_ascii_case(name))
    .map(|(_, state)| state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_decided_in_three_valued_logic() {
        use AlarmState::{Alarm, Ok};
        let states = |alarm: &str| match alarm {
            "on" | "with \"quotes\"" => Some(Alarm),
            "off" => Some(Ok),
            _ => None,
        };
        for (rule, value) in [
            ("ALARM(on)", Some(true)),
            ("ALARM(\"off\")", Some(false)),
            ("ALARM(other)", None),
            ("ALARM(on) OR ALARM(other)", Some(true)),
            ("ALARM(on)\n AND NOT ALARM(other)", None),
            ("ALARM(off) AND ALARM(other)", Some(false)),
            ("NOT (OK(on) OR FALSE)", Some(true)),
            ("ALARM(on) OR ALARM(off) AND ALARM(off)", Some(true)),
            ("(ALARM(on) OR ALARM(off)) AND ALARM(off)", Some(false)),
            ("AT_LEAST(1, ALARM, (on, other))", Some(true)),
            ("AT_LEAST(2, ALARM, (on, other, off))", None),
            ("AT_LEAST(60%, NOT OK, (\"on\", off, off))", Some(false)),
            ("ALARM(\"with \\\"quotes\\\"\")", Some(true)),
            ("false", Some(false)),
        ] {
            assert_eq!(
                AlarmRule::parse(rule).unwrap().decide(&states),
                value,
                "{rule}"
            );
        }
    }

    #[test]
    fn what_is_not_documented_is_not_a_rule() {
        for text in [
            "",
            "ALARM",
            "ALARM(a",
            "ALARM(a) ALARM(b)",
            "FIRE(a)",
            "ALARM(\"a",
            "AND",
            "AT_LEAST(x, ALARM, (a))",
        ] {
            assert_eq!(AlarmRule::parse(text), None, "{text}");
        }
    }
}
