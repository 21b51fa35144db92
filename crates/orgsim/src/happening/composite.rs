//! Composite alarms: their states follow their children's at once; a suppressor
//! withholds or delays their actions (CloudWatch user guide, "Combining alarms",
//! "Suppressing composite alarm actions").

use std::collections::BTreeMap;

use super::notification::Ringing;
use super::rule::Rule;
use super::timeline::{AlarmPlace, Task, Timeline};
use super::trace::{Link, Trace};
use super::transition::{self, Actions};
use crate::state::{AlarmState, CompositeAlarm, RegionState, World};

/// Rounds after which composites that depend on each other in a circle are left alone.
const MOST_ROUNDS: usize = 100;

/// The state of the alarm that a rule names, by name or ARN.
fn state_of(content: &RegionState, reference: &str) -> AlarmState {
    let name = name_of(reference);
    let metric = content.metric_alarms.get(name).map(|alarm| alarm.state);
    metric
        .or_else(|| content.composite_alarms.get(name).map(|alarm| alarm.state))
        .unwrap_or(AlarmState::InsufficientData)
}

fn name_of(reference: &str) -> &str {
    reference
        .split_once(":alarm:")
        .map_or(reference, |(_, name)| name)
}

/// The state that the rule gives; nothing for a rule that cannot be read.
fn wanted_state(content: &RegionState, alarm: &CompositeAlarm) -> Option<AlarmState> {
    let rule = Rule::parse(&alarm.rule).ok()?;
    let holds = rule.holds(&|reference| state_of(content, reference));
    Some(if holds {
        AlarmState::Alarm
    } else {
        AlarmState::Ok
    })
}

/// Gives the Region's composites the states that their children's imply.
pub(super) fn settle(
    pinned: &BTreeMap<AlarmPlace, AlarmState>,
    account: &str,
    region: &str,
    content: &mut RegionState,
) {
    for _ in 0..MOST_ROUNDS {
        let mut changed = false;
        let names: Vec<String> = content.composite_alarms.keys().cloned().collect();
        for name in names {
            let place = (account.to_owned(), region.to_owned(), name.clone());
            let alarm = &content.composite_alarms[&name];
            let state = pinned
                .get(&place)
                .copied()
                .or_else(|| wanted_state(content, alarm));
            if let Some(state) = state
                && let Some(alarm) = content.composite_alarms.get_mut(&name)
                && alarm.state != state
            {
                alarm.state = state;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Follows a change of an alarm through the composites of its Region.
pub(super) fn after_change(
    timeline: &mut Timeline,
    world: &World,
    changed: &AlarmPlace,
    before: AlarmState,
    after: AlarmState,
    trace: &mut Trace,
) {
    let has_composites = world.account(&changed.0).is_some_and(|state| {
        state
            .region_content(&changed.1)
            .is_some_and(|content| !content.composite_alarms.is_empty())
    });
    if !has_composites {
        return;
    }
    follow_suppressor(timeline, world, changed, before, after);
    let mut changes = vec![changed.2.clone()];
    for _ in 0..MOST_ROUNDS {
        let Some(child) = changes.pop() else {
            return;
        };
        let content = world.account(&changed.0).and_then(|state| {
            state
                .region_content(&changed.1)
                .map(RegionState::alarms_and_topics)
        });
        let Some(content) = content else {
            return;
        };
        for (name, alarm) in &content.composite_alarms {
            let place = (changed.0.clone(), changed.1.clone(), name.clone());
            let concerned = Rule::parse(&alarm.rule)
                .is_ok_and(|rule| rule.children().iter().any(|c| name_of(c) == child));
            if !concerned || timeline.pinned.contains_key(&place) {
                continue;
            }
            let Some(state) = wanted_state(&content, alarm).filter(|s| *s != alarm.state) else {
                continue;
            };
            if let Some(mut account) = world.account(&changed.0)
                && let Some(stored) = account.region(&changed.1).composite_alarms.get_mut(name)
            {
                stored.state = state;
                stored.state_updated = timeline.now();
            }
            let summary = transition::update(alarm.state, state);
            transition::remember(
                timeline,
                world,
                &place,
                "CompositeAlarm",
                "StateUpdate",
                summary,
            );
            trace.pass(
                Link::Alarm,
                &alarm.arn,
                format!("{} → {state}", alarm.state),
            );
            let mut now = alarm.clone();
            now.state = state;
            follow_suppressor(timeline, world, &place, alarm.state, state);
            ring(timeline, world, &place, &now, alarm.state, &content, trace);
            changes.push(name.clone());
        }
    }
}

/// Puts a composite into a state from outside; the next change of a child puts it where it belongs.
pub(super) fn set(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    alarm: &CompositeAlarm,
    state: AlarmState,
    trace: &mut Trace,
) {
    let (account, region, name) = place;
    if alarm.state == state {
        return;
    }
    let content = world.account(account).map(|mut account| {
        let region = account.region(region);
        if let Some(stored) = region.composite_alarms.get_mut(name) {
            stored.state = state;
            stored.state_updated = timeline.now();
        }
        region.alarms_and_topics()
    });
    let Some(content) = content else {
        return;
    };
    let summary = transition::update(alarm.state, state);
    let kind = "CompositeAlarm";
    transition::remember(timeline, world, place, kind, "StateUpdate", summary);
    let text = format!("{} → {state}", alarm.state);
    trace.pass(Link::Alarm, &alarm.arn, text);
    let mut now = alarm.clone();
    now.state = state;
    ring(timeline, world, place, &now, alarm.state, &content, trace);
    after_change(timeline, world, place, alarm.state, state, trace);
}

/// Acts at once, or as the suppressor allows.
fn ring(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    alarm: &CompositeAlarm,
    before: AlarmState,
    content: &RegionState,
    trace: &mut Trace,
) {
    let Some((suppressor, wait, _)) = &alarm.suppressor else {
        act(timeline, world, place, alarm, before, trace);
        return;
    };
    timeline.unschedule(&Task::Unsuppress(place.clone()));
    if state_of(content, suppressor) == AlarmState::Alarm {
        let text = format!("suppressed by `{}`", name_of(suppressor));
        trace.stop(Link::Action, &alarm.arn, text);
    } else {
        let due = timeline.now + wait;
        timeline.schedule(due, Task::Unsuppress(place.clone()));
    }
}

/// A suppressor that goes to ALARM ends the waits of its composites; one that leaves it lets them
/// act after their extension.
fn follow_suppressor(
    timeline: &mut Timeline,
    world: &World,
    changed: &AlarmPlace,
    before: AlarmState,
    after: AlarmState,
) {
    let composites: Vec<(String, i64)> = world
        .account(&changed.0)
        .and_then(|state| {
            let content = state.region_content(&changed.1)?;
            let concerned = content.composite_alarms.iter().filter_map(|(name, alarm)| {
                let (suppressor, _, extension) = alarm.suppressor.as_ref()?;
                (name_of(suppressor) == changed.2).then(|| (name.clone(), *extension))
            });
            Some(concerned.collect())
        })
        .unwrap_or_default();
    for (name, extension) in composites {
        let task = Task::Unsuppress((changed.0.clone(), changed.1.clone(), name));
        if after == AlarmState::Alarm {
            timeline.unschedule(&task);
        } else if before == AlarmState::Alarm {
            timeline.schedule(timeline.now + extension, task);
        }
    }
}

/// A wait or an extension is over: the composite acts for the state that it is in now.
pub(super) fn unsuppress(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    trace: &mut Trace,
) {
    let alarm = world.account(&place.0).and_then(|state| {
        let content = state.region_content(&place.1)?;
        content.composite_alarms.get(&place.2).cloned()
    });
    if let Some(alarm) = alarm {
        act(timeline, world, place, &alarm, alarm.state, trace);
    }
}

/// Runs the actions of the composite's state.
pub(super) fn act(
    timeline: &mut Timeline,
    world: &World,
    place: &AlarmPlace,
    alarm: &CompositeAlarm,
    before: AlarmState,
    trace: &mut Trace,
) {
    let ringing = Ringing {
        arn: &alarm.arn,
        name: &place.2,
        description: alarm.description.as_deref(),
        before,
        after: alarm.state,
        reason: "A child alarm changed its state.",
        at: timeline.now(),
        trigger: None,
    };
    let actions = Actions {
        enabled: alarm.actions_enabled,
        alarm: &alarm.alarm_actions,
        ok: &alarm.ok_actions,
        insufficient_data: &alarm.insufficient_data_actions,
    };
    transition::act(
        timeline,
        world,
        place,
        "CompositeAlarm",
        &ringing,
        &actions,
        trace,
    );
}
