//! `Known<T>`: a fact that was read, with the call it came from, or the reason
//! why it was not. Every fact of a snapshot is one, so that forgetting about
//! "unknown" does not compile. No AWS type and no decision lives here.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Region;
use crate::reason::Reason;

/// A fact about an account: read from AWS, or not read and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "known", rename_all = "snake_case")]
pub enum Known<T> {
    /// The value, and the call that returned it.
    Read {
        /// What the call returned.
        value: T,
        /// Where it came from.
        call: Call,
    },
    /// The value could not be, or was not, read.
    Unread(Unread),
}

impl<T> Known<T> {
    /// A value that `call` returned.
    pub fn read(value: T, call: Call) -> Self {
        Self::Read { value, call }
    }

    /// The value, when it was read.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read { value, .. } => Some(value),
            Self::Unread(_) => None,
        }
    }

    /// The value, or the reason why there is none.
    pub fn get(&self) -> Result<&T, &Unread> {
        match self {
            Self::Read { value, .. } => Ok(value),
            Self::Unread(unread) => Err(unread),
        }
    }

    /// The same fact with its value changed by `change`.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Read { value, call } => Known::Read {
                value: change(value),
                call,
            },
            Self::Unread(unread) => Known::Unread(unread),
        }
    }
}

/// One AWS operation in one Region, as it is named in IAM policies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Call {
    /// IAM service prefix, for example `cloudtrail`.
    pub service: String,
    /// Operation, for example `DescribeTrails`.
    pub operation: String,
    /// Region of the endpoint; `None` for partition-wide services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

impl Call {
    /// `service:operation` in `region`.
    pub fn new(service: &str, operation: &str, region: Option<Region>) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            region,
        }
    }

    /// The IAM action that allows the call, for example `cloudtrail:DescribeTrails`.
    pub fn permission(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.operation)?;
        match &self.region {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }
    }
}

/// Why a fact is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unread {
    /// The call that would have told.
    pub call: Call,
    /// What kept it from telling.
    pub cause: UnreadCause,
    /// The service's own words, without secrets; empty when there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Unread {
    /// The reason code of a verdict that this keeps from being known. A Region that
    /// a service control policy denies to everyone is no missing permission.
    pub fn reason(&self) -> Reason {
        let denied_to_all = self.cause == UnreadCause::DeniedByServiceControlPolicy;
        if denied_to_all && self.call.region.is_some() {
            Reason::RegionDeniedByPolicy
        } else {
            Reason::FactUnread
        }
    }

    /// The IAM action that is missing, when a permission is what is missing.
    pub fn missing_permission(&self) -> Option<String> {
        (self.cause == UnreadCause::Denied).then(|| self.call.permission())
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.call, self.cause)
    }
}

/// The kinds of reasons why a fact is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnreadCause {
    /// The role lacks the permission.
    Denied,
    /// A service control policy denies the Region or the call to everyone.
    DeniedByServiceControlPolicy,
    /// Still throttled when the attempts or the deadline ran out.
    Throttled,
    /// No answer before the deadline.
    TimedOut,
    /// The Region is not enabled in the account.
    RegionDisabled,
    /// The service failed (5xx, cut connection) more often than was retried.
    Transient,
    /// The answer could not be understood.
    Garbled,
    /// The service refused the request as invalid.
    Invalid,
    /// The call was not made, because nothing needed it or because the account
    /// that would have to be asked was not read.
    NotAsked,
}

impl fmt::Display for UnreadCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Denied => "was denied",
            Self::DeniedByServiceControlPolicy => "is denied by a service control policy",
            Self::Throttled => "was throttled until the attempts ran out",
            Self::TimedOut => "did not answer in time",
            Self::RegionDisabled => "is not available: the Region is disabled",
            Self::Transient => "failed again and again",
            Self::Garbled => "answered something that could not be understood",
            Self::Invalid => "was refused as invalid",
            Self::NotAsked => "was not asked",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_denied_to_everyone_has_its_own_reason() {
        let region: Region = "eu-west-1".parse().unwrap();
        let reason = |cause, region| {
            let call = Call::new("cloudtrail", "DescribeTrails", region);
            let message = String::new();
            Unread {
                call,
                cause,
                message,
            }
            .reason()
        };
        let by_policy = UnreadCause::DeniedByServiceControlPolicy;
        let here = || Some(region.clone());
        assert_eq!(reason(by_policy, here()), Reason::RegionDeniedByPolicy);
        assert_eq!(reason(by_policy, None), Reason::FactUnread);
        assert_eq!(reason(UnreadCause::Denied, here()), Reason::FactUnread);
    }
}
