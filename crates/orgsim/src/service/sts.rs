//! Security Token Service: who one is, and sessions in other accounts.

use chrono::Duration;

use super::Answer;
use crate::credentials::{session_access_key, session_token};
use crate::iam;
use crate::neutral::structure;
use crate::request::{Request, ServiceError, Session};
use crate::state::{AccountStatus, World};

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    match request.operation.as_str() {
        "GetCallerIdentity" => Ok(structure! {
            "Arn" => request.caller.arn(&world.settings().partition),
            "UserId" => user_id(request),
            "Account" => &request.caller.account,
        }),
        "GetAccessKeyInfo" => {
            let key = request.required("AccessKeyId")?;
            let account = key.get(key.len().saturating_sub(12)..).unwrap_or_default();
            Ok(structure! { "Account" => account })
        }
        "AssumeRole" => assume_role(world, request),
        other => Err(ServiceError::unknown_operation(request.service, other)),
    }
}

fn user_id(request: &Request) -> String {
    match &request.caller.session {
        None => "AIDAORGSIMORGSIMORGSI".to_owned(),
        Some(session) => format!("AROAORGSIMORGSIMORGSI:{}", session.name),
    }
}

fn assume_role(world: &World, request: &Request) -> Answer {
    let arn = request.required("RoleArn")?;
    let name = request.required("RoleSessionName")?;
    let duration = duration(request)?;
    if !is_session_name(name) {
        return Err(ServiceError::invalid(
            request.service,
            format!(
                "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
            ),
        ));
    }
    let (account, role) = trusted_role(world, request, arn).ok_or_else(|| {
        ServiceError::denied(
            request,
            &world.settings().partition,
            &format!(" on resource: {arn}"),
        )
    })?;
    let session = Session {
        role: role.to_owned(),
        name: name.to_owned(),
        expires: world.now() + duration,
    };
    let short = role.rsplit('/').next().unwrap_or(role);
    Ok(structure! {
        "AssumedRoleUser" => structure! {
            "AssumedRoleId" => format!("AROAORGSIMORGSIMORGSI:{name}"),
            "Arn" => format!("arn:{}:sts::{account}:assumed-role/{short}/{name}", world.settings().partition),
        },
        "Credentials" => structure! {
            "AccessKeyId" => session_access_key(account),
            "SecretAccessKey" => "orgsim/does/not/verify/signatures/0000000",
            "SessionToken" => session_token(account, &session),
            "Expiration" => session.expires,
        },
    })
}

/// How long the session lasts. A session that assumes a role gets one hour at most.
fn duration(request: &Request) -> Result<Duration, ServiceError> {
    let seconds = request.params.integer("DurationSeconds").unwrap_or(3600);
    if !(900..=43_200).contains(&seconds) {
        return Err(ServiceError::invalid(
            request.service,
            format!(
                "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 43200"
            ),
        ));
    }
    if seconds > 3600 && request.caller.session.is_some() {
        return Err(ServiceError::invalid(
            request.service,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    Ok(Duration::seconds(seconds))
}

fn is_session_name(name: &str) -> bool {
    (2..=64).contains(&name.len())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter))
}

/// The account and the name of the role, when it exists, its account is active, and it trusts
/// the caller.
fn trusted_role<'a>(world: &World, request: &Request, arn: &'a str) -> Option<(&'a str, &'a str)> {
    let mut parts = arn.splitn(6, ':');
    let is_role_arn = parts.next()? == "arn"
        && parts.next()? == world.settings().partition
        && parts.next()? == "iam"
        && parts.next()?.is_empty();
    let account = parts.next()?;
    let name = parts.next()?.strip_prefix("role/")?;
    let active = world.organization().member(account)?.status == AccountStatus::Active;
    let role = world.account(account)?.roles.get(name)?.clone();
    let external_id = request.params.text("ExternalId");
    if let Some(trust) = &role.trust {
        let trusts = is_role_arn && active && iam::trusts(world, request, trust);
        return trusts.then_some((account, name));
    }
    let trusts = role.trusted_accounts.contains(&request.caller.account)
        && role
            .external_id
            .as_deref()
            .is_none_or(|wanted| external_id == Some(wanted));
    (is_role_arn && active && trusts).then_some((account, name))
}
