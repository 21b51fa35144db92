//! Changes of metric filters: what they match and what they publish.

use fastrand::Rng;
use orgsim::{AccountState, MetricFilter};

use super::{key, one, region_with};

pub(super) fn change(random: &mut Rng, state: &mut AccountState) -> Option<String> {
    let account = state.id.clone();
    let content = region_with(random, state, |content| {
        content
            .log_groups
            .values()
            .any(|group| !group.filters.is_empty())
    })?;
    let groups: Vec<String> = content
        .log_groups
        .iter()
        .filter(|(_, group)| !group.filters.is_empty())
        .map(|(name, _)| name.clone())
        .collect();
    let group = one(random, &groups);
    let filters = &mut content.log_groups.get_mut(group)?.filters;
    let name = key(random, filters)?;
    let text = match random.u8(..16) {
        0 => {
            filters.remove(&name);
            "is removed".to_owned()
        }
        1 => return split(random, filters, &name),
        2..8 => {
            let filter = filters.get_mut(&name)?;
            filter.pattern = respelt(random, &filter.pattern, &account)?;
            format!("has the pattern {}", filter.pattern)
        }
        8 => {
            let filter = filters.get_mut(&name)?;
            let criteria = *one(
                random,
                &[
                    "@aws.account IN [\"OWN\"]",
                    "@aws.account IN [\"999999999999\"]",
                    "@aws.account NOT IN [\"999999999999\"]",
                    "@aws.account != \"OWN\"",
                    "@aws.region = \"us-east-1\"",
                    "@aws.region IN [\"us-east-1\", \"eu-west-1\", \"ap-southeast-2\"]",
                ],
            );
            let criteria = criteria.replace("OWN", &account);
            filter.field_selection = Some(criteria.clone());
            format!("is narrowed by {criteria}")
        }
        9 => {
            filters.get_mut(&name)?.on_transformed_logs = true;
            "sees transformed logs".to_owned()
        }
        _ => {
            let filter = filters.get_mut(&name)?;
            let transformation = filter.transformations.first_mut()?;
            match random.u8(..7) {
                0 => {
                    let value = *one(random, &["0", "2", "0.5", "-1", "10", "1.0"]);
                    value.clone_into(&mut transformation.value);
                }
                1 => {
                    let value = *one(random, &[None, Some(0.0), Some(1.0), Some(0.5)]);
                    transformation.default_value = value;
                    if value.is_some() {
                        transformation.dimensions.clear();
                    }
                }
                2 => {
                    transformation.default_value = None;
                    let path = *one(random, &["$.eventName", "$.awsRegion", "$.nothing"]);
                    transformation
                        .dimensions
                        .insert("By".to_owned(), path.to_owned());
                }
                3 => transformation.unit = Some("Count".to_owned()),
                4 => transformation.name += "-renamed",
                5 => "Other".clone_into(&mut transformation.namespace),
                _ => transformation.name = transformation.name.to_uppercase(),
            }
            format!("publishes {transformation:?}")
        }
    };
    Some(format!("filter {name} {text}"))
}

/// Two filters in place of one, each for some Regions, with the same metric.
fn split(
    random: &mut Rng,
    filters: &mut std::collections::BTreeMap<String, MetricFilter>,
    name: &str,
) -> Option<String> {
    let whole = filters.get(name)?.clone();
    let inner = inner(&whole.pattern)?;
    let conditions = *one(
        random,
        &[
            [
                "$.awsRegion = \"us-east-1\"",
                "$.awsRegion != \"us-east-1\"",
            ],
            ["$.awsRegion = \"us-*\"", "$.awsRegion = \"eu-*\""],
            ["$.errorCode NOT EXISTS", "$.errorCode = \"*\""],
            [
                "$.userIdentity.type = \"Root\"",
                "$.userIdentity.type != \"Root\"",
            ],
        ],
    );
    for (number, condition) in conditions.iter().enumerate() {
        let mut part = whole.clone();
        part.pattern = within_limits(format!("{{ ({inner}) && ({condition}) }}"))?;
        filters.insert(format!("{name}-{number}"), part);
    }
    filters.remove(name);
    Some(format!("filter {name} is split by {conditions:?}"))
}

fn inner(pattern: &str) -> Option<&str> {
    pattern.trim().strip_prefix('{')?.strip_suffix('}')
}

fn within_limits(pattern: String) -> Option<String> {
    (pattern.len() <= 1024).then_some(pattern)
}

/// The pattern written otherwise, sometimes with another meaning.
fn respelt(random: &mut Rng, pattern: &str, account: &str) -> Option<String> {
    let inner = inner(pattern)?.trim().to_owned();
    let respelt = match random.u8(..14) {
        0 => format!("{{({inner})&&($.eventName=*)}}"),
        1 => format!("{{ ({inner}) && ($.recipientAccountId = \"{account}\") }}"),
        2 => format!("{{ ({inner}) && ($.recipientAccountId != \"{account}\") }}"),
        3 => format!("{{ ({inner}) && ($.userIdentity.type != \"Root\") }}"),
        4 => format!("{{ ({inner}) && ($.errorCode NOT EXISTS) }}"),
        5 => format!("{{ ({inner}) || ($.eventName = \"Nothing\") }}"),
        6 => format!("{{ ({inner}) && ($.awsRegion = \"us-east-1\") }}"),
        7 => "{ $.eventName = * }".to_owned(),
        8 => pattern.replace("$.eventName = Delete", "$.eventName = \"Delete"),
        // The last alternative goes missing.
        9 => {
            let (before, last) = pattern.rsplit_once("||")?;
            let closing: String = last
                .chars()
                .rev()
                .take_while(|c| ")} ".contains(*c))
                .collect();
            let opened = before.matches('(').count();
            let closed = before.matches(')').count();
            let missing = opened.checked_sub(closed)?;
            let _ = closing;
            format!("{before}{}}}", ")".repeat(missing))
        }
        // Names become wildcards or regular expressions.
        10 => pattern.replacen("Bucket", "*", 1),
        11 => {
            let (before, rest) = pattern.split_once("$.eventName")?;
            let value = rest.trim_start().strip_prefix('=')?.trim_start();
            let end = value.find([')', ' ', '}'])?;
            let name = value[..end].trim_matches('"');
            format!("{before}$.eventName = %^{name}$%{}", &value[end..])
        }
        12 => pattern.replace("||", " ||\n  "),
        _ => format!("{{ ({inner}) && ($.managementEvent IS TRUE) }}"),
    };
    let readable = filter_pattern::FilterPattern::parse(&respelt).is_ok();
    within_limits(respelt).filter(|_| readable)
}
