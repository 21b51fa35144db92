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
