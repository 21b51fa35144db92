//! The `[[fault]]` tables of a scenario: which calls fail, and how.

use std::collections::BTreeMap;
use std::time::Duration;

use super::document::FaultTable;
use super::error::ScenarioError;
use crate::faults::{Fault, FaultRule};
use crate::service::Service;

fn needs(table: &FaultTable, member: &str) -> ScenarioError {
    let kind = table.kind.get_ref();
    ScenarioError::at(&table.kind, format!("`{kind}` needs `{member}`"))
}

/// The rules of one table: one for each account of its group, or one for all.
pub(super) fn fault(
    table: &FaultTable,
    members: &BTreeMap<&str, Vec<String>>,
) -> Result<Vec<FaultRule>, ScenarioError> {
    let times = table.times;
    let fault = match table.kind.get_ref().as_str() {
        "denied" => Fault::Denied,
        "denied_by_scp" => Fault::DeniedByScp,
        "throttle" => Fault::Throttle { times },
        "status_500" => Fault::Status500 { times },
        "hang" => Fault::Hang,
        "cut_connection" => Fault::CutConnection,
        "garbled" => Fault::Garbled,
        "expired_token" => Fault::ExpiredToken,
        "status_503" => Fault::Status503 { times },
        "truncated" => Fault::Truncated,
        "malformed" => Fault::Malformed {
            seed: table.seed.unwrap_or(1),
        },
        "clock_skew" => Fault::ClockSkew,
        "throttle_burst" => Fault::ThrottleBurst {
            length: times.ok_or_else(|| needs(table, "times"))?,
            every: table.every.ok_or_else(|| needs(table, "every"))?,
        },
        "latency" => {
            let least = table
                .milliseconds
                .ok_or_else(|| needs(table, "milliseconds"))?;
            let least = Duration::from_millis(least);
            match table.at_most_milliseconds {
                None => Fault::Latency { delay: least },
                Some(most) => Fault::LatencyBetween {
                    least,
                    most: Duration::from_millis(most),
                },
            }
        }
        other => {
            return Err(ScenarioError::at(
                &table.kind,
                format!(
                    "`{other}` is no fault; there are denied, denied_by_scp, throttle, throttle_burst, status_500, status_503, hang, cut_connection, garbled, truncated, malformed, expired_token, clock_skew and latency"
                ),
            ));
        }
    };
    let mut rule = FaultRule::everywhere(fault).share(table.share.unwrap_or(1.0));
    rule.region.clone_from(&table.region);
    if let Some(call) = &table.call {
        let (prefix, operation) = match call.get_ref().split_once(':') {
            Some((prefix, operation)) => (prefix, Some(operation.to_owned())),
            None => (call.get_ref().as_str(), None),
        };
        rule.service = Some(Service::of_prefix(prefix).ok_or_else(|| {
            ScenarioError::at(
                call,
                format!(
                    "there is no service `{prefix}`; write for example `logs:DescribeMetricFilters`"
                ),
            )
        })?);
        rule.operation = operation;
    }
    let Some(group) = &table.group else {
        return Ok(vec![rule]);
    };
    let numbers = members.get(group.get_ref().as_str()).ok_or_else(|| {
        ScenarioError::at(group, format!("there is no group `{}`", group.get_ref()))
    })?;
    Ok(numbers
        .iter()
        .map(|number| rule.clone().account(number))
        .collect())
}
