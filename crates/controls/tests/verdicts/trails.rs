//! Trails of several Regions and classes, together.

use orgsweep_controls::multi_region_trails_decide;
use orgsweep_controls::snapshot::Trail;

use crate::support::*;

fn single_region(place: &str) -> Trail {
    let mut trail = trail(OWN, place, place);
    trail.multi_region = false;
    trail
}

#[test]
fn single_region_trails_cover_together_when_each_has_its_chain() {
    let mut snapshot = empty(OWN);
    for place in regions() {
        let single = single_region(place.as_str());
        snapshot.trails.insert(place.clone(), known(vec![single]));
        with_chains(&mut snapshot, place.as_str());
    }
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
