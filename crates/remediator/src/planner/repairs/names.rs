//! Names of what a plan makes: the templates of the options, and a number
//! behind them when somebody else has the name already.

use orgsweep_controls::Arn;

use crate::planner::broken::Broken;
use crate::steps::Metric;

/// A name that is not among `taken`: `base`, `base-2`, `base-3` …
pub(super) fn free_name<'a>(base: &str, taken: impl Iterator<Item = &'a str>) -> String {
    free(taken, |number| match number {
        1 => base.to_owned(),
        _ => format!("{base}-{number}"),
    })
}

/// The first of the numbered names that is not among `taken`.
fn free<'a>(taken: impl Iterator<Item = &'a str>, named: impl Fn(usize) -> String) -> String {
    let taken: Vec<&str> = taken.collect();
    let mut number = 1;
    loop {
        let name = named(number);
        if !taken.contains(&name.as_str()) {
            return name;
        }
        number += 1;
    }
}

impl Broken<'_> {
    /// What a filter, metric or alarm for the control is called.
    pub(super) fn base_name(&self) -> String {
        self.options.names.of(self.control.id.as_str())
    }

    /// The same, not among `taken`. The number is part of what the template is filled with, so that
    /// the printed policy is about such names, too.
    pub(super) fn free_own_name<'a>(&self, taken: impl Iterator<Item = &'a str>) -> String {
        let (names, control) = (&self.options.names, &self.control.id);
        free(taken, |number| match number {
            1 => names.of(control.as_str()),
            _ => names.of(&format!("{control}-{number}")),
        })
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
