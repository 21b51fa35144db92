//! Who is told: `protocol:address` as it is given to `--subscribe`, checked once.

use std::fmt;
use std::str::FromStr;

use orgsweep_controls::{AccountId, Arn};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An endpoint that can be subscribed to a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// SNS protocol: `email`, `https`, `sqs` …
    pub protocol: String,
    /// Address, URL or ARN.
    pub address: String,
}

/// An endpoint that cannot be subscribed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not an endpoint: {expected}")]
pub struct EndpointError {
    text: String,
    expected: &'static str,
}

impl Endpoint {
    /// Whether a subscription by an account confirms itself: queues, functions
    /// and delivery streams of the topic's own account do; people and foreign
    /// accounts have to agree first (SNS guide, "Subscribing").
    pub fn confirms_itself(&self, topic_account: &AccountId) -> bool {
        match self.protocol.as_str() {
            "sms" => true,
            "sqs" | "lambda" | "firehose" => self
                .address
                .parse::<Arn>()
                .is_ok_and(|arn| arn.account().as_ref() == Some(topic_account)),
            _ => false,
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let refused = |expected| EndpointError {
            text: text.to_owned(),
            expected,
        };
        if text.starts_with("https://") {
            return checked_url(text).ok_or_else(|| refused("write `https://host/path`"));
        }
        let (protocol, address) = text.split_once(':').ok_or_else(|| {
            refused("write `email:address`, `sqs:arn`, `lambda:arn`, `sms:+number` or `https://…`")
        })?;
        let endpoint = |address: &str| Self {
            protocol: protocol.to_owned(),
            address: address.to_owned(),
        };
        match protocol {
            "email" | "email-json" => is_mail_address(address)
                .then(|| endpoint(address))
                .ok_or_else(|| refused("write `email:name@host`")),
            "https" => {
                let url = if address.starts_with("https://") {
                    address.to_owned()
                } else {
                    format!("https://{}", address.trim_start_matches('/'))
                };
                checked_url(&url).ok_or_else(|| refused("write `https://host/path`"))
            }
            "sqs" | "lambda" | "firehose" => address
                .parse::<Arn>()
                .ok()
                .filter(|arn| arn.service() == protocol && arn.account().is_some())
                .map(|arn| endpoint(arn.as_str()))
                .ok_or_else(|| refused("write the protocol and the ARN, like `sqs:arn:aws:sqs:…`")),
            "sms" => (address.len() >= 8
                && address
                    .strip_prefix('+')
                    .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())))
            .then(|| endpoint(address))
            .ok_or_else(|| refused("write the number with its country, like `sms:+4930123456`")),
            _ => Err(refused(
                "the protocol must be `email`, `email-json`, `https`, `sqs`, `lambda`, `firehose` or `sms`",
            )),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.protocol == "https" {
            f.write_str(&self.address)
        } else {
            write!(f, "{}:{}", self.protocol, self.address)
        }
    }
}

fn checked_url(url: &str) -> Option<Endpoint> {
    let host = url
        .strip_prefix("https://")?
        .split(['/', '?', '#'])
        .next()?;
    let valid =
        !host.is_empty() && !host.contains('@') && url.bytes().all(|b| b.is_ascii_graphic());
    valid.then(|| Endpoint {
        protocol: "https".to_owned(),
        address: url.to_owned(),
    })
}

fn is_mail_address(address: &str) -> bool {
    address.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && !host.starts_with('.')
            && !host.ends_with('.')
            && !host.contains('@')
    }) && address
        .chars()
        .all(|c| !c.is_whitespace() && !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_checked_when_they_are_given() {
        for (text, written) in [
            ("email:secops@example.com", Some("email:secops@example.com")),
            ("https:example.com/hook", Some("https://example.com/hook")),
            (
                "https:https://example.com/hook",
                Some("https://example.com/hook"),
            ),
            ("https://example.com/hook", Some("https://example.com/hook")),
            (
                "sqs:arn:aws:sqs:eu-west-1:111122223333:alerts",
                Some("sqs:arn:aws:sqs:eu-west-1:111122223333:alerts"),
            ),
            ("sms:+4930123456", Some("sms:+4930123456")),
            ("email:nobody", None),
            ("email:a b@example.com", None),
            ("sqs:alerts", None),
            ("sqs:arn:aws:sns:eu-west-1:111122223333:alerts", None),
            ("https://", None),
            ("https://user@host/", None),
            ("pigeon:coop", None),
            ("secops@example.com", None),
        ] {
            let parsed = text.parse::<Endpoint>().ok().map(|e| e.to_string());
            assert_eq!(parsed.as_deref(), written, "{text}");
        }
    }

    #[test]
    fn only_machines_of_the_topics_own_account_confirm_themselves() {
        let account: AccountId = "111122223333".parse().unwrap();
        for (text, confirms) in [
            ("sqs:arn:aws:sqs:eu-west-1:111122223333:alerts", true),
            ("sqs:arn:aws:sqs:eu-west-1:444455556666:alerts", false),
            ("email:secops@example.com", false),
            ("https://example.com/hook", false),
        ] {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.confirms_itself(&account), confirms, "{text}");
        }
    }
}
