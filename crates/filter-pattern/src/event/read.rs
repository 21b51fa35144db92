//! Reads JSON and keeps the text of numbers. Strict (RFC 8259), with a bound on
//! nesting.

use super::EventValue;

/// The deepest nesting that is read; CloudTrail records stay far below.
const NESTING: usize = 256;

/// Why a text is no JSON event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The text is no JSON.
    #[error("the event is not valid JSON: {message} at byte {at}")]
    Invalid {
        /// What was found or expected.
        message: &'static str,
        /// Where, in bytes.
        at: usize,
    },
    /// Arrays and objects nest too deep.
    #[error("the event nests deeper than {NESTING} levels")]
    TooDeep,
    /// The text is JSON, but no object.
    #[error("the event is JSON, but no object; give one event as `{{ … }}`")]
    NotAnObject,
}

pub(super) fn value(json: &str) -> Result<EventValue, EventError> {
    let mut reader = Reader {
        text: json,
        bytes: json.as_bytes(),
        at: 0,
    };
    let value = reader.value(0)?;
    reader.skip_blanks();
    if reader.at < reader.bytes.len() {
        return Err(reader.invalid("unexpected text after the event"));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn invalid(&self, message: &'static str) -> EventError {
        EventError::Invalid {
            message,
            at: self.at,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let stands_here = self.bytes[self.at..].starts_with(token.as_bytes());
        if stands_here {
            self.at += token.len();
        }
        stands_here
    }

    fn value(&mut self, depth: usize) -> Result<EventValue, EventError> {
        if depth > NESTING {
            return Err(EventError::TooDeep);
        }
        self.skip_blanks();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|text| EventValue::String(text.into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.eat("null") => Ok(EventValue::Null),
            _ if self.eat("true") => Ok(EventValue::Bool(true)),
            _ if self.eat("false") => Ok(EventValue::Bool(false)),
            _ => Err(self.invalid("expected a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<EventValue, EventError> {
        self.at += 1;
        let mut members = Vec::new();
        self.skip_blanks();
        if self.eat("}") {
            return Ok(EventValue::Object(members));
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return Err(self.invalid("expected a key in quotation marks"));
            }
            let key = self.string()?;
            self.skip_blanks();
            if !self.eat(":") {
                return Err(self.invalid("expected `:`"));
            }
            members.push((key.into(), self.value(depth + 1)?));
            self.skip_blanks();
            if self.eat("}") {
                return Ok(EventValue::Object(members));
            }
            if !self.eat(",") {
                return Err(self.invalid("expected `,` or `}`"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<EventValue, EventError> {
        self.at += 1;
        let mut elements = Vec::new();
        self.skip_blanks();
        if self.eat("]") {
            return Ok(EventValue::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.skip_blanks();
            if self.eat("]") {
                return Ok(EventValue::Array(elements));
            }
            if !self.eat(",") {
                return Err(self.invalid("expected `,` or `]`"));
            }
        }
    }

    fn number(&mut self) -> Result<EventValue, EventError> {
        let length = json_number_length(&self.bytes[self.at..]);
        if length == 0 {
            return Err(self.invalid("malformed number"));
        }
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        Ok(EventValue::Number(text.into()))
    }

    fn string(&mut self) -> Result<String, EventError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while self
                .peek()
                .is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20)
            {
                self.at += 1;
            }
            text.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.invalid("control character in a text")),
                None => return Err(self.invalid("a text is not closed")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, EventError> {
        self.at += 1;
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return Err(self.invalid("unknown escape")),
        };
        self.at += 1;
        Ok(character)
    }

    /// Half of a surrogate pair stands for no character; JSON's grammar admits it
    /// (RFC 8259, section 8.2), so it becomes the replacement character and the
    /// other values of the event can still be matched.
    fn unicode_escape(&mut self) -> Result<char, EventError> {
        let high = self.hexadecimal()?;
        let after_high = self.at;
        if (0xd800..0xdc00).contains(&high) && self.eat("\\u") {
            let low = self.hexadecimal()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return char::from_u32(code).ok_or_else(|| self.invalid("unknown character"));
            }
            self.at = after_high;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hexadecimal(&mut self) -> Result<u32, EventError> {
        let digits = self
            .text
            .get(self.at..self.at + 4)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.invalid("expected four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

/// How many bytes at the start are a JSON number; 0 when none is.
pub(crate) fn json_number_length(bytes: &[u8]) -> usize {
    let digits_at = |at: usize| {
        bytes[at.min(bytes.len())..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits_at(at);
    if whole == 0 {
        return 0;
    }
    at += if bytes[at] == b'0' { 1 } else { whole };
    if bytes.get(at) == Some(&b'.') && digits_at(at + 1) > 0 {
        at += 1 + digits_at(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let digits = digits_at(at + 1 + sign);
        if digits > 0 {
            at += 1 + sign + digits;
        }
    }
    at
}

/// Whether a whole text is one JSON number.
pub(crate) fn is_json_number(text: &str) -> bool {
    !text.is_empty() && json_number_length(text.as_bytes()) == text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_json_is_refused() {
        for json in [
            "",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\n\"}",
            "{} {}",
            "{\"a\":tru}",
            "{\"a\":\"\\ud80\"}",
            "{\"a\":+1}",
            "{\"a\":.5}",
        ] {
            assert!(
                matches!(value(json), Err(EventError::Invalid { .. })),
                "`{json}`"
            );
        }
        assert_eq!(value(&"[".repeat(10_000)), Err(EventError::TooDeep));
    }

    #[test]
    fn each_escape_stands_for_its_character() {
        #[rustfmt::skip]
        let table = [
            (r"\b", "\u{8}"), (r"\f", "\u{c}"), (r"\n", "\n"), (r"\r", "\r"), (r"\t", "\t"),
            (r"\/", "/"),     (r"\\", "\\"),    (r#"\""#, "\""),
            (r"\u00e9", "é"), (r"\ud83d\ude00", "😀"), (r"\ud83d", "\u{fffd}"), (r"\ud83dx", "\u{fffd}x"),
        ];
        for (written, character) in table {
            let found = value(&format!("\"{written}\""));
            assert_eq!(found, Ok(EventValue::String(character.into())), "{written}");
        }
    }

    #[test]
    fn arrays_and_objects_nest_as_deep_as_the_bound() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |levels: usize| {
                let (open, close) = (open.repeat(levels), close.repeat(levels));
                value(&format!("{open}1{close}"))
            };
            assert!(nested(NESTING).is_ok(), "{open}");
            for levels in [NESTING + 1, NESTING + 2] {
                assert_eq!(nested(levels), Err(EventError::TooDeep), "{open} {levels}");
            }
        }
    }

    #[test]
    fn number_texts_follow_the_json_grammar() {
        for (text, valid) in [
            ("0", true),
            ("-1.5e+3", true),
            ("00", false),
            ("1.", false),
            ("1e", false),
            ("+1", false),
            ("", false),
        ] {
            assert_eq!(is_json_number(text), valid, "{text}");
        }
    }
}
