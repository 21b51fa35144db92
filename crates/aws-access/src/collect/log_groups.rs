//! Log groups of the account that a trail writes to, with their metric filters.
//! A group of another account is never looked up here by its name: it may be
//! another group of the same name.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatchlogs::types::{
    MetricFilter as SdkFilter, MetricTransformation as SdkTransformation,
};
use futures::future::join_all;
use orgsweep_controls::snapshot::{
    LogGroup, LogGroupFacts, MetricFilter, MetricTransformation, Trail,
};
use orgsweep_controls::{Known, LogGroupArn};

use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

/// The account's log groups among those that `trails` write to.
pub(super) async fn written_to(
    session: &Session,
    trails: impl Iterator<Item = &Trail>,
) -> BTreeMap<LogGroupArn, LogGroup> {
    let arns: BTreeSet<&LogGroupArn> = trails
        .filter_map(|trail| trail.log_group.as_ref())
        .filter(|group| group.account() == *session.account())
        .collect();
    let read = arns.into_iter().map(async |arn| {
        let (group, filters) = tokio::join!(group(session, arn), filters(session, arn));
        (arn.clone(), LogGroup { group, filters })
    });
    join_all(read).await.into_iter().collect()
}

async fn group(session: &Session, arn: &LogGroupArn) -> Known<Option<LogGroupFacts>> {
    match find(session, arn).await {
        Ok(group) => Known::read(group, Operation::DescribeLogGroups.call(&arn.region())),
        Err(error) => error.into_known(),
    }
}

/// Looks for the group among those whose names begin with its name.
async fn find(session: &Session, arn: &LogGroupArn) -> Result<Option<LogGroupFacts>, CallError> {
    const OPERATION: Operation = Operation::DescribeLogGroups;
    let region = arn.region();
    let garbled = |message: &str| CallError::garbled(OPERATION, &region, message);
    let client = session.clients().logs(&region);
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .describe_log_groups()
            .log_group_name_prefix(arn.name())
            .set_next_token(token);
        let page = match session
            .call(OPERATION, &region, || request.clone().send())
            .await
        {
            Err(error) if error.kind == FaultKind::NotFound => return Ok(None),
            answer => answer?,
        };
        let groups = page
            .log_groups
            .ok_or_else(|| garbled("the answer has no list of log groups"))?;
        if let Some(found) = groups
            .into_iter()
            .find(|group| group.log_group_name.as_deref() == Some(arn.name()))
        {
            // Older answers name no class; there was only the standard one then.
            let class = found
                .log_group_class
                .map_or_else(|| "STANDARD".to_owned(), |class| class.as_str().to_owned());
            return Ok(Some(LogGroupFacts { class }));
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(None);
        }
    }
}

async fn filters(session: &Session, arn: &LogGroupArn) -> Known<Vec<MetricFilter>> {
    match list(session, arn).await {
        Ok(mut filters) => {
            filters.sort_by(|a, b| a.name.cmp(&b.name));
            Known::read(
                filters,
                Operation::DescribeMetricFilters.call(&arn.region()),
            )
        }
        Err(error) => error.into_known(),
    }
}

async fn list(session: &Session, arn: &LogGroupArn) -> Result<Vec<MetricFilter>, CallError> {
    const OPERATION: Operation = Operation::DescribeMetricFilters;
    let region = arn.region();
    let garbled = |message: &str| CallError::garbled(OPERATION, &region, message);
    let client = session.clients().logs(&region);
    let mut filters = Vec::new();
    let mut pages = Pages::default();
    let mut token = None;
    loop {
        let request = client
            .describe_metric_filters()
            .log_group_name(arn.name())
            .set_next_token(token);
        let page = match session
            .call(OPERATION, &region, || request.clone().send())
            .await
        {
            // No group, no filters.
            Err(error) if error.kind == FaultKind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let listed = page
            .metric_filters
            .ok_or_else(|| garbled("the answer has no list of metric filters"))?;
        for filter in listed {
            filters
                .push(metric_filter(filter).ok_or_else(|| garbled("a metric filter has no name"))?);
        }
        token = pages
            .after(page.next_token)
            .map_err(|endless| garbled(endless.message()))?;
        if token.is_none() {
            return Ok(filters);
        }
    }
}

fn metric_filter(filter: SdkFilter) -> Option<MetricFilter> {
    let mut system_field_dimensions = filter.emit_system_field_dimensions.unwrap_or_default();
    system_field_dimensions.sort();
    Some(MetricFilter {
        name: filter.filter_name?,
        pattern: filter.filter_pattern.unwrap_or_default(),
        transformations: filter
            .metric_transformations
            .unwrap_or_default()
            .into_iter()
            .map(transformation)
            .collect(),
        on_transformed_logs: filter.apply_on_transformed_logs,
        field_selection: filter
            .field_selection_criteria
            .filter(|text| !text.is_empty()),
        system_field_dimensions,
    })
}

fn transformation(transformation: SdkTransformation) -> MetricTransformation {
    let unit = transformation.unit.map(|unit| unit.as_str().to_owned());
    MetricTransformation {
        namespace: transformation.metric_namespace,
        name: transformation.metric_name,
        value: transformation.metric_value,
        default_value: transformation.default_value,
        dimensions: transformation
            .dimensions
            .unwrap_or_default()
            .into_iter()
            .collect(),
        unit: unit.filter(|unit| unit != "None"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatchlogs::types::StandardUnit;

    #[test]
    fn a_filter_keeps_what_a_chain_depends_on() {
        let published = SdkTransformation::builder()
            .metric_name("BucketPolicy")
            .metric_namespace("CIS")
            .metric_value("1")
            .default_value(0.0)
            .dimensions("account", "$.recipientAccountId")
            .unit(StandardUnit::None)
            .build()
            .unwrap();
        let filter = SdkFilter::builder()
            .filter_name("bucket-policy")
            .filter_pattern("{ $.eventName = PutBucketPolicy }")
            .metric_transformations(published)
            .emit_system_field_dimensions("@aws.region")
            .emit_system_field_dimensions("@aws.account")
            .field_selection_criteria("")
            .build();
        let found = metric_filter(filter).unwrap();
        assert_eq!(found.pattern, "{ $.eventName = PutBucketPolicy }");
        assert_eq!(
            found.system_field_dimensions,
            ["@aws.account", "@aws.region"]
        );
        assert_eq!(found.field_selection, None);
        assert_eq!(found.transformations[0].unit, None);
        assert_eq!(found.transformations[0].default_value, Some(0.0));
        assert_eq!(
            found.transformations[0].dimensions["account"],
            "$.recipientAccountId"
        );
        assert!(metric_filter(SdkFilter::builder().build()).is_none());
    }
}
