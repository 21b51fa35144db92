//! Names of what a plan makes: the templates of the options, and a number
//! behind them when somebody else has the name already.

use orgsweep_controls::Arn;

use crate::planner::broken::Broken;
use crate::steps::Metric;

/// A name that is not among `taken`: `base`, `base-2`, `base-3` …
pub(super) fn free_name<'a>(base: &str, taken: impl Iterator<Item = &'a str>) -> String {
    let taken: Vec<&str> = taken.collect();
    let mut name = base.to_owned();
    let mut number = 1;
    while taken.contains(&name.as_str()) {
        number += 1;
        name = format!("{base}-{number}");
    }
    name
}

impl Broken<'_> {
    /// What a filter, metric or alarm for the control is called.
    pub(super) fn base_name(&self) -> String {
        self.options.names.of(self.control.id.as_str())
    }

    /// The metric that a new filter for the control publishes.
    pub(super) fn own_metric(&self) -> Metric {
        Metric {
            namespace: self.options.names.namespace().to_owned(),
            name: self.base_name(),
        }
    }

    /// The topic that all controls of the log group's account and Region share.
    pub(super) fn own_topic(&self) -> Option<Arn> {
        let group = self.log_group()?;
        let (partition, region) = (group.as_arn().partition(), group.region());
        let (account, name) = (group.account(), self.options.names.topic());
        format!("arn:{partition}:sns:{region}:{account}:{name}")
            .parse()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        assert_eq!(free_name("a", ["b"].into_iter()), "a");
        assert_eq!(free_name("a", ["a", "a-2"].into_iter()), "a-3");
    }
}
