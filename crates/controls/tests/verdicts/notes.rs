//! Notes never turn a verdict: each with what makes it, and what does not.

use orgsweep_controls::{AccountSnapshot, Verdict};

use crate::support::*;

const S3: &str = "s3-bucket-policy-changes";

/// The texts of the notes with that code, of an account that passes nevertheless.
fn noted(change: impl FnOnce(&mut AccountSnapshot), code: &str) -> Vec<String> {
    let mut snapshot = healthy(OWN);
    change(&mut snapshot);
    let finding = finding(&snapshot, S3);
    assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.summary);
    let notes = finding.evidence.notes.into_iter();
    notes
        .filter(|note| note.code == code)
        .map(|note| note.text)
        .collect()
}

#[test]
fn a_filter_that_matches_more_is_noisy_and_the_note_says_what_else_it_matches() {
    #[rustfmt::skip]
    let cases = [
        ("",                                                          "everyday events"),
        ("{ $.eventSource = s3.amazonaws.com }",                      "calls that only read (s3:GetBucketAcl)"),
        ("{ $.eventSource = s3.amazonaws.com || $.eventName = *Vpc* }", "events of vpc-changes"),
        ("{ ($.eventSource = s3.amazonaws.com || $.eventSource = iam.amazonaws.com) && ($.eventName = Put* || $.eventName = Delete*) }", "events of iam-policy-changes"),
    ];
    for (pattern, expected) in cases {
        let notes = noted(|s| of_filter(s, S3).pattern = pattern.to_owned(), "noise");
        assert!(notes.join("; ").contains(expected), "{pattern}: {notes:?}");
    }
    assert_eq!(noted(|_| (), "noise"), Vec::<String>::new());
    let within = "{ ($.eventSource = s3.amazonaws.com) && ($.eventName = PutBucket* || $.eventName = DeleteBucket*) }";
    let notes = noted(|s| of_filter(s, S3).pattern = within.to_owned(), "noise");
    assert_eq!(notes, Vec::<String>::new());
}

/// The waiting alarms that the finding of a control tells.
fn waiting(change: impl FnOnce(&mut AccountSnapshot), control: &str) -> Vec<String> {
    let mut snapshot = healthy(OWN);
    change(&mut snapshot);
    let notes = finding(&snapshot, control).evidence.notes.into_iter();
    notes
        .filter(|note| note.code == "waiting_alarm")
        .map(|note| note.text)
        .collect()
}

#[test]
fn an_alarm_whose_filter_is_gone_or_publishes_under_another_name_is_told() {
    let gone = |s: &mut AccountSnapshot| of_filters(s).retain(|filter| filter.name != S3);
    let told = "alarm `s3-bucket-policy-changes` waits for the metric CISBenchmark/\
                s3-bucket-policy-changes, which no metric filter publishes";
    assert_eq!(waiting(gone, S3), [told]);
    let renamed = |s: &mut AccountSnapshot| {
        "S3Changes".clone_into(&mut of_filter(s, S3).transformations[0].name);
    };
    assert_eq!(waiting(renamed, S3), [told]);
    // Not of other controls, not where another reason stands first, and not where all is well.
    let both = |s: &mut AccountSnapshot| {
        of_filters(s).retain(|filter| filter.name != S3 && filter.name != "vpc-changes");
    };
    assert_eq!(waiting(both, "vpc-changes").len(), 1);
    let switched_off = |s: &mut AccountSnapshot| {
        gone(s);
        of_status(s).logging = false;
    };
    assert_eq!(waiting(switched_off, S3), Vec::<String>::new());
    assert_eq!(waiting(|_| (), S3), Vec::<String>::new());
}

#[test]
fn alarms_on_metrics_of_aws_and_with_dimensions_wait_for_no_filter() {
    type Change = fn(&mut AccountSnapshot);
    let changes: [Change; 2] = [
        |s| "AWS/S3".clone_into(&mut of_alarm(s, S3).metric.as_mut().unwrap().namespace),
        |s| {
            let metric = of_alarm(s, S3).metric.as_mut().unwrap();
            metric.dimensions.insert("BucketName".into(), "b".into());
        },
    ];
    for change in changes {
        let gone = |s: &mut AccountSnapshot| {
            of_filters(s).retain(|filter| filter.name != S3);
            change(s);
        };
        assert_eq!(waiting(gone, S3), Vec::<String>::new());
        // Its name is taken all the same.
        let mut snapshot = healthy(OWN);
        gone(&mut snapshot);
        let commands = finding(&snapshot, S3).evidence.commands.join("\n");
        assert!(
            commands.contains("--alarm-name s3-bucket-policy-changes-2 "),
            "{commands}"
        );
    }
}

/// Filling it would ring the other one, too.
#[test]
fn a_metric_for_which_another_alarm_waits_is_not_filled_by_a_fix() {
    let command = |shared: bool| {
        let mut snapshot = healthy(OWN);
        of_filters(&mut snapshot).retain(|filter| filter.name != S3);
        if shared {
            let mut pager = of_alarm(&mut snapshot, S3).clone();
            "pager".clone_into(&mut pager.name);
            pager.arn = alarm_arn(OWN, HOME, "pager");
            for alarm in [&mut pager, of_alarm(&mut snapshot, S3)] {
                "Events".clone_into(&mut alarm.metric.as_mut().unwrap().name);
            }
            of_alarms(&mut snapshot).metric.push(pager);
        }
        finding(&snapshot, S3).evidence.commands.len()
    };
    assert_eq!(command(false), 1, "the filter alone");
    assert_eq!(command(true), 2, "a filter and an alarm");
}

/// Adds a second filter with its own alarm.
fn second_chain(snapshot: &mut AccountSnapshot, pattern: &str) {
    let mut filter = of_filter(snapshot, S3).clone();
    "second".clone_into(&mut filter.name);
    pattern.clone_into(&mut filter.pattern);
    "second".clone_into(&mut filter.transformations[0].name);
    of_filters(snapshot).push(filter);
    let mut alarm = of_alarm(snapshot, S3).clone();
    "second".clone_into(&mut alarm.name);
    alarm.arn = alarm_arn(OWN, HOME, "second");
    "second".clone_into(&mut alarm.metric.as_mut().unwrap().name);
    of_alarms(snapshot).metric.push(alarm);
}

#[test]
fn two_chains_that_ring_for_one_event_are_told_from_two_that_share_the_work() {
    let twice = "{ $.eventSource = s3.amazonaws.com && $.eventName = *Bucket* }";
    let notes = noted(|s| second_chain(s, twice), "duplicate_notification");
    assert!(notes[0].contains("alarm:second"), "{notes:?}");

    let split = |snapshot: &mut AccountSnapshot| {
        let whole = prescribed(S3);
        let (first, second) = (
            whole.replace("(($", "$.eventName = PutBucket* && (($"),
            whole.replace("(($", "$.eventName = DeleteBucket* && (($"),
        );
        second_chain(snapshot, &second);
        of_filter(snapshot, S3).pattern = first;
    };
    assert_eq!(noted(split, "duplicate_notification"), Vec::<String>::new());
    assert_eq!(noted(split, "several_alarms").len(), 1);
    assert_eq!(noted(|_| (), "several_alarms"), Vec::<String>::new());
}

#[test]
fn an_alarm_with_a_long_period_says_how_long_later_events_are_silent() {
    let period = |seconds| {
        move |s: &mut AccountSnapshot| {
            of_alarm(s, S3).metric.as_mut().unwrap().period = Some(seconds);
        }
    };
    let notes = noted(period(7200), "long_period");
    assert!(notes[0].contains("120 minutes"), "{notes:?}");
    assert_eq!(noted(period(300), "long_period"), Vec::<String>::new());
}

#[test]
fn a_log_group_that_is_nearly_full_says_so_by_filters_and_by_regular_expressions() {
    let with = |filters: usize, pattern: &'static str| {
        move |snapshot: &mut AccountSnapshot| {
            for number in of_filters(snapshot).len()..filters {
                let more = filter(&format!("other-{number}"), pattern);
                of_filters(snapshot).push(more);
            }
        }
    };
    let notes = noted(with(90, "{ $.a = b }"), "quota_headroom");
    assert!(notes[0].contains("90 of 100 metric filters"), "{notes:?}");
    assert_eq!(
        noted(with(89, "{ $.a = b }"), "quota_headroom"),
        Vec::<String>::new()
    );

    let own = healthy(OWN);
    let filters = of_filters(&mut own.clone()).len();
    let notes = noted(with(filters + 4, "{ $.a = %b% }"), "quota_headroom");
    assert!(
        notes[0].contains("4 metric filters with regular expressions"),
        "{notes:?}"
    );
    let fewer = with(filters + 3, "{ $.a = %b% }");
    assert_eq!(noted(fewer, "quota_headroom"), Vec::<String>::new());
}
