//! Property selectors: the way from the root of an event to a value.

use std::fmt;
use std::str::FromStr;

use crate::parse::ParseError;

/// A property selector such as `$.userIdentity.type` or `$.items[0].id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selector {
    segments: Box<[Segment]>,
}

/// One step of a property selector.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// The value of a key.
    Key(Box<str>),
    /// The element of an array, counted from zero.
    Index(u32),
    /// `.*`: the value of any key.
    AnyKey,
    /// `[*]`: any element of an array.
    AnyIndex,
}

impl Segment {
    /// Whether the step stands for several values.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::AnyKey | Self::AnyIndex)
    }
}

impl Selector {
    /// A selector of these steps.
    pub fn new(segments: impl Into<Box<[Segment]>>) -> Self {
        Self {
            segments: segments.into(),
        }
    }

    /// A selector that follows keys: `of_keys(["userIdentity", "type"])`.
    pub fn of_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            segments: keys
                .into_iter()
                .map(|key| Segment::Key(key.into()))
                .collect(),
        }
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether one of the steps is a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.segments.iter().any(Segment::is_wildcard)
    }

    /// The selector without its last step; `None` when that is the root.
    pub fn parent(&self) -> Option<Self> {
        match self.segments.split_last() {
            None | Some((_, [])) => None,
            Some((_, rest)) => Some(Self {
                segments: rest.into(),
            }),
        }
    }

    /// The keys joined by dots, as documentation writes a field
    /// (`userIdentity.type`); the canonical selector when it is no plain path.
    pub fn field_name(&self) -> String {
        let text = self.to_string();
        match text.strip_prefix("$.") {
            Some(rest) if !rest.contains(['[', '*']) => rest.to_owned(),
            _ => text,
        }
    }
}

/// Reads a selector with or without the leading `$.`.
impl FromStr for Selector {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        crate::parse::selector(text)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("$")?;
        for segment in &self.segments {
            match segment {
                Segment::Key(key) if is_plain_key(key) => write!(formatter, ".{key}")?,
                Segment::Key(key) if key.contains('\'') => write!(formatter, ".[\"{key}\"]")?,
                Segment::Key(key) => write!(formatter, ".['{key}']")?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
                Segment::AnyKey => formatter.write_str(".*")?,
                Segment::AnyIndex => formatter.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// Whether a key may stand after a dot without quotes.
pub(crate) fn is_plain_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(is_plain_key_byte)
}

/// "Property selectors are alphanumeric strings that also support hyphen and
/// underscore characters." (`FilterAndPatternSyntax`)
pub(crate) fn is_plain_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
