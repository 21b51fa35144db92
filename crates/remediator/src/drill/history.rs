//! What an alarm's history says about its actions. CloudWatch writes one item per
//! action, whose summary begins with how it went (CloudWatch user guide, "Alarm
//! history"; seen: "Successfully executed action ARN", "Failed to execute action
//! ARN. Received error: …").

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use orgsweep_store::DrilledAction;

/// How the summary of an action that was carried out begins.
const DONE: &str = "Successfully executed action ";
/// How the summary of one that was not begins.
const FAILED: &str = "Failed to execute action ";

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
                let is_about = |begins: &str| {
                    let rest = item.summary.strip_prefix(begins)?;
                    let rest = rest.strip_prefix(action.as_str())?;
                    // `…:alarms` is not `…:alarms-2`.
                    let ends = !rest
                        .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
                    ends.then_some(())
                };
                if is_about(DONE).is_some() {
                    Some((true, &item.summary))
                } else {
                    is_about(FAILED).map(|()| (false, &item.summary))
                }
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
