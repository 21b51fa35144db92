//! The audit procedure that the CIS benchmark prescribes for each of its
//! monitoring controls, step by step and to the letter, in one account. What the
//! procedure does not ask (namespace, threshold, actions enabled, policies …) is
//! not asked here either. Only blanks in patterns are overlooked.
//!
//! Source: CIS AWS Foundations Benchmark, section 4 (5 from 6.0.0), "Audit".

use super::material::{Material, Reach, canonical, squeezed};
use super::opinion;
use crate::catalog::{Catalog, Control, Requirement};
use crate::finding::{Opinion, OtherVerdict};
use crate::snapshot::{EventSelectors, Trail};

/// What the procedure finds that asks for one of the patterns.
pub(super) fn of(prescribed: &[String], material: &Material<'_>) -> Opinion {
    if material
        .snapshot
        .trails
        .values()
        .all(|t| t.value().is_none())
    {
        let detail = "step 1: the trails could not be read";
        return opinion(OtherVerdict::Unknown, Some(1), detail);
    }
    let trails = material.trails();
    let best = trails
        .iter()
        .filter(|trail| trail.multi_region)
        .map(|trail| of_trail(trail, prescribed, material))
        .max_by_key(|found| (rank(found.verdict), found.step));
    best.unwrap_or_else(|| fail(1, "no trail has IsMultiRegionTrail = true"))
}

/// The requirement of the chosen benchmark version, or of the newest one that has
/// the control when another framework is chosen.
fn benchmark<'a>(control: &'a Control, catalog: &Catalog) -> Option<&'a Requirement> {
    let chosen = catalog.framework();
    let own = |id: &str| {
        control
            .requirements
            .iter()
            .find(|r| r.frameworks.iter().any(|f| f == id))
    };
    if chosen.starts_with("cis-") {
        return own(chosen);
    }
    let newest = catalog
        .frameworks()
        .iter()
        .rev()
        .filter(|framework| framework.id.starts_with("cis-"));
    newest.into_iter().find_map(|framework| own(&framework.id))
}

/// The texts that the benchmark prints, without blanks. Those that only Security
/// Hub prints do not count. `None` when the benchmark does not have the control.
pub(super) fn prescribed(control: &Control, catalog: &Catalog) -> Option<Vec<String>> {
    let requirement = benchmark(control, catalog)?;
    if !requirement.as_written.is_empty() {
        let as_written = requirement.as_written.iter();
        return Some(as_written.map(|text| squeezed(text)).collect());
    }
    let hub = control
        .requirement("security-hub")
        .and_then(|hub| canonical(hub.pattern()));
    let others = requirement
        .printed()
        .skip(1)
        .filter(|text| canonical(text) != hub);
    let texts = std::iter::once(requirement.pattern()).chain(others.map(String::as_str));
    Some(texts.map(squeezed).collect())
}

fn rank(verdict: OtherVerdict) -> u8 {
    match verdict {
        OtherVerdict::Pass => 2,
        OtherVerdict::Unknown => 1,
        _ => 0,
    }
}

fn fail(step: u8, detail: impl Into<String>) -> Opinion {
    opinion(OtherVerdict::Fail, Some(step), detail)
}

fn unknown(step: u8, detail: impl Into<String>) -> Opinion {
    opinion(OtherVerdict::Unknown, Some(step), detail)
}

fn of_trail(trail: &Trail, prescribed: &[String], material: &Material<'_>) -> Opinion {
    let name = &trail.name;
    let Some(group) = &trail.log_group else {
        return fail(
            1,
            format!("trail `{name}` has no CloudWatchLogsLogGroupArn"),
        );
    };
    // The owner of an organization trail answers steps 2 and 3; a member that asks
    // finds no such log group in step 4 anyway.
    if !material.is_foreign(trail) {
        match trail.status.get() {
            Ok(status) if !status.logging => {
                return fail(2, format!("IsLogging of trail `{name}` is not TRUE"));
            }
            Ok(_) => {}
            Err(unread) => return unknown(2, unread.to_string()),
        }
        match trail.selectors.get() {
            Ok(selectors) if !records_all(selectors) => {
                let detail =
                    "no event selector has IncludeManagementEvents = true and ReadWriteType = All";
                return fail(3, format!("trail `{name}`: {detail}"));
            }
            Ok(_) => {}
            Err(unread) => return unknown(3, unread.to_string()),
        }
    }
    if group.account() != material.snapshot.account {
        let detail = format!("log group `{}` is not in this account", group.name());
        return fail(4, detail);
    }
    if let Some(read) = material.snapshot.log_groups.get(group)
        && let Err(unread) = read.filters.get()
    {
        return unknown(4, unread.to_string());
    }
    let matching: Vec<_> = material
        .filters_of(group)
        .into_iter()
        .filter(|filter| prescribed.contains(&filter.squeezed))
        .collect();
    if matching.is_empty() {
        return fail(
            4,
            format!(
                "no metric filter of `{}` has the benchmark's pattern",
                group.name()
            ),
        );
    }
    let reach = matching
        .iter()
        .map(|filter| material.reach(filter, false))
        .max();
    match reach.unwrap_or(Reach::NoAlarm) {
        Reach::NoAlarm => fail(5, "no alarm has the MetricName of the filter"),
        Reach::NoTopic => fail(6, "the alarm's AlarmActions name no topic"),
        Reach::NoSubscription(topic) => {
            fail(7, format!("{topic} has no subscription with a valid ARN"))
        }
        Reach::Unread(why) => unknown(7, why),
        Reach::ForeignTopic(topic) => unknown(
            7,
            format!("the subscriptions of {topic} were not listed in this account"),
        ),
        Reach::Subscribed => opinion(
            OtherVerdict::Pass,
            None,
            "all seven steps of the audit find what they ask for",
        ),
    }
}

/// Basic selectors alone: with advanced ones, `EventSelectors` is empty.
fn records_all(selectors: &EventSelectors) -> bool {
    match selectors {
        EventSelectors::Basic(all) => all
            .iter()
            .any(|one| one.management_events && one.read_write_type == "All"),
        EventSelectors::Advanced(_) => false,
    }
}
