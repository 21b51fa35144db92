//! Reads AWS's subset of regular expressions and writes it for `regex-syntax`,
//! whose syntax is wider and reads some spellings differently.

use std::fmt::Write as _;
use std::ops::Range;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;

/// Why a regular expression is not one that AWS accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RegexError {
    message: String,
    span: Range<usize>,
}

impl RegexError {
    fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            message: message.into(),
            span,
        }
    }

    pub(super) fn too_large(length: usize) -> Self {
        Self::new(
            "the regular expression is too large; lower its repetition counts",
            0..length,
        )
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where, in bytes of the expression.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\x20\x09\x0A\x0B\x0C\x0D";

/// Symbols that stand for themselves. The blank is not in the list of the page
/// (`regex-expressions`) but in one of its examples, `%^starting|^shutting down%`.
const SYMBOLS: &str = ":_#=@/;,- ";

/// Operators, which a backslash makes stand for themselves.
const OPERATORS: &str = r"^$?[]{}|\*+.";

fn is_supported(character: char) -> bool {
    character.is_ascii_alphanumeric() || SYMBOLS.contains(character)
}

fn unsupported(character: char, span: Range<usize>) -> RegexError {
    let message = if character.is_ascii_graphic() {
        // AWS refuses escaped parentheses as well, and names this way out.
        format!(
            "`{character}` is not supported in regular expressions of filter patterns; write `\\x{:02X}` for the character",
            u32::from(character)
        )
    } else {
        format!("`{character}` is not supported in regular expressions of filter patterns")
    };
    RegexError::new(message, span)
}

/// The error about a parenthesis, which everywhere else is one of a group.
fn group(parenthesis: char, at: usize) -> RegexError {
    let message = format!(
        "groups are not part of CloudWatch's regular expressions; write alternatives out, `xa|xb` for `x(a|b)`, and `\\x{:02X}` for the character `{parenthesis}`",
        u32::from(parenthesis)
    );
    RegexError::new(message, at..at + 1)
}

/// One escaped character or class.
enum Escape {
    Literal(char),
    Class { set: &'static str, negated: bool },
}

pub(super) fn translate(text: &str) -> Result<Hir, RegexError> {
    let mut translator = Translator {
        text,
        at: 0,
        output: String::with_capacity(text.len() * 2),
    };
    translator.run()?;
    ParserBuilder::new()
        .unicode(true)
        .utf8(true)
        .nest_limit(20)
        .build()
        .parse(&translator.output)
        .map_err(|error| {
            let reason = match error {
                regex_syntax::Error::Parse(error) => error.kind().to_string(),
                regex_syntax::Error::Translate(error) => error.kind().to_string(),
                _ => "it cannot be read".to_owned(),
            };
            RegexError::new(
                format!("the regular expression is not valid: {reason}"),
                0..text.len(),
            )
        })
}

struct Translator<'a> {
    text: &'a str,
    at: usize,
    output: String,
}

impl Translator<'_> {
    fn run(&mut self) -> Result<(), RegexError> {
        if self.text.is_empty() {
            return Err(RegexError::new("the regular expression is empty", 0..0));
        }
        let mut may_repeat = false;
        while let Some(character) = self.peek() {
            let start = self.at;
            match character {
                '*' | '+' | '?' | '{' => {
                    if !may_repeat {
                        let message = format!("`{character}` has nothing before it to repeat");
                        return Err(RegexError::new(message, start..start + 1));
                    }
                    self.repetition(character)?;
                    may_repeat = false;
                }
                '^' | '$' | '|' => {
                    self.bump();
                    self.output.push(character);
                    may_repeat = false;
                }
                '.' => {
                    self.bump();
                    self.output.push('.');
                    may_repeat = true;
                }
                '[' => {
                    self.class()?;
                    may_repeat = true;
                }
                ']' | '}' => {
                    let message =
                        format!("`{character}` has no opening counterpart; write `\\{character}`");
                    return Err(RegexError::new(message, start..start + 1));
                }
                '\\' => {
                    match self.escape()? {
                        Escape::Literal(literal) => self.push_literal(literal),
                        Escape::Class { set, negated } => {
                            let sign = if negated { "^" } else { "" };
                            let _ = write!(self.output, "[{sign}{set}]");
                        }
                    }
                    may_repeat = true;
                }
                '(' | ')' => return Err(group(character, start)),
                _ => {
                    self.supported(character)?;
                    self.bump();
                    self.push_literal(character);
                    may_repeat = true;
                }
            }
        }
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn push_literal(&mut self, character: char) {
        let _ = write!(self.output, "\\x{{{:X}}}", u32::from(character));
    }

    /// The character here, which stands for itself.
    fn supported(&self, character: char) -> Result<(), RegexError> {
        if is_supported(character) {
            return Ok(());
        }
        let span = self.at..self.at + character.len_utf8();
        Err(unsupported(character, span))
    }

    /// `*`, `+`, `?` or `{n}`, `{n,}`, `{,m}`, `{n,m}`, and a `?` that makes it lazy.
    /// "Either m or n can be omitted." (`regex-expressions`)
    fn repetition(&mut self, character: char) -> Result<(), RegexError> {
        let start = self.at;
        if character == '{' {
            let Some(length) = self.text[start..].find('}') else {
                return Err(RegexError::new(
                    "`{` is not closed; write `\\{` for the character",
                    start..start + 1,
                ));
            };
            let end = start + length + 1;
            let inner = &self.text[start + 1..end - 1];
            let (low, high) = match inner.split_once(',') {
                Some((low, high)) => (low, Some(high)),
                None => (inner, None),
            };
            let is_count = |part: &str| {
                part.bytes().all(|byte| byte.is_ascii_digit())
                    && part.parse::<u32>().is_ok_and(|count| count <= 1000)
            };
            let valid = match high {
                None | Some("") => is_count(low),
                Some(high) => (low.is_empty() || is_count(low)) && is_count(high),
            };
            if !valid {
                let message =
                    "expected a repetition such as `{2}`, `{2,}`, `{,5}` or `{2,5}`, up to 1000";
                return Err(RegexError::new(message, start..end));
            }
            let low = if low.is_empty() { "0" } else { low };
            let _ = match high {
                None => write!(self.output, "{{{low}}}"),
                Some(high) => write!(self.output, "{{{low},{high}}}"),
            };
            self.at = end;
        } else {
            self.bump();
            self.output.push(character);
        }
        if self.peek() == Some('?') {
            self.bump();
            self.output.push('?');
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<Escape, RegexError> {
        let start = self.at;
        self.bump();
        let Some(character) = self.peek() else {
            return Err(RegexError::new(
                "`\\` has nothing after it",
                start..self.text.len(),
            ));
        };
        self.bump();
        Ok(match character {
            'd' => Escape::Class {
                set: DIGIT,
                negated: false,
            },
            'D' => Escape::Class {
                set: DIGIT,
                negated: true,
            },
            's' => Escape::Class {
                set: SPACE,
                negated: false,
            },
            'S' => Escape::Class {
                set: SPACE,
                negated: true,
            },
            'w' => Escape::Class {
                set: WORD,
                negated: false,
            },
            'W' => Escape::Class {
                set: WORD,
                negated: true,
            },
            'x' => {
                let digits = self.text.get(self.at..self.at + 2).unwrap_or_default();
                let code = u8::from_str_radix(digits, 16)
                    .ok()
                    .filter(|_| !digits.contains('+'));
                let Some(code) = code.filter(u8::is_ascii) else {
                    let message = "expected two hexadecimal digits up to 7F after `\\x`";
                    return Err(RegexError::new(message, start..self.at));
                };
                self.at += 2;
                Escape::Literal(char::from(code))
            }
            _ if OPERATORS.contains(character) || SYMBOLS.contains(character) => {
                Escape::Literal(character)
            }
            _ if character.is_ascii_punctuation() => {
                return Err(unsupported(character, start..self.at));
            }
            _ => {
                let message = format!(
                    "`\\{character}` is not supported in regular expressions of filter patterns"
                );
                return Err(RegexError::new(message, start..self.at));
            }
        })
    }

    fn class(&mut self) -> Result<(), RegexError> {
        let start = self.at;
        self.bump();
        self.output.push('[');
        if self.peek() == Some('^') {
            self.bump();
            self.output.push('^');
        }
        let mut empty = true;
        loop {
            match self.peek() {
                None => {
                    return Err(RegexError::new(
                        "`[` is not closed; write `\\[` for the character",
                        start..start + 1,
                    ));
                }
                Some(']') if empty => {
                    return Err(RegexError::new(
                        "the character class is empty",
                        start..self.at + 1,
                    ));
                }
                Some(']') => break,
                Some(_) => {}
            }
            empty = false;
            let item = self.at;
            match self.class_item()? {
                Escape::Class {
                    set,
                    negated: false,
                } => self.output.push_str(set),
                Escape::Class { set, negated: true } => {
                    let _ = write!(self.output, "[^{set}]");
                }
                Escape::Literal(low) => {
                    self.push_literal(low);
                    let rest = &self.text[self.at..];
                    if rest.starts_with('-') && !rest.starts_with("-]") {
                        self.bump();
                        let Escape::Literal(high) = self.class_item()? else {
                            return Err(RegexError::new(
                                "a range needs a character at its end",
                                item..self.at,
                            ));
                        };
                        if high < low {
                            return Err(RegexError::new(
                                "the range is the wrong way round",
                                item..self.at,
                            ));
                        }
                        self.output.push('-');
                        self.push_literal(high);
                    }
                }
            }
        }
        self.bump();
        self.output.push(']');
        Ok(())
    }

    fn class_item(&mut self) -> Result<Escape, RegexError> {
        match self.peek() {
            Some('\\') => self.escape(),
            Some(character @ ('.' | '$' | '?' | '{' | '}' | '|' | '*' | '+' | '^')) => {
                self.bump();
                Ok(Escape::Literal(character))
            }
            Some(character) => {
                self.supported(character)?;
                self.bump();
                Ok(Escape::Literal(character))
            }
            None => Err(RegexError::new("`[` is not closed", self.at..self.at)),
        }
    }
}
