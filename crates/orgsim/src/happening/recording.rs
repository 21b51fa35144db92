//! CloudTrail: which trails record an event, and which log groups it reaches
//! (CloudTrail user guide: "Logging management events", "Creating a trail for an
//! organization", "Sending events to CloudWatch Logs").

use super::event::CloudTrailEvent;
use super::trace::{Link, Trace};
use crate::state::{AdvancedSelector, BasicSelector, FieldSelector, Selectors, Trail, World};

/// A log group that an event reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arrival {
    pub(super) account: String,
    pub(super) region: String,
    pub(super) group: String,
}

/// Every log group that the event reaches, once for each trail that brings it.
pub(super) fn arrivals(world: &World, event: &CloudTrailEvent, trace: &mut Trace) -> Vec<Arrival> {
    let candidates = candidates(world, event);
    if candidates.is_empty() {
        trace.stop(
            Link::Trail,
            event.account(),
            "no trail records this account",
        );
    }
    candidates
        .iter()
        .filter_map(|trail| match arrival(world, trail, event) {
            Ok(arrival) => {
                let text = format!("records it and delivers to `{}`", arrival.group);
                trace.pass(Link::Trail, &trail.arn, text);
                Some(arrival)
            }
            Err(why) => {
                trace.stop(Link::Trail, &trail.arn, why);
                None
            }
        })
        .collect()
}

/// The account's own trails, and the organization's where CloudTrail has made them.
fn candidates(world: &World, event: &CloudTrailEvent) -> Vec<Trail> {
    let Some((mut trails, reach)) = world.account(event.account()).map(|state| {
        let own: Vec<Trail> = state.trails().cloned().collect();
        (own, state.organization_trails.clone())
    }) else {
        return Vec::new();
    };
    let management = world.management_account();
    if management != event.account()
        && let Some(state) = world.account(&management)
    {
        let organization = state
            .trails()
            .filter(|trail| trail.organization && reach.includes(&trail.name));
        trails.extend(organization.cloned());
    }
    trails
}

fn arrival(world: &World, trail: &Trail, event: &CloudTrailEvent) -> Result<Arrival, String> {
    if !trail.logging {
        return Err("it is switched off".to_owned());
    }
    let main = world.settings().main_region();
    if event.is_global() {
        if !trail.global_service_events {
            return Err("it does not record global service events".to_owned());
        }
        if !trail.multi_region && trail.home_region != main {
            return Err(format!(
                "global service events reach multi-Region trails and those of {main} alone"
            ));
        }
    }
    if !trail.multi_region && trail.home_region != event.region() {
        return Err(format!("it records {} alone", trail.home_region));
    }
    if !admits(&trail.selectors, event) {
        return Err("its event selectors leave the event out".to_owned());
    }
    let Some(group) = &trail.log_group_arn else {
        return Err("it delivers to no log group".to_owned());
    };
    if let Some(error) = &trail.delivery_error {
        return Err(format!("it cannot deliver: {error}"));
    }
    if !trail.delivers() {
        return Err("it delivers no more".to_owned());
    }
    let [_, _, _, region, account, _, group, ..] = group.split(':').collect::<Vec<_>>()[..] else {
        return Err(format!("`{group}` is not the ARN of a log group"));
    };
    let streams: Option<Vec<String>> = world.account(account).and_then(|state| {
        let found = state.region_content(region)?.log_groups.get(group)?;
        Some(found.streams.keys().cloned().collect())
    });
    let Some(streams) = streams else {
        return Err(format!("its log group `{group}` does not exist"));
    };
    // What the trail's role may write to shows in the streams that are there.
    let is_members =
        trail.organization && ![owner_of(&trail.arn), account].contains(&event.account());
    let only_owners = !streams.is_empty() && !streams.iter().any(|name| name.starts_with("o-"));
    if is_members && only_owners {
        return Err("its role lets the owner's events through alone".to_owned());
    }
    Ok(Arrival {
        account: account.to_owned(),
        region: region.to_owned(),
        group: group.to_owned(),
    })
}

fn owner_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// Whether one of the selectors matches the event.
fn admits(selectors: &Selectors, event: &CloudTrailEvent) -> bool {
    match selectors {
        Selectors::Basic(selectors) => selectors.iter().any(|selector| basic(selector, event)),
        Selectors::Advanced(selectors) => {
            selectors.iter().any(|selector| advanced(selector, event))
        }
    }
}

fn basic(selector: &BasicSelector, event: &CloudTrailEvent) -> bool {
    let class = match selector.read_write_type.as_str() {
        "ReadOnly" => event.is_read(),
        "WriteOnly" => !event.is_read(),
        _ => true,
    };
    selector.management_events
        && event.is_management()
        && class
        && !selector
            .excluded_sources
            .iter()
            .any(|source| source == event.source())
}

fn advanced(selector: &AdvancedSelector, event: &CloudTrailEvent) -> bool {
    let category = selector
        .fields
        .iter()
        .any(|field| field.field == "eventCategory");
    category && selector.fields.iter().all(|field| holds(field, event))
}

/// A condition on a field of the event; all of its operators must hold.
fn holds(selector: &FieldSelector, event: &CloudTrailEvent) -> bool {
    let value = match selector.field.as_str() {
        "eventCategory" => if event.is_management() {
            "Management"
        } else {
            "Data"
        }
        .to_owned(),
        "readOnly" => event.is_read().to_string(),
        "eventSource" => event.source().to_owned(),
        "eventName" => event.name().to_owned(),
        "userIdentity.arn" => event.record()["userIdentity"]["arn"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        other => event.record()[other]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    selector.operators.iter().all(|(operator, values)| {
        let any =
            |matches: fn(&str, &str) -> bool| values.iter().any(|wanted| matches(&value, wanted));
        match *operator {
            "Equals" => any(|value, wanted| value == wanted),
            "StartsWith" => any(|value, wanted| value.starts_with(wanted)),
            "EndsWith" => any(|value, wanted| value.ends_with(wanted)),
            "NotEquals" => !any(|value, wanted| value == wanted),
            "NotStartsWith" => !any(|value, wanted| value.starts_with(wanted)),
            "NotEndsWith" => !any(|value, wanted| value.ends_with(wanted)),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, source: &str, read: bool) -> CloudTrailEvent {
        let record =
            serde_json::json!({"eventName": name, "eventSource": source, "readOnly": read});
        CloudTrailEvent::at(record, Some("111122223333"), Some("eu-west-1")).unwrap()
    }

    #[test]
    fn selectors_admit_as_documented() {
        let basic = |kind: &str, excluded: &[&str]| {
            Selectors::Basic(vec![BasicSelector {
                read_write_type: kind.to_owned(),
                management_events: true,
                excluded_sources: excluded.iter().map(|&source| source.to_owned()).collect(),
            }])
        };
        let advanced = |fields: &[(&str, &'static str, &str)]| {
            Selectors::Advanced(vec![AdvancedSelector {
                name: String::new(),
                fields: fields
                    .iter()
                    .map(|&(field, operator, value)| FieldSelector {
                        field: field.to_owned(),
                        operators: vec![(operator, vec![value.to_owned()])],
                    })
                    .collect(),
            }])
        };
        let management = ("eventCategory", "Equals", "Management");
        let kms = event("DisableKey", "kms.amazonaws.com", false);
        let read = event("GetBucketPolicy", "s3.amazonaws.com", true);
        #[rustfmt::skip]
        let rows = [
            (basic("All", &[]),                                                         true,  true),
            (basic("WriteOnly", &[]),                                                   true,  false),
            (basic("ReadOnly", &[]),                                                    false, true),
            (basic("All", &["kms.amazonaws.com"]),                                      false, true),
            (Selectors::Basic(vec![]),                                                  false, false),
            (advanced(&[management]),                                                   true,  true),
            (advanced(&[management, ("readOnly", "Equals", "false")]),                  true,  false),
            (advanced(&[management, ("eventSource", "NotEquals", "kms.amazonaws.com")]), false, true),
            (advanced(&[("eventCategory", "Equals", "Data")]),                          false, false),
            (advanced(&[("readOnly", "Equals", "true")]),                               false, false),
        ];
        for (selectors, of_kms, of_read) in rows {
            assert_eq!(admits(&selectors, &kms), of_kms, "{selectors:?}");
            assert_eq!(admits(&selectors, &read), of_read, "{selectors:?}");
        }
    }
}
