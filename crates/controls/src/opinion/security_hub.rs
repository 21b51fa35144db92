//! What AWS Security Hub's CloudWatch controls report: the filter must have the
//! prescribed pattern without additional fields or terms, the trail must be a
//! multi-Region trail of the account itself, and the alarm's topic must be one
//! whose subscribers can be listed. Blanks and quotes are overlooked.
//!
//! Source: AWS Security Hub User Guide, "Security Hub controls for CloudWatch".

use super::material::{Material, Reach, canonical};
use super::opinion;
use crate::catalog::Control;
use crate::finding::{Opinion, OtherVerdict};
use crate::snapshot::{EventSelectors, FieldSelector, Trail};

/// The benchmark versions that Security Hub's controls are mapped to.
const FRAMEWORKS: [&str; 3] = ["security-hub", "cis-1.4.0", "cis-1.2.0"];

/// What Security Hub reports in the account, where it asks for one of the patterns.
pub(super) fn of(
    control: &Control,
    prescribed: &[String],
    material: &Material<'_>,
) -> Option<Opinion> {
    let trails = material.trails();
    if material
        .snapshot
        .trails
        .values()
        .all(|t| t.value().is_none())
    {
        return Some(opinion(
            OtherVerdict::Unknown,
            None,
            "the trails could not be read",
        ));
    }
    let (foreign, own): (Vec<&Trail>, Vec<&Trail>) = trails
        .into_iter()
        .partition(|trail| material.is_foreign(trail));
    let multi_region: Vec<&Trail> = own.into_iter().filter(|trail| trail.multi_region).collect();
    if multi_region.is_empty() {
        let elsewhere = foreign.iter().find(|trail| trail.multi_region);
        return Some(match elsewhere {
            Some(trail) => {
                let owner = trail
                    .arn
                    .account()
                    .map(|id| id.to_string())
                    .unwrap_or_default();
                let detail = format!(
                    "NO_DATA: trail `{}` belongs to account {owner}; the finding is made there",
                    trail.name
                );
                opinion(OtherVerdict::NoData, None, detail)
            }
            None => opinion(
                OtherVerdict::Fail,
                None,
                "the account has no multi-Region trail",
            ),
        });
    }
    multi_region
        .iter()
        .map(|trail| of_trail(trail, control, prescribed, material))
        .max_by_key(|found| rank(found.verdict))
}

/// The patterns that it asks for; `None` when it has no such control.
pub(super) fn prescribed(control: &Control) -> Option<Vec<String>> {
    control.security_hub.as_ref()?;
    let requirements = FRAMEWORKS
        .iter()
        .filter_map(|framework| control.requirement(framework));
    let texts =
        requirements.flat_map(|requirement| requirement.printed().chain(&requirement.as_written));
    Some(texts.filter_map(|text| canonical(text)).collect())
}

fn rank(verdict: OtherVerdict) -> u8 {
    match verdict {
        OtherVerdict::Pass => 3,
        OtherVerdict::Warning => 2,
        OtherVerdict::Unknown => 1,
        _ => 0,
    }
}

fn of_trail(
    trail: &Trail,
    control: &Control,
    prescribed: &[String],
    material: &Material<'_>,
) -> Opinion {
    let fail = |detail: String| opinion(OtherVerdict::Fail, None, detail);
    let unknown = |detail: String| opinion(OtherVerdict::Unknown, None, detail);
    let name = &trail.name;
    match trail.status.get() {
        Ok(status) if !status.logging => return fail(format!("trail `{name}` is switched off")),
        Ok(_) => {}
        Err(unread) => return unknown(unread.to_string()),
    }
    match trail.selectors.get() {
        Ok(selectors) => {
            if let Some(why) = leaves_out(selectors, control) {
                return fail(format!("trail `{name}` {why}"));
            }
        }
        Err(unread) => return unknown(unread.to_string()),
    }
    let Some(group) = trail
        .log_group
        .as_ref()
        .filter(|group| group.account() == material.snapshot.account)
    else {
        return fail(format!(
            "trail `{name}` delivers to no log group of this account"
        ));
    };
    if let Some(read) = material.snapshot.log_groups.get(group)
        && let Err(unread) = read.filters.get()
    {
        return unknown(unread.to_string());
    }
    let exact = |text: &Option<String>| text.as_ref().is_some_and(|text| prescribed.contains(text));
    let reach = material
        .filters_of(group)
        .into_iter()
        .filter(|filter| exact(&filter.canonical))
        .map(|filter| material.reach(filter, true))
        .max();
    match reach {
        None => fail(
            "no metric filter has the prescribed pattern, without additional fields or terms"
                .to_owned(),
        ),
        Some(Reach::NoAlarm) => fail("no alarm watches the filter's metric".to_owned()),
        Some(Reach::NoTopic) => fail("the alarm has no topic as action".to_owned()),
        Some(Reach::NoSubscription(topic)) => {
            fail(format!("{topic} has no confirmed subscription"))
        }
        Some(Reach::Unread(why)) => unknown(why),
        Some(Reach::ForeignTopic(topic)) => opinion(
            OtherVerdict::Warning,
            None,
            format!("WARNING: the account cannot list the subscriptions of {topic}"),
        ),
        Some(Reach::Subscribed) => opinion(
            OtherVerdict::Pass,
            None,
            "trail, prescribed pattern, alarm and subscribed topic are there",
        ),
    }
}

/// Management events that the selectors leave out, in words.
fn leaves_out(selectors: &EventSelectors, control: &Control) -> Option<&'static str> {
    let kms = control
        .event_sources
        .iter()
        .any(|source| source == "kms.amazonaws.com");
    match selectors {
        EventSelectors::Basic(all) => {
            let mut recording = all
                .iter()
                .filter(|one| one.management_events && one.read_write_type == "All")
                .peekable();
            if recording.peek().is_none() {
                return Some("does not record all management events");
            }
            let excludes = |source: &String| source == "kms.amazonaws.com";
            let without_kms = recording.all(|one| one.excluded_sources.iter().any(excludes));
            (kms && without_kms).then_some("excludes kms.amazonaws.com")
        }
        EventSelectors::Advanced(all) => {
            let mut recording = all
                .iter()
                .filter(|one| {
                    let management = one.fields.iter().any(|field| {
                        field.field == "eventCategory"
                            && field.equals.iter().any(|value| value == "Management")
                    });
                    management && one.fields.iter().all(|field| field.field != "readOnly")
                })
                .peekable();
            if recording.peek().is_none() {
                return Some("does not record all management events");
            }
            let excludes = |field: &FieldSelector| {
                field.field == "eventSource"
                    && field
                        .not_equals
                        .iter()
                        .any(|value| value == "kms.amazonaws.com")
            };
            let without_kms = recording.all(|one| one.fields.iter().any(excludes));
            (kms && without_kms).then_some("excludes kms.amazonaws.com")
        }
    }
}
