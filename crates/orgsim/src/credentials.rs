//! Credentials: which account an access key belongs to, and the session tokens
//! that AssumeRole gives out. Signatures are not verified; the account is read
//! from the access key, the session from its token.

use chrono::{DateTime, Utc};

use crate::request::{Caller, Session};

/// Why credentials are not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// They are nobody's.
    Unrecognized,
    /// Their time is over.
    Expired,
}

/// An access key of `account`; any secret key goes with it.
pub fn access_key(account: &str) -> String {
    format!("AKIAORGS{account}")
}

/// Access key id and session token of a session of the role named `role` in `account`, which
/// nobody needs to assume: for tests of what a caller with few permissions can do.
pub fn session_credentials(account: &str, role: &str, expires: DateTime<Utc>) -> (String, String) {
    let session = Session {
        role: role.to_owned(),
        name: "session".to_owned(),
        expires,
    };
    (
        session_access_key(account),
        session_token(account, &session),
    )
}

/// The access key id of sessions in `account`.
pub(crate) fn session_access_key(account: &str) -> String {
    format!("ASIAORGS{account}")
}

/// The session token for a role session.
pub(crate) fn session_token(account: &str, session: &Session) -> String {
    format!(
        "orgsim:{account}:{}:{}:{}",
        session.expires.timestamp(),
        session.name,
        session.role
    )
}

/// Who holds these credentials. The last twelve characters of an access key are the account.
pub(crate) fn caller(
    access_key: &str,
    token: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Caller, Refusal> {
    let account = access_key
        .len()
        .checked_sub(12)
        .and_then(|start| access_key.get(start..))
        .filter(|account| account.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or(Refusal::Unrecognized)?
        .to_owned();
    if !access_key.starts_with("ASIA") {
        return Ok(Caller {
            account,
            session: None,
        });
    }
    let session = token
        .and_then(|token| session_of(token, &account))
        .ok_or(Refusal::Unrecognized)?;
    if session.expires <= now {
        return Err(Refusal::Expired);
    }
    Ok(Caller {
        account,
        session: Some(session),
    })
}

fn session_of(token: &str, account: &str) -> Option<Session> {
    let mut parts = token.splitn(5, ':');
    if parts.next()? != "orgsim" || parts.next()? != account {
        return None;
    }
    Some(Session {
        expires: DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?,
        name: parts.next()?.to_owned(),
        role: parts.next()?.to_owned(),
    })
}

/// The access key, Region and signing name of an `Authorization` header.
pub(crate) fn credential_scope(authorization: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = authorization.split_once("Credential=")?;
    let scope = rest.split([',', ' ']).next()?;
    let mut parts = scope.split('/');
    let key = parts.next()?;
    let _date = parts.next()?;
    Some((key, parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn session() -> Session {
        Session {
            role: "audit/Reader".to_owned(),
            name: "night".to_owned(),
            expires: at(1000),
        }
    }

    #[test]
    fn a_session_token_carries_its_session_until_it_expires() {
        let key = session_access_key("123456789012");
        let token = session_token("123456789012", &session());
        let read = |now| caller(&key, Some(&token), at(now));
        assert_eq!(read(999).unwrap().session, Some(session()));
        assert_eq!(read(1000), Err(Refusal::Expired));
        assert_eq!(caller(&key, None, at(0)), Err(Refusal::Unrecognized));
        let other = session_access_key("210987654321");
        assert_eq!(
            caller(&other, Some(&token), at(0)),
            Err(Refusal::Unrecognized)
        );
    }

    #[test]
    fn the_account_is_the_end_of_the_access_key() {
        let account = |key: &str| caller(key, None, at(0)).map(|caller| caller.account);
        assert_eq!(access_key("123456789012").len(), 20);
        assert_eq!(
            account(&access_key("123456789012")).as_deref(),
            Ok("123456789012")
        );
        assert_eq!(account("123456789012").as_deref(), Ok("123456789012"));
        assert_eq!(account("AKIAIOSFODNN7EXAMPLE"), Err(Refusal::Unrecognized));
        assert_eq!(account("short"), Err(Refusal::Unrecognized));
    }

    #[test]
    fn the_scope_names_key_region_and_service() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIA1/20261123/eu-west-1/logs/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(
            credential_scope(header),
            Some(("AKIA1", "eu-west-1", "logs"))
        );
        assert_eq!(credential_scope("Bearer x"), None);
    }
}
