//! The resources that a request is about, as policies name them (Service
//! Authorization Reference). What has none is about `*`.

use crate::request::Request;
use crate::service::Service;
use crate::state::World;

/// ARNs of the resources, at least one.
pub(super) fn of(world: &World, request: &Request) -> Vec<String> {
    let params = &request.params;
    let arn = |service: &str, rest: &str| {
        format!(
            "arn:{}:{service}:{}:{}:{rest}",
            world.settings().partition,
            request.region,
            request.caller.account
        )
    };
    let first = |names: &[&str]| names.iter().find_map(|name| params.text(name));
    let named: Option<String> = match request.service {
        Service::Sns => first(&["TopicArn", "ResourceArn", "TargetArn", "SubscriptionArn"])
            .map(|arn| arn.split(':').take(6).collect::<Vec<_>>().join(":"))
            .or_else(|| params.text("Name").map(|name| arn("sns", name))),
        Service::Logs => {
            first(&["logGroupName", "logGroupIdentifier", "resourceArn"]).map(|name| {
                let name = name.rsplit("log-group:").next().unwrap_or(name);
                arn(
                    "logs",
                    &format!("log-group:{}", name.trim_end_matches(":*")),
                )
            })
        }
        Service::CloudWatch => {
            let mut names = params.texts("AlarmNames");
            names.extend(params.text("AlarmName").map(str::to_owned));
            if !names.is_empty() {
                let arns = names
                    .iter()
                    .map(|name| arn("cloudwatch", &format!("alarm:{name}")));
                return arns.collect();
            }
            first(&["ResourceARN"]).map(str::to_owned)
        }
        Service::CloudTrail => first(&["Name", "TrailName", "ResourceId"]).map(|name| {
            if name.starts_with("arn:") {
                name.to_owned()
            } else {
                arn("cloudtrail", &format!("trail/{name}"))
            }
        }),
        Service::Kms => first(&["KeyId", "TargetKeyId"]).map(|named| key(world, request, named)),
        Service::Sqs => first(&["QueueUrl", "QueueName"])
            .map(|url| arn("sqs", url.rsplit('/').next().unwrap_or(url))),
        Service::Iam => first(&["PolicyArn"])
            .filter(|_| params.text("RoleName").is_none())
            .map(str::to_owned)
            .or_else(|| {
                let name = params.text("RoleName")?;
                Some(format!(
                    "arn:{}:iam::{}:role/{name}",
                    world.settings().partition,
                    request.caller.account
                ))
            }),
        Service::Sts => first(&["RoleArn"]).map(str::to_owned),
        Service::Oam => first(&["Identifier"]).map(str::to_owned),
        Service::Organizations | Service::Account => None,
    };
    vec![named.unwrap_or_else(|| "*".to_owned())]
}

/// The ARN of the key that is named by id, alias or ARN.
fn key(world: &World, request: &Request, named: &str) -> String {
    let arn = |id: &str| {
        format!(
            "arn:{}:kms:{}:{}:key/{id}",
            world.settings().partition,
            request.region,
            request.caller.account
        )
    };
    let Some((_, alias)) = named.rsplit_once("alias/") else {
        let id = named.rsplit("key/").next().unwrap_or(named);
        return arn(id);
    };
    let state = world.account(&request.caller.account);
    let id = state.as_ref().and_then(|state| {
        let content = state.region_content(&request.region)?;
        content.key_aliases.get(&format!("alias/{alias}"))
    });
    arn(id.map_or(alias, String::as_str))
}
