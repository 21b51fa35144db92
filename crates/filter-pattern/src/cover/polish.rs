//! A witness made plausible: parts that go together in real records but that the
//! patterns left apart. Each change is shown to the evaluator and kept only if
//! the event still escapes, so that nothing here decides an answer.

use crate::ast::Selector;
use crate::event::{Event, EventValue};
use crate::schema::{
    Caller, Records, Schema, account_of, better_error_codes, caller_of_arn, familiar_events,
    sources_of_event,
};

use super::overlay::overlaid;

/// Changes that are tried at most.
const MOST_CHANGES: u32 = 16;

/// The event with what makes it plausible, as far as it still escapes; `rich` is
/// the same event with more members.
pub(super) fn polished(
    event: Event,
    rich: Option<&Event>,
    schema: &Schema,
    escapes: &dyn Fn(&Event) -> bool,
) -> Event {
    if schema.records() != Records::CloudTrail {
        return event;
    }
    let mut polish = Polish {
        event,
        account: account_of(schema),
        escapes,
        left: MOST_CHANGES,
    };
    polish.name();
    polish.source();
    polish.error_code();
    polish.caller();
    if let Some(rich) = rich {
        polish.members_of(rich);
    }
    polish.event
}

struct Polish<'s> {
    event: Event,
    account: &'s str,
    escapes: &'s dyn Fn(&Event) -> bool,
    left: u32,
}

/// A path of keys and the value that is put there.
type Change<'c> = (&'c [&'c str], EventValue);

impl Polish<'_> {
    fn text(&self, keys: &[&str]) -> Option<&str> {
        match self.event.get(&Selector::of_keys(keys.iter().copied()))? {
            EventValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// Makes changes together; says whether the event still escapes and they stay.
    fn change(&mut self, changes: &[Change<'_>]) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let chosen: Vec<(Selector, Option<EventValue>)> = changes
            .iter()
            .map(|(keys, value)| {
                let selector = Selector::of_keys(keys.iter().copied());
                (selector, Some(value.clone()))
            })
            .collect();
        let chosen: Vec<_> = chosen
            .iter()
            .map(|(selector, value)| (selector, value.clone()))
            .collect();
        let Some(changed) = overlaid(self.event.clone(), &chosen) else {
            return false;
        };
        let kept = (self.escapes)(&changed);
        if kept {
            self.event = changed;
        }
        kept
    }

    /// A name that is only the beginning or a part of one becomes a real one.
    fn name(&mut self) {
        let Some(name) = self.text(&["eventName"]).map(str::to_owned) else {
            return;
        };
        if familiar_events().any(|(known, _)| known == name) {
            return;
        }
        let source = self.text(&["eventSource"]).map(str::to_owned);
        let alike: Vec<_> = familiar_events()
            .filter(|(known, _)| known.contains(&*name))
            .collect();
        let here = |(_, from): &&(&str, &str)| Some(*from) == source.as_deref();
        let elsewhere = alike.iter().filter(|it| !here(it));
        let ordered: Vec<_> = alike.iter().filter(here).chain(elsewhere).collect();
        for (known, from) in ordered.into_iter().take(6) {
            if self.change(&[
                (&["eventName"], string(known)),
                (&["eventSource"], string(from)),
            ]) {
                return;
            }
        }
    }

    /// The event of a service that may have a call of that name becomes one of a service that is known
    /// to log it.
    fn source(&mut self) {
        let (Some(name), Some(source)) = (self.text(&["eventName"]), self.text(&["eventSource"]))
        else {
            return;
        };
        let Some((_, known)) = sources_of_event(name) else {
            return;
        };
        if known.contains(&source) {
            return;
        }
        for better in known {
            if self.change(&[(&["eventSource"], string(better))]) {
                return;
            }
        }
    }

    /// A code that the service would not report becomes one of its own.
    fn error_code(&mut self) {
        let (Some(code), Some(source)) = (self.text(&["errorCode"]), self.text(&["eventSource"]))
        else {
            return;
        };
        for better in better_error_codes(code, source) {
            if self.change(&[(&["errorCode"], string(better))]) {
                return;
            }
        }
    }

    /// The identity fits the rest of the record, and its parts each other.
    fn caller(&mut self) {
        if let Some(invoker) = self.text(&["userIdentity", "invokedBy"]).map(str::to_owned) {
            if self.text(&["sourceIPAddress"]) == Some("192.0.2.10") {
                self.change(&[
                    (&["sourceIPAddress"], string(&invoker)),
                    (&["userAgent"], string(&invoker)),
                ]);
            }
            return;
        }
        for caller in self.likely_callers() {
            let mut identity = caller.identity(self.account);
            let address = caller.source_address();
            let now = self.event.get(&Selector::of_keys(["userIdentity"]));
            if now == Some(&identity) {
                return;
            }
            // Members that the patterns ask for stay, unless there is nobody to have them.
            if let (None, EventValue::Object(members), Some(EventValue::Object(more))) =
                (address, &mut identity, now)
            {
                let is_new = |key: &str, members: &[(Box<str>, EventValue)]| {
                    members.iter().all(|(known, _)| **known != *key)
                };
                for (key, value) in more {
                    if is_new(key, members) && **key != *"userName" {
                        members.push((key.clone(), value.clone()));
                    }
                }
            }
            let mut changes: Vec<Change<'_>> = vec![(&["userIdentity"], EventValue::Null)];
            changes.push((&["userIdentity"], identity));
            if let Some(address) = address {
                changes.push((&["sourceIPAddress"], string(address)));
                changes.push((&["userAgent"], string(address)));
            }
            if self.change(&changes) {
                return;
            }
        }
    }

    /// Takes over what the event has not, or has without content.
    fn members_of(&mut self, rich: &Event) {
        let (EventValue::Object(now), EventValue::Object(members)) =
            (self.event.root(), rich.root())
        else {
            return;
        };
        let lacks = |key: &str, value: &EventValue| match now.iter().find(|it| *it.0 == *key) {
            None => true,
            Some((_, EventValue::Object(inner))) => inner.is_empty() && !is_empty(value),
            Some(_) => false,
        };
        let added: Vec<(Box<str>, EventValue)> = members
            .iter()
            .filter(|(key, value)| lacks(key, value))
            .cloned()
            .collect();
        if added.is_empty() {
            return;
        }
        let paths: Vec<[&str; 1]> = added.iter().map(|(key, _)| [&**key]).collect();
        let changes: Vec<Change<'_>> = paths
            .iter()
            .zip(&added)
            .flat_map(|(path, (_, value))| {
                [
                    (path.as_slice(), EventValue::Null),
                    (path.as_slice(), value.clone()),
                ]
            })
            .collect();
        self.change(&changes);
    }

    /// Who may have made the call, by what the record says, the best first.
    fn likely_callers(&self) -> Vec<Caller> {
        let mut callers = Vec::new();
        if self.text(&["eventType"]) == Some("AwsServiceEvent") {
            callers.push(Caller::Nobody);
        }
        let address = self.text(&["sourceIPAddress"]);
        callers.extend(
            address
                .filter(|address| address.ends_with(".amazonaws.com"))
                .map(|address| Caller::Service(address.into())),
        );
        let issuer = [
            "userIdentity",
            "sessionContext",
            "sessionIssuer",
            "userName",
        ];
        let of_role = |role: &str| Caller::Role(role.into(), "session".into());
        callers.extend(self.text(&issuer).map(of_role));
        let arn = self.text(&["userIdentity", "arn"]);
        let of_arn = arn.and_then(|arn| caller_of_arn(arn, self.account));
        let user = self.text(&["userIdentity", "userName"]);
        let of_user = user.map(|name| Caller::User(name.into()));
        // The user's name decides unless the ARN was asked for.
        let plain = Caller::example_user();
        if of_arn.as_ref() == Some(&plain) {
            callers.extend(of_user.into_iter().chain(of_arn));
        } else {
            callers.extend(of_arn.into_iter().chain(of_user));
        }
        callers
    }
}

fn is_empty(value: &EventValue) -> bool {
    matches!(value, EventValue::Object(members) if members.is_empty())
}

fn string(text: &str) -> EventValue {
    EventValue::String(text.into())
}
