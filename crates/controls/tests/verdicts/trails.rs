//! Trails of several Regions and classes, together.

use orgsweep_controls::snapshot::Trail;
use orgsweep_controls::{AccountSnapshot, multi_region_trails_decide};

use crate::support::*;

fn single_region(place: &str) -> Trail {
    let mut trail = trail(OWN, place, place);
    trail.multi_region = false;
    trail
}

/// Each Region has a trail for itself, with its own chains.
pub(crate) fn one_trail_for_each_region() -> AccountSnapshot {
    let mut snapshot = empty(OWN);
    for place in regions() {
        let single = single_region(place.as_str());
        snapshot.trails.insert(place.clone(), known(vec![single]));
        with_chains(&mut snapshot, place.as_str());
    }
    snapshot
}

#[test]
fn single_region_trails_cover_together_when_each_has_its_chain() {
    let mut snapshot = one_trail_for_each_region();
    for control in [
        S3,
        "root-usage",
        "iam-policy-changes",
        "console-auth-failures",
    ] {
        assert_eq!(
            finding(&snapshot, control).reason.as_str(),
            "covered",
            "{control}"
        );
    }

    value(snapshot.trails.get_mut(&region("us-west-2")).unwrap()).clear();
    let one_less = finding(&snapshot, S3);
    assert_eq!(one_less.reason.as_str(), "trail_not_multi_region");
    assert_eq!(one_less.uncovered_regions, [region("us-west-2")]);
    // The others go on to record what the one then does.
    let fix = one_less.evidence.fix.unwrap();
    assert!(fix.contains("the trail of a single Region"), "{fix}");
    let fix = finding(&only_one_trail(), S3).evidence.fix.unwrap();
    assert_eq!(fix, "make the trail record every Region");
    assert_eq!(
        one_less.covered_regions,
        [region("eu-west-1"), region("us-east-1")]
    );
    assert_eq!(
        finding(&snapshot, "iam-policy-changes").reason.as_str(),
        "covered"
    );

    snapshot
        .trails
        .insert(region("us-west-2"), denied("cloudtrail", "DescribeTrails"));
    let hidden = finding(&snapshot, S3);
    assert_eq!(hidden.reason.as_str(), "fact_unread");
    assert_eq!(
        hidden.evidence.missing_permissions,
        ["cloudtrail:DescribeTrails"]
    );
}

fn only_one_trail() -> AccountSnapshot {
    let mut snapshot = healthy(OWN);
    of_trail(&mut snapshot).multi_region = false;
    snapshot
}

/// What is wrong in one Region is told of it alone.
#[test]
fn a_chain_that_one_region_lacks_is_told_of_that_region() {
    let west = region("us-west-2");
    let group = group_arn(OWN, west.as_str());
    let mut snapshot = one_trail_for_each_region();
    let filters = &mut snapshot.log_groups.get_mut(&group).unwrap().filters;
    value(filters).retain(|filter| filter.name != S3);
    let found = finding(&snapshot, S3);
    assert_eq!(found.reason.as_str(), "no_filter");
    let told = "S3 bucket policy changes would go unnoticed in us-west-2: log group `trail`: ";
    assert!(found.summary.starts_with(told), "{}", found.summary);

    let filters = &mut snapshot.log_groups.get_mut(&group).unwrap().filters;
    value(filters).push(filter(S3, "{ $.eventName = PutBucket* }"));
    let found = finding(&snapshot, S3);
    let told = "events would go unnoticed in us-west-2 (DeleteBucketPolicy";
    assert!(found.summary.contains(told), "{}", found.summary);

    snapshot.log_groups.get_mut(&group).unwrap().filters = denied("logs", "DescribeMetricFilters");
    let found = finding(&snapshot, S3);
    let told = "S3 bucket policy changes: not known in us-west-2: the metric filters";
    assert!(found.summary.starts_with(told), "{}", found.summary);

    // Without a filter anywhere, it is told of the account.
    for group in snapshot.log_groups.values_mut() {
        group.filters = known(Vec::new());
    }
    let found = finding(&snapshot, S3);
    let told = "S3 bucket policy changes would go unnoticed: log group";
    assert!(found.summary.starts_with(told), "{}", found.summary);
}

#[test]
fn trails_of_single_regions_do_not_ring_for_one_event() {
    let codes = |control| -> Vec<String> {
        let snapshot = one_trail_for_each_region();
        let notes = finding(&snapshot, control).evidence.notes.into_iter();
        notes.map(|note| note.code).collect()
    };
    assert_eq!(codes(S3), ["several_alarms"]);
    // A trail that records every Region delivers the same events as the one of its Region.
    let mut snapshot = one_trail_for_each_region();
    of_trail(&mut snapshot).multi_region = true;
    let notes = finding(&snapshot, S3).evidence.notes;
    assert_eq!(notes[0].code, "duplicate_notification");
}

#[test]
fn a_finding_keeps_twelve_chains_and_says_how_many_more_there_are() {
    let mut snapshot = healthy(OWN);
    for number in 0..13 {
        let mut more = alarm(OWN, HOME, &format!("more-{number}"));
        more.metric = Some(watched(S3));
        of_alarms(&mut snapshot).metric.push(more);
    }
    let evidence = finding(&snapshot, S3).evidence;
    assert_eq!((evidence.chains.len(), evidence.more_chains), (12, 2));
    let evidence = finding(&healthy(OWN), S3).evidence;
    assert_eq!((evidence.chains.len(), evidence.more_chains), (1, 0));
}

/// Where the other Regions have trails of their own, theirs would be recorded twice.
#[test]
fn a_trail_for_global_events_stays_one_of_a_single_region() {
    let mut snapshot = one_trail_for_each_region();
    let main = snapshot.trails.get_mut(&region("us-east-1")).unwrap();
    value(main)[0].global_service_events = false;
    let options = |snapshot: &AccountSnapshot| {
        let found = finding(snapshot, "iam-policy-changes");
        assert_eq!(found.reason.as_str(), "trail_no_global_events");
        let command = &found.evidence.commands[0];
        let (_, options) = command.split_once("--region us-east-1 ").unwrap();
        options.to_owned()
    };
    assert_eq!(options(&snapshot), "--include-global-service-events");
    let west = snapshot.trails.get_mut(&region("us-west-2")).unwrap();
    value(west).clear();
    assert_eq!(
        options(&snapshot),
        "--include-global-service-events --is-multi-region-trail"
    );
}

#[test]
fn a_read_only_and_a_write_only_trail_cover_together() {
    let mut snapshot = healthy(OWN);
    let mut reads = of_trail(&mut snapshot).clone();
    reads.arn = format!("arn:aws:cloudtrail:{HOME}:{OWN}:trail/reads")
        .parse()
        .unwrap();
    reads.selectors = basic("ReadOnly", true, &[]);
    of_trail(&mut snapshot).selectors = basic("WriteOnly", true, &[]);
    assert_eq!(
        finding(&snapshot, "root-usage").reason.as_str(),
        "trail_selectors_exclude"
    );
    value(snapshot.trails.get_mut(&home()).unwrap()).push(reads);
    assert_eq!(finding(&snapshot, "root-usage").reason.as_str(), "covered");
}

/// A trail that records every Region and is switched off, and beside it one for each Region with
/// its own chain.
#[test]
fn a_trail_that_is_off_takes_nothing_from_those_of_the_regions() {
    let mut snapshot = healthy(OWN);
    of_status(&mut snapshot).logging = false;
    let main = value(snapshot.trails.get_mut(&home()).unwrap())[0].clone();
    for place in regions() {
        let seen = vec![main.clone(), single_region(place.as_str())];
        snapshot.trails.insert(place.clone(), known(seen));
        with_chains(&mut snapshot, place.as_str());
    }
    for control in [S3, "root-usage"] {
        let found = finding(&snapshot, control);
        assert_eq!(found.reason.as_str(), "covered", "{}", found.summary);
    }
}

#[test]
fn a_multi_region_trail_decides_when_all_of_its_chains_hold() {
    let mut snapshot = healthy(OWN);
    assert!(multi_region_trails_decide(&snapshot));
    let mut off_switched = snapshot.clone();
    of_status(&mut off_switched).logging = false;
    assert!(!multi_region_trails_decide(&off_switched));
    of_alarm(&mut snapshot, S3).actions_enabled = false;
    assert!(!multi_region_trails_decide(&snapshot));
}

/// Where some Regions were not asked, the event that is shown is of one that was.
#[test]
fn the_witness_is_of_a_region_whose_trails_were_read() {
    let mut snapshot = healthy(OWN);
    of_status(&mut snapshot).logging = false;
    // A filter that tells Regions apart has each of them judged by itself.
    let narrow = "{ $.awsRegion = \"us-east-1\" }";
    let by_region = filter("by-region", narrow);
    of_filters(&mut snapshot).push(by_region);
    let found = finding(&snapshot, S3);
    assert_eq!(found.reason.as_str(), "trail_not_logging");
    assert_eq!(found.evidence.witness.unwrap()["awsRegion"], HOME);
}
