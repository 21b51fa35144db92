//! Metric filters. They carry no tags: one is known again by its whole content.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::{MetricFilter as SdkFilter, MetricTransformation};
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::LogGroupArn;
use serde::{Deserialize, Serialize};

use super::operation::{DELETE_METRIC_FILTER, DESCRIBE_METRIC_FILTERS, PUT_METRIC_FILTER};
use super::{Writer, found, gone};
use crate::steps::Metric;

/// A metric filter, as far as anybody sets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricFilter {
    /// Pattern.
    pub pattern: String,
    /// What it publishes.
    pub transformations: Vec<Transformation>,
    /// Whether it sees transformed events.
    pub on_transformed_logs: bool,
    /// Field-selection criteria.
    pub field_selection: Option<String>,
    /// System fields that become dimensions.
    pub system_field_dimensions: Vec<String>,
}

/// A metric that a filter publishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transformation {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Value per matching event.
    pub value: String,
    /// Value where nothing matches.
    pub default_value: Option<f64>,
    /// Dimensions and the fields that they come from.
    pub dimensions: BTreeMap<String, String>,
    /// Unit; `None` stands for AWS's word `None`, too.
    pub unit: Option<String>,
}

impl MetricFilter {
    /// A filter that counts the events that `pattern` matches.
    pub fn counting(pattern: &str, metric: &Metric) -> Self {
        Self {
            pattern: pattern.to_owned(),
            transformations: vec![Transformation {
                namespace: metric.namespace.clone(),
                name: metric.name.clone(),
                value: "1".to_owned(),
                default_value: None,
                dimensions: BTreeMap::new(),
                unit: None,
            }],
            on_transformed_logs: false,
            field_selection: None,
            system_field_dimensions: Vec::new(),
        }
    }
}

/// The filters of those names, each with `None` where the group has none. What the names
/// begin with is asked for, so that a page answers for all of them.
pub async fn read(
    writer: &Writer,
    group: &LogGroupArn,
    names: Vec<String>,
) -> Result<BTreeMap<String, Option<MetricFilter>>, CallFailure> {
    let client = writer.logs(&group.region());
    let prefix = common_prefix(&names).to_owned();
    let mut filters: BTreeMap<String, Option<MetricFilter>> =
        names.into_iter().map(|name| (name, None)).collect();
    let mut token = None;
    loop {
        let request = client
            .describe_metric_filters()
            .log_group_name(group.name())
            .set_filter_name_prefix(Some(prefix.clone()).filter(|prefix| !prefix.is_empty()))
            .set_next_token(token);
        let answer = writer
            .call(DESCRIBE_METRIC_FILTERS, &group.region(), || {
                request.clone().send()
            })
            .await;
        // A group that is gone has no filters; whoever puts one is told so.
        let Some(page) = found(answer)? else {
            return Ok(filters);
        };
        for filter in page.metric_filters.unwrap_or_default() {
            let name = filter.filter_name.as_deref().unwrap_or_default();
            if let Some(place) = filters.get_mut(name) {
                *place = Some(taken_over(filter));
            }
        }
        token = page.next_token;
        if token.is_none() || filters.values().all(Option::is_some) {
            return Ok(filters);
        }
    }
}

/// What all the names begin with.
fn common_prefix(names: &[String]) -> &str {
    let Some((first, others)) = names.split_first() else {
        return "";
    };
    let common = |other: &String| -> usize {
        let both = first.chars().zip(other.chars());
        both.take_while(|(one, two)| one == two)
            .map(|(same, _)| same.len_utf8())
            .sum()
    };
    &first[..others.iter().map(common).min().unwrap_or(first.len())]
}

/// Puts a filter that counts events. AWS would replace one of the same name: read first.
pub async fn put(
    writer: &Writer,
    group: &LogGroupArn,
    name: &str,
    pattern: &str,
    metric: &Metric,
) -> Result<(), CallFailure> {
    let region = group.region();
    let transformation = MetricTransformation::builder()
        .metric_namespace(&metric.namespace)
        .metric_name(&metric.name)
        .metric_value("1")
        .build()
        .map_err(|error| writer.garbled(PUT_METRIC_FILTER, &region, error.to_string()))?;
    let request = writer
        .logs(&region)
        .put_metric_filter()
        .log_group_name(group.name())
        .filter_name(name)
        .filter_pattern(pattern)
        .metric_transformations(transformation);
    let answer = writer.call(PUT_METRIC_FILTER, &region, || request.clone().send());
    answer.await.map(drop)
}

/// Deletes a filter; one that is gone already is no error.
pub async fn delete(writer: &Writer, group: &LogGroupArn, name: &str) -> Result<(), CallFailure> {
    let region = group.region();
    let request = writer
        .logs(&region)
        .delete_metric_filter()
        .log_group_name(group.name())
        .filter_name(name);
    let answer = writer.call(DELETE_METRIC_FILTER, &region, || request.clone().send());
    gone(answer.await.map(drop))
}

fn taken_over(filter: SdkFilter) -> MetricFilter {
    let transformations = filter.metric_transformations.unwrap_or_default();
    MetricFilter {
        pattern: filter.filter_pattern.unwrap_or_default(),
        transformations: transformations
            .into_iter()
            .map(|published| Transformation {
                namespace: published.metric_namespace,
                name: published.metric_name,
                value: published.metric_value,
                default_value: published.default_value,
                dimensions: published
                    .dimensions
                    .unwrap_or_default()
                    .into_iter()
                    .collect(),
                unit: published
                    .unit
                    .map(|unit| unit.as_str().to_owned())
                    .filter(|unit| unit != "None"),
            })
            .collect(),
        on_transformed_logs: filter.apply_on_transformed_logs,
        field_selection: filter.field_selection_criteria,
        system_field_dimensions: filter.emit_system_field_dimensions.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn what_all_names_begin_with_is_asked_for() {
        for (names, prefix) in [
            (vec!["orgsweep-vpc-changes"],                          "orgsweep-vpc-changes"),
            (vec!["orgsweep-vpc-changes", "orgsweep-nacl-changes"], "orgsweep-"),
            (vec!["one", "one-2"],                                  "one"),
            (vec!["größe", "grün"],                                 "gr"),
            (vec!["one", "two"],                                    ""),
            (vec![],                                                ""),
        ] {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            assert_eq!(common_prefix(&names), prefix, "{names:?}");
        }
    }
}
