//! Changes of trails and their log groups.

use chrono::{TimeZone as _, Utc};
use fastrand::Rng;
use orgsim::{
    AccountState, AdvancedSelector, BasicSelector, FieldSelector, LastDelivery, Selectors,
    Settings, Trail,
};

use super::{key, one};

pub(super) fn change(
    random: &mut Rng,
    settings: &Settings,
    state: &mut AccountState,
) -> Option<String> {
    let with: Vec<String> = state
        .regions
        .iter()
        .filter(|(_, content)| !content.trails.is_empty())
        .map(|(region, _)| region.clone())
        .collect();
    if with.is_empty() {
        return None;
    }
    let region = one(random, &with).clone();
    let content = state.regions.get_mut(&region)?;
    let name = key(random, &content.trails)?;
    let trail = content.trails.get_mut(&name)?;
    let text = match random.u8(..12) {
        0 => {
            trail.logging = false;
            trail.last_delivery = LastDelivery::At(Utc.timestamp_opt(1_700_000_000, 0).single()?);
            "is switched off".to_owned()
        }
        1 => {
            trail.delivery_error = Some("Access denied.".to_owned());
            "cannot deliver".to_owned()
        }
        2 | 3 => {
            trail.multi_region = false;
            "records one Region".to_owned()
        }
        4 => {
            trail.global_service_events = false;
            "records no global service events".to_owned()
        }
        5 | 6 => {
            let (text, selectors) = selectors(random);
            trail.selectors = selectors;
            format!("has selectors {text}")
        }
        7 => {
            trail.log_group_arn = None;
            trail.log_role_arn = None;
            "has no log group".to_owned()
        }
        8 => {
            let group = group_name(trail)?;
            content.log_groups.remove(&group)?;
            format!("lost its log group {group}")
        }
        9 => {
            let group = group_name(trail)?;
            let group_content = content.log_groups.get_mut(&group)?;
            "INFREQUENT_ACCESS".clone_into(&mut group_content.class);
            // No group of another class than the standard one ever has filters.
            group_content.filters.clear();
            format!("has a log group {group} of the class INFREQUENT_ACCESS")
        }
        _ => return second_trail(random, settings, state, &region, &name),
    };
    Some(format!("trail {name} {text}"))
}

fn group_name(trail: &Trail) -> Option<String> {
    let arn = trail.log_group_arn.as_ref()?;
    arn.split(':').nth(6).map(str::to_owned)
}

fn selectors(random: &mut Rng) -> (String, Selectors) {
    let basic = |kind: &str, excluded: &[&str]| BasicSelector {
        read_write_type: kind.to_owned(),
        management_events: true,
        excluded_sources: excluded.iter().map(|&source| source.to_owned()).collect(),
    };
    let advanced = |fields: &[(&str, &'static str, &[&str])]| AdvancedSelector {
        name: "selector".to_owned(),
        fields: fields
            .iter()
            .map(|(field, operator, values)| FieldSelector {
                field: (*field).to_owned(),
                operators: vec![(
                    *operator,
                    values.iter().map(|&value| value.to_owned()).collect(),
                )],
            })
            .collect(),
    };
    let management = ("eventCategory", "Equals", &["Management"][..]);
    let kms = ("eventSource", "NotEquals", &["kms.amazonaws.com"][..]);
    let both = (
        "eventSource",
        "NotEquals",
        &["kms.amazonaws.com", "rdsdata.amazonaws.com"][..],
    );
    let read = ("readOnly", "Equals", &["true"][..]);
    let write = ("readOnly", "Equals", &["false"][..]);
    let selectors = match random.u8(..10) {
        0 => Selectors::Basic(vec![basic("WriteOnly", &[])]),
        1 => Selectors::Basic(vec![basic("ReadOnly", &[])]),
        2 => Selectors::Basic(vec![basic("ReadOnly", &[]), basic("WriteOnly", &[])]),
        3 => Selectors::Basic(vec![basic("All", &["kms.amazonaws.com"])]),
        4 => Selectors::Basic(vec![basic("All", &["rdsdata.amazonaws.com"])]),
        5 => Selectors::Advanced(vec![advanced(&[management])]),
        6 => Selectors::Advanced(vec![advanced(&[management, write])]),
        7 => Selectors::Advanced(vec![advanced(&[management, both])]),
        8 => Selectors::Advanced(vec![
            advanced(&[management, kms, write]),
            advanced(&[management, read]),
        ]),
        _ => Selectors::Advanced(vec![advanced(&[("eventCategory", "Equals", &["Data"])])]),
    };
    (format!("{selectors:?}"), selectors)
}

/// Another trail: into the same group, or with a copy of the whole chain in another Region.
fn second_trail(
    random: &mut Rng,
    settings: &Settings,
    state: &mut AccountState,
    region: &str,
    name: &str,
) -> Option<String> {
    let mut second = state.regions.get(region)?.trails.get(name)?.clone();
    if second.organization {
        return None;
    }
    let home = one(random, &settings.regions).clone();
    second.name = format!("{name}-{home}");
    second.arn = second
        .arn
        .replace(&format!(":{region}:"), &format!(":{home}:"))
        .replace(&format!("trail/{name}"), &format!("trail/{}", second.name));
    second.home_region.clone_from(&home);
    second.multi_region = random.bool();
    second.logging = true;
    second.delivery_error = None;
    second.last_delivery = LastDelivery::MinutesAgo(3);
    second.selectors = if random.bool() {
        Selectors::default()
    } else {
        selectors(random).1
    };
    if home != region {
        // Everything that the trail needs, in its own Region.
        let text = |text: &str| text.replace(&format!(":{region}:"), &format!(":{home}:"));
        second.log_group_arn = second.log_group_arn.as_deref().map(text);
        if state
            .regions
            .get(&home)
            .is_none_or(|content| content.log_groups.is_empty())
        {
            let mut copy = state.regions.get(region)?.clone();
            copy.trails.clear();
            copy.metric_alarms.values_mut().for_each(|alarm| {
                alarm.arn = text(&alarm.arn);
                for action in &mut alarm.alarm_actions {
                    *action = text(action);
                }
            });
            copy.composite_alarms.clear();
            copy.topics = copy
                .topics
                .into_iter()
                .map(|(arn, mut topic)| {
                    topic.policy = topic.policy.map(|policy| text(&policy));
                    (text(&arn), topic)
                })
                .collect();
            for subscription in &mut copy.subscriptions {
                subscription.arn = text(&subscription.arn);
                subscription.topic_arn = text(&subscription.topic_arn);
            }
            copy.keys.clear();
            copy.key_aliases.clear();
            let trails = state
                .regions
                .remove(&home)
                .map(|content| content.trails)
                .unwrap_or_default();
            copy.trails = trails;
            state.regions.insert(home.clone(), copy);
        }
    }
    let told = format!(
        "a second trail {} in {home}, multi-Region {}, selectors {:?}",
        second.name, second.multi_region, second.selectors
    );
    let content = state.regions.entry(home).or_default();
    content.trails.insert(second.name.clone(), second);
    Some(told)
}
