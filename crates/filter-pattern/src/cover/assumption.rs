//! What an answer rests on, by name and with its source.

use std::borrow::Cow;
use std::fmt;

/// A statement about CloudTrail or CloudWatch Logs that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Assumption {
    name: Cow<'static, str>,
    statement: Cow<'static, str>,
    source: &'static str,
}

impl Assumption {
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        statement: impl Into<Cow<'static, str>>,
        source: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            statement: statement.into(),
            source,
        }
    }

    /// A stable name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The statement, lower case and without a full stop.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// Where the statement comes from.
    pub fn source(&self) -> &str {
        self.source
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.statement, self.source)
    }
}
