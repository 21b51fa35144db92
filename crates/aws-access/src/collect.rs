//! Reading one account into an [`AccountSnapshot`]: no more calls than the
//! verdict needs, side by side where one does not need the other's answer.

mod action_history;
mod alarms;
mod arrivals;
mod delivery;
mod filters;
mod keys;
mod log_groups;
mod monitoring;
mod mute_rules;
mod neighbours;
mod regions;
mod selectors;
mod subscriptions;
mod topics;
mod trails;

use std::collections::BTreeMap;

use futures::future::join_all;
use orgsweep_controls::snapshot::{Alarms, Trail};
use orgsweep_controls::{
    AccountId, AccountSnapshot, Known, OwnChains, Region, Unread, UnreadCause,
    multi_region_trails_decide,
};

pub(crate) use neighbours::Neighbours;

use crate::errors::{CollectError, Failure, FailureReason};
use crate::members::Members;
use crate::session::{Collected, Session};

/// Reads the account of `session`; topics of `neighbours` are read as their owners see them.
pub(crate) async fn account(
    session: &Session,
    neighbours: &Members,
) -> Result<Collected, CollectError> {
    // Waiting for STS's budget is no fault of the account: the deadline starts after it.
    session
        .sign_in()
        .await
        .map_err(|failure| session.collect_error(failure))?;
    let deadline = session.shared().config.account_deadline;
    let pauses = session.pauses();
    // On the heap: this future is large, and those that hold it are not to be as well.
    let reading = Box::pin(read(session, neighbours));
    let Some((snapshot, own_chains)) = pauses.within(deadline, reading).await else {
        return Err(session.out_of_time());
    };
    if let Some(failure) = session
        .credentials_over()
        .or_else(|| nothing_was_read(&snapshot))
    {
        return Err(session.collect_error(failure));
    }
    let (calls, throttles) = session.counts();
    Ok(Collected {
        snapshot,
        own_chains,
        calls,
        throttles,
    })
}

async fn read(session: &Session, neighbours: &Members) -> (AccountSnapshot, Option<OwnChains>) {
    let vantage = session.shared().vantage.clone();
    let (regions, seen) = tokio::join!(
        regions::enabled(session),
        trails::visible(session, &vantage)
    );
    let mut seen = BTreeMap::from([(vantage.clone(), seen)]);
    if !decided_by_multi_region_trails(session.account(), distinct(&seen)) {
        look_elsewhere(session, &vantage, &regions, &mut seen).await;
    }
    let (snapshot, own_chains) = chains(session, neighbours, regions, seen).await;
    if !may_hang_on_regional_trails(&snapshot, &vantage) {
        return (snapshot, own_chains);
    }
    let AccountSnapshot {
        regions,
        mut trails,
        ..
    } = snapshot;
    look_elsewhere(session, &vantage, &regions, &mut trails).await;
    chains(session, neighbours, regions, trails).await
}

/// What is behind the trails that were `seen`, with the account's own chains where nothing that
/// was read after them changes them.
async fn chains(
    session: &Session,
    neighbours: &Members,
    regions: Known<Vec<Region>>,
    mut seen: BTreeMap<Region, Known<Vec<Trail>>>,
) -> (AccountSnapshot, Option<OwnChains>) {
    let (own_trails, filters) = tokio::join!(
        trails::own(session, distinct(&seen)),
        log_groups::filters_of(session, distinct(&seen)),
    );
    trails::fill_in(&mut seen, &own_trails);
    let groups = log_groups::with_filters(session, filters, distinct(&seen)).await;
    let alarms = alarms::that_matter(session, &groups, distinct(&seen)).await;
    let own: Vec<_> = alarms.iter().collect();
    let topics::ActedOn { topics, keys } = topics::acted_on(session, &own, neighbours).await;
    let mut snapshot = AccountSnapshot {
        account: session.account().clone(),
        partition: session.partition().clone(),
        regions,
        trails: seen,
        log_groups: groups,
        alarms,
        topics,
        keys,
        monitoring: BTreeMap::new(),
    };
    let own_chains = OwnChains::of(&snapshot);
    snapshot.monitoring = monitoring::of(session, &snapshot, &own_chains, neighbours).await;
    if snapshot.monitoring.is_empty() {
        return (snapshot, Some(own_chains));
    }
    let alarms = on_its_metrics(&snapshot);
    let known = &snapshot.topics;
    let theirs = topics::acted_on_elsewhere(session, &alarms, known, neighbours).await;
    snapshot.topics.extend(theirs.topics);
    snapshot.keys.extend(theirs.keys);
    (snapshot, None)
}

/// Alarms of monitoring accounts, each with its Region.
fn on_its_metrics(snapshot: &AccountSnapshot) -> Vec<(&Region, &Known<Alarms>)> {
    let regions = snapshot.monitoring.iter();
    regions
        .flat_map(|(region, accounts)| {
            let accounts = accounts.value().into_iter().flatten();
            accounts.map(move |(_, monitoring)| (region, &monitoring.alarms))
        })
        .collect()
}

/// Asks each other enabled Region for its trails.
async fn look_elsewhere(
    session: &Session,
    vantage: &Region,
    enabled: &Known<Vec<Region>>,
    seen: &mut BTreeMap<Region, Known<Vec<Trail>>>,
) {
    let Some(enabled) = enabled.value() else {
        return;
    };
    let others = enabled.iter().filter(|region| *region != vantage);
    let read = join_all(
        others.map(async |region| (region.clone(), trails::visible(session, region).await)),
    )
    .await;
    seen.extend(read);
    // A vantage Region that is not enabled in this account is no gap in what is known.
    let read_elsewhere = seen.values().any(|trails| trails.value().is_some());
    if read_elsewhere && !enabled.contains(vantage) && seen[vantage].value().is_none() {
        seen.remove(vantage);
    }
}

/// Whether other Regions have to be asked after all: the account's trail that records every
/// Region does not bring everything to somebody, and the vantage Region has another way, a trail
/// of its own. Without that one the verdict hangs on the first.
fn may_hang_on_regional_trails(snapshot: &AccountSnapshot, vantage: &Region) -> bool {
    let mut enabled = snapshot.regions.value().into_iter().flatten();
    let has_others = enabled.any(|region| region != vantage);
    let has_regional = distinct(&snapshot.trails).any(|trail| {
        let own = trail.arn.account().as_ref() == Some(&snapshot.account);
        own && !trail.multi_region && trail.log_group.is_some()
    });
    has_others
        && snapshot.trails.len() == 1
        && has_regional
        && !multi_region_trails_decide(snapshot)
}

/// A multi-Region trail with a log group is seen from everywhere and decides for
/// every Region. Without one, each enabled Region may have its own trail. Beside
/// an organization's, they matter only where the vantage Region has one, too:
/// without it that Region hangs on the organization's chain, and so does the verdict.
fn decided_by_multi_region_trails<'a>(
    account: &AccountId,
    visible: impl Iterator<Item = &'a Trail>,
) -> bool {
    let (mut own, mut foreign, mut own_regional) = (false, false, false);
    for trail in visible.filter(|trail| trail.log_group.is_some()) {
        match (
            trail.arn.account().as_ref() == Some(account),
            trail.multi_region,
        ) {
            (true, true) => own = true,
            (true, false) => own_regional = true,
            (false, true) => foreign = true,
            (false, false) => {}
        }
    }
    own || (foreign && !own_regional)
}

/// Every trail once, whichever Regions it was seen from.
fn distinct(seen: &BTreeMap<Region, Known<Vec<Trail>>>) -> impl Iterator<Item = &Trail> {
    let trails: BTreeMap<_, _> = seen
        .values()
        .filter_map(Known::value)
        .flatten()
        .map(|trail| (&trail.arn, trail))
        .collect();
    trails.into_values()
}

/// An account of which AWS told nothing, for a reason that is not a missing
/// permission, was not read.
fn nothing_was_read(snapshot: &AccountSnapshot) -> Option<Failure> {
    let trails: Vec<&Unread> = snapshot
        .trails
        .values()
        .map(|trails| trails.get().err())
        .collect::<Option<_>>()?;
    let first = trails.first()?;
    let regions = snapshot.regions.get().err()?;
    let reason = match first.cause {
        UnreadCause::Throttled => FailureReason::Throttled,
        UnreadCause::TimedOut => FailureReason::TimedOut,
        UnreadCause::Transient => FailureReason::Unreachable,
        UnreadCause::Garbled => FailureReason::Garbled,
        _ => return None,
    };
    let words = |unread: &Unread| match unread.message.as_str() {
        "" => unread.to_string(),
        message => format!("{unread} ({message})"),
    };
    Some(Failure {
        reason,
        message: format!(
            "nothing could be read: {}; {}; check the network path to AWS, proxies and the endpoint URL",
            words(first),
            words(regions)
        ),
    })
}

#[cfg(test)]
mod tests {
    use orgsweep_controls::Call;

    use super::*;

    fn snapshot(trails: UnreadCause, regions: UnreadCause) -> AccountSnapshot {
        let region: Region = "eu-west-1".parse().unwrap();
        let unread = |operation: &str, cause| Unread {
            call: Call::new("cloudtrail", operation, None),
            cause,
            message: String::new(),
        };
        AccountSnapshot {
            account: "111122223333".parse().unwrap(),
            partition: "aws".parse().unwrap(),
            regions: Known::Unread(unread("ListRegions", regions)),
            trails: [(region, Known::Unread(unread("DescribeTrails", trails)))].into(),
            log_groups: BTreeMap::new(),
            alarms: BTreeMap::new(),
            topics: BTreeMap::new(),
            keys: BTreeMap::new(),
            monitoring: BTreeMap::new(),
        }
    }

    #[test]
    #[rustfmt::skip]
    fn an_account_that_told_nothing_failed_unless_permissions_are_what_is_missing() {
        for (trails,                  regions,                expected) in [
            (UnreadCause::TimedOut,  UnreadCause::TimedOut,  Some(FailureReason::TimedOut)),
            (UnreadCause::Transient, UnreadCause::Transient, Some(FailureReason::Unreachable)),
            (UnreadCause::Garbled,   UnreadCause::Denied,    Some(FailureReason::Garbled)),
            (UnreadCause::Denied,    UnreadCause::Denied,    None),
            (UnreadCause::Denied,    UnreadCause::TimedOut,  None),
        ] {
            let found = nothing_was_read(&snapshot(trails, regions)).map(|failure| failure.reason);
            assert_eq!(found, expected, "{trails:?} {regions:?}");
        }
        let mut partly = snapshot(UnreadCause::TimedOut, UnreadCause::TimedOut);
        partly.regions = Known::read(Vec::new(), Call::new("account", "ListRegions", None));
        assert_eq!(nothing_was_read(&partly), None);
    }

    fn trail(account: &str, multi_region: bool, log_group: bool) -> Trail {
        let not_asked = || Unread {
            call: Call::new("cloudtrail", "GetTrailStatus", None),
            cause: UnreadCause::NotAsked,
            message: String::new(),
        };
        let group = format!("arn:aws:logs:us-east-1:{account}:log-group:trails");
        Trail {
            arn: format!("arn:aws:cloudtrail:us-east-1:{account}:trail/t{multi_region}")
                .parse()
                .unwrap(),
            name: "t".to_owned(),
            home_region: "us-east-1".parse().unwrap(),
            multi_region,
            organization: false,
            global_service_events: true,
            log_group: log_group.then(|| group.parse().unwrap()),
            log_role: None,
            status: Known::Unread(not_asked()),
            selectors: Known::Unread(not_asked()),
        }
    }

    #[test]
    fn other_regions_are_asked_only_where_their_own_trails_can_matter() {
        const OWN: &str = "111111111111";
        const OWNER: &str = "222222222222";
        let own = trail(OWN, true, true);
        let own_regional = trail(OWN, false, true);
        let organization = trail(OWNER, true, true);
        let without_group = trail(OWN, true, false);
        #[rustfmt::skip]
        let cases: &[(bool, &[&Trail])] = &[
            (false, &[]),
            (false, &[&without_group]),
            (false, &[&own_regional]),
            (true,  &[&own]),
            (true,  &[&own, &own_regional]),
            (true,  &[&organization]),
            (false, &[&organization, &own_regional]),
        ];
        for (decided, visible) in cases {
            assert_eq!(
                decided_by_multi_region_trails(&OWN.parse().unwrap(), visible.iter().copied()),
                *decided,
                "{visible:?}"
            );
        }
    }
}
