//! CloudWatch Logs, writing: groups and metric filters.

use super::logs::{group_arn, no_such_group, tagged_group};
use super::{Answer, logs_test};
use crate::neutral::Value;
use crate::request::{Request, ServiceError};
use crate::state::{LogGroup, MetricFilter, MetricTransformation, RegionState, World};

/// Metric filters that a log group may have.
const FILTERS_PER_GROUP: usize = 100;
/// Days for which events can be kept.
const RETENTIONS: [i64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];
/// Characters that a pattern may have.
const LONGEST_PATTERN: usize = 1024;

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let mut state = world
        .account(&request.caller.account)
        .ok_or_else(|| ServiceError::unrecognized(request.service))?;
    let region = state.region(&request.region);
    match request.operation.as_str() {
        "CreateLogGroup" => create_group(world, request, region),
        "DeleteLogGroup" => {
            let name = request.required("logGroupName")?;
            region.log_groups.remove(name).ok_or_else(no_such_group)?;
            region.log_events.remove(name);
            region.tags.remove(&group_arn(world, request, name));
            Ok(Value::empty())
        }
        "PutRetentionPolicy" => {
            let days = request.params.integer("retentionInDays");
            if !days.is_some_and(|days| RETENTIONS.contains(&days)) {
                return Err(ServiceError::invalid(
                    request.service,
                    format!(
                        "1 validation error detected: Value at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: {RETENTIONS:?}"
                    ),
                ));
            }
            group(request, region)?.retention_days = days;
            Ok(Value::empty())
        }
        "DeleteRetentionPolicy" => {
            group(request, region)?.retention_days = None;
            Ok(Value::empty())
        }
        "TagResource" | "TagLogGroup" => {
            let name = tagged_group(request)?;
            region.log_groups.get(&name).ok_or_else(no_such_group)?;
            let tags = region
                .tags
                .entry(group_arn(world, request, &name))
                .or_default();
            tags.extend(request.params.text_map("tags"));
            Ok(Value::empty())
        }
        "UntagResource" | "UntagLogGroup" => {
            let name = tagged_group(request)?;
            let mut keys = request.params.texts("tagKeys");
            keys.extend(request.params.texts("tags"));
            let tags = region
                .tags
                .entry(group_arn(world, request, &name))
                .or_default();
            tags.retain(|key, _| !keys.contains(key));
            Ok(Value::empty())
        }
        "PutMetricFilter" => put_filter(world, request, region),
        "DeleteMetricFilter" => {
            let name = request.required("filterName")?;
            group(request, region)?
                .filters
                .remove(name)
                .ok_or_else(|| {
                    ServiceError::new(
                        "ResourceNotFoundException",
                        "The specified metric filter does not exist.",
                    )
                })?;
            Ok(Value::empty())
        }
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn group<'a>(
    request: &Request,
    region: &'a mut RegionState,
) -> Result<&'a mut LogGroup, ServiceError> {
    region
        .log_groups
        .get_mut(request.required("logGroupName")?)
        .ok_or_else(no_such_group)
}

fn create_group(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let name = request.required("logGroupName")?;
    if region.log_groups.contains_key(name) {
        return Err(ServiceError::new(
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    let class = request.params.text("logGroupClass").unwrap_or("STANDARD");
    let group = LogGroup {
        class: class.to_owned(),
        retention_days: None,
        ..LogGroup::standard(world.now())
    };
    region.log_groups.insert(name.to_owned(), group);
    let tags = request.params.text_map("tags");
    if !tags.is_empty() {
        region.tags.insert(group_arn(world, request, name), tags);
    }
    Ok(Value::empty())
}

fn put_filter(world: &World, request: &Request, region: &mut RegionState) -> Answer {
    let params = &request.params;
    let name = request.required("filterName")?;
    let pattern = request.required("filterPattern")?;
    let invalid = |message: &str| Err(ServiceError::invalid(request.service, message));
    if pattern.chars().count() > LONGEST_PATTERN {
        return invalid(
            "1 validation error detected: Value at 'filterPattern' failed to satisfy constraint: Member must have length less than or equal to 1024",
        );
    }
    logs_test::readable(request, pattern)?;
    let [transformation] = params.items("metricTransformations") else {
        return invalid(
            "1 validation error detected: Value at 'metricTransformations' failed to satisfy constraint: Member must have length less than or equal to 1",
        );
    };
    let (Some(metric), Some(namespace), Some(value)) = (
        transformation.text("metricName"),
        transformation.text("metricNamespace"),
        transformation.text("metricValue"),
    ) else {
        return invalid(
            "A metric transformation needs metricName, metricNamespace and metricValue.",
        );
    };
    let dimensions = transformation.text_map("dimensions");
    let default_value = transformation.float("defaultValue");
    if default_value.is_some() && !dimensions.is_empty() {
        return invalid(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
        );
    }
    let group = group(request, region)?;
    if group.class != "STANDARD" {
        return Err(ServiceError::new(
            "InvalidOperationException",
            "Metric filters are supported only for log groups in the Standard log class.",
        ));
    }
    if group.filters.len() >= FILTERS_PER_GROUP && !group.filters.contains_key(name) {
        return Err(ServiceError::new(
            "LimitExceededException",
            "Resource limit exceeded.",
        ));
    }
    let filter = MetricFilter {
        pattern: pattern.to_owned(),
        transformations: vec![MetricTransformation {
            name: metric.to_owned(),
            namespace: namespace.to_owned(),
            value: value.to_owned(),
            default_value,
            dimensions,
            unit: transformation.text("unit").map(str::to_owned),
        }],
        created: world.now(),
        on_transformed_logs: params.boolean("applyOnTransformedLogs").unwrap_or(false),
        field_selection: params.text("fieldSelectionCriteria").map(str::to_owned),
        system_field_dimensions: params.texts("emitSystemFieldDimensions"),
    };
    group.filters.insert(name.to_owned(), filter);
    Ok(Value::empty())
}
