//! Who may do what: service control policies, identity policies and resource
//! policies, in the order of the IAM user guide ("Policy evaluation logic"), and
//! the words in which AWS says no ("Troubleshooting access denied messages").
//!
//! A caller without a session is its account's administrator: service control
//! policies bind it, identity policies do not. Permission boundaries, session
//! policies and resource control policies are not simulated.

use std::collections::BTreeMap;

use crate::request::{Request, ServiceError};
use crate::service::{Service, iam_policies};
use crate::state::{RegionState, World};

mod dependent;
mod principal;
mod resources;
mod statements;

pub(crate) use principal::Principal;
use statements::{Effect, Question};

/// Operations that nobody can be denied.
const FREE: [&str; 1] = ["GetCallerIdentity"];

/// Whether policies let the request through.
pub(crate) fn authorize(world: &World, request: &Request) -> Result<(), ServiceError> {
    if request.service == Service::Sts && FREE.contains(&request.operation.as_str()) {
        return Ok(());
    }
    let action = format!("{}:{}", request.service.prefix(), request.operation);
    let context = context(world, request);
    let resources = resources::of(world, request);
    for resource in &resources {
        let question = Question {
            action: &action,
            resource,
            context: &context,
        };
        decide(world, request, &question)?;
    }
    for needed in dependent::of(request) {
        let mut context = context.clone();
        context.extend(needed.context);
        let question = Question {
            action: needed.action,
            resource: needed.resource.as_ref().unwrap_or(&resources[0]),
            context: &context,
        };
        decide(world, request, &question)?;
    }
    Ok(())
}

/// Whether the trust policy lets the caller of AssumeRole in.
pub(crate) fn trusts(world: &World, request: &Request, trust: &str) -> bool {
    let mut context = context(world, request);
    if let Some(external_id) = request.params.text("ExternalId") {
        context.insert("sts:externalid".to_owned(), external_id.to_owned());
    }
    let question = Question {
        action: "sts:AssumeRole",
        resource: "",
        context: &context,
    };
    let principal = Principal::of(world, request);
    statements::of_resource(trust, &question, &principal) == Effect::Allow
}

fn decide(world: &World, request: &Request, question: &Question<'_>) -> Result<(), ServiceError> {
    let partition = &world.settings().partition;
    let action = question.action;
    let no = |because: &str| {
        let because = format!(" on resource: {} {because}", question.resource);
        Err(ServiceError::denied_action(
            request, partition, action, &because,
        ))
    };
    match of_control_policies(world, request, question) {
        Effect::Deny => return no("with an explicit deny in a service control policy"),
        Effect::Nothing => {
            return no(&format!(
                "because no service control policy allows the {action} action"
            ));
        }
        Effect::Allow => {}
    }
    let principal = Principal::of(world, request);
    let on_resource = resource_policy(world, request, question.resource)
        .map(|policy| statements::of_resource(&policy, question, &principal));
    let of_identity = of_identity(world, request, question);
    if of_identity == Effect::Deny {
        return no("with an explicit deny in an identity-based policy");
    }
    if on_resource == Some(Effect::Deny) {
        return no("with an explicit deny in a resource-based policy");
    }
    // A key's policy has the last word; IAM counts where the policy names the account.
    let of_key = request.service == Service::Kms && on_resource.is_some();
    if of_key && on_resource != Some(Effect::Allow) {
        return no(&format!(
            "because no resource-based policy allows the {action} action"
        ));
    }
    let by_resource = on_resource == Some(Effect::Allow) && !of_key;
    if by_resource || of_identity == Effect::Allow {
        return Ok(());
    }
    no(&format!(
        "because no identity-based policy allows the {action} action"
    ))
}

/// The management account is bound by no service control policy.
fn of_control_policies(world: &World, request: &Request, question: &Question<'_>) -> Effect {
    let organization = world.organization();
    let account = &request.caller.account;
    if organization.management_account == *account || !organization.control_policies.enabled {
        return Effect::Allow;
    }
    let path = organization.path_to(account);
    let mut allowed = true;
    for level in organization.control_policies.levels(&path) {
        match statements::of_identity(level.into_iter(), question) {
            Effect::Deny => return Effect::Deny,
            Effect::Nothing => allowed = false,
            Effect::Allow => {}
        }
    }
    if allowed {
        Effect::Allow
    } else {
        Effect::Nothing
    }
}

fn of_identity(world: &World, request: &Request, question: &Question<'_>) -> Effect {
    let Some(session) = &request.caller.session else {
        return Effect::Allow;
    };
    let Some(state) = world.account(&request.caller.account) else {
        return Effect::Nothing;
    };
    let Some(role) = state.roles.get(&session.role) else {
        return Effect::Nothing;
    };
    let inline = role.permissions.inline.values().map(String::as_str);
    let attached = role.permissions.attached.iter();
    let attached = attached.filter_map(|arn| iam_policies::document(&state, arn));
    statements::of_identity(inline.chain(attached), question)
}

/// The policy of the topic, key or queue that is asked for.
fn resource_policy(world: &World, request: &Request, resource: &str) -> Option<String> {
    let state = world.account(&request.caller.account)?;
    let content: &RegionState = state.region_content(&request.region)?;
    match request.service {
        Service::Sns => {
            let topic = content.topics.get(resource)?;
            Some(topic.effective_policy(resource, &request.caller.account))
        }
        Service::Sqs => {
            let queue = content.queues.get(resource.rsplit(':').next()?)?;
            queue.attributes.get("Policy").cloned()
        }
        Service::Kms => {
            let key = content.keys.get(resource.rsplit('/').next()?)?;
            Some(key.policy.clone())
        }
        _ => None,
    }
}

/// The condition keys that every call carries.
fn context(world: &World, request: &Request) -> BTreeMap<String, String> {
    let principal = Principal::of(world, request);
    [
        ("aws:requestedregion", request.region.clone()),
        ("aws:principalaccount", request.caller.account.clone()),
        ("aws:principalorgid", world.organization().id.clone()),
        ("aws:principalarn", principal.arn),
        ("aws:securetransport", "true".to_owned()),
        ("aws:principalisawsservice", "false".to_owned()),
        ("aws:sourceip", "127.0.0.1".to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}
