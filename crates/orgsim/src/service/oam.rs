//! CloudWatch Observability Access Manager as a source account sees it: its links to the
//! sinks of monitoring accounts. What they share is in `state::metrics_link`.

use std::collections::BTreeMap;

use super::{Answer, Window};
use crate::neutral::{Value, structure};
use crate::request::{Request, ServiceError};
use crate::state::{MOST_LINKS, MetricsLink, World};

/// What the label of every link was made from.
const LABEL_TEMPLATE: &str = "$AccountName";

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "ListLinks" => list_links(world, request),
        "GetLink" => get_link(world, request),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn list_links(world: &World, request: &Request) -> Answer {
    let links = links(world, request);
    let window = Window::of(
        world,
        request,
        links.len(),
        ("NextToken", "MaxResults"),
        MOST_LINKS,
    )?;
    let rows = links[window.range].iter().map(|link| {
        structure! {
            "Arn" => &link.arn,
            "Id" => &link.id,
            "Label" => &link.label,
            "ResourceTypes" => resource_types(),
            "SinkArn" => &link.sink_arn,
        }
    });
    Ok(Value::structure([
        ("Items", Some(Value::list(rows))),
        ("NextToken", window.next.map(Value::Text)),
    ]))
}

fn get_link(world: &World, request: &Request) -> Answer {
    let asked = request.required("Identifier")?;
    let mut links = links(world, request).into_iter();
    let link = links.find(|link| link.arn == asked).ok_or_else(|| {
        let message = format!("There is no link {asked}.");
        ServiceError::with_status(404, "ResourceNotFoundException", message)
    })?;
    let with_tags = request.params.boolean("IncludeTags").unwrap_or(false);
    let tags = with_tags.then(|| tags(world, request, &link.arn));
    let tags = tags.unwrap_or_default();
    let configuration = link.shares.metric_filter.map(|filter| {
        structure! { "MetricConfiguration" => structure! { "Filter" => filter } }
    });
    Ok(Value::structure([
        ("Arn", Some(link.arn.into())),
        ("Id", Some(link.id.into())),
        ("Label", Some(link.label.into())),
        ("LabelTemplate", Some(LABEL_TEMPLATE.into())),
        ("ResourceTypes", Some(resource_types())),
        ("SinkArn", Some(link.sink_arn.into())),
        ("Tags", Some(tags.into())),
        ("LinkConfiguration", configuration),
    ]))
}

fn resource_types() -> Value {
    Value::list(["AWS::CloudWatch::Metric"])
}

struct Link {
    arn: String,
    id: String,
    label: String,
    sink_arn: String,
    shares: MetricsLink,
}

/// The caller's links in the Region.
fn links(world: &World, request: &Request) -> Vec<Link> {
    let (source, region) = (&request.caller.account, &request.region);
    let partition = &world.settings().partition;
    let label = {
        let organization = world.organization();
        let member = organization.member(source);
        member.map_or_else(|| source.clone(), |member| member.name.clone())
    };
    let state = world.account(source);
    let content = state
        .as_ref()
        .and_then(|state| state.region_content(region));
    let links = content.into_iter().flat_map(|it| &it.monitoring_accounts);
    links
        .map(|(monitoring, shares)| {
            let id = world.link_id(source, monitoring, region);
            let sink = world.sink_id(monitoring, region);
            Link {
                arn: format!("arn:{partition}:oam:{region}:{source}:link/{id}"),
                sink_arn: format!("arn:{partition}:oam:{region}:{monitoring}:sink/{sink}"),
                id,
                label: label.clone(),
                shares: shares.clone(),
            }
        })
        .collect()
}

fn tags(world: &World, request: &Request, arn: &str) -> BTreeMap<String, String> {
    world
        .account(&request.caller.account)
        .and_then(|state| {
            let content = state.region_content(&request.region)?;
            content.tags.get(arn).cloned()
        })
        .unwrap_or_default()
}
