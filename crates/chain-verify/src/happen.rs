//! The comparison: the events of each verdict happen, and what comes of them has
//! to be what the verdict says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{TimeZone as _, Utc};
use filter_pattern::{Event, FilterPattern};
use orgsim::{AlarmState, CloudTrailEvent, Link, Timeline, Trace, Traffic, World};
use orgsweep_controls::{Catalog, Control, Finding, Reason, Verdict};

use crate::events::{Draft, Where, drafts};
use crate::organization::Built;
use crate::report::{Disagreement, Report};
use crate::undecided;

/// Notes of a pass that holds while other events arrive, and says so.
const NEEDS_TRAFFIC: [&str; 2] = ["rings_in_silence", "late_recovery"];

/// Compares every finding of the organization with what happens.
pub(crate) fn compare(
    built: &Built,
    judged: &BTreeMap<String, Vec<Finding>>,
    seed: u64,
    report: &mut Report,
) {
    report.organizations += 1;
    let catalog = Catalog::builtin();
    for (account, findings) in judged {
        for finding in findings {
            let Some(control) = catalog.control(&finding.control) else {
                continue;
            };
            if finding.verdict == Verdict::NotApplicable {
                continue;
            }
            report.chains += 1;
            *report
                .verdicts
                .entry(finding.verdict.to_string())
                .or_default() += 1;
            *report
                .reasons
                .entry(finding.reason.as_str().to_owned())
                .or_default() += 1;
            let case = Case {
                world: &built.world,
                account,
                control,
                catalog,
                finding,
            };
            let outcome = match finding.verdict {
                Verdict::Pass => match undecided::relied_on(&built.world, finding) {
                    Some(alarm) => Outcome::Disagrees(format!("it rests on {alarm}")),
                    None => case.passes(&mut report.events),
                },
                Verdict::Fail => case.fails(&mut report.events),
                Verdict::Unknown | Verdict::NotApplicable => Outcome::Agrees,
            };
            match outcome {
                Outcome::Agrees => {}
                Outcome::NotSimulated(what) => {
                    *report.not_simulated.entry(what).or_default() += 1;
                }
                Outcome::Disagrees(happened) => {
                    report.disagree(case.disagreement(seed, happened, built));
                }
            }
        }
    }
}

enum Outcome {
    Agrees,
    NotSimulated(String),
    Disagrees(String),
}

/// One finding and what it is about.
struct Case<'a> {
    world: &'a World,
    account: &'a str,
    control: &'a Control,
    catalog: &'a Catalog,
    finding: &'a Finding,
}

impl Case<'_> {
    fn required(&self) -> Vec<&FilterPattern> {
        let requirement = self.control.requirement(self.catalog.framework());
        requirement.map_or_else(Vec::new, |requirement| requirement.parsed().collect())
    }

    /// Where a draft can happen.
    fn regions(&self, draft: &Draft) -> Vec<&str> {
        let settings = self.world.settings();
        match draft.place {
            Where::MainRegion => vec![settings.main_region()],
            Where::Everywhere => settings.regions.iter().map(String::as_str).collect(),
        }
    }

    /// Every event of the control, with the alternatives that describe it.
    fn events(&self) -> Vec<(CloudTrailEvent, BTreeSet<usize>)> {
        let required = self.required();
        let drafts = drafts(self.control, &required);
        let mut events = Vec::new();
        for (number, draft) in drafts.iter().enumerate() {
            let regions = self.regions(draft);
            // Each draft in one Region, in turn; the first ones in all.
            let chosen: Vec<&str> = if number < 2 {
                regions
            } else {
                vec![regions[number % regions.len()]]
            };
            for region in chosen {
                let record = draft.at(self.account, region);
                let event = Event::from_value(&record);
                let alternatives: BTreeSet<usize> = required
                    .iter()
                    .enumerate()
                    .filter(|(_, pattern)| pattern.matches(&event))
                    .map(|(place, _)| place)
                    .collect();
                if let Ok(event) = CloudTrailEvent::new(record)
                    && !alternatives.is_empty()
                {
                    events.push((event, alternatives));
                }
            }
        }
        events
    }

    /// A pass holds when some accepted pattern has all of its events noticed.
    fn passes(&self, counted: &mut usize) -> Outcome {
        let needs_traffic = self
            .finding
            .evidence
            .notes
            .iter()
            .any(|note| NEEDS_TRAFFIC.contains(&note.code.as_str()));
        let traffics = if needs_traffic {
            &[Traffic::Busy][..]
        } else {
            &[Traffic::Quiet, Traffic::Busy][..]
        };
        let alternatives = self.required().len();
        let mut lost = vec![None; alternatives];
        for traffic in traffics {
            let mut timeline = timeline(*traffic);
            for (event, described_by) in self.events() {
                *counted += 1;
                let trace = timeline.inject(self.world, &event);
                if trace.rang() {
                    continue;
                }
                if let Some(what) = self.not_simulated(&trace) {
                    return Outcome::NotSimulated(what);
                }
                for alternative in described_by {
                    lost[alternative].get_or_insert_with(|| told(&event, *traffic, &trace));
                }
            }
        }
        self.while_muted(&traffics[..1], &mut lost, counted);
        match lost.iter().position(Option::is_none) {
            Some(_) => Outcome::Agrees,
            None => Outcome::Disagrees(lost.into_iter().flatten().next().unwrap_or_default()),
        }
    }

    /// Lets an event happen at many hours of five weeks, where a message may be late
    /// because of a mute rule.
    fn while_muted(&self, traffics: &[Traffic], lost: &mut [Option<String>], counted: &mut usize) {
        let mut notes = self.finding.evidence.notes.iter();
        if !notes.any(|note| matches!(&*note.code, "muted_at_times" | "muted_in_turn")) {
            return;
        }
        let events = self.events();
        let Some((event, described_by)) = events.first() else {
            return;
        };
        for traffic in traffics {
            for start in hours() {
                *counted += 1;
                let trace = timeline_from(start, *traffic).inject(self.world, event);
                if !trace.rang() {
                    for alternative in described_by {
                        lost[*alternative].get_or_insert_with(|| told(event, *traffic, &trace));
                    }
                }
            }
        }
    }

    /// Whether the event goes unnoticed at some hour of five weeks.
    fn is_muted_at_some_time(&self, event: &CloudTrailEvent, counted: &mut usize) -> bool {
        self.finding.reason == Reason::AlarmMuted
            && hours().any(|start| {
                *counted += 1;
                let mut timeline = timeline_from(start, Traffic::Quiet);
                !told_of(&timeline.inject(self.world, event))
            })
    }

    /// A fail holds when the witness goes unnoticed, or, where there is none, some event.
    fn fails(&self, counted: &mut usize) -> Outcome {
        let witness = self
            .finding
            .evidence
            .witness
            .clone()
            .and_then(|record| CloudTrailEvent::new(record).ok());
        let events = match witness {
            Some(witness) => vec![witness],
            None => self.events().into_iter().map(|(event, _)| event).collect(),
        };
        let mut rang = None;
        for traffic in [Traffic::Quiet, Traffic::Busy] {
            let mut timeline = timeline(traffic);
            for event in &events {
                // What rings once may be silent the second time.
                for _ in 0..2 {
                    *counted += 1;
                    let trace = timeline.inject(self.world, event);
                    if let Some(what) = self.not_simulated(&trace) {
                        return Outcome::NotSimulated(what);
                    }
                    if !told_of(&trace) {
                        return Outcome::Agrees;
                    }
                    rang.get_or_insert_with(|| told(event, traffic, &trace));
                }
                // One that rings for one event may be silent for several in one period.
                for beside in [1, 9] {
                    *counted += beside + 1;
                    for _ in 0..beside {
                        timeline.start(self.world, event);
                    }
                    if !told_of(&timeline.inject(self.world, event)) {
                        return Outcome::Agrees;
                    }
                }
                if self.is_muted_at_some_time(event, counted) {
                    return Outcome::Agrees;
                }
            }
        }
        match rang {
            Some(rang) => Outcome::Disagrees(rang),
            // A control without events here, for example one of another account.
            None => Outcome::Agrees,
        }
    }

    /// What came up that is not simulated, but for alarms that no verdict rests on.
    fn not_simulated(&self, trace: &Trace) -> Option<String> {
        let mut steps = trace.steps.iter();
        let step = steps.find(|step| {
            step.text.starts_with("not simulated: ")
                && !undecided::is_undecided(self.world, &step.resource)
        });
        step.map(|step| step.text.clone())
    }

    fn disagreement(&self, seed: u64, happened: String, built: &Built) -> Disagreement {
        let changed = |account: &str, whose: &str| -> Vec<String> {
            let changes = built.changes.get(account).into_iter().flatten();
            changes.map(|change| format!("{whose}: {change}")).collect()
        };
        let mut changes = changed(self.account, "here");
        let management = self.world.management_account();
        for owner in self
            .world
            .delegated_administrator()
            .into_iter()
            .chain([management])
        {
            if owner != self.account {
                changes.extend(changed(&owner, &owner));
            }
        }
        Disagreement {
            seed,
            account: self.account.to_owned(),
            control: self.control.id.to_string(),
            verdict: self.finding.verdict.to_string(),
            reason: self.finding.reason.as_str().to_owned(),
            summary: self.finding.summary.clone(),
            happened,
            changes,
        }
    }
}

/// When the first event happens, in seconds since the epoch: a Wednesday.
const START: i64 = 1_795_000_000;

fn timeline(traffic: Traffic) -> Timeline {
    timeline_from(START, traffic)
}

fn timeline_from(start: i64, traffic: Traffic) -> Timeline {
    let start = Utc.timestamp_opt(start, 0).single();
    let mut timeline = Timeline::new(start.unwrap_or_default());
    timeline.set_traffic(traffic);
    timeline
}

/// Whole hours of five weeks, every fifth, so that each hour of each day of the week is among them.
fn hours() -> impl Iterator<Item = i64> {
    const HOUR: i64 = 3600;
    (0..5 * 7 * 24)
        .step_by(5)
        .map(|hour| START - START % HOUR + hour * HOUR)
}

/// Whether an alarm told of the event. One that was in ALARM before, left it for the
/// event and comes back to it says that the event is over.
fn told_of(trace: &Trace) -> bool {
    let began_in_alarm = |alarm: &str| {
        let mut steps = trace.steps.iter();
        let first = steps.find(|step| step.link == Link::Alarm && step.resource == alarm);
        first.is_some_and(|step| step.text.starts_with("ALARM →"))
    };
    let mut messages = trace.messages.iter();
    messages.any(|message| message.state == AlarmState::Alarm && !began_in_alarm(&message.alarm))
}

fn told(event: &CloudTrailEvent, traffic: Traffic, trace: &Trace) -> String {
    format!("{event} ({traffic:?})\n{trace}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_of_the_week_is_tried() {
        let of_week: BTreeSet<i64> = hours().map(|at| at / 3600 % (7 * 24)).collect();
        assert_eq!(of_week.len(), 7 * 24);
    }
}
