//! Trails and log groups.

use orgsweep_controls::Known;
use orgsweep_controls::snapshot::{AdvancedSelector, Delivery, EventSelectors, FieldSelector};

use super::*;

#[test]
#[rustfmt::skip]
fn trails_and_log_groups() {
    check(S3, &[
        ("healthy",                   |_| {}, "covered"),
        ("no trail",                  |s| value(s.trails.get_mut(&home()).unwrap()).clear(), "no_trail"),
        ("trail without log group",   |s| of_trail(s).log_group = None, "no_log_group"),
        ("single-Region trail",       |s| of_trail(s).multi_region = false, "trail_not_multi_region"),
        ("switched off",              |s| of_status(s).logging = false, "trail_not_logging"),
        ("delivery error",            |s| of_status(s).delivery_error = Some("AccessDenied".into()), "trail_delivery_fails"),
        ("stale delivery",            |s| of_status(s).delivery = Delivery::Stale { last: "2026-01-01T00:00:00Z".parse().unwrap() }, "trail_delivery_fails"),
        ("delivery not reported",     |s| of_status(s).delivery = Delivery::NotReported, "covered"),
        ("read events only",          |s| of_trail(s).selectors = basic("ReadOnly", true, &[]), "trail_selectors_exclude"),
        ("write events only",         |s| of_trail(s).selectors = basic("WriteOnly", true, &[]), "covered"),
        ("no management events",      |s| of_trail(s).selectors = basic("All", false, &[]), "trail_selectors_exclude"),
        ("without KMS",               |s| of_trail(s).selectors = basic("All", true, &["kms.amazonaws.com"]), "covered"),
        ("data events only",          |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Data"])]), "trail_selectors_exclude"),
        ("advanced: management",      |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Management"])]), "covered"),
        ("advanced: read only",       |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Management"]), ("readOnly", &["true"])]), "trail_selectors_exclude"),
        ("advanced: by event name",   |s| of_trail(s).selectors = advanced(&[("eventCategory", &["Management"]), ("eventName", &["PutBucketPolicy"])]), "undecided"),
        ("status denied",             |s| of_trail(s).status = denied("cloudtrail", "GetTrailStatus"), "fact_unread"),
        ("trails denied",             |s| { s.trails.insert(home(), denied("cloudtrail", "DescribeTrails")); }, "fact_unread"),
        ("Regions denied",            |s| s.regions = denied("account", "ListRegions"), "covered"),
        ("Regions denied, one Region", |s| { s.regions = denied("account", "ListRegions"); of_trail(s).multi_region = false; }, "fact_unread"),
        ("Regions denied, no trail",  |s| { s.regions = denied("account", "ListRegions"); value(s.trails.get_mut(&home()).unwrap()).clear(); }, "no_trail"),
        ("Regions denied, no filter", |s| { s.regions = denied("account", "ListRegions"); of_filters(s).clear(); }, "no_filter"),
        ("no enabled Region",         |s| s.regions = known(Vec::new()), "fact_unread"),
        ("log group deleted",         |s| of_group(s).group = known(None), "log_group_missing"),
        ("infrequent access",         |s| value(&mut of_group(s).group).as_mut().unwrap().class = "INFREQUENT_ACCESS".into(), "log_group_class"),
        ("filters denied",            |s| of_group(s).filters = denied("logs", "DescribeMetricFilters"), "fact_unread"),
        ("group denied",              |s| of_group(s).group = denied("logs", "DescribeLogGroups"), "fact_unread"),
    ]);
}

#[test]
#[rustfmt::skip]
fn trails_and_the_other_controls() {
    let cases: &[(&str, Case)] = &[
        ("kms-cmk-disable-delete",    ("KMS left out",     |s| of_trail(s).selectors = basic("All", true, &["kms.amazonaws.com"]), "trail_selectors_exclude")),
        ("kms-cmk-disable-delete",    ("write only",       |s| of_trail(s).selectors = basic("WriteOnly", true, &[]), "covered")),
        ("unauthorized-api-calls",    ("write only",       |s| of_trail(s).selectors = basic("WriteOnly", true, &[]), "trail_selectors_exclude")),
        ("root-usage",                ("KMS left out",     |s| of_trail(s).selectors = basic("All", true, &["kms.amazonaws.com"]), "trail_selectors_exclude")),
        ("iam-policy-changes",        ("no global events", |s| of_trail(s).global_service_events = false, "trail_no_global_events")),
        ("console-auth-failures",     ("no global events", |s| of_trail(s).global_service_events = false, "trail_no_global_events")),
        ("root-usage",                ("no global events", |s| of_trail(s).global_service_events = false, "trail_no_global_events")),
        ("vpc-changes",               ("no global events", |s| of_trail(s).global_service_events = false, "covered")),
        ("iam-policy-changes",        ("one Region",       |s| of_trail(s).multi_region = false, "trail_not_multi_region")),
        ("organizations-changes",     ("no filter",        |s| of_filters(s).retain(|f| f.name != "organizations-changes"), "no_filter")),
        ("console-auth-failures",     ("no filter",        |s| of_filters(s).retain(|f| f.name != "console-auth-failures"), "no_filter")),
        ("console-signin-without-mfa", ("no filter",       |s| of_filters(s).retain(|f| f.name != "console-signin-without-mfa"), "no_filter")),
        ("root-usage",                ("no filter",        |s| of_filters(s).retain(|f| f.name != "root-usage"), "no_filter")),
        ("unauthorized-api-calls",    ("no filter",        |s| of_filters(s).retain(|f| f.name != "unauthorized-api-calls"), "no_filter")),
        ("iam-policy-changes",        ("no filter",        |s| of_filters(s).retain(|f| f.name != "iam-policy-changes"), "no_filter")),
        ("console-signin-without-mfa", ("failures only",   |s| of_filter(s, "console-signin-without-mfa").pattern = "{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != Yes) && ($.responseElements.ConsoleLogin = Failure) }".into(), "filter_does_not_cover")),
        ("iam-policy-changes",        ("Security Hub's",   |s| { let text = prescribed("iam-policy-changes"); of_filter(s, "iam-policy-changes").pattern = format!("{{($.eventSource = iam.amazonaws.com) && ({})}}", &text[1..text.len() - 1]); }, "covered")),
        ("security-group-changes",    ("as before 5.0.0",  |s| { let text = prescribed("security-group-changes").replace(" || ($.eventName = ModifySecurityGroupRules)", ""); of_filter(s, "security-group-changes").pattern = text; }, "filter_does_not_cover")),
    ];
    for (control, case) in cases {
        assert_eq!(judged(case, control), case.2, "{control}: {}", case.0);
    }
}

fn advanced(fields: &[(&str, &[&str])]) -> Known<EventSelectors> {
    let field = |(name, equals): &(&str, &[&str])| FieldSelector {
        field: (*name).to_owned(),
        equals: equals.iter().map(|value| (*value).to_owned()).collect(),
        ..FieldSelector::default()
    };
    known(EventSelectors::Advanced(vec![AdvancedSelector {
        name: None,
        fields: fields.iter().map(field).collect(),
    }]))
}
