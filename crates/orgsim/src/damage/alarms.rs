//! Composite alarms that depend on each other as AWS would not let them.

use fastrand::Rng;

use crate::neutral::{Value, structure};

/// Composite alarms in a line, each of which rings when the one before it does.
const LINE: usize = 3_000;

/// Adds composite alarms in a circle or in a long line to an answer that lists alarms; `false`
/// when it lists no metric alarm.
pub(super) fn tangle(answer: &mut Value, random: &mut Rng) -> bool {
    let Some(model) = answer.items("MetricAlarms").first() else {
        return false;
    };
    let (Some(name), Some(arn)) = (model.text("AlarmName"), model.text("AlarmArn")) else {
        return false;
    };
    let name = name.to_owned();
    let place = arn.strip_suffix(&name).unwrap_or(arn).to_owned();
    let actions = model.texts("AlarmActions");
    let alarm = |name: &str, rule: String, suppressor: Option<&str>| {
        let mut alarm = structure! {
            "ActionsEnabled" => true,
            "AlarmActions" => Value::list(&actions),
            "AlarmArn" => format!("{place}{name}"),
            "AlarmName" => name,
            "AlarmRule" => rule,
            "StateValue" => "OK",
        };
        if let (Value::Structure(members), Some(suppressor)) = (&mut alarm, suppressor) {
            members.push(("ActionsSuppressor", suppressor.into()));
            members.push(("ActionsSuppressorWaitPeriod", Value::Integer(60)));
        }
        alarm
    };
    let composites: Vec<Value> = match random.u8(0..4) {
        0 => vec![
            alarm(
                "tangle-a",
                format!("ALARM(\"tangle-b\") OR ALARM(\"{name}\")"),
                None,
            ),
            alarm(
                "tangle-b",
                format!("ALARM(\"tangle-a\") AND ALARM(\"{name}\")"),
                None,
            ),
        ],
        1 => vec![alarm(
            "tangle-a",
            format!("NOT ALARM(\"tangle-a\") OR ALARM(\"{name}\")"),
            None,
        )],
        2 => vec![
            alarm("tangle-a", format!("ALARM(\"{name}\")"), Some("tangle-b")),
            alarm("tangle-b", format!("ALARM(\"{name}\")"), Some("tangle-a")),
        ],
        _ => (0..LINE)
            .map(|number| {
                let before = match number {
                    0 => name.clone(),
                    number => format!("tangle-{}", number - 1),
                };
                alarm(
                    &format!("tangle-{number}"),
                    format!("ALARM(\"{before}\")"),
                    None,
                )
            })
            .collect(),
    };
    if let Value::Structure(members) = answer {
        // Only composite alarms are left to notify.
        for (member, value) in members.iter_mut() {
            if let ("MetricAlarms", Value::List(alarms)) = (*member, value) {
                for alarm in alarms {
                    silence(alarm);
                }
            }
        }
        members.retain(|(member, _)| *member != "CompositeAlarms");
        members.push(("CompositeAlarms", Value::List(composites)));
    }
    true
}

fn silence(alarm: &mut Value) {
    if let Value::Structure(members) = alarm {
        for (member, value) in members {
            if *member == "AlarmActions" {
                *value = Value::List(Vec::new());
            }
        }
    }
}
