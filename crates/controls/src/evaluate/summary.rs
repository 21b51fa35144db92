//! The one sentence of a finding.

use super::doubts::Doubt;
use crate::catalog::Control;
use crate::finding::{Chain, Evidence, Link, LinkKind, LinkState};
use crate::ids::Region;
use crate::reason::Reason;

/// The Regions that a verdict is about.
pub(super) struct Regions<'a> {
    pub(super) about: &'a [Region],
    /// How many were judged.
    pub(super) of: usize,
}

impl Regions<'_> {
    /// ` in …`, where it is about some of the Regions only.
    fn in_words(&self) -> String {
        if self.about.is_empty() || self.about.len() >= self.of {
            return String::new();
        }
        format!(" in {}", self.names())
    }

    fn names(&self) -> String {
        match self.about {
            [] => "some Regions".to_owned(),
            [one] => one.to_string(),
            all if all.len() >= self.of => format!("all {} Regions", self.of),
            some => format!("{} of {} Regions", some.len(), self.of),
        }
    }
}

/// What is true, and what of it people would want to know first.
pub(super) fn of(
    control: &Control,
    reason: Reason,
    evidence: &Evidence,
    regions: &Regions<'_>,
    doubts: &[Doubt],
) -> String {
    let what = &control.title;
    let chain = evidence.chains.first();
    let here = regions.in_words();
    let text = match reason {
        Reason::Covered => format!("{what}: every event leads to a message"),
        Reason::CoveredByOrganizationTrail => {
            let by = evidence
                .covered_by
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            format!("{what}: every event leads to a message, through the chain in account {by}")
        }
        Reason::NoTrail => format!("{what} would go unnoticed: no trail records this account"),
        Reason::TrailNotMultiRegion => format!(
            "{what} would go unnoticed in {}: no trail with a working chain records {}",
            regions.names(),
            if regions.about.len() == 1 {
                "it"
            } else {
                "them"
            },
        ),
        // Each name escapes, but not each event: the filters ask for more than names.
        Reason::FilterDoesNotCover
            if evidence.events_total > 1
                && evidence.missing_events.len() == evidence.events_total =>
        {
            format!("{what}{here}: the filters leave out some events of every name")
        }
        Reason::FilterDoesNotCover if !evidence.missing_events.is_empty() => format!(
            "{what}: {} of {} events would go unnoticed{here} ({})",
            evidence.missing_events.len(),
            evidence.events_total,
            shortened(&evidence.missing_events),
        ),
        _ => match doubts.first() {
            Some(doubt) => format!("{what}: not known{here}: {}", doubt.text),
            None => format!(
                "{what} would go unnoticed{here}: {}",
                broken_in_words(reason, chain)
            ),
        },
    };
    match &evidence.covered_by {
        Some(account) if !text.contains(account.as_str()) => {
            format!("{text} (in account {account})")
        }
        _ => text,
    }
}

fn broken_in_words(reason: Reason, chain: Option<&Chain>) -> String {
    let broken = chain.and_then(|chain| {
        let broken = |link: &&Link| link.state == LinkState::Broken;
        chain.links.iter().find(broken)
    });
    match broken {
        Some(link) => format!("{}: {}", named(link, reason), link.detail),
        None => lower_first(reason.meaning()),
    }
}

/// The link by its kind and its name, as people call it.
fn named(link: &Link, reason: Reason) -> String {
    let after = |marker: &str| {
        let found = link.resource.rsplit_once(marker).map(|(_, name)| name);
        found.unwrap_or(&link.resource).to_owned()
    };
    let (kind, name) = match link.kind {
        LinkKind::Trail => ("trail", after(":trail/")),
        LinkKind::Filter if link.resource.contains(":metric-filter:") => {
            ("metric filter", after(":metric-filter:"))
        }
        LinkKind::LogGroup | LinkKind::Filter => ("log group", after(":log-group:")),
        LinkKind::Metric => ("metric", link.resource.clone()),
        LinkKind::Alarm if reason == Reason::NoAlarm => ("metric", link.resource.clone()),
        LinkKind::Alarm => ("alarm", after(":alarm:")),
        LinkKind::Action if link.resource.contains(":sns:") => ("topic", after(":")),
        LinkKind::Action => ("action", link.resource.clone()),
        // The ARN of a subscription is that of its topic, and one part more.
        LinkKind::Subscription => {
            let name = link.resource.split(':').nth(5).unwrap_or(&link.resource);
            ("topic", name.to_owned())
        }
    };
    format!("{kind} `{name}`")
}

/// The sentence as part of another one; names such as CloudTrail stay as they are.
fn lower_first(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    if first.chars().skip(1).any(char::is_uppercase) {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let first = names
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{first} and {more} more"),
        _ => first,
    }
}
