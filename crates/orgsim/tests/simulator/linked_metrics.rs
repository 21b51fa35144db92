//! Alarms and GetMetricData over metrics of linked accounts: what a link's filter keeps from
//! them, and how scenarios say who is linked to whom.

use chrono::{TimeZone as _, Utc};
use orgsim::{CloudTrailEvent, ExpectedOutcome, MetricsLink, Scenario, Timeline, World};
use serde_json::json;

use crate::support::{Call, SMALL, served};

const MEMBER: &str = "333333333333";
const AUDIT: &str = "222222222222";

#[tokio::test]
async fn metrics_are_read_from_elsewhere_in_the_namespaces_that_a_link_shares() {
    let server = served(&Scenario::parse(SMALL).unwrap()).await;
    let filter = "Namespace LIKE 'App/%'";
    let world = server.world();
    assert!(world.link_metrics_where(MEMBER, AUDIT, "eu-west-1", filter));
    let call = Call {
        account: AUDIT,
        region: "eu-west-1",
        signing_name: "monitoring",
    };
    let query = |id: &str, namespace: &str| {
        let metric = json!({ "Namespace": namespace, "MetricName": "calls" });
        json!({
            "Id": id, "AccountId": MEMBER,
            "MetricStat": { "Metric": metric, "Period": 60, "Stat": "Sum" },
        })
    };
    let input = json!({
        "MetricDataQueries": [query("a", "App/One"), query("b", "Other")],
        "StartTime": 1_795_510_800, "EndTime": 1_795_511_100,
    });
    let target = "GraniteServiceVersion20100801.GetMetricData";
    let answer = call.json(&server, target, &input).await.json();
    let status = |place: usize| &answer["MetricDataResults"][place]["StatusCode"];
    assert_eq!(
        (status(0), status(1)),
        (&json!("Complete"), &json!("Forbidden"))
    );
}

/// A scenario in which the alarms of `source` are in `watcher`, which comes after it; `more` is
/// said about `source`.
fn watched(more: &str) -> String {
    format!(
        "[[group]]\nname = \"source\"\nnumbers = [\"{MEMBER}\"]\nalarms_in = \"watcher\"\n{more}\n\
         [[group]]\nname = \"watcher\"\nnumbers = [\"444444444444\"]\n"
    )
}

fn namespace(world: &World) -> String {
    let state = world.account(MEMBER).unwrap();
    let groups = state
        .region_content("us-east-1")
        .unwrap()
        .log_groups
        .values();
    let mut filters = groups.flat_map(|group| group.filters.values());
    filters.next().unwrap().transformations[0].namespace.clone()
}

/// The alarms of which somebody is told when an event happens in the source account.
fn told(world: &World) -> Vec<String> {
    let record = json!({
        "eventVersion": "1.11",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutBucketPolicy",
        "readOnly": false,
        "managementEvent": true,
        "eventCategory": "Management",
    });
    let event = CloudTrailEvent::at(record, Some(MEMBER), Some("eu-west-1")).unwrap();
    let now = Utc.with_ymd_and_hms(2026, 11, 24, 9, 0, 30).unwrap();
    let trace = Timeline::new(now).inject(world, &event);
    let messages = trace.messages.into_iter();
    messages.map(|message| message.alarm).collect()
}

fn claimed(world: &World) -> (Option<&'static str>, Option<&'static str>) {
    let Some(ExpectedOutcome::Done(findings)) = world.expected(MEMBER) else {
        panic!("the account is read");
    };
    let mut findings = findings.into_iter();
    let of_control = findings.find(|finding| finding.control == "s3-bucket-policy-changes");
    let finding = of_control.unwrap();
    (finding.verdict, finding.reason)
}

#[test]
fn an_alarm_of_the_monitoring_account_rings_for_the_namespaces_that_a_link_shares() {
    let build = |more: &str| World::build(&Scenario::parse(&watched(more)).unwrap());
    let namespace = namespace(&build(""));
    let link = |rest: &str| format!("links = [{{ to = \"watcher\"{rest} }}]");
    let filtered = |filter: &str| link(&format!(", metric_filter = \"{filter}\""));
    let rings = [
        "arn:aws:cloudwatch:us-east-1:444444444444:alarm:cis-s3-bucket-policy-changes-333333333333",
    ];
    let silent: [&str; 0] = [];
    let passes = (Some("pass"), Some("covered"));
    let fails = (Some("fail"), Some("no_alarm"));
    #[rustfmt::skip]
    let rows: [(String, &[&str], _); 7] = [
        (String::new(),                                                     &silent, fails),
        (link(""),                                                          &rings,  passes),
        (link(", region = \"eu-west-1\""),                                  &silent, fails),
        (filtered(&format!("Namespace = '{namespace}'")),                   &rings,  passes),
        (filtered(&format!("Namespace != '{namespace}'")),                  &silent, fails),
        (link("") + "\nchain = \"topic_missing\"",                          &silent, (Some("fail"), Some("topic_missing"))),
        (link("") + "\nchain = \"no_trail\"",                               &silent, (Some("fail"), Some("no_trail"))),
    ];
    for (more, alarms, claim) in rows {
        let world = build(&more);
        assert_eq!(told(&world), alarms, "{more}");
        assert_eq!(claimed(&world), claim, "{more}");
    }
}

#[test]
fn a_filter_that_comes_later_silences_the_alarm() {
    let text = watched("links = [{ to = \"watcher\" }]");
    let world = World::build(&Scenario::parse(&text).unwrap());
    assert_eq!(told(&world).len(), 1);
    let told_with = |filter: &str| {
        assert!(world.link_metrics_where(MEMBER, "444444444444", "us-east-1", filter));
        told(&world).len()
    };
    assert_eq!(told_with("Namespace LIKE 'AWS/%'"), 0);
    assert_eq!(told_with("not a filter"), 0);
    assert_eq!(told_with("Namespace NOT LIKE 'AWS/%'"), 1);
}

#[test]
fn both_accounts_of_a_scenarios_link_have_it() {
    let filter = "Namespace IN ('A', 'B')";
    let text = SMALL.replace(
        "numbers = [\"333333333333\"]",
        &format!(
            "numbers = [\"333333333333\"]\nlinks = [{{ to = \"delegated_administrator\", \
             metric_filter = \"{filter}\" }}, {{ to = \"owner\", region = \"eu-west-1\" }}]"
        ),
    );
    let text = text.replace(
        "[delegated_administrator]",
        "links = [{ to = \"delegated_administrator\" }]\n[delegated_administrator]",
    );
    let world = World::build(&Scenario::parse(&text).unwrap());
    let all = MetricsLink::default();
    let some = MetricsLink {
        metric_filter: Some(filter.to_owned()),
    };
    for (source, monitoring, region, link) in [
        (MEMBER, AUDIT, "us-east-1", &some),
        (MEMBER, "444444444444", "eu-west-1", &all),
        ("111111111111", AUDIT, "us-east-1", &all),
    ] {
        let here = world.account(source).unwrap().region(region).clone();
        assert_eq!(here.monitoring_accounts.get(monitoring), Some(link));
        let there = world.account(monitoring).unwrap().region(region).clone();
        assert_eq!(there.source_accounts.get(source), Some(link));
    }
}

#[test]
fn links_that_cannot_be_are_refused_with_their_place() {
    let to = |rest: &str| format!("links = [{{ to = \"watcher\"{rest} }}]");
    let six = ["a", "b", "c", "d", "e", "watcher"].map(|name| format!("{{ to = \"{name}\" }}"));
    let groups = ["a", "b", "c", "d", "e"].map(|name| format!("\n[[group]]\nname = \"{name}\""));
    #[rustfmt::skip]
    let rows = [
        (String::from("links = [{ to = \"nobody\" }]"),         "line 5, column 17: there is no `nobody`"),
        (String::from("links = [{ to = \"source\" }]"),         "line 5, column 17: an account watches its own metrics"),
        (String::from("links = [{ to = \"delegated_administrator\" }]"), "line 5, column 17: there is no `delegated_administrator`"),
        (to(", region = \"eu-west-9\""),                        "line 5, column 37: Region `eu-west-9` is not enabled"),
        (to(", metric_filter = \"AWS/EC2\""),                   "line 5, column 44: `AWS/EC2` is no filter of namespaces"),
        (to(" }, { to = \"watcher\""),                          "line 5, column 37: there are two links to this account"),
        (format!("links = [{}]{}", six.join(", "), groups.concat()), "line 5, column 87: an account has at most 5 links in a Region"),
        (String::from("chain = \"organization_trail\"\n[[organization_trail]]\nname = \"all\""), "line 4, column 13: `alarms_in` goes with chains of the accounts' own"),
    ];
    for (more, expected) in rows {
        let error = Scenario::parse(&watched(&more)).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{more}\n{error}\n{expected}");
    }
    let text = watched("").replace("\"watcher\"\n\n", "\"nobody\"\n");
    let error = Scenario::parse(&text).unwrap_err().to_string();
    assert!(
        error.starts_with("line 4, column 13: there is no `nobody`"),
        "{error}"
    );
}
