//! The kinds of steps by name, for who has no step in hand: policies that are
//! written before there is a plan.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::Action;

/// Declares the kinds as one table: variant and stable name.
macro_rules! kinds {
    ($($kind:ident = $name:literal;)*) => {
        /// What kind of thing a step does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum StepKind {
            $(
                #[doc = concat!("`", $name, "`")]
                $kind,
            )*
        }

        impl StepKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The stable name, as it stands in a plan's JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }
        }

        impl Action {
            /// The kind.
            pub fn step_kind(&self) -> StepKind {
                match self { $(Self::$kind { .. } => StepKind::$kind),* }
            }
        }
    };
}

kinds! {
    StartLogging              = "start_logging";
    MakeTrailMultiRegion      = "make_trail_multi_region";
    RecordGlobalServiceEvents = "record_global_service_events";
    CreateLogGroup            = "create_log_group";
    CreateDeliveryRole        = "create_delivery_role";
    ConnectLogGroup           = "connect_log_group";
    PutMetricFilter           = "put_metric_filter";
    CreateTopic               = "create_topic";
    AllowCloudWatch           = "allow_cloud_watch";
    Subscribe                 = "subscribe";
    PutAlarm                  = "put_alarm";
    EnableAlarmActions        = "enable_alarm_actions";
    AddAlarmAction            = "add_alarm_action";
    Remove                    = "remove";
}

impl StepKind {
    /// Whether a plan holds it only when it was allowed to.
    pub fn is_risky(self) -> bool {
        matches!(
            self,
            Self::StartLogging
                | Self::MakeTrailMultiRegion
                | Self::RecordGlobalServiceEvents
                | Self::CreateDeliveryRole
                | Self::ConnectLogGroup
        )
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that no kind of step has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no kind of step `{name}`; there are {}", all_names())]
pub struct StepKindError {
    name: String,
}

fn all_names() -> String {
    let names: Vec<&str> = StepKind::ALL.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

impl FromStr for StepKind {
    type Err = StepKindError;

    fn from_str(name: &str) -> Result<Self, StepKindError> {
        let known = Self::ALL.iter().find(|kind| kind.as_str() == name);
        known.copied().ok_or_else(|| StepKindError {
            name: name.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for kind in StepKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        let error = "put_trail".parse::<StepKind>().unwrap_err().to_string();
        assert!(error.contains("`put_trail`") && error.contains("put_alarm"));
    }
}
