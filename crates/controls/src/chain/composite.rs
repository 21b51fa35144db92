//! Composite alarms above a metric alarm: whether one goes to ALARM whenever its
//! child does, whatever state its other children are in.

use std::collections::BTreeMap;

use super::alarm_rule::{AlarmRule, AlarmState};
use super::judged::note;
use crate::finding::Note;
use crate::reason::Reason;

/// What a composite alarm does when its child goes to ALARM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Follows {
    /// It goes to ALARM too (or is in it already because of another child).
    Yes,
    /// It does not, or not every time, and why.
    Not(Reason, String),
    /// That cannot be decided, and why.
    Undecided(String),
}

/// What becomes of an alarm once nothing happens any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It goes to OK: missing data counts as not breaching, or it is a composite.
    Settles,
    /// It leaves ALARM, for OK or for want of data.
    Leaves,
    /// Nobody knows.
    Unknown,
    /// Once in ALARM, it stays there.
    Stays,
    /// It is in ALARM without any event, which an event may end.
    AlwaysInAlarm,
    /// It is in ALARM whatever happens: a composite whose rule says so.
    OnlyInAlarm,
    /// It is never in ALARM, whatever happens: a composite whose rule says so.
    NeverInAlarm,
}

impl Rest {
    /// Whether an alarm at rest is in `state`; `None`: it may be.
    fn is_in(&self, state: AlarmState) -> Option<bool> {
        match (self, state) {
            (Self::AlwaysInAlarm | Self::OnlyInAlarm, _) => Some(state == AlarmState::Alarm),
            (Self::Settles | Self::NeverInAlarm, _) => Some(state == AlarmState::Ok),
            (Self::Leaves, AlarmState::Alarm) => Some(false),
            _ => None,
        }
    }

    /// The state of an alarm that has one state only. What is in ALARM at rest may leave it.
    fn fixed(&self) -> Option<AlarmState> {
        match self {
            Self::OnlyInAlarm => Some(AlarmState::Alarm),
            Self::NeverInAlarm => Some(AlarmState::Ok),
            _ => None,
        }
    }
}

/// What becomes of a composite whose children do what `rests` tells.
pub(crate) fn rest(rule: &AlarmRule, rests: &dyn Fn(&str) -> Rest) -> Rest {
    match rule.decide(&|name| rests(name).fixed()) {
        Some(false) => return Rest::NeverInAlarm,
        Some(true) => return Rest::OnlyInAlarm,
        None => {}
    }
    // What stays in ALARM got there by an event, so it may as well not be there yet.
    let before = rule.decide_where(&|name, state| rests(name).is_in(state));
    let after = rule.decide_where(&|name, state| match rests(name) {
        Rest::Stays => Rest::AlwaysInAlarm.is_in(state),
        rest => rest.is_in(state),
    });
    match (before, after) {
        (Some(true), _) => Rest::AlwaysInAlarm,
        (Some(false), _) => Rest::Settles,
        (None, Some(true)) => Rest::Stays,
        (None, _) => Rest::Unknown,
    }
}

/// The states of alarms by name; `None`: any.
type States<'a> = &'a dyn Fn(&str) -> Option<AlarmState>;

/// Combinations of other children's states that are tried at most.
const MOST_CHILDREN: u32 = 6;

/// Whether `rule` depends on the alarm of that name; a rule that cannot be read
/// does when the name occurs in it.
pub(crate) fn mentions(rule: &str, name: &str, is_child: &dyn Fn(&str) -> bool) -> bool {
    match AlarmRule::parse(rule) {
        Some(rule) => rule.alarms().into_iter().any(is_child),
        None => rule.contains(name),
    }
}

/// The remark that other children keep a composite in ALARM, when it has others.
pub(crate) fn shares(rule: &str, is_child: &dyn Fn(&str) -> bool) -> Option<Note> {
    let rule = AlarmRule::parse(rule)?;
    let others = rule
        .alarms()
        .into_iter()
        .filter(|name| !is_child(name))
        .count();
    let text =
        "while another of its alarms is in ALARM, the composite alarm makes no further message";
    (others > 0).then(|| note("shared_composite", text))
}

/// Decides `rule` when the alarm that `is_child` recognises goes to ALARM, and
/// leaves it again for OK (`settles`) or for want of data; `rests` tells what becomes
/// of the others.
pub(crate) fn follows(
    rule: &str,
    is_child: &dyn Fn(&str) -> bool,
    settles: bool,
    rests: &dyn Fn(&str) -> Rest,
) -> Follows {
    let Some(rule) = AlarmRule::parse(rule) else {
        return Follows::Undecided("its rule cannot be read".to_owned());
    };
    let all_others = || rule.alarms().into_iter().filter(|name| !is_child(name));
    let fixed = |name: &str| rests(name).fixed();
    let others: Vec<&str> = all_others().filter(|name| fixed(name).is_none()).collect();
    let with = |child: AlarmState, other: &dyn Fn(&str) -> Option<AlarmState>| {
        rule.decide(&|name| {
            if is_child(name) {
                Some(child)
            } else {
                other(name)
            }
        })
    };
    let quiet = |_: &str| Some(AlarmState::Ok);
    if with(AlarmState::Ok, &quiet) == Some(true)
        || (!settles && with(AlarmState::InsufficientData, &quiet) == Some(true))
    {
        let why = "its rule is true while every alarm is quiet".to_owned();
        return Follows::Not(Reason::AlarmAlwaysFiring, why);
    }
    let (always, ever) = over_all(&others, &|states| {
        with(AlarmState::Alarm, &|name| {
            fixed(name).or_else(|| states(name))
        })
    });
    let when_quiet = over_quiet(&others, rests, &|states| {
        with(AlarmState::Alarm, &|name| {
            fixed(name).or_else(|| states(name))
        })
    });
    match (always, when_quiet, ever) {
        (true, ..) => {
            let rest_of_child = if settles { Rest::Settles } else { Rest::Leaves };
            let all = |name: &str| {
                if is_child(name) {
                    rest_of_child.clone()
                } else {
                    rests(name)
                }
            };
            unless_it_stays(&rule, &all_others().collect::<Vec<_>>(), &all)
        }
        (false, true, _) => Follows::Undecided(format!(
            "its rule also depends on the state of {}",
            others.join(", ")
        )),
        (false, false, true) => Follows::Not(
            Reason::AlarmNeedsMoreEvents,
            format!(
                "its rule needs other alarms to be in ALARM too: {}",
                others.join(", ")
            ),
        ),
        (false, false, false) => {
            let why = "its rule is never true when its child goes to ALARM".to_owned();
            Follows::Not(Reason::AlarmNeverFires, why)
        }
    }
}

/// A composite that another child keeps in ALARM makes no message for this one.
fn unless_it_stays(rule: &AlarmRule, others: &[&str], rest_of: &dyn Fn(&str) -> Rest) -> Follows {
    let all: BTreeMap<&str, Rest> = others.iter().map(|name| (*name, rest_of(name))).collect();
    let those = |wanted: &[Rest]| {
        let names = all.iter().filter(|(_, rest)| wanted.contains(rest));
        names.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    match rest(rule, rest_of) {
        Rest::Settles | Rest::Leaves | Rest::NeverInAlarm => Follows::Yes,
        Rest::AlwaysInAlarm | Rest::OnlyInAlarm => {
            let blamed = those(&[Rest::AlwaysInAlarm, Rest::OnlyInAlarm]);
            let why =
                format!("it never leaves ALARM, because another of its alarms does not: {blamed}");
            Follows::Not(Reason::AlarmAlwaysFiring, why)
        }
        Rest::Stays => {
            let blamed = those(&[Rest::AlwaysInAlarm, Rest::OnlyInAlarm, Rest::Stays]);
            let why = format!("it stays in ALARM once another of its alarms is in it: {blamed}");
            Follows::Not(Reason::AlarmFiresOnce, why)
        }
        Rest::Unknown => {
            let why = "whether its other alarms leave ALARM, without which it makes no further message, is not known";
            let blamed = those(&[
                Rest::Unknown,
                Rest::Stays,
                Rest::AlwaysInAlarm,
                Rest::OnlyInAlarm,
            ]);
            Follows::Undecided(match blamed.as_str() {
                "" => why.to_owned(),
                names => format!("{why}: {names}"),
            })
        }
    }
}

/// Whether `decide` is true while all are OK, or while some wait for data of which that is not known
/// to be otherwise.
fn over_quiet(
    others: &[&str],
    rests: &dyn Fn(&str) -> Rest,
    decide: &dyn Fn(States<'_>) -> Option<bool>,
) -> bool {
    let may_wait = |name: &&&str| rests(name).is_in(AlarmState::InsufficientData) != Some(false);
    let waiting: Vec<&str> = others.iter().filter(may_wait).copied().collect();
    let number = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
    if number > MOST_CHILDREN {
        // Too many to try: it may be.
        return true;
    }
    (0..1_usize << number).any(|combination| {
        let state = |name: &str| {
            let place = waiting.iter().position(|other| *other == name);
            Some(match place {
                Some(place) if combination >> place & 1 == 1 => AlarmState::InsufficientData,
                _ => AlarmState::Ok,
            })
        };
        decide(&state) == Some(true)
    })
}

/// Whether `decide` is true for every, and for any, combination of states.
fn over_all(others: &[&str], decide: &dyn Fn(States<'_>) -> Option<bool>) -> (bool, bool) {
    let number = u32::try_from(others.len()).unwrap_or(u32::MAX);
    if number > MOST_CHILDREN {
        let value = decide(&|_| None);
        return (value == Some(true), value != Some(false));
    }
    let (mut always, mut ever) = (true, false);
    for combination in 0..3_usize.pow(number) {
        let state = |name: &str| {
            let place = others.iter().position(|other| *other == name)?;
            let digit = combination / 3_usize.pow(u32::try_from(place).ok()?) % 3;
            Some(AlarmState::ALL[digit])
        };
        let value = decide(&state) == Some(true);
        always &= value;
        ever |= value;
    }
    (always, ever)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composite_follows_its_child_whatever_the_others_do() {
        for (rule, expected) in [
            ("ALARM(s3)", "yes"),
            ("ALARM(\"s3\") OR ALARM(vpc)", "yes"),
            ("ALARM(s3) AND (ALARM(b) OR NOT ALARM(b))", "yes"),
            ("AT_LEAST(1, ALARM, (s3, vpc))", "yes"),
            ("ALARM(s3) AND NOT ALARM(maintenance)", "undecided"),
            ("ALARM(s3) AND INSUFFICIENT_DATA(vpc)", "undecided"),
            ("ALARM(s3) AND NOT OK(vpc)", "undecided"),
            ("ALARM(s3) AND ALARM(vpc)", "alarm_needs_more_events"),
            ("AT_LEAST(2, ALARM, (s3, a, b))", "alarm_needs_more_events"),
            ("OK(s3)", "alarm_always_firing"),
            ("NOT ALARM(s3)", "alarm_always_firing"),
            ("TRUE", "alarm_always_firing"),
            ("ALARM(s3) AND FALSE", "alarm_never_fires"),
            ("INSUFFICIENT_DATA(s3) AND ALARM(b)", "alarm_never_fires"),
            ("gibberish", "undecided"),
            (
                "ALARM(a) OR ALARM(b) OR ALARM(c) OR ALARM(d) OR ALARM(e) OR ALARM(f) OR ALARM(g) OR ALARM(s3)",
                "yes",
            ),
        ] {
            let follows = follows(rule, &|name| name == "s3", false, &|_| Rest::Leaves);
            assert_eq!(said(&follows), expected, "{rule}");
        }
    }

    #[test]
    fn an_alarm_with_one_state_only_counts_with_it() {
        let rests = |name: &str| match name {
            "always" => Rest::OnlyInAlarm,
            "resting" => Rest::AlwaysInAlarm,
            "never" => Rest::NeverInAlarm,
            _ => Rest::Unknown,
        };
        for (rule, expected) in [
            ("ALARM(s3) AND NOT ALARM(never)", "yes"),
            ("ALARM(s3) AND OK(never)", "yes"),
            ("ALARM(s3) OR ALARM(never)", "yes"),
            ("ALARM(s3) AND ALARM(never)", "alarm_never_fires"),
            ("ALARM(s3) AND ALARM(always)", "yes"),
            ("ALARM(s3) AND NOT ALARM(always)", "alarm_never_fires"),
            ("ALARM(s3) OR NOT ALARM(never)", "alarm_always_firing"),
            ("ALARM(s3) AND NOT ALARM(other)", "undecided"),
            ("ALARM(s3) AND OK(other)", "undecided"),
            ("ALARM(s3) AND INSUFFICIENT_DATA(other)", "undecided"),
            (
                "ALARM(s3) AND INSUFFICIENT_DATA(other) AND OK(resting)",
                "undecided",
            ),
            ("ALARM(s3) AND ALARM(other)", "alarm_needs_more_events"),
            (
                "ALARM(s3) AND INSUFFICIENT_DATA(never)",
                "alarm_never_fires",
            ),
            (
                "ALARM(s3) AND INSUFFICIENT_DATA(resting)",
                "alarm_needs_more_events",
            ),
            // It is in ALARM while nothing happens, and may be in OK when something does.
            ("ALARM(s3) AND ALARM(resting)", "alarm_needs_more_events"),
            ("ALARM(s3) AND NOT ALARM(resting)", "undecided"),
        ] {
            let follows = follows(rule, &|name| name == "s3", true, &rests);
            assert_eq!(said(&follows), expected, "{rule}");
        }
        let of = |rule: &str| rest(&AlarmRule::parse(rule).unwrap(), &rests);
        assert_eq!(of("FALSE"), Rest::NeverInAlarm);
        assert_eq!(of("ALARM(never) AND ALARM(other)"), Rest::NeverInAlarm);
        assert_eq!(of("TRUE"), Rest::OnlyInAlarm);
        assert_eq!(of("NOT ALARM(resting)"), Rest::Settles);
        assert_eq!(of("ALARM(resting)"), Rest::AlwaysInAlarm);
    }

    #[test]
    fn an_alarm_that_stays_in_alarm_silences_the_composite() {
        let rests = |name: &str| match name {
            "leaves" => Rest::Leaves,
            "once" => Rest::Stays,
            "always" => Rest::AlwaysInAlarm,
            _ => Rest::Unknown,
        };
        for (rule, expected) in [
            ("ALARM(s3) OR ALARM(leaves)", "yes"),
            ("ALARM(s3) OR ALARM(always)", "alarm_always_firing"),
            (
                "ALARM(s3) OR ALARM(always) OR ALARM(other)",
                "alarm_always_firing",
            ),
            ("ALARM(s3) OR ALARM(once)", "alarm_fires_once"),
            (
                "ALARM(s3) OR ALARM(once) OR ALARM(always)",
                "alarm_always_firing",
            ),
            ("ALARM(s3) OR ALARM(other)", "undecided"),
            ("ALARM(s3) OR OK(leaves)", "alarm_always_firing"),
            ("ALARM(s3) OR INSUFFICIENT_DATA(leaves)", "undecided"),
            ("ALARM(s3) OR ALARM(always) AND ALARM(leaves)", "yes"),
            ("ALARM(s3) AND (ALARM(other) OR NOT ALARM(other))", "yes"),
            ("AT_LEAST(1, ALARM, (s3, always))", "alarm_always_firing"),
            ("AT_LEAST(1, ALARM, (s3, leaves))", "yes"),
        ] {
            let follows = follows(rule, &|name| name == "s3", false, &rests);
            assert_eq!(said(&follows), expected, "{rule}");
        }
    }

    #[test]
    fn a_child_that_settles_is_ok_when_nothing_happens() {
        let settles = |_: &str| Rest::Settles;
        for (rule, of_ok, of_want) in [
            ("NOT OK(s3)", "yes", "alarm_always_firing"),
            ("NOT OK(s3) OR NOT OK(vpc)", "yes", "alarm_always_firing"),
            ("ALARM(s3) OR INSUFFICIENT_DATA(vpc)", "yes", "yes"),
        ] {
            let is_child = |name: &str| name == "s3";
            let of = |settled| follows(rule, &is_child, settled, &settles);
            assert_eq!(said(&of(true)), of_ok, "{rule}");
            assert_eq!(said(&of(false)), of_want, "{rule}");
        }
    }

    fn said(follows: &Follows) -> &'static str {
        match follows {
            Follows::Yes => "yes",
            Follows::Not(reason, _) => reason.as_str(),
            Follows::Undecided(_) => "undecided",
        }
    }
}
