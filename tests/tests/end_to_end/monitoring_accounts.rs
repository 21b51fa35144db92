//! Alarms of monitoring accounts tell of events in the accounts whose metrics are linked to them.

use orgsim::{RecordedCall, Scenario, Service};
use orgsweep_tests::Installation;

use crate::simulated::Simulated;

/// Accounts with trails of their own, whose alarms are in the security account.
const ESTATE: &str = r#"
seed = 7
[organization]
regions = ["us-east-1", "eu-west-1"]
[management]
[delegated_administrator]
name = "security"
[[group]]
name = "linked"
count = 2
chain = "healthy"
organization_trails = []
alarms_in = "delegated_administrator"
links = [{ to = "delegated_administrator", metric_filter = "Namespace NOT LIKE 'AWS/%'" }]
[[group]]
name = "not-linked"
chain = "healthy"
organization_trails = []
alarms_in = "delegated_administrator"
[[group]]
name = "shares-else"
chain = "healthy"
organization_trails = []
alarms_in = "delegated_administrator"
links = [{ to = "delegated_administrator", metric_filter = "Namespace LIKE 'AWS/%'" }]
[[group]]
name = "silent"
chain = "alarm_actions_disabled"
controls = ["root-usage"]
organization_trails = []
alarms_in = "delegated_administrator"
links = [{ to = "delegated_administrator" }]
[[group]]
name = "linked-to-a-stranger"
chain = "no_alarm"
organization_trails = []
links = [{ to = "closed" }]
[[group]]
name = "closed"
chain = "healthy"
organization_trails = []
role_missing = true
[[group]]
name = "own"
chain = "healthy"
organization_trails = []
"#;

/// What is said about two controls, by account.
const SAID: &str = "select account_name, control, verdict, reason from posture
    where control in ('root-usage', 's3-bucket-policy-changes') and verdict is not null
      and account_name not in ('management', 'security') order by 1, 2";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_passes_where_a_monitoring_account_tells_of_its_metrics() {
    let scenario = Scenario::parse(ESTATE).expect("a scenario");
    let simulated = Simulated::of(&scenario).await;
    let installation = simulated.installation(Installation::embedded());
    installation.run(&["sweep"]).await.with_code(0);
    let said: Vec<String> = installation
        .query(SAID)
        .await
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let control = if text("control") == "root-usage" {
                "root"
            } else {
                "s3"
            };
            format!("{} {control}: {}", text("account_name"), text("reason"))
        })
        .collect();
    assert_eq!(
        said,
        [
            "linked-1 root: covered",
            "linked-1 s3: covered",
            "linked-2 root: covered",
            "linked-2 s3: covered",
            "linked-to-a-stranger root: fact_unread",
            "linked-to-a-stranger s3: fact_unread",
            "not-linked root: no_alarm",
            "not-linked s3: no_alarm",
            "own root: covered",
            "own s3: covered",
            "shares-else root: no_alarm",
            "shares-else s3: no_alarm",
            "silent root: alarm_actions_disabled",
            "silent s3: covered",
        ]
    );
    let named = async |name: &str| {
        let of_name =
            format!("select account_id from account_status where account_name = '{name}'");
        let row = &installation.query(&of_name).await[0];
        row["account_id"].as_str().expect("a number").to_owned()
    };
    let calls = simulated.calls();
    let asked = |account: &str, service: Service, operation: &str| {
        let is_one = |call: &&RecordedCall| {
            (call.account.as_str(), call.service, call.operation.as_str())
                == (account, service, operation)
        };
        calls.iter().filter(is_one).count()
    };
    // Once about its own chains, once for all who are linked to it.
    let security = named("security").await;
    assert_eq!(asked(&security, Service::CloudWatch, "DescribeAlarms"), 2);
    let own = named("own").await;
    assert_eq!(
        asked(&own, Service::Oam, "ListLinks"),
        0,
        "its own alarms tell somebody"
    );
    let linked = named("linked-1").await;
    // The first who needs links also asks whether the endpoint has any.
    assert!((1..=2).contains(&asked(&linked, Service::Oam, "ListLinks")));
    installation
        .run(&["explain", &linked, "root-usage"])
        .await
        .with_code(0)
        .printing(&["an alarm of monitoring account", "watches metric"]);
}
