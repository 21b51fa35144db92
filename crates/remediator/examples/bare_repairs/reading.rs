//! What has to be read before an account's writes, with the fewest calls: one for all alarms, one for
//! all filters of a log group, one for each topic; and the policy that AWS gave to a new topic, without
//! which it cannot be taken back.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::AlarmType;
use aws_sdk_sns::operation::get_topic_attributes::GetTopicAttributesError;

use super::{Clients, Outcome, Write, last_of};

/// Alarms that one call answers for.
const ALARMS_PER_CALL: usize = 100;

/// What one call answers for.
pub(crate) enum Read {
    Alarms(Vec<String>),
    Filters { log_group: String },
    Topic { topic: String },
}

/// What has to be read before the writes of an account.
pub(crate) fn before(writes: &[Write]) -> Vec<Read> {
    let (mut alarms, mut log_groups, mut topics) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for write in writes {
        match write {
            Write::CreateTopic { topic } => {
                topics.insert(topic.clone());
            }
            // A topic that was just made has no subscriptions.
            Write::Subscribe { .. } => {}
            Write::PutMetricFilter { log_group, .. } => {
                log_groups.insert(last_of(log_group).to_owned());
            }
            Write::PutAlarm { alarm, .. } => alarms.push(last_of(alarm).to_owned()),
        }
    }
    let alarms = alarms.chunks(ALARMS_PER_CALL).map(<[String]>::to_vec);
    let log_groups = log_groups.into_iter();
    let topics = topics.into_iter();
    alarms
        .map(Read::Alarms)
        .chain(log_groups.map(|log_group| Read::Filters { log_group }))
        .chain(topics.map(|topic| Read::Topic { topic }))
        .collect()
}

/// What has to be read after a write.
pub(crate) fn after(write: &Write) -> Option<Read> {
    match write {
        Write::CreateTopic { topic } => Some(Read::Topic {
            topic: topic.clone(),
        }),
        _ => None,
    }
}

impl Clients {
    pub(crate) async fn read(&self, read: Read) -> Outcome<()> {
        match read {
            Read::Alarms(names) => {
                self.cloudwatch
                    .describe_alarms()
                    .set_alarm_names(Some(names))
                    .alarm_types(AlarmType::MetricAlarm)
                    .alarm_types(AlarmType::CompositeAlarm)
                    .send()
                    .await?;
            }
            Read::Filters { log_group } => {
                let request = self
                    .logs
                    .describe_metric_filters()
                    .log_group_name(log_group);
                request.send().await?;
            }
            Read::Topic { topic } => {
                let request = self.sns.get_topic_attributes().topic_arn(topic);
                if let Err(error) = request.send().await
                    && !error
                        .as_service_error()
                        .is_some_and(GetTopicAttributesError::is_not_found_exception)
                {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}
