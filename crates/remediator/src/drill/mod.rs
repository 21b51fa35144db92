//! Drills: alarms are made to ring on purpose, to see that the message goes out.
//! SetAlarmState runs an alarm's real actions, and the alarm's history says what
//! came of them. Nothing else tells, short of an event, that a chain works to its
//! end.
//!
//! | module | answers |
//! |---|---|
//! | [`choose`] | which alarms are meant, and whose turn it is |
//! | [`history`] | what an alarm's history says about its actions |
//! | [`ring`] | how one alarm is made to ring, and put back |

pub mod choose;
pub mod history;
pub mod ring;

/// The IAM actions that a drill needs, the reading ones first.
pub const PERMISSIONS: &[&str] = &[
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:SetAlarmState",
];
