//! Tags that say what orgsweep made, for which plan and which control. They
//! prove after a crash that something is ours, and find later what nobody needs.

use std::collections::BTreeMap;

use orgsweep_controls::ControlId;
use uuid::Uuid;

use crate::document::Plan;
use crate::steps::Step;

/// Key of the tag that everything carries that orgsweep made.
pub const MADE_BY: &str = "made-by";
/// Its value.
pub const ORGSWEEP: &str = "orgsweep";
/// Key of the tag with the plan's id.
pub const PLAN: &str = "orgsweep-plan";
/// Key of the tag with the control, on what serves one control alone.
pub const CONTROL: &str = "orgsweep-control";

/// How what a step makes is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// The plan.
    pub plan: Uuid,
    /// The control, when the step serves one alone.
    pub control: Option<ControlId>,
    /// Tags of the user's, which prove nothing.
    pub others: BTreeMap<String, String>,
}

impl Marks {
    /// Those of what a step of the plan makes.
    pub fn of(plan: &Plan, step: &Step) -> Self {
        let control = match &step.repairs.controls[..] {
            [control] => Some(control.clone()),
            _ => None,
        };
        Self {
            plan: plan.plan_id,
            control,
            others: plan.tags.clone(),
        }
    }

    /// The tags.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let control = self
            .control
            .as_ref()
            .map(|control| (CONTROL.to_owned(), control.to_string()));
        [
            (MADE_BY.to_owned(), ORGSWEEP.to_owned()),
            (PLAN.to_owned(), self.plan.to_string()),
        ]
        .into_iter()
        .chain(control)
        .chain(self.others.clone())
        .collect()
    }

    /// Whether `tags` say that the plan made what carries them.
    pub fn are_on(&self, tags: &BTreeMap<String, String>) -> bool {
        made_by_orgsweep(tags)
            && tags
                .get(PLAN)
                .is_some_and(|plan| *plan == self.plan.to_string())
    }
}

/// Whether `tags` say that some plan made what carries them.
pub fn made_by_orgsweep(tags: &BTreeMap<String, String>) -> bool {
    tags.get(MADE_BY).map(String::as_str) == Some(ORGSWEEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plans_own_tags_say_that_it_made_something() {
        let marks = Marks {
            plan: Uuid::from_u128(1),
            control: Some("root-usage".parse().unwrap()),
            others: BTreeMap::from([("team".to_owned(), "security".to_owned())]),
        };
        assert!(marks.are_on(&marks.tags()));
        let other = Marks {
            plan: Uuid::from_u128(2),
            control: None,
            others: marks.others.clone(),
        };
        assert!(!marks.are_on(&other.tags()));
        assert!(!marks.are_on(&BTreeMap::new()));
    }
}
