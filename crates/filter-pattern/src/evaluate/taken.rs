//! Points on which the evaluator follows an observation, or one statement of the
//! documentation against another: no question of how to read AWS, but still what
//! an answer can rest on.

use crate::cover::Assumption;

/// A point that is taken as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    LeftmostWildcards,
    ExactNumbers,
    NumbersAsTexts,
    LastMemberCounts,
    OptionalTermsIgnored,
    LastFieldTakesTheRest,
}

impl Taken {
    pub(super) const ALL: [Self; 6] = [
        Self::LeftmostWildcards,
        Self::ExactNumbers,
        Self::NumbersAsTexts,
        Self::LastMemberCounts,
        Self::OptionalTermsIgnored,
        Self::LastFieldTakesTheRest,
    ];

    pub(crate) fn assumption(self) -> Assumption {
        match self {
            Self::LeftmostWildcards => Assumption::new(
                "leftmost-wildcards",
                "each piece between wildcards is found at its first place, without going back",
                "observed on TestMetricFilter, not documented by AWS",
            ),
            Self::ExactNumbers => Assumption::new(
                "exact-numbers",
                "numbers are compared exactly, not rounded to 64 bits",
                "not documented by AWS",
            ),
            Self::NumbersAsTexts => Assumption::new(
                "numbers-as-texts",
                "a number without quotation marks equals a text of the same characters",
                "observed for texts of other characters (they are compared), not documented by AWS",
            ),
            Self::LastMemberCounts => Assumption::new(
                "last-member-counts",
                "of members of an object with the same key the last one counts",
                "not documented by AWS",
            ),
            Self::OptionalTermsIgnored => Assumption::new(
                "optional-terms-ignored",
                "terms with `?` are ignored beside other terms",
                "FilterAndPatternSyntax; some who counted matches saw otherwise",
            ),
            Self::LastFieldTakesTheRest => Assumption::new(
                "last-field-takes-the-rest",
                "the last field of a space-delimited pattern takes the rest of a longer message",
                "follows from the examples of FilterAndPatternSyntax",
            ),
        }
    }
}
