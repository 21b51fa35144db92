//! The identifiers of AWS and of orgsweep, parsed once at the edge and never
//! strings again: accounts, Regions, ARNs, controls, organizations.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An identifier that does not have the shape of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    /// What was given.
    pub text: String,
    /// What would have been right, in words.
    pub expected: &'static str,
}

/// Declares a string newtype whose shape is checked by `$valid`.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text of the identifier.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { text: text.to_owned(), expected: $expected })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

identifier! {
    /// A twelve-digit AWS account number.
    AccountId, "an AWS account number (twelve digits)",
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

identifier! {
    /// An AWS Region, for example `eu-west-1`. Any partition.
    Region, "an AWS Region (like `eu-west-1`)",
    |text| {
        let mut parts = text.split('-');
        let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let leading = parts.next().is_some_and(|part| {
            part.len() >= 2 && part.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        let rest: Vec<&str> = parts.collect();
        leading && rest.len() >= 2 && text.len() <= 32
            && rest[..rest.len() - 1].iter().all(|part| letters(part))
            && rest[rest.len() - 1].bytes().all(|b| b.is_ascii_digit())
            && !rest[rest.len() - 1].is_empty()
    }
}

identifier! {
    /// An AWS partition, for example `aws` or `aws-us-gov`.
    Partition, "an AWS partition (like `aws`)",
    |text| text == "aws" || text.strip_prefix("aws-").is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    })
}

identifier! {
    /// An organization, for example `o-a1b2c3d4e5`.
    OrganizationId, "an AWS organization (like `o-a1b2c3d4e5`)",
    |text| text.strip_prefix("o-").is_some_and(|rest| {
        (10..=32).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

identifier! {
    /// A control's slug, for example `s3-bucket-policy-changes`.
    ControlId, "a control (lower-case words joined by hyphens)",
    |text| !text.is_empty() && text.len() <= 80
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-') && !text.ends_with('-')
}

identifier! {
    /// An Amazon Resource Name.
    Arn, "an ARN (`arn:partition:service:region:account:resource`)",
    |text| {
        let mut parts = text.splitn(6, ':');
        parts.next() == Some("arn")
            && parts.next().is_some_and(|partition| partition.parse::<Partition>().is_ok())
            && parts.next().is_some_and(|service| !service.is_empty())
            && parts.next().is_some()
            && parts.next().is_some()
            && parts.next().is_some_and(|resource| !resource.is_empty())
    }
}

impl Arn {
    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }

    /// The partition, for example `aws`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// The service, for example `sns`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The Region, when the resource is regional.
    pub fn region(&self) -> Option<Region> {
        self.part(3).parse().ok()
    }

    /// The account, when the ARN names one.
    pub fn account(&self) -> Option<AccountId> {
        self.part(4).parse().ok()
    }

    /// All that follows the account, for example `trail/main`.
    pub fn resource(&self) -> &str {
        self.part(5)
    }
}

/// The ARN of a CloudWatch Logs log group, without the `:*` that CloudTrail and
/// `DescribeLogGroups` append.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogGroupArn(Arn);

impl LogGroupArn {
    /// The ARN.
    pub fn as_arn(&self) -> &Arn {
        &self.0
    }

    /// The ARN's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The account that owns the group.
    ///
    /// # Panics
    /// Never: parsing has checked that there is one.
    pub fn account(&self) -> AccountId {
        self.0.account().expect("checked when parsed")
    }

    /// The Region of the group.
    ///
    /// # Panics
    /// Never: parsing has checked that there is one.
    pub fn region(&self) -> Region {
        self.0.region().expect("checked when parsed")
    }

    /// The group's name, for example `CloudTrail/DefaultLogGroup`.
    pub fn name(&self) -> &str {
        self.0
            .resource()
            .strip_prefix("log-group:")
            .unwrap_or_default()
    }
}

impl FromStr for LogGroupArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError {
            text: text.to_owned(),
            expected: "the ARN of a log group (`arn:aws:logs:region:account:log-group:name`)",
        };
        let arn: Arn = text
            .strip_suffix(":*")
            .unwrap_or(text)
            .parse()
            .map_err(|_| error())?;
        let named = arn
            .resource()
            .strip_prefix("log-group:")
            .is_some_and(|name| !name.is_empty());
        if arn.service() == "logs" && arn.region().is_some() && arn.account().is_some() && named {
            Ok(Self(arn))
        } else {
            Err(error())
        }
    }
}

impl TryFrom<String> for LogGroupArn {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<LogGroupArn> for String {
    fn from(arn: LogGroupArn) -> String {
        arn.0.into()
    }
}

impl fmt::Display for LogGroupArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_group_arn_loses_the_star_and_gives_its_parts() {
        let arn: LogGroupArn =
            "arn:aws-us-gov:logs:us-gov-west-1:111122223333:log-group:CloudTrail/Default:*"
                .parse()
                .unwrap();
        assert_eq!(arn.name(), "CloudTrail/Default");
        assert_eq!(arn.account().as_str(), "111122223333");
        assert_eq!(arn.region().as_str(), "us-gov-west-1");
        assert!(!arn.as_str().ends_with(":*"));
    }

    #[test]
    fn identifiers_are_refused_with_what_was_expected() {
        for (ok, text) in [
            (true, "us-east-1"),
            (true, "us-gov-west-1"),
            (true, "eusc-de-east-1"),
            (false, "us-east"),
            (false, "US-EAST-1"),
            (false, "mars"),
            (false, ""),
        ] {
            assert_eq!(text.parse::<Region>().is_ok(), ok, "{text}");
        }
        let error = "12345".parse::<AccountId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`12345` is not an AWS account number (twelve digits)"
        );
    }
}
