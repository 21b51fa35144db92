//! Filter policies of subscriptions: whether the message of an alarm passes
//! (SNS, *Subscription filter policies*). Such a message carries no attributes,
//! and a body whose keys CloudWatch documents (*Notify users on alarm changes*);
//! the values that are not known beforehand leave the question open.

use serde_json::{Map, Value};

use crate::ids::{Arn, Region};
use crate::snapshot::MessageFilter;

/// Whether an alarm's message passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Passes {
    Never,
    /// It depends on what is not known.
    Maybe,
    Always,
}

impl Passes {
    fn of(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }

    fn but_not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Maybe => Self::Maybe,
            Self::Always => Self::Never,
        }
    }
}

/// Keys of an alarm's message that CloudWatch documents for some alarm or other.
const KEYS: &[&str] = &[
    "AWSAccountId",
    "ActionExecutedAfterMuteWindow",
    "ActionsSuppressedBy",
    "ActionsSuppressedReason",
    "AlarmActions",
    "AlarmArn",
    "AlarmConfigurationUpdatedTimestamp",
    "AlarmContributorAttributes",
    "AlarmContributorId",
    "AlarmDescription",
    "AlarmName",
    "AlarmRule",
    "InsufficientDataActions",
    "LogGroups",
    "NewStateReason",
    "NewStateValue",
    "OKActions",
    "OldStateValue",
    "QueryString",
    "Region",
    "StateChangeTime",
    "Trigger",
    "TriggeringChildren",
];

/// Whether the message of any alarm whatever passes.
pub fn lets_every_alarm_through(filter: &MessageFilter) -> bool {
    passes(filter, None) == Passes::Always
}

/// Whether the message of `alarm` passes when it goes to ALARM; without one, that of any alarm.
pub(crate) fn passes(filter: &MessageFilter, alarm: Option<&Arn>) -> Passes {
    let text = filter.policy.as_deref().unwrap_or_default().trim();
    if text.is_empty() {
        return Passes::Always;
    }
    let Ok(Value::Object(policy)) = serde_json::from_str::<Value>(text) else {
        return Passes::Maybe;
    };
    match filter.scope.as_deref() {
        None | Some("" | "MessageAttributes") => all(&policy, &|_| Subject::Absent),
        Some("MessageBody") => all(&policy, &|key| in_body(key, alarm)),
        Some(_) => Passes::Maybe,
    }
}

/// What a message holds under a key.
#[derive(Debug, Clone)]
enum Subject {
    Absent,
    Text(String),
    /// A text that is not known, but begins with none of the codes of Regions.
    NameOfRegion,
    /// There, and a text.
    SomeText,
    /// Nothing is known of it.
    Unknown,
}

fn in_body(key: &str, alarm: Option<&Arn>) -> Subject {
    let name = |arn: &Arn| arn.resource().strip_prefix("alarm:").map(str::to_owned);
    let known = |text: Option<String>| text.map_or(Subject::SomeText, Subject::Text);
    match key {
        "NewStateValue" => Subject::Text("ALARM".to_owned()),
        "AlarmName" => known(alarm.and_then(name)),
        "AlarmArn" => known(alarm.map(|alarm| alarm.as_str().to_owned())),
        "AWSAccountId" => known(
            alarm
                .and_then(Arn::account)
                .map(|id| id.as_str().to_owned()),
        ),
        "Region" => Subject::NameOfRegion,
        "NewStateReason" | "OldStateValue" | "StateChangeTime" => Subject::SomeText,
        key if KEYS.contains(&key) => Subject::Unknown,
        _ => Subject::Absent,
    }
}

/// Every key has to pass; `$or` holds policies of which one has to.
fn all(policy: &Map<String, Value>, subject: &dyn Fn(&str) -> Subject) -> Passes {
    let one_key = |(key, wanted): (&String, &Value)| match wanted {
        Value::Array(choices) if key == "$or" => any(choices.iter().map(|choice| {
            choice
                .as_object()
                .map_or(Passes::Maybe, |choice| all(choice, subject))
        })),
        Value::Array(choices) => {
            let subject = subject(key);
            any(choices.iter().map(|choice| one(choice, &subject)))
        }
        Value::Object(nested) => match subject(key) {
            // Nothing is below what is not there, or is a text.
            Subject::Unknown => all(nested, &|_| Subject::Unknown),
            _ => all(nested, &|_| Subject::Absent),
        },
        _ => Passes::Maybe,
    };
    policy.iter().map(one_key).min().unwrap_or(Passes::Always)
}

fn any(choices: impl Iterator<Item = Passes>) -> Passes {
    choices.max().unwrap_or(Passes::Never)
}

fn one(choice: &Value, subject: &Subject) -> Passes {
    match (choice.get("exists").map(Value::as_bool), subject) {
        (Some(None), _) | (_, Subject::Unknown) => return Passes::Maybe,
        (Some(Some(wanted)), Subject::Absent) => return Passes::of(!wanted),
        (Some(Some(wanted)), _) => return Passes::of(wanted),
        (None, Subject::Absent) => return Passes::Never,
        (None, _) => {}
    }
    match choice {
        Value::String(wanted) => text_is(wanted, subject),
        Value::Object(test) => test
            .iter()
            .map(|(test, wanted)| tested(test, wanted, subject))
            .min()
            .unwrap_or(Passes::Maybe),
        // A text is no number, no truth value and not null.
        _ => Passes::Never,
    }
}

fn text_is(wanted: &str, subject: &Subject) -> Passes {
    match subject {
        Subject::Text(text) => Passes::of(text == wanted),
        // The message spells the Region out, as in "EU (Ireland)".
        Subject::NameOfRegion if wanted.parse::<Region>().is_ok() => Passes::Never,
        _ => Passes::Maybe,
    }
}

fn tested(test: &str, wanted: &Value, subject: &Subject) -> Passes {
    let with = |holds: fn(&str, &str) -> bool| match (wanted.as_str(), subject) {
        (Some(wanted), Subject::Text(text)) => Passes::of(holds(text, wanted)),
        _ => Passes::Maybe,
    };
    match test {
        "prefix" => with(|text, wanted| text.starts_with(wanted)),
        "suffix" => with(|text, wanted| text.ends_with(wanted)),
        "equals-ignore-case" => with(|text, wanted| text.to_lowercase() == wanted.to_lowercase()),
        "anything-but" => excluded(wanted, subject).but_not(),
        // These texts are no numbers and no addresses.
        "numeric" | "cidr" => Passes::Never,
        _ => Passes::Maybe,
    }
}

/// What `anything-but` leaves out: values, or tests such as a prefix.
fn excluded(wanted: &Value, subject: &Subject) -> Passes {
    match wanted {
        Value::Array(wanted) => any(wanted.iter().map(|wanted| excluded(wanted, subject))),
        Value::Object(test) => any(test.iter().map(|(test, wanted)| match wanted {
            Value::Array(list) => any(list.iter().map(|one| tested(test, one, subject))),
            one => tested(test, one, subject),
        })),
        Value::String(wanted) => text_is(wanted, subject),
        _ => Passes::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn policies_let_the_message_of_an_alarm_through_or_not() {
        use Passes::{Always, Maybe, Never};
        const ATTRIBUTES: Option<&str> = None;
        const BODY: Option<&str> = Some("MessageBody");
        let alarm: Arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:cis-root".parse().unwrap();
        for (scope,   policy,                                                    expected) in [
            (ATTRIBUTES, "",                                                      Always),
            (ATTRIBUTES, "{}",                                                    Always),
            (ATTRIBUTES, r#"{"severity":["high"]}"#,                              Never),
            (ATTRIBUTES, r#"{"severity":[{"anything-but":["low"]}]}"#,            Never),
            (ATTRIBUTES, r#"{"severity":[{"exists":true}]}"#,                     Never),
            (ATTRIBUTES, r#"{"severity":[{"exists":false}]}"#,                    Always),
            (ATTRIBUTES, r#"{"severity":["high",{"exists":false}]}"#,             Always),
            (ATTRIBUTES, r#"{"a":[{"exists":false}],"b":["x"]}"#,                 Never),
            (ATTRIBUTES, r#"{"$or":[{"a":[{"exists":false}]},{"b":["x"]}]}"#,     Always),
            (ATTRIBUTES, r#"{"AlarmName":["cis-root"]}"#,                         Never),
            (ATTRIBUTES, "no JSON",                                               Maybe),
            (Some("Body"), r#"{"a":["x"]}"#,                                      Maybe),
            (BODY, r#"{"NewStateValue":["ALARM"]}"#,                              Always),
            (BODY, r#"{"NewStateValue":["OK"]}"#,                                 Never),
            (BODY, r#"{"NewStateValue":[{"anything-but":"ALARM"}]}"#,             Never),
            (BODY, r#"{"NewStateValue":[{"anything-but":["OK"]}]}"#,              Always),
            (BODY, r#"{"AlarmName":[{"prefix":"cis-"}]}"#,                        Always),
            (BODY, r#"{"AlarmName":[{"suffix":"-user"}]}"#,                       Never),
            (BODY, r#"{"AlarmName":[{"equals-ignore-case":"CIS-Root"}]}"#,        Always),
            (BODY, r#"{"AlarmName":[{"anything-but":{"prefix":"cis-"}}]}"#,       Never),
            (BODY, r#"{"AlarmName":[{"anything-but":{"prefix":["a","cis-"]}}]}"#, Never),
            (BODY, r#"{"AlarmName":[{"wildcard":"cis-*"}]}"#,                     Maybe),
            (BODY, r#"{"AWSAccountId":["111122223333"]}"#,                        Always),
            (BODY, r#"{"AWSAccountId":[111122223333]}"#,                          Never),
            (BODY, r#"{"Region":["eu-west-1"]}"#,                                 Never),
            (BODY, r#"{"Region":["EU (Ireland)"]}"#,                              Maybe),
            (BODY, r#"{"OldStateValue":["OK"]}"#,                                 Maybe),
            (BODY, r#"{"OldStateValue":[{"exists":true}]}"#,                      Always),
            (BODY, r#"{"AlarmDescription":[{"exists":true}]}"#,                   Maybe),
            (BODY, r#"{"Trigger":{"MetricName":["root"]}}"#,                      Maybe),
            (BODY, r#"{"detail":{"severity":["high"]}}"#,                         Never),
            (BODY, r#"{"severity":[{"exists":false}]}"#,                          Always),
            (BODY, r#"{"AlarmName":["x"],"NewStateValue":["OK"]}"#,               Never),
            (BODY, r#"{"$or":[{"AlarmName":["x"]},{"NewStateValue":["ALARM"]}]}"#, Always),
        ] {
            let filter = MessageFilter {
                policy: Some(policy.to_owned()),
                scope: scope.map(str::to_owned),
            };
            assert_eq!(passes(&filter, Some(&alarm)), expected, "{policy}");
            // Without the alarm nothing is known that would not be known with it.
            let of_any = passes(&filter, None);
            assert!(of_any == Maybe || of_any == expected, "{policy}");
            assert_eq!(lets_every_alarm_through(&filter), of_any == Always);
        }
        assert_eq!(passes(&MessageFilter::default(), None), Always);
    }
}
