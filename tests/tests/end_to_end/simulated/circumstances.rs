//! What a test adds to a scenario before it sweeps: circumstances in which more has to be read.

use chrono::Utc;
use orgsim::{ExpectedFinding, HistoryItem, MetricQuery};

use super::Simulated;

/// Lets CloudWatch publish to a topic, whosever the alarm is.
const ANY_ALARM: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
    "Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"*"}]}"#;

impl Simulated {
    /// Where a topic's policy is not decided, alarms have rung to no effect: their history
    /// tells what their topic's policy does not.
    pub(crate) fn fail_actions_of_undecided_topics(&self) {
        let undecided = |findings: &[ExpectedFinding]| {
            let mut findings = findings.iter();
            findings.any(|finding| finding.reason == Some("policy_undecided"))
        };
        let readable = self.readable().into_iter();
        let accounts = readable.filter(|(_, findings)| undecided(findings));
        for (account, _) in accounts {
            self.change(&account, |state| {
                for region in state.regions.values_mut() {
                    for (name, alarm) in &mut region.metric_alarms {
                        alarm.state_updated = Utc::now();
                        let failed = alarm.alarm_actions.iter().map(|topic| HistoryItem {
                            alarm: name.clone(),
                            alarm_type: "MetricAlarm",
                            at: alarm.state_updated,
                            kind: "Action",
                            summary: format!(
                                "Failed to execute action {topic}. Received error: \"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {topic}\""
                            ),
                            data: "{}".to_owned(),
                        });
                        region.alarm_history.extend(failed);
                    }
                }
            });
        }
    }

    /// The alarms of an account whose own chain holds are moved to the delegated administrator,
    /// to which its metrics are linked.
    pub(crate) fn watch_from_a_monitoring_account(&self) {
        let monitoring = self.world.delegated_administrator().expect("there is one");
        let is_covered = |finding: &ExpectedFinding| finding.reason == Some("covered");
        let mut readable = self.readable().into_iter();
        let (account, _) = readable
            .find(|(_, findings)| findings.iter().any(is_covered))
            .expect("an account with a chain of its own");
        let mut moved = Vec::new();
        self.change(&account, |state| {
            for (name, region) in &mut state.regions {
                for topic in region.topics.values_mut() {
                    topic.policy = Some(ANY_ALARM.to_owned());
                }
                let alarms = std::mem::take(&mut region.metric_alarms);
                moved.extend(alarms.into_iter().map(|alarm| (name.clone(), alarm)));
            }
        });
        assert!(!moved.is_empty(), "it has alarms");
        for (region, (name, mut alarm)) in moved {
            alarm.arn = alarm.arn.replace(&account, &monitoring);
            alarm.queries = vec![MetricQuery {
                id: "m1".to_owned(),
                metric: alarm.metric.take(),
                expression: None,
                label: None,
                return_data: true,
                period: None,
                account: Some(account.clone()),
            }];
            self.change_region(&monitoring, &region, |content| {
                content
                    .metric_alarms
                    .insert(format!("of-{account}-{name}"), alarm);
            });
            assert!(self.world.link_metrics(&account, &monitoring, &region));
        }
    }
}
