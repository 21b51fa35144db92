//! Mute rules over an alarm: while one is active, the alarm changes its state but
//! runs no action; when it ends, the actions run if the alarm is still in the state
//! in which it was muted (CloudWatch user guide, *Alarm mute rules*). So an event is
//! told late where ALARM outlasts the muted time, and never where it does not.

use super::firing::Lasting;
use super::judged::note;
use super::mute_schedule::{Reading, Recurring, Stretch, longest, minutes_of};
use crate::finding::Note;
use crate::snapshot::MuteRule;

/// What the mute rules make of an alarm's actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Muting {
    /// They run for every event, if late by so many minutes.
    Runs { late: u32, notes: Vec<Note> },
    /// They do not for some events: why, the names of the rules, and when, where that is known and
    /// is not always.
    Silent(String, Vec<String>, Option<MutedTimes>),
    /// That cannot be decided, and why; and when it is in question, where that is known.
    Undecided(String, Option<MutedTimes>),
}

/// When rules mute that come again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MutedTimes {
    /// The rules, which share a time zone.
    pub(super) rules: Vec<Recurring>,
    pub(super) zone: String,
    /// The rules as people read them.
    pub(super) words: String,
    /// Seconds by which a window may be longer or shorter on days on which clocks change.
    pub(super) clock_change: u32,
}

impl MutedTimes {
    /// `None` where the rules are of several time zones.
    fn of(rules: &[(&MuteRule, Recurring)]) -> Option<Self> {
        let (first, _) = rules.first()?;
        let one_zone = rules.iter().all(|(rule, _)| rule.zone() == first.zone());
        one_zone.then(|| Self {
            rules: rules.iter().map(|(_, windows)| windows.clone()).collect(),
            zone: first.zone().to_owned(),
            words: rules_in_words(rules),
            clock_change: clock_change(first) * 60,
        })
    }
}

/// What `rules` make of the actions of the alarm of that name, which stays in ALARM as
/// `lasts` tells.
pub(super) fn of_alarm(rules: &[MuteRule], alarm: &str, lasts: Lasting) -> Muting {
    let mut notes = Vec::new();
    let mut late = 0;
    let mut recurring: Vec<(&MuteRule, Recurring)> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.mutes(alarm)) {
        let name = &rule.name;
        let when = in_words(rule);
        if let Some(begins) = rule.begins {
            notes.push(note(
                "mute_planned",
                format!("mute rule `{name}` will silence it from {begins} on: {when}"),
            ));
            continue;
        }
        if rule.is_once() {
            if !rule.active_once {
                let text = format!("mute rule `{name}` will silence it once: {when}");
                notes.push(note("mute_planned", text));
                continue;
            }
            let minutes = minutes_of(&rule.duration);
            match minutes.map_or(Some(true), |minutes| silences(lasts, minutes, rule)) {
                Some(true) => {
                    let why = format!("mute rule `{name}` silences it now: {when}");
                    return Muting::Silent(why, vec![name.clone()], None);
                }
                Some(false) => {
                    late = late.max(minutes.unwrap_or_default());
                    notes.push(note("muted_at_times", told_late(rule)));
                }
                None => return Muting::Undecided(not_known(name, &when), None),
            }
            continue;
        }
        let Some(windows) = Recurring::parse(&rule.expression, &rule.duration) else {
            let why = format!("mute rule `{name}` has a schedule that is not decided: {when}");
            return Muting::Undecided(why, None);
        };
        recurring.push((rule, windows));
    }
    match together(&recurring, lasts) {
        Together::Never => {}
        Together::Late(minutes) => {
            late = late.saturating_add(minutes);
            let told = recurring.iter().map(|(rule, _)| told_late(rule));
            notes.extend(told.map(|text| note("muted_at_times", text)));
        }
        Together::Silent(always) => {
            let words = rules_in_words(&recurring);
            let names = recurring.iter().map(|(rule, _)| rule.name.clone());
            let what = if always {
                "its actions are muted for good"
            } else {
                "its actions are muted at times, and an event in that time is told to nobody"
            };
            let times = MutedTimes::of(&recurring).filter(|_| !always);
            let why = format!("{what}: {words}");
            return Muting::Silent(why, names.collect(), times);
        }
        Together::Undecided => {
            let names: Vec<&str> = recurring
                .iter()
                .map(|(rule, _)| rule.name.as_str())
                .collect();
            let names = names.join(", ");
            let why = format!("for how long these mute rules silence it is not decided: {names}");
            return Muting::Undecided(why, MutedTimes::of(&recurring));
        }
    }
    Muting::Runs { late, notes }
}

/// What rules that come again and again do together.
enum Together {
    /// None of them is ever active.
    Never,
    /// Messages are late by so many minutes.
    Late(u32),
    /// Some events are told to nobody; whether all are.
    Silent(bool),
    Undecided,
}

fn together(rules: &[(&MuteRule, Recurring)], lasts: Lasting) -> Together {
    let Some((first, _)) = rules.first() else {
        return Together::Never;
    };
    let windows: Vec<&Recurring> = rules.iter().map(|(_, windows)| windows).collect();
    let one_zone = rules.iter().all(|(rule, _)| rule.zone() == first.zone());
    // Of every rule, so that the clock changes of each count.
    let silent = |stretch: Stretch| match stretch {
        Stretch::Never => Some(false),
        Stretch::Always => Some(true),
        Stretch::Minutes(minutes) => {
            let each: Vec<_> = rules
                .iter()
                .map(|(rule, _)| silences(lasts, minutes, rule))
                .collect();
            let same = each.iter().all(|one| *one == each[0]);
            if same { each[0] } else { None }
        }
    };
    let of = |windows: &[&Recurring]| {
        [Reading::Both, Reading::Either].map(|reading| longest(windows, reading))
    };
    let mut alone = windows.iter().map(|windows| of(&[windows]));
    let surely = |stretches: &[Stretch; 2]| stretches.map(silent) == [Some(true); 2];
    if let Some(stretches) = alone.find(surely) {
        return Together::Silent(stretches.contains(&Stretch::Always));
    }
    if !one_zone {
        return Together::Undecided;
    }
    let stretches = of(&windows);
    match stretches.map(silent) {
        [Some(true), Some(true)] => Together::Silent(stretches.contains(&Stretch::Always)),
        [Some(false), Some(false)] => match stretches.into_iter().max() {
            Some(Stretch::Minutes(minutes)) => Together::Late(minutes),
            _ => Together::Never,
        },
        _ => Together::Undecided,
    }
}

/// Whether ALARM is over when so many minutes of muting are; `None`: perhaps.
fn silences(lasts: Lasting, minutes: u32, rule: &MuteRule) -> Option<bool> {
    let change = clock_change(rule);
    let seconds = |minutes: u32| minutes.saturating_mul(60);
    if lasts.at_least > seconds(minutes.saturating_add(change)) {
        Some(false)
    } else if lasts.at_most < seconds(minutes.saturating_sub(change)) {
        Some(true)
    } else {
        None
    }
}

/// Minutes by which a window may last longer or shorter where clocks are put back or forward.
fn clock_change(rule: &MuteRule) -> u32 {
    if rule.zone() == "UTC" { 0 } else { 60 }
}

fn not_known(rules: &str, when: &str) -> String {
    format!(
        "whether its ALARM outlasts the time for which mute rule `{rules}` silences it is not decided: {when}"
    )
}

fn told_late(rule: &MuteRule) -> String {
    format!(
        "mute rule `{}` delays its messages: {}",
        rule.name,
        in_words(rule)
    )
}

fn rules_in_words(rules: &[(&MuteRule, Recurring)]) -> String {
    let each = rules.iter();
    let words = each.map(|(rule, _)| format!("mute rule `{}`: {}", rule.name, in_words(rule)));
    words.collect::<Vec<_>>().join("; ")
}

fn in_words(rule: &MuteRule) -> String {
    let until = rule.ends.map(|ends| format!(", until {ends}"));
    format!(
        "{} for {} ({}){}",
        rule.expression,
        rule.duration,
        rule.zone(),
        until.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, expression: &str, duration: &str) -> MuteRule {
        MuteRule {
            name: name.to_owned(),
            expression: expression.to_owned(),
            duration: duration.to_owned(),
            time_zone: None,
            alarm_names: vec!["s3".to_owned()],
            active_once: false,
            begins: None,
            ends: None,
        }
    }

    fn said(rules: &[MuteRule], at_least: u32) -> String {
        let lasts = Lasting {
            at_least,
            at_most: at_least + 600,
            until: at_least,
        };
        match of_alarm(rules, "s3", lasts) {
            Muting::Silent(why, ..) if why.contains("for good") => "always".to_owned(),
            Muting::Silent(..) => "silent".to_owned(),
            Muting::Undecided(..) => "undecided".to_owned(),
            Muting::Runs { late, notes } => {
                let codes: Vec<&str> = notes.iter().map(|note| note.code.as_str()).collect();
                format!("{late} {}", codes.join(" ")).trim().to_owned()
            }
        }
    }

    #[test]
    #[rustfmt::skip]
    fn an_event_in_a_muted_window_is_told_only_where_alarm_outlasts_it() {
        let day = 24 * 3600;
        for (expression, duration, lasts, expected) in [
            ("cron(* * * * *)",       "PT1M", day, "always"),
            ("cron(0 0 * * *)",       "P1D",  day, "always"),
            ("cron(0 3 * * SUN)",     "PT1H", 300, "silent"),
            ("cron(0 3 * * SUN)",     "PT1H", day, "60 muted_at_times"),
            ("cron(0 3 * * SUN)",     "PT5M", 60,  "undecided"),
            ("cron(0 0 30 FEB *)",    "P1D",  0,   "0"),
            ("cron(0 0 30 FEB MON)",  "P1D",  0,   "undecided"),
            ("cron(0/5 * * * *)",     "PT1M", day, "undecided"),
            ("at(2099-01-01T00:00)",  "P1D",  0,   "0 mute_planned"),
        ] {
            assert_eq!(said(&[rule("r", expression, duration)], lasts), expected, "{expression}");
        }
    }

    #[test]
    fn rules_are_looked_at_together_and_only_those_of_the_alarm() {
        let early = rule("early", "cron(0 0 * * *)", "PT12H");
        let late = rule("late", "cron(0 12 * * *)", "PT12H");
        let lasts = 13 * 3600;
        assert_eq!(
            said(std::slice::from_ref(&early), lasts),
            "720 muted_at_times"
        );
        assert_eq!(said(&[early.clone(), late.clone()], lasts), "always");
        let mut elsewhere = late.clone();
        elsewhere.time_zone = Some("Asia/Tokyo".to_owned());
        assert_eq!(said(&[early.clone(), elsewhere], 15 * 3600), "undecided");
        let mut other = late;
        other.alarm_names = vec!["vpc".to_owned()];
        assert_eq!(said(&[early, other], lasts), "720 muted_at_times");
    }

    #[test]
    fn a_single_window_counts_while_it_is_active_and_no_rule_before_it_begins() {
        let mut once = rule("once", "at(2026-11-24T03:00)", "PT1H");
        once.active_once = true;
        assert_eq!(said(std::slice::from_ref(&once), 0), "silent");
        assert_eq!(said(&[once], 7200), "60 muted_at_times");
        let mut planned = rule("planned", "cron(* * * * *)", "PT1M");
        planned.begins = chrono::DateTime::from_timestamp(4_000_000_000, 0);
        assert_eq!(said(&[planned], 0), "0 mute_planned");
    }
}
