//! The role with which CloudTrail writes to a log group. IAM has no Regions and
//! shows policies encoded (RFC 3986).

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;
use orgsweep_aws_access::CallFailure;
use orgsweep_controls::{Arn, LogGroupArn, OrganizationId};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::operation::{
    CREATE_ROLE, DELETE_ROLE, DELETE_ROLE_POLICY, GET_ROLE, GET_ROLE_POLICY, PUT_ROLE_POLICY,
};
use super::{Marks, Writer, found, gone};

/// Name of the role's one policy.
pub const POLICY_NAME: &str = "deliver";

/// A role, as far as it is made here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Who may assume it.
    pub trust: Value,
    /// What the policy `deliver` allows; none when it has none.
    pub policy: Option<Value>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Who may assume the role: CloudTrail.
pub fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    })
}

/// What CloudTrail may do with it: write the streams of its account, and for an
/// organization trail those that start with the organization's id, without which
/// members' events do not arrive.
pub fn policy(log_group: &LogGroupArn, organization: Option<&OrganizationId>) -> Value {
    let stream = |name: &str| format!("{log_group}:log-stream:{name}*");
    let own = format!("{}_CloudTrail_{}", log_group.account(), log_group.region());
    let mut streams = vec![stream(&own)];
    streams.extend(organization.map(|id| stream(&format!("{id}_"))));
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": streams,
        }],
    })
}

/// A role's name, without its path.
pub fn name(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

/// The role, if there is one.
pub async fn read(writer: &Writer, arn: &Arn) -> Result<Option<Role>, CallFailure> {
    let region = &writer.home;
    let request = writer.iam.get_role().role_name(name(arn));
    let answer = writer.call(GET_ROLE, region, || request.clone().send());
    let Some(role) = found(answer.await)?.and_then(|answer| answer.role) else {
        return Ok(None);
    };
    let request = writer
        .iam
        .get_role_policy()
        .role_name(name(arn))
        .policy_name(POLICY_NAME);
    let answer = writer.call(GET_ROLE_POLICY, region, || request.clone().send());
    let policy = found(answer.await)?.map(|answer| document(&answer.policy_document));
    let tags = role.tags.unwrap_or_default();
    Ok(Some(Role {
        trust: document(&role.assume_role_policy_document.unwrap_or_default()),
        policy,
        tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
    }))
}

/// Makes the role. IAM refuses when one of that name exists.
pub async fn create(writer: &Writer, arn: &Arn, marks: &Marks) -> Result<(), CallFailure> {
    let region = &writer.home;
    let tags = marks
        .tags()
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| writer.garbled(CREATE_ROLE, region, error.to_string()))?;
    let request = writer
        .iam
        .create_role()
        .role_name(name(arn))
        .assume_role_policy_document(trust().to_string())
        .set_tags(Some(tags));
    let answer = writer.call(CREATE_ROLE, region, || request.clone().send());
    answer.await.map(drop)
}

/// Gives the role its policy.
pub async fn put_policy(writer: &Writer, arn: &Arn, policy: &Value) -> Result<(), CallFailure> {
    let request = writer
        .iam
        .put_role_policy()
        .role_name(name(arn))
        .policy_name(POLICY_NAME)
        .policy_document(policy.to_string());
    let answer = writer.call(PUT_ROLE_POLICY, &writer.home, || request.clone().send());
    answer.await.map(drop)
}

/// Deletes the role with its policy; what is gone already is no error.
pub async fn delete(writer: &Writer, arn: &Arn) -> Result<(), CallFailure> {
    let request = writer
        .iam
        .delete_role_policy()
        .role_name(name(arn))
        .policy_name(POLICY_NAME);
    let answer = writer.call(DELETE_ROLE_POLICY, &writer.home, || request.clone().send());
    gone(answer.await.map(drop))?;
    let request = writer.iam.delete_role().role_name(name(arn));
    let answer = writer.call(DELETE_ROLE, &writer.home, || request.clone().send());
    gone(answer.await.map(drop))
}

/// A policy as IAM shows it; its text when it is no JSON.
fn document(encoded: &str) -> Value {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_as_iam_encodes_them() {
        assert_eq!(
            document("%7B%22a%22%3A%20%22%C3%A9%2B%22%7D"),
            json!({"a": "é+"})
        );
        assert_eq!(document("none"), json!("none"));
    }
}
