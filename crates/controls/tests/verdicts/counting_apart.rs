//! Alarms that wait for several events each: as many as are accepted must ring one of them, however
//! they fall on them.

use orgsweep_controls::{AccountSnapshot, Verdict};

use crate::decisions::{judged, several};
use crate::support::*;
use crate::trails::one_trail_for_each_region;

use Verdict::{Fail, Pass, Unknown};

const VPC: &str = "vpc-changes";

#[test]
fn alarms_that_count_apart_may_wait_for_no_more_events_than_are_accepted_in_all() {
    type Change = fn(&mut AccountSnapshot);
    let five: Change = |s| waiting_halves(s, [5.0, 5.0]);
    #[rustfmt::skip]
    let cases: [(&str, Change, u32, Verdict); 8] = [
        ("five and five, of five",  five,                                        5, Fail),
        ("five and five, of eight", five,                                        8, Fail),
        ("five and five, of nine",  five,                                        9, Pass),
        ("three and three, of five", |s| waiting_halves(s, [3.0, 3.0]),          5, Pass),
        ("five and one, of five",   |s| waiting_halves(s, [5.0, 1.0]),           5, Pass),
        ("five and six, of five",   |s| waiting_halves(s, [5.0, 6.0]),           5, Fail),
        ("on one metric",           |s| { waiting_halves(s, [5.0, 5.0]); one_metric(s); }, 5, Pass),
        ("one that suffices alone", |s| { waiting_halves(s, [5.0, 5.0]); of_filter(s, VPC).pattern = prescribed(VPC); }, 5, Pass),
    ];
    for (name, change, events, expected) in cases {
        let mut snapshot = healthy(OWN);
        change(&mut snapshot);
        let found = judged(&snapshot, VPC, several(events, 300));
        assert_eq!(found.verdict, expected, "{name}: {}", found.summary);
        let apart = found.evidence.notes.iter();
        let apart = apart.filter(|note| note.code == "events_counted_apart");
        let said = name.starts_with("five and five") && expected == Fail;
        assert_eq!(apart.count(), usize::from(said), "{name}");
        for (framework, verdict) in &found.evidence.verdict_by_framework {
            assert_eq!(*verdict, expected, "{name}: {framework}");
        }
    }
}

#[test]
fn of_many_alarms_that_count_apart_some_may_suffice() {
    // Two halves that wait for two events each suffice for three, whatever counts beside them.
    for (beside, expected) in [(0, Pass), (5, Pass), (9, Unknown)] {
        let mut snapshot = healthy(OWN);
        waiting_halves(&mut snapshot, [2.0, 2.0]);
        for number in 0..beside {
            let name = format!("beside-{number}");
            of_filters(&mut snapshot).push(filter(&name, "{ $.eventName = CreateVpc }"));
            let mut alarm = alarm(OWN, HOME, &name);
            alarm.threshold = Some(2.0);
            of_alarms(&mut snapshot).metric.push(alarm);
        }
        let found = judged(&snapshot, VPC, several(3, 300));
        assert_eq!(found.verdict, expected, "{beside}: {}", found.summary);
    }
}

#[test]
fn alarms_of_several_regions_count_their_own_events_apart() {
    let mut snapshot = one_trail_for_each_region();
    for alarms in snapshot.alarms.values_mut() {
        let alarms = value(alarms).metric.iter_mut();
        alarms
            .filter(|alarm| alarm.name == VPC)
            .for_each(|alarm| alarm.threshold = Some(5.0));
    }
    for (events, expected) in [(5, Pass), (4, Fail)] {
        let found = judged(&snapshot, VPC, several(events, 300));
        assert_eq!(found.verdict, expected, "{events}: {}", found.summary);
    }
}

/// Two filters and alarms for what one looked for, whose alarms wait for so many events each.
fn waiting_halves(snapshot: &mut AccountSnapshot, thresholds: [f64; 2]) {
    let half = |source: &str| {
        let whole = prescribed(VPC);
        let whole = whole.trim().trim_matches(['{', '}']).to_owned();
        format!("{{ ({whole}) && ($.awsRegion {source} eu-west-1) }}")
    };
    let mut filter = of_filter(snapshot, VPC).clone();
    filter.name = "second".into();
    filter.pattern = half("!=");
    filter.transformations[0].name = "second".into();
    of_filter(snapshot, VPC).pattern = half("=");
    of_filters(snapshot).push(filter);
    let mut second = of_alarm(snapshot, VPC).clone();
    second.name = "second".into();
    second.arn = alarm_arn(OWN, HOME, "second");
    second.metric.as_mut().unwrap().name = "second".into();
    second.threshold = Some(thresholds[1]);
    of_alarm(snapshot, VPC).threshold = Some(thresholds[0]);
    of_alarms(snapshot).metric.push(second);
}

/// Lets both filters publish to one metric, of which one alarm is left.
fn one_metric(snapshot: &mut AccountSnapshot) {
    let to = of_filter(snapshot, VPC).transformations.clone();
    of_filter(snapshot, "second").transformations = to;
    of_alarms(snapshot)
        .metric
        .retain(|alarm| alarm.name != "second");
}
