//! Log groups of the account that a trail writes to, with their metric filters.
//! A group of another account is never looked up here by its name: it may be
//! another group of the same name.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatchlogs::types::{
    MetricFilter as SdkFilter, MetricTransformation as SdkTransformation,
};
use futures::future::join_all;
use orgsweep_controls::snapshot::{
    Delivery, LogGroup, LogGroupFacts, MetricFilter, MetricTransformation, Trail, TrailStatus,
};
use orgsweep_controls::{Known, LogGroupArn, lack_a_controls_filter};

use super::arrivals;
use crate::errors::{CallError, FaultKind};
use crate::operation::Operation;
use crate::paging::Pages;
use crate::session::Session;

/// Pages of 50 filters that are looked through for those of an abandoned group.
const MOST_PAGES: usize = 20;

/// The metric filters of a group.
pub(super) type Filters = Known<Vec<MetricFilter>>;

/// The metric filters of those of the account's log groups that `trails` write to.
pub(super) async fn filters_of(
    session: &Session,
    trails: impl Iterator<Item = &Trail>,
) -> BTreeMap<LogGroupArn, Filters> {
    let arns: BTreeSet<&LogGroupArn> = trails
        .filter_map(|trail| trail.log_group.as_ref())
        .filter(|group| group.account() == *session.account())
        .collect();
    let read = arns
        .into_iter()
        .map(async |arn| (arn.clone(), filters(session, arn).await));
    join_all(read).await.into_iter().collect()
}

/// The groups to which these filters belong. Whether a group exists, and of which
/// class it is, is asked where that does not follow: a group that has filters
/// exists and is of the standard class, the only one that can have them, and
/// `trails` that delivered to it a short while ago say that it is this one.
pub(super) async fn with_filters(
    session: &Session,
    filters: BTreeMap<LogGroupArn, Filters>,
    trails: impl Iterator<Item = &Trail>,
) -> BTreeMap<LogGroupArn, LogGroup> {
    let (mut delivered, mut of_organization) = (BTreeSet::new(), BTreeSet::new());
    for trail in trails {
        let group = trail.log_group.as_ref();
        delivered.extend(group.filter(|_| trail.status.value().is_some_and(delivers)));
        of_organization.extend(group.filter(|_| trail.organization));
    }
    let written_to: BTreeSet<LogGroupArn> = filters.keys().cloned().collect();
    let read = filters.into_iter().map(async |(arn, filters)| {
        let arrivals = async {
            if of_organization.contains(&arn) {
                Some(arrivals::of(session, &arn).await)
            } else {
                None
            }
        };
        let group = async {
            match &filters {
                Known::Read { value, call } if !value.is_empty() && delivered.contains(&arn) => {
                    let class = "STANDARD".to_owned();
                    Known::read(Some(LogGroupFacts { class }), call.clone())
                }
                _ => group(session, &arn).await,
            }
        };
        let elsewhere = async {
            let lack = |filters: &Vec<MetricFilter>| lack_a_controls_filter(filters);
            if filters.value().is_some_and(lack) {
                filters_elsewhere(session, &arn, &written_to).await
            } else {
                BTreeMap::new()
            }
        };
        let (group, arrivals, filters_elsewhere) = tokio::join!(group, arrivals, elsewhere);
        let read = LogGroup {
            group,
            filters,
            arrivals,
            filters_elsewhere,
        };
        (arn, read)
    });
    join_all(read).await.into_iter().collect()
}

fn delivers(status: &TrailStatus) -> bool {
    let error = status.delivery_error.as_deref().unwrap_or_default();
    status.logging && error.is_empty() && status.delivery == Delivery::Fresh
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

/// Filters on CloudTrail's events that are on none of the groups `written_to`, in the
/// account and Region of `arn`. They only explain why there are none where they
/// should be, so nothing becomes of not being able to read them.
async fn filters_elsewhere(
    session: &Session,
    arn: &LogGroupArn,
    written_to: &BTreeSet<LogGroupArn>,
) -> BTreeMap<String, Vec<MetricFilter>> {
    const OPERATION: Operation = Operation::DescribeMetricFilters;
    let region = arn.region();
    let client = session.clients().logs(&region);
    let mut found: BTreeMap<String, Vec<MetricFilter>> = BTreeMap::new();
    let mut token = None;
    for _ in 0..MOST_PAGES {
        let request = client.describe_metric_filters().set_next_token(token);
        let answer = session.call(OPERATION, &region, || request.clone().send());
        let Ok(page) = answer.await else {
            break;
        };
        for filter in page.metric_filters.unwrap_or_default() {
            let group = filter.log_group_name.clone().unwrap_or_default();
            let delivered = written_to
                .iter()
                .any(|other| other.region() == region && other.name() == group);
            let filter =
                metric_filter(filter).filter(|filter| !delivered && is_about_cloudtrail(filter));
            if let Some(filter) = filter {
                found.entry(group).or_default().push(filter);
            }
        }
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    for filters in found.values_mut() {
        filters.sort_by(|a, b| a.name.cmp(&b.name));
    }
    found
}

/// Whether a filter asks for what CloudTrail's records have.
fn is_about_cloudtrail(filter: &MetricFilter) -> bool {
    let mut fields = ["$.event", "$.userIdentity", "$.errorCode"].iter();
    fields.any(|field| filter.pattern.contains(field))
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
