//! What is said about a sweep, and whether there is anything to say. Made of what the store
//! knows, so that whoever empties the outbox can say it, a day later and on another machine.

use orgsweep_notify::{Accounts, Change, Group, Kind, Message};
use orgsweep_store::{ChangeKind, Ending, GroupedChange, Store, SweepId, SweepSummary};

use crate::stored::naming::finished;
use crate::sweep::summary::sentence;

/// Groups that are told of each kind of change; the others are counted.
const GROUPS_TOLD: usize = 10;

/// What a sweep is to be told as.
pub(crate) struct Composed {
    pub(crate) message: Message,
    /// Whether findings, or the accounts that could be read, have changed.
    pub(crate) is_news: bool,
}

/// Composes the message about a sweep.
pub(crate) async fn compose(store: &Store, sweep: SweepId) -> anyhow::Result<Composed> {
    let summary = store.sweep_summary(sweep).await?;
    let changes = store.changes_by_cause(sweep).await?;
    let sweeps = store.sweeps().await?;
    let this = sweeps.iter().find(|other| other.sweep_id == sweep);
    let before = this.and_then(|this| finished(&sweeps).find(|other| other.number < this.number));
    let moves = match (before, this) {
        (Some(before), Some(this)) => store.account_changes(before.number, this.number).await?,
        _ => Vec::new(),
    };
    let organization = this.and_then(|this| Some(this.organization.as_ref()?.to_string()));
    let message = message(&summary, &changes, organization);
    Ok(Composed {
        is_news: is_news(&message) || !moves.is_empty(),
        message,
    })
}

/// Whether findings have changed, or everything is new.
fn is_news(message: &Message) -> bool {
    message.first
        || message.new + message.fixed > 0
        || message
            .groups
            .iter()
            .any(|group| group.change == Change::NowUnknown)
}

fn message(
    summary: &SweepSummary,
    changes: &[GroupedChange],
    organization: Option<String>,
) -> Message {
    let mut groups = Vec::new();
    for change in Change::ALL {
        let of_this = changes.iter().filter(|other| named(other.change) == change);
        groups.extend(of_this.take(GROUPS_TOLD).map(group));
    }
    Message {
        kind: Kind::Sweep,
        sentence: sentence(summary),
        sweep_id: Some(summary.id.0),
        organization,
        started_at: Some(summary.started_at),
        finished_at: summary.finished_at,
        first: !summary.has_predecessor,
        accounts: Accounts {
            listed: summary.listed,
            read: summary.read,
            failed: summary.failed,
            skipped: summary.skipped,
            failing: summary.accounts_failing,
        },
        new: summary.new,
        fixed: summary.fixed,
        still_failing: summary.still_failing,
        unknown: summary.controls.iter().map(|control| control.unknown).sum(),
        more_groups: (changes.len() - groups.len()) as u64,
        groups,
        decisions: summary.ending.iter().map(ending).collect(),
    }
}

fn named(change: ChangeKind) -> Change {
    match change {
        ChangeKind::New => Change::New,
        ChangeKind::Fixed => Change::Fixed,
        ChangeKind::NowUnknown => Change::NowUnknown,
        ChangeKind::StillFailing => Change::StillFailing,
    }
}

fn group(change: &GroupedChange) -> Group {
    Group {
        change: named(change.change),
        reason: change.reason.clone(),
        cause: change.cause.clone(),
        accounts: change.accounts,
        findings: change.findings,
        controls: change.controls.iter().map(ToString::to_string).collect(),
        example: change.example.to_string(),
        summary: change.summary.clone(),
    }
}

fn ending(ending: &Ending) -> String {
    let ends = if ending.ended { "ended" } else { "ends" };
    format!(
        "{} `{}` of {} {ends} on {}",
        ending.kind, ending.id, ending.owner, ending.until
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::summary::tests::summary;

    fn change(kind: ChangeKind, number: u64) -> GroupedChange {
        GroupedChange {
            change: kind,
            cause: format!("no_subscription arn:aws:sns:eu-west-1:111122223333:{number}"),
            reason: "no_subscription".to_owned(),
            accounts: number,
            findings: number,
            controls: vec!["root-usage".parse().unwrap()],
            example: "111122223333".parse().unwrap(),
            summary: "the topic has no subscription".to_owned(),
        }
    }

    #[test]
    fn many_causes_are_counted_and_none_is_lost() {
        let changes: Vec<_> = (0..25)
            .map(|number| change(ChangeKind::New, number))
            .chain([change(ChangeKind::Fixed, 1)])
            .collect();
        let message = message(&summary(), &changes, None);
        assert_eq!(message.groups.len(), GROUPS_TOLD + 1);
        assert_eq!(message.more_groups, 15);
        assert_eq!(message.groups[GROUPS_TOLD].change, Change::Fixed);
    }

    #[test]
    fn a_night_without_change_is_no_news() {
        let mut quiet = summary();
        (quiet.new, quiet.fixed) = (0, 0);
        let open = [change(ChangeKind::StillFailing, 3)];
        assert!(!is_news(&message(&quiet, &open, None)));
        assert!(is_news(&message(
            &quiet,
            &[change(ChangeKind::NowUnknown, 1)],
            None
        )));
        let mut first = quiet.clone();
        first.has_predecessor = false;
        let mut fixed = quiet;
        fixed.fixed = 1;
        for news in [first, fixed] {
            assert!(is_news(&message(&news, &open, None)));
        }
    }
}
