//! A parsed filter pattern with what is asked of it again and again: its
//! canonical text, a digest of that, and which facts about an account its
//! meaning depends on. Sets of them are what coverage is decided about.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use filter_pattern::ast::{Ast, Segment};
use filter_pattern::{FilterPattern, ParseError};
use sha2::{Digest, Sha256};

use crate::remembered::Remembered;

/// A digest of canonical texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TextDigest([u8; 32]);

impl Hash for TextDigest {
    /// Its first bytes are as good as all of them.
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(first) = self.0.first_chunk() {
            state.write_u64(u64::from_le_bytes(*first));
        }
    }
}

/// Patterns that were parsed, by their text as somebody wrote it.
static PARSED: LazyLock<Remembered<Pattern>> = LazyLock::new(|| Remembered::up_to(1_024));

/// A parsed pattern. Patterns of equal text are equal.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) filter: FilterPattern,
    /// Its canonical text.
    pub(crate) text: String,
    pub(crate) digest: TextDigest,
    /// Whether it asks for something that depends on the account.
    pub(crate) by_account: bool,
    /// Whether it asks for something that depends on the Region.
    pub(crate) by_region: bool,
    /// Whether it asks for what tells management events from others.
    pub(crate) by_category: bool,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Result<Arc<Self>, ParseError> {
        PARSED.of(text, |text| FilterPattern::parse(text).map(Self::of))
    }

    pub(crate) fn of(filter: FilterPattern) -> Arc<Self> {
        let text = filter.to_string();
        let asked = asked_for(&filter);
        let asks = |part: &str| match &asked {
            Some(keys) => keys.iter().any(|key| key.contains(part)),
            None => true,
        };
        Arc::new(Self {
            digest: TextDigest(Sha256::digest(text.as_bytes()).into()),
            by_account: asks("ccount") || asks("arn"),
            by_region: asks("egion"),
            by_category: ["eventCategory", "managementEvent", "eventType"]
                .into_iter()
                .any(asks),
            filter,
            text,
        })
    }
}

/// The keys that a pattern's conditions ask for; `None` when they may be any.
fn asked_for(filter: &FilterPattern) -> Option<Vec<&str>> {
    match filter.ast() {
        Ast::Empty => Some(Vec::new()),
        Ast::Json(expression) => {
            let conditions = expression.conditions();
            let segments = conditions
                .iter()
                .flat_map(|condition| condition.selector.segments());
            segments
                .filter_map(|segment| match segment {
                    Segment::Key(key) => Some(Some(&**key)),
                    Segment::Index(_) | Segment::AnyIndex => None,
                    Segment::AnyKey => Some(None),
                })
                .collect()
        }
        // Words of the event's text may be anywhere in it.
        Ast::SpaceDelimited(_) | Ast::Terms(_) | Ast::Regex(_) => None,
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Distinct patterns, in the order of their texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct PatternSet {
    pub(crate) patterns: Vec<Arc<Pattern>>,
    pub(crate) digest: TextDigest,
    pub(crate) by_account: bool,
    pub(crate) by_region: bool,
    pub(crate) by_category: bool,
}

impl PatternSet {
    /// No pattern.
    pub(crate) const EMPTY: Self = Self {
        patterns: Vec::new(),
        digest: TextDigest([0; 32]),
        by_account: false,
        by_region: false,
        by_category: false,
    };

    /// The patterns as coverage questions take them.
    pub(crate) fn filters(&self) -> Vec<&FilterPattern> {
        let patterns = self.patterns.iter();
        patterns.map(|pattern| &pattern.filter).collect()
    }
}

impl FromIterator<Arc<Pattern>> for PatternSet {
    fn from_iter<I: IntoIterator<Item = Arc<Pattern>>>(patterns: I) -> Self {
        let mut patterns: Vec<Arc<Pattern>> = patterns.into_iter().collect();
        patterns.sort_by(|a, b| a.text.cmp(&b.text));
        patterns.dedup();
        let mut hasher = Sha256::new();
        for pattern in &patterns {
            hasher.update(pattern.digest.0);
        }
        Self {
            digest: TextDigest(hasher.finalize().into()),
            by_account: patterns.iter().any(|pattern| pattern.by_account),
            by_region: patterns.iter().any(|pattern| pattern.by_region),
            by_category: patterns.iter().any(|pattern| pattern.by_category),
            patterns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_depends_on_is_what_its_conditions_ask_for() {
        #[rustfmt::skip]
        let table = [
            // Pattern, by account, Region and category.
            ("{ $.eventName = StopLogging }",                      [false, false, false]),
            ("{ $.eventName = CreateAccount || $.a = awsRegion }", [false, false, false]),
            ("{ $.recipientAccountId = 111122223333 }",            [true,  false, false]),
            ("{ $.userIdentity.arn = *role* }",                    [true,  false, false]),
            ("{ $.a = 1 && $.awsRegion != eu-west-1 }",            [false, true,  false]),
            ("{ $.eventCategory = Management }",                   [false, false, true]),
            ("{ $.managementEvent IS TRUE }",                      [false, false, true]),
            ("{ $.eventType = AwsApiCall }",                       [false, false, true]),
            ("{ $.resources[0].accountId = 1 }",                   [true,  false, false]),
            ("{ $.resources[*].type = x }",                        [false, false, false]),
            ("{ $.userIdentity.* = x }",                           [true,  true,  true]),
            ("",                                                   [false, false, false]),
            ("StopLogging",                                        [true,  true,  true]),
            ("%Stop.*%",                                           [true,  true,  true]),
            ("[a, b]",                                             [true,  true,  true]),
        ];
        for (text, expected) in table {
            let pattern = Pattern::parse(text).unwrap();
            let depends = [pattern.by_account, pattern.by_region, pattern.by_category];
            assert_eq!(depends, expected, "{text}");
        }
    }
}
