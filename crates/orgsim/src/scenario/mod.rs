//! Scenarios: a short TOML file that says what an organization is like, and the
//! world that is built from it. The language is described in this crate's README.

use std::sync::Arc;

use crate::state::World;

mod breaks;
mod build;
mod check;
mod check_chain;
mod check_fault;
mod content;
mod controls;
mod document;
mod error;
mod expected;
mod links;
mod numbers;
mod plan;
mod scanner_policy;
mod sizes;
mod topics;

pub use error::ScenarioError;
pub use expected::{ExpectedFinding, ExpectedOutcome};

const EXAMPLE_TOML: &str = include_str!("../../data/example.toml");
const DEMO_TOML: &str = include_str!("../../data/demo.toml");

/// A scenario that was read and checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    text: String,
    plan: Arc<plan::Plan>,
}

impl Scenario {
    /// Reads a scenario. Errors name line and column.
    pub fn parse(toml: &str) -> Result<Self, ScenarioError> {
        let document: document::Document =
            toml::from_str(toml).map_err(|error| ScenarioError::of_toml(&error).within(toml))?;
        let plan = check::plan(&document).map_err(|error| error.within(toml))?;
        Ok(Self {
            text: toml.to_owned(),
            plan: Arc::new(plan),
        })
    }

    /// An organization of sixty accounts in which everything that can be wrong is wrong once.
    pub fn demo() -> Self {
        Self::parse(DEMO_TOML).expect("the demo is part of the program and tested")
    }

    /// A page that shows what scenarios can say, to start one's own from.
    pub fn example() -> Self {
        Self::parse(EXAMPLE_TOML).expect("the example is part of the program and tested")
    }

    /// The scenario as TOML.
    pub fn to_toml(&self) -> &str {
        &self.text
    }
}

impl World {
    /// The world that the scenario describes. Two worlds of one scenario are the same.
    pub fn build(scenario: &Scenario) -> Self {
        build::world(&scenario.plan)
    }
}
