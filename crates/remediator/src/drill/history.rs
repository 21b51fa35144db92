//! What an alarm's history says about its actions since a moment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orgsweep_aws_access::alarm_history::{self, ActionOutcome};
use orgsweep_store::DrilledAction;

/// An item of kind `Action`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// When.
    pub at: DateTime<Utc>,
    /// In CloudWatch's words.
    pub summary: String,
}

/// What came of each of `actions`, from the items that are new since `before`. Both lists are
/// what CloudWatch showed at the time; clocks are not compared.
pub fn outcome(actions: &[String], before: &[Item], now: &[Item]) -> Vec<DrilledAction> {
    let mut known: BTreeMap<&Item, usize> = BTreeMap::new();
    for item in before {
        *known.entry(item).or_default() += 1;
    }
    let mut new: Vec<&Item> = Vec::new();
    for item in now {
        match known.get_mut(item) {
            Some(times) if *times > 0 => *times -= 1,
            _ => new.push(item),
        }
    }
    actions
        .iter()
        .map(|action| {
            let found = new.iter().find_map(|item| {
                let succeeded = alarm_history::outcome(&item.summary, action)?;
                Some((succeeded == ActionOutcome::Done, &item.summary))
            });
            DrilledAction {
                action: action.clone(),
                succeeded: found.map(|(succeeded, _)| succeeded),
                words: found.map(|(_, words)| words.clone()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alarms";

    fn item(seconds: i64, summary: &str) -> Item {
        Item {
            at: DateTime::from_timestamp(seconds, 0).unwrap(),
            summary: summary.replace("TOPIC", TOPIC),
        }
    }

    #[test]
    fn only_new_items_about_the_very_action_count() {
        let done = "Successfully executed action TOPIC";
        let failed = "Failed to execute action TOPIC. Received error: \"not authorized\"";
        #[rustfmt::skip]
        let rows: [(&[Item], &[Item], Option<bool>); 6] = [
            (&[],              &[],                                    None),
            (&[],              &[item(2, done)],                       Some(true)),
            (&[],              &[item(2, failed)],                     Some(false)),
            (&[item(1, done)], &[item(1, done)],                       None),
            // Rung twice in a second.
            (&[item(1, done)], &[item(1, done), item(1, done)],        Some(true)),
            (&[],              &[item(2, "Successfully executed action TOPIC-2")], None),
        ];
        for (before, now, succeeded) in rows {
            let found = outcome(&[TOPIC.to_owned()], before, now);
            assert_eq!(found[0].succeeded, succeeded, "{now:?}");
        }
    }
}
