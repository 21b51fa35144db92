//! What a step adds to the monthly bill: list prices of us-east-1 in US
//! dollars, without the free tier. Other Regions differ by a few per cent.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Action;

/// A standard-resolution alarm on one metric, per month.
const ALARM: Cost = Cost { cents: 10 };
/// A custom metric in a month in which it had data.
const CUSTOM_METRIC: Cost = Cost { cents: 30 };

/// US dollars per month, kept in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    cents: u64,
}

impl Cost {
    /// No cost.
    pub const NONE: Self = Self { cents: 0 };

    /// The most that `action` adds. What depends on the traffic (storage of
    /// log events, messages) is not in it.
    pub(crate) fn of(action: &Action) -> Self {
        match action {
            Action::PutMetricFilter { .. } => CUSTOM_METRIC,
            Action::PutAlarm { .. } => ALARM,
            _ => Self::NONE,
        }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cents: self.cents + other.cents,
        }
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::NONE, Add::add)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("${}.{:02}", self.cents / 100, self.cents % 100))
    }
}

impl Serialize for Cost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.cents as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Ok(Self {
            cents: (dollars * 100.0).round() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_add_up_and_keep_their_cents() {
        let cost: Cost = [ALARM, CUSTOM_METRIC, ALARM].into_iter().sum();
        assert_eq!(cost.to_string(), "$0.50");
        assert_eq!(serde_json::to_string(&cost).unwrap(), "0.5");
        assert_eq!(
            serde_json::from_str::<Cost>("0.29").unwrap(),
            Cost { cents: 29 }
        );
    }
}
