//! Log groups.

use std::collections::BTreeMap;

use orgsweep_aws_access::CallFailure;
use orgsweep_controls::LogGroupArn;
use serde::{Deserialize, Serialize};

use super::operation::{
    CREATE_LOG_GROUP, DELETE_LOG_GROUP, DESCRIBE_LOG_GROUPS, DESCRIBE_LOG_STREAMS,
    LIST_LOG_GROUP_TAGS,
};
use super::{Marks, Writer, found, gone};

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Class: `STANDARD` …
    pub class: String,
    /// Days for which events are kept; for ever when none.
    pub retention_days: Option<i32>,
    /// Key that encrypts it.
    pub key: Option<String>,
}

impl LogGroup {
    /// A group as it is made here.
    pub fn plain() -> Self {
        Self {
            class: "STANDARD".to_owned(),
            retention_days: None,
            key: None,
        }
    }
}

/// The group, if there is one.
pub async fn read(writer: &Writer, arn: &LogGroupArn) -> Result<Option<LogGroup>, CallFailure> {
    let client = writer.logs(&arn.region());
    let mut token = None;
    loop {
        let request = client
            .describe_log_groups()
            .log_group_name_prefix(arn.name())
            .set_next_token(token);
        let page = writer
            .call(DESCRIBE_LOG_GROUPS, &arn.region(), || {
                request.clone().send()
            })
            .await?;
        let groups = page.log_groups.unwrap_or_default();
        let same = groups
            .into_iter()
            .find(|group| group.log_group_name.as_deref() == Some(arn.name()));
        if let Some(group) = same {
            return Ok(Some(LogGroup {
                class: group
                    .log_group_class
                    .map_or_else(|| "STANDARD".to_owned(), |class| class.as_str().to_owned()),
                retention_days: group.retention_in_days,
                key: group.kms_key_id,
            }));
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(None);
        }
    }
}

/// The group's tags; none when it does not exist.
pub async fn tags(
    writer: &Writer,
    arn: &LogGroupArn,
) -> Result<BTreeMap<String, String>, CallFailure> {
    let request = writer
        .logs(&arn.region())
        .list_tags_for_resource()
        .resource_arn(arn.to_string());
    let answer = writer
        .call(LIST_LOG_GROUP_TAGS, &arn.region(), || {
            request.clone().send()
        })
        .await;
    let tags = found(answer)?.and_then(|answer| answer.tags);
    Ok(tags.unwrap_or_default().into_iter().collect())
}

/// Makes a group. AWS refuses when one of that name exists.
pub async fn create(writer: &Writer, arn: &LogGroupArn, marks: &Marks) -> Result<(), CallFailure> {
    let request = writer
        .logs(&arn.region())
        .create_log_group()
        .log_group_name(arn.name())
        .set_tags(Some(marks.tags().into_iter().collect()));
    let region = arn.region();
    let answer = writer.call(CREATE_LOG_GROUP, &region, || request.clone().send());
    answer.await.map(drop)
}

/// Whether anything has been written to the group.
pub async fn has_streams(writer: &Writer, arn: &LogGroupArn) -> Result<bool, CallFailure> {
    let request = writer
        .logs(&arn.region())
        .describe_log_streams()
        .log_group_name(arn.name())
        .limit(1);
    let answer = writer
        .call(DESCRIBE_LOG_STREAMS, &arn.region(), || {
            request.clone().send()
        })
        .await;
    let streams = found(answer)?.and_then(|answer| answer.log_streams);
    Ok(streams.is_some_and(|streams| !streams.is_empty()))
}

/// Deletes a group, with the events in it; one that is gone already is no error.
pub async fn delete(writer: &Writer, arn: &LogGroupArn) -> Result<(), CallFailure> {
    let request = writer
        .logs(&arn.region())
        .delete_log_group()
        .log_group_name(arn.name());
    let region = arn.region();
    let answer = writer.call(DELETE_LOG_GROUP, &region, || request.clone().send());
    gone(answer.await.map(drop))
}
