//! What an account contains according to exported facts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::alarms;
use super::document::{
    BasicSelector, Delivery, EventSelectors, Exported, Fact, FieldSelector, Key, LogGroup,
    MetricFilter, Subscription, SubscriptionState, Topic, Trail,
};
use crate::state;
use crate::state::{AccountState, Confirmation, LastDelivery, LogStream, Reach, Selectors};

/// Minutes since something that is fresh.
const FRESH: i64 = 4;

impl Exported {
    /// Puts what is known of the account `number` into `state`: what was read in it, and
    /// what was read of it for other accounts.
    pub(crate) fn fill(&self, number: &str, state: &mut AccountState) {
        if let Some(carried) = self.accounts.get(number) {
            let snapshot = &carried.snapshot;
            let made = carried.observed_at;
            let enabled = snapshot.regions.value();
            state.opted_in_regions = enabled.into_iter().flatten().cloned().collect();
            let mut organization_trails = BTreeSet::new();
            for trail in snapshot.trails.values().filter_map(Fact::value).flatten() {
                if owner(&trail.arn) == Some(number) {
                    put_trail(trail, state);
                } else if trail.organization {
                    organization_trails.insert(trail.name.clone());
                }
            }
            state.organization_trails = Reach::Only(organization_trails);
            for (region, alarms) in &snapshot.alarms {
                if let Some(alarms) = alarms.value() {
                    let place = alarms::Place {
                        partition: &snapshot.partition,
                        account: number,
                        region,
                        read_at: made,
                    };
                    alarms::put(alarms, &place, state.region(region));
                }
            }
            for (region, accounts) in &snapshot.monitoring {
                let links = &mut state.region(region).monitoring_accounts;
                let accounts = accounts.value().into_iter().flatten();
                links.extend(accounts.map(|(account, found)| (account.clone(), found.link())));
            }
        }
        for (source, carried) in &self.accounts {
            let (snapshot, made) = (&carried.snapshot, carried.observed_at);
            for (arn, group) in &snapshot.log_groups {
                if owner(arn) == Some(number) {
                    self.put_log_group(arn, group, made, state);
                }
            }
            for (region, accounts) in &snapshot.monitoring {
                if let Some(found) = accounts.value().and_then(|all| all.get(number)) {
                    let place = alarms::Place {
                        partition: &snapshot.partition,
                        account: number,
                        region,
                        read_at: made,
                    };
                    let content = state.region(region);
                    content.source_accounts.insert(source.clone(), found.link());
                    if let Some(alarms) = found.alarms.value() {
                        alarms::put(alarms, &place, content);
                    }
                }
            }
            for (arn, topic) in &snapshot.topics {
                if let (Some(Some(topic)), true) = (topic.value(), owner(arn) == Some(number)) {
                    put_topic(arn, topic, state);
                }
            }
            for (place, key) in &snapshot.keys {
                if let Some(Some(key)) = key.value()
                    && owner(&key.arn) == Some(number)
                {
                    put_key(place, key, made, state);
                }
            }
        }
    }

    fn put_log_group(
        &self,
        arn: &str,
        group: &LogGroup,
        made: DateTime<Utc>,
        state: &mut AccountState,
    ) {
        let Some((region, name)) = place_of_group(arn) else {
            return;
        };
        let content = state.region(region);
        for (name, filters) in &group.filters_elsewhere {
            let mut other = state::LogGroup::standard(made);
            other.filters = metric_filters(filters, made);
            content.log_groups.entry(name.clone()).or_insert(other);
        }
        let facts = match &group.group {
            Fact::Read { value: None } => return,
            Fact::Read { value } => value.as_ref(),
            // It has been written to, or nobody would have looked for it.
            Fact::Unread {} => None,
        };
        let mut put = state::LogGroup::standard(made);
        if let Some(facts) = facts {
            put.class.clone_from(&facts.class);
        }
        put.filters = metric_filters(group.filters.value().map_or(&[], Vec::as_slice), made);
        let arrivals = group.arrivals.as_ref().and_then(Fact::value);
        let organization = self.head.organization.as_deref().unwrap_or("o-unknown");
        let of_members = arrivals.into_iter().flat_map(|arrivals| &arrivals.accounts);
        put.streams = of_members
            .map(|(account, delivery)| {
                let stream = if self.head.management_account.as_ref() == Some(account) {
                    format!("{account}_CloudTrail_{region}")
                } else {
                    format!("{organization}_{account}_CloudTrail_{region}")
                };
                let minutes_since_event = match delivery {
                    Delivery::Fresh => Some(FRESH),
                    Delivery::Stale { last } => Some((self.head.exported_at - *last).num_minutes()),
                    Delivery::NotReported => None,
                };
                let created = made - chrono::Duration::days(30);
                (
                    stream,
                    LogStream {
                        created,
                        minutes_since_event,
                    },
                )
            })
            .collect();
        content.log_groups.insert(name.to_owned(), put);
    }
}

/// The account that an ARN names.
fn owner(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// Region and name of a log group.
fn place_of_group(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(7, ':');
    let region = parts.nth(3)?;
    let name = parts.nth(2)?;
    Some((region, name.strip_suffix(":*").unwrap_or(name)))
}

fn put_trail(trail: &Trail, state: &mut AccountState) {
    let status = trail.status.value();
    let known = state.region(&trail.home_region).trails.get(&trail.name);
    // The view with the status wins over one without.
    if known.is_some() && status.is_none() {
        return;
    }
    let delivery = status.map_or(&Delivery::Fresh, |status| &status.delivery);
    let group = trail.log_group.as_ref().map(|arn| {
        let arn = arn.strip_suffix(":*").unwrap_or(arn);
        format!("{arn}:*")
    });
    let put = state::Trail {
        name: trail.name.clone(),
        arn: trail.arn.clone(),
        home_region: trail.home_region.clone(),
        bucket: "exported".to_owned(),
        multi_region: trail.multi_region,
        organization: trail.organization,
        global_service_events: trail.global_service_events,
        log_file_validation: true,
        log_group_arn: group,
        log_role_arn: trail.log_role.clone(),
        logging: status.is_none_or(|status| status.logging),
        delivery_error: status.and_then(|status| status.delivery_error.clone()),
        started_at: None,
        last_delivery: match delivery {
            Delivery::Fresh => LastDelivery::MinutesAgo(FRESH),
            Delivery::Stale { last } => LastDelivery::At(*last),
            Delivery::NotReported => LastDelivery::Never,
        },
        selectors: trail.selectors.value().map(selectors).unwrap_or_default(),
    };
    let trails = &mut state.region(&trail.home_region).trails;
    trails.insert(trail.name.clone(), put);
}

fn selectors(selectors: &EventSelectors) -> Selectors {
    match selectors {
        EventSelectors::Basic(selectors) => {
            let basic = |selector: &BasicSelector| state::BasicSelector {
                read_write_type: selector.read_write_type.clone(),
                management_events: selector.management_events,
                excluded_sources: selector.excluded_sources.clone(),
            };
            Selectors::Basic(selectors.iter().map(basic).collect())
        }
        EventSelectors::Advanced(selectors) => Selectors::Advanced(
            selectors
                .iter()
                .map(|selector| state::AdvancedSelector {
                    name: selector.name.clone().unwrap_or_default(),
                    fields: selector.fields.iter().map(field).collect(),
                })
                .collect(),
        ),
    }
}

fn field(field: &FieldSelector) -> state::FieldSelector {
    let operators = [
        ("Equals", &field.equals),
        ("StartsWith", &field.starts_with),
        ("EndsWith", &field.ends_with),
        ("NotEquals", &field.not_equals),
        ("NotStartsWith", &field.not_starts_with),
        ("NotEndsWith", &field.not_ends_with),
    ];
    let given = operators
        .into_iter()
        .filter(|(_, values)| !values.is_empty());
    state::FieldSelector {
        field: field.field.clone(),
        operators: given.map(|(name, values)| (name, values.clone())).collect(),
    }
}

fn metric_filters(
    filters: &[MetricFilter],
    created: DateTime<Utc>,
) -> BTreeMap<String, state::MetricFilter> {
    let filter = |filter: &MetricFilter| state::MetricFilter {
        pattern: filter.pattern.clone(),
        transformations: filter
            .transformations
            .iter()
            .map(|published| state::MetricTransformation {
                name: published.name.clone(),
                namespace: published.namespace.clone(),
                value: published.value.clone(),
                default_value: published.default_value,
                dimensions: published.dimensions.clone(),
                unit: published.unit.clone(),
            })
            .collect(),
        created,
        on_transformed_logs: filter.on_transformed_logs,
        field_selection: filter.field_selection.clone(),
        system_field_dimensions: filter.system_field_dimensions.clone(),
    };
    let named = filters.iter().map(|it| (it.name.clone(), filter(it)));
    named.collect()
}

fn put_topic(arn: &str, topic: &Topic, state: &mut AccountState) {
    let Some(region) = arn.split(':').nth(3) else {
        return;
    };
    let number = state.id.clone();
    let content = state.region(region);
    let attributes = BTreeMap::new();
    content.topics.insert(
        arn.to_owned(),
        state::Topic {
            policy: topic.policy.clone(),
            kms_key: topic.kms_key.clone(),
            fifo: topic.fifo,
            attributes,
        },
    );
    let listed = topic.subscriptions.value();
    for (index, subscription) in listed.into_iter().flatten().enumerate() {
        let put = self::subscription(arn, index, subscription, &number);
        if !content
            .subscriptions
            .iter()
            .any(|known| known.arn == put.arn)
        {
            content.subscriptions.push(put);
        }
    }
}

fn subscription(
    topic: &str,
    index: usize,
    subscription: &Subscription,
    number: &str,
) -> state::Subscription {
    let (arn, confirmation) = match &subscription.state {
        SubscriptionState::Confirmed(arn) => (arn.clone(), Confirmation::Confirmed),
        SubscriptionState::Pending => (String::new(), Confirmation::Pending),
        SubscriptionState::Deleted => (String::new(), Confirmation::Deleted),
    };
    let arn = if arn.is_empty() {
        format!("{topic}:00000000-0000-4000-8000-{index:012x}")
    } else {
        arn
    };
    let filter = subscription.filter.as_ref().and_then(Fact::value);
    let attributes = filter.into_iter().flat_map(|filter| {
        let policy = filter.policy.clone().map(|text| ("FilterPolicy", text));
        let scope = filter.scope.clone().map(|text| ("FilterPolicyScope", text));
        [policy, scope].into_iter().flatten()
    });
    state::Subscription {
        arn,
        topic_arn: topic.to_owned(),
        protocol: subscription.protocol.clone(),
        endpoint: subscription.endpoint.clone(),
        owner: subscription
            .owner
            .clone()
            .unwrap_or_else(|| number.to_owned()),
        confirmation,
        attributes: attributes
            .map(|(name, text)| (name.to_owned(), text))
            .collect(),
    }
}

/// `place` is the Region and what topics call the key: `eu-west-1/alias/mine`.
fn put_key(place: &str, key: &Key, created: DateTime<Utc>, state: &mut AccountState) {
    let Some(region) = key.arn.split(':').nth(3) else {
        return;
    };
    let id = key.arn.rsplit('/').next().unwrap_or_default().to_owned();
    let partition = key.arn.split(':').nth(1).unwrap_or("aws");
    let policy = key.policy.value().cloned().flatten();
    let policy = policy.unwrap_or_else(|| state::Key::default_policy(partition, &state.id));
    let content = state.region(region);
    let name = place.split_once('/').map_or("", |(_, name)| name);
    if let Some(at) = name.find("alias/") {
        content
            .key_aliases
            .insert(name[at..].to_owned(), id.clone());
    }
    content.keys.insert(
        id,
        state::Key {
            arn: key.arn.clone(),
            state: key.state.clone(),
            manager: key.manager.clone(),
            policy,
            created,
        },
    );
}
