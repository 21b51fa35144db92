//! Property selectors: the way from the root of an event to a value.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use crate::parse::ParseError;

/// A property selector such as `$.userIdentity.type` or `$.items[0].id`.
#[derive(Clone)]
pub struct Selector {
    /// Shared with the selectors of the values above: a proof asks for all of them,
    /// and a selector may have hundreds of steps.
    way: Arc<[Segment]>,
    /// How many steps of the way are this selector's.
    steps: usize,
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
        let segments: Box<[Segment]> = segments.into();
        Self {
            steps: segments.len(),
            way: segments.into(),
        }
    }

    /// A selector that follows keys: `of_keys(["userIdentity", "type"])`.
    pub fn of_keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let keys = keys.into_iter().map(|key| Segment::Key(key.into()));
        Self::new(keys.collect::<Vec<_>>())
    }

    /// Whether it follows just these keys.
    pub(crate) fn follows_keys(&self, keys: &[&str]) -> bool {
        let is = |(segment, key): (&Segment, &&str)| matches!(segment, Segment::Key(it) if **it == **key);
        self.steps == keys.len() && self.segments().iter().zip(keys).all(is)
    }

    /// The steps from the root.
    pub fn segments(&self) -> &[Segment] {
        &self.way[..self.steps]
    }

    /// Whether one of the steps is a wildcard.
    pub fn has_wildcard(&self) -> bool {
        self.segments().iter().any(Segment::is_wildcard)
    }

    /// The selector without its last step; `None` when that is the root.
    pub fn parent(&self) -> Option<Self> {
        (self.steps > 1).then(|| Self {
            way: Arc::clone(&self.way),
            steps: self.steps - 1,
        })
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

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.segments() == other.segments()
    }
}

impl Eq for Selector {}

impl PartialOrd for Selector {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Selector {
    fn cmp(&self, other: &Self) -> Ordering {
        self.segments().cmp(other.segments())
    }
}

/// Steps at each end that tell selectors apart well enough for a hash.
const HASHED_STEPS: usize = 8;

impl Hash for Selector {
    /// Of very long selectors, only the ends: a proof looks up one selector for each of
    /// their steps.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let segments = self.segments();
        segments.len().hash(state);
        let first = HASHED_STEPS.min(segments.len());
        let last = first.max(segments.len().saturating_sub(HASHED_STEPS));
        segments[..first].hash(state);
        segments[last..].hash(state);
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let segments = self.segments();
        formatter
            .debug_struct("Selector")
            .field("segments", &segments)
            .finish()
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
        for segment in self.segments() {
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

#[cfg(test)]
mod tests {
    use std::collections::hash_map::DefaultHasher;

    use super::*;

    #[test]
    fn a_selector_follows_keys_when_these_are_all_its_steps() {
        #[rustfmt::skip]
        let table = [
            ("$.a.b",   true),
            ("$.a.c",   false),
            ("$.c.b",   false),
            ("$.a",     false),
            ("$.a.b.c", false),
            ("$.a[0]",  false),
            ("$.*.b",   false),
        ];
        for (text, expected) in table {
            let selector: Selector = text.parse().unwrap();
            assert_eq!(selector.follows_keys(&["a", "b"]), expected, "{text}");
            let parent = selector.parent();
            assert!(
                parent.is_none_or(|parent| !parent.follows_keys(&["a", "b"]) || text == "$.a.b.c")
            );
        }
    }

    #[test]
    fn the_parent_of_a_selector_is_the_selector_of_the_value_above() {
        let hash = |selector: &Selector| {
            let mut hasher = DefaultHasher::new();
            selector.hash(&mut hasher);
            hasher.finish()
        };
        for (text, above) in [
            ("$.a", None),
            ("$.a.b", Some("$.a")),
            ("$.a[1].*", Some("$.a[1]")),
            ("$.a.b.c.d.e.f.g.h", Some("$.a.b.c.d.e.f.g")),
            ("$.a.b.c.d.e.f.g.h.i", Some("$.a.b.c.d.e.f.g.h")),
            (
                "$.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r",
                Some("$.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q"),
            ),
        ] {
            let selector: Selector = text.parse().unwrap();
            let expected: Option<Selector> = above.map(|above| above.parse().unwrap());
            let parent = selector.parent();
            assert_eq!(parent, expected, "{text}");
            assert_eq!(parent.as_ref().map(hash), expected.as_ref().map(hash));
            assert!(parent < Some(selector), "{text}");
        }
    }
}
