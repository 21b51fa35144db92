//! What a filter matches beyond a control: everyday events, reads, events of other controls. A
//! sample of events stands for them; it decides nothing but what a note says.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use filter_pattern::{Covers, Event, Schema, overlap};

use crate::catalog::Catalog;
use crate::pattern::Pattern;

/// An event of the sample.
struct Sample {
    class: Class,
    event: Event,
}

/// What an event of the sample stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Happens all day in every account.
    Everyday,
    /// A call that reads, by service and name.
    Read(String),
    /// An event of another control.
    OfControl(String),
}

/// Calls that read, of the services that controls are about.
const READS: [(&str, &str); 8] = [
    ("cloudtrail", "DescribeTrails"),
    ("config", "DescribeConfigurationRecorders"),
    ("ec2", "DescribeSecurityGroups"),
    ("iam", "ListRoles"),
    ("kms", "DescribeKey"),
    ("organizations", "DescribeOrganization"),
    ("s3", "GetBucketAcl"),
    ("guardduty", "ListDetectors"),
];

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(samples);

fn samples() -> Vec<Sample> {
    let everyday = [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole"},"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","eventType":"AwsApiCall","readOnly":true,"managementEvent":true,"eventCategory":"Management"}"#.to_owned(),
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AWSService","invokedBy":"ec2.amazonaws.com"},"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"us-east-1","sourceIPAddress":"ec2.amazonaws.com","eventType":"AwsApiCall","readOnly":true,"managementEvent":true,"eventCategory":"Management"}"#.to_owned(),
    ];
    let call = |source: &str, name: &str, read_only: bool| {
        format!(
            r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole"}},"eventSource":"{source}","eventName":"{name}","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","eventType":"AwsApiCall","readOnly":{read_only},"managementEvent":true,"eventCategory":"Management"}}"#
        )
    };
    let reads = READS.iter().map(|(service, name)| {
        let text = call(&format!("{service}.amazonaws.com"), name, true);
        (Class::Read(format!("{service}:{name}")), text)
    });
    let controls = Catalog::builtin().controls().iter();
    // Sign-ins are not calls: the two controls about them are told apart by other fields.
    let named = controls.filter(|control| control.event_sources != ["signin.amazonaws.com"]);
    let of_controls = named.flat_map(|control| {
        control.events.iter().flat_map(move |event| {
            let id = control.id.as_str();
            event.sources.iter().map(move |source| {
                let text = call(source, &event.name, false);
                (Class::OfControl(id.to_owned()), text)
            })
        })
    });
    let everyday = everyday.into_iter().map(|text| (Class::Everyday, text));
    everyday
        .chain(reads)
        .chain(of_controls)
        .filter_map(|(class, text)| {
            let event = Event::parse(&text).ok()?;
            Some(Sample { class, event })
        })
        .collect()
}

/// What `filter` matches of the sample and `required` does not.
pub(super) fn beyond(required: &Pattern, filter: &Pattern) -> BTreeSet<Class> {
    SAMPLES
        .iter()
        .filter(|sample| {
            filter.filter.matches(&sample.event) && !required.filter.matches(&sample.event)
        })
        .map(|sample| sample.class.clone())
        .collect()
}

/// Whether some event is known that both match.
pub(super) fn both_match(one: &Pattern, other: &Pattern) -> bool {
    let both = || overlap(&one.filter, &other.filter, &Schema::cloudtrail());
    one == other || matches!(both(), Covers::No(_))
}

/// For a person: what else rings the alarm.
pub(super) fn in_words(beyond: &BTreeSet<Class>) -> Option<String> {
    if beyond.contains(&Class::Everyday) {
        return Some("a filter also matches everyday events, so the alarm says little".to_owned());
    }
    let reads: Vec<&str> = beyond
        .iter()
        .filter_map(|class| match class {
            Class::Read(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let controls: Vec<&str> = beyond
        .iter()
        .filter_map(|class| match class {
            Class::OfControl(id) => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let mut parts = Vec::new();
    if !reads.is_empty() {
        parts.push(format!("calls that only read ({})", reads.join(", ")));
    }
    if !controls.is_empty() {
        parts.push(format!("events of {}", controls.join(", ")));
    }
    (!parts.is_empty()).then(|| {
        let what = parts.join(" and ");
        format!("a filter also matches {what}, so the alarm does not say which it was")
    })
}
