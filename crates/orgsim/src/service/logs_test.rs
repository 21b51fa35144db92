//! CloudWatch Logs, testing filter patterns: the engine of `filter-pattern`
//! answers, in the service's words.

use filter_pattern::{FilterPattern, TestMetricFilterError, test_metric_filter};

use super::Answer;
use crate::neutral::Value;
use crate::request::{Request, ServiceError};

/// TestMetricFilter, which needs no log group.
pub(super) fn answer(request: &Request) -> Answer {
    let pattern = request.required("filterPattern")?;
    let messages = request.params.texts("logEventMessages");
    let matches = test_metric_filter(pattern, &messages).map_err(|error| {
        ServiceError::invalid(
            request.service,
            match error {
                TestMetricFilterError::Pattern(_) => "Invalid metric filter pattern".to_owned(),
                other => format!("1 validation error detected: {other}"),
            },
        )
    })?;
    let rows = matches.iter().map(|matched| {
        let values = matched.extracted_values().iter();
        let values = values.map(|(name, value)| (name.clone(), value.as_str().into()));
        Value::structure([
            (
                "eventNumber",
                i64::try_from(matched.event_number()).ok().map(Value::from),
            ),
            ("eventMessage", Some(matched.event_message().into())),
            ("extractedValues", Some(Value::Map(values.collect()))),
        ])
    });
    Ok(Value::structure([("matches", Some(Value::list(rows)))]))
}

/// Whether the service would take this pattern for a metric filter.
pub(super) fn readable(request: &Request, pattern: &str) -> Result<(), ServiceError> {
    match FilterPattern::parse(pattern) {
        Ok(_) => Ok(()),
        Err(_) => Err(ServiceError::invalid(
            request.service,
            "Invalid metric filter pattern",
        )),
    }
}
