//! What events exist: which fields are always there, which kinds of values they
//! have, and how fields go together. Coverage is decided over a schema.

mod admit;
mod cloudtrail;
mod event_sources;
mod familiar;
mod identity;
mod template;

pub(crate) use admit::{only_mandatory, without_caller};
pub(crate) use cloudtrail::{
    CALL_TYPES, FieldRule, Presence, Relation, documented_paths, mandatory, no_sign_in,
    not_read_only, relations, rule as documented,
};
pub(crate) use event_sources::{
    Claim, documented_events, is_call, is_write_event, likely_sources, services_of_call,
    sources_of_event,
};
pub(crate) use familiar::familiar_events;
pub(crate) use identity::{Caller, arns_like, caller_of_arn};
pub(crate) use template::{
    Circumstances, account_of, better_error_codes, plain_template, template, usual_texts,
};

use crate::ast::Selector;
use crate::parse::ParseError;

/// The events over which coverage is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    records: Records,
    known: Vec<(Selector, Box<str>)>,
}

/// The families of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Records {
    /// Every JSON object.
    Any,
    /// Records of API calls, sign-ins and service events as CloudTrail
    /// documents them, eventVersion 1.08 or later.
    CloudTrail,
    /// Messages that need not be JSON, as events with one member.
    Message,
}

/// Kinds of values, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kinds(pub(crate) u8);

impl Kinds {
    pub(crate) const MISSING: Self = Self(1);
    pub(crate) const NULL: Self = Self(2);
    pub(crate) const BOOLEAN: Self = Self(4);
    pub(crate) const NUMBER: Self = Self(8);
    pub(crate) const STRING: Self = Self(16);
    pub(crate) const ARRAY: Self = Self(32);
    pub(crate) const OBJECT: Self = Self(64);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Schema {
    /// Every JSON object.
    pub fn any() -> Self {
        Self {
            records: Records::Any,
            known: Vec::new(),
        }
    }

    /// Records of API calls, sign-ins and service events as CloudTrail documents
    /// them (eventVersion 1.08 or later). Fields that CloudTrail does not
    /// document are free.
    pub fn cloudtrail() -> Self {
        Self {
            records: Records::CloudTrail,
            known: Vec::new(),
        }
    }

    /// Log messages of any form, as events whose only member is their text.
    pub(crate) fn messages() -> Self {
        Self {
            records: Records::Message,
            known: Vec::new(),
        }
    }

    /// Adds that a field is in every event with exactly this text, for example
    /// `recipientAccountId` with the number of the account that is asked about.
    ///
    /// A selector that is malformed or has a wildcard adds nothing; where it
    /// comes from a user, use [`Schema::try_with_fact`].
    pub fn with_fact(self, selector: &str, value: &str) -> Self {
        let unchanged = self.clone();
        self.try_with_fact(selector, value).unwrap_or(unchanged)
    }

    /// Like [`Schema::with_fact`], for selectors that may be malformed.
    pub fn try_with_fact(mut self, selector: &str, value: &str) -> Result<Self, ParseError> {
        let selector: Selector = selector.parse()?;
        if selector.has_wildcard() {
            return Err(ParseError::syntax(
                0..0,
                "a known fact needs a selector without wildcards",
            ));
        }
        self.known.retain(|(other, _)| *other != selector);
        self.known.push((selector, value.into()));
        Ok(self)
    }

    pub(crate) fn records(&self) -> Records {
        self.records
    }

    /// Facts that the caller added.
    pub(crate) fn known(&self) -> &[(Selector, Box<str>)] {
        &self.known
    }

    /// What the schema says about a field.
    pub(crate) fn rule(&self, selector: &Selector) -> Option<&'static FieldRule> {
        match self.records {
            Records::Any => None,
            Records::Message => cloudtrail::message_rule(selector),
            Records::CloudTrail => cloudtrail::rule(selector),
        }
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self::cloudtrail()
    }
}
