//! Scenarios: a short TOML file that says what an organization is like, and the
//! world that is built from it. The language is described in this crate's README.

use std::path::Path;
use std::sync::Arc;

use crate::exported::{Exported, ExportedError};
use crate::state::World;

mod breaks;
mod build;
mod check;
mod check_chain;
mod check_fault;
mod check_monitoring;
mod check_organization;
mod content;
mod controls;
mod document;
mod error;
mod expected;
mod links;
mod numbers;
mod plan;
mod role_policies;
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
    /// Reads a scenario that needs no other file. Errors name line and column.
    pub fn parse(toml: &str) -> Result<Self, ScenarioError> {
        Self::parse_with(toml, |file| {
            Err(std::io::Error::other(format!(
                "the scenario needs the file `{file}`, and came without a folder"
            )))
        })
    }

    /// Reads the scenario in a file, and the export that it may name, whose path begins in the
    /// scenario's folder. Errors name line and column.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let toml = std::fs::read_to_string(path)
            .map_err(|error| ScenarioError::new(format!("it could not be read: {error}")))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse_with(&toml, |file| std::fs::read_to_string(folder.join(file)))
    }

    fn parse_with(
        toml: &str,
        read: impl FnOnce(&str) -> std::io::Result<String>,
    ) -> Result<Self, ScenarioError> {
        let document: document::Document =
            toml::from_str(toml).map_err(|error| ScenarioError::of_toml(&error).within(toml))?;
        let exported = document.exported.as_ref().map(|file| {
            let at = |message: String| {
                let message = format!("`{}`: {message}", file.get_ref());
                ScenarioError::at(file, message).within(toml)
            };
            let text = read(file.get_ref()).map_err(|error| at(error.to_string()))?;
            Exported::parse(&text).map_err(|error| at(error.to_string()))
        });
        let plan =
            check::plan(&document, exported.transpose()?).map_err(|error| error.within(toml))?;
        Ok(Self {
            text: toml.to_owned(),
            plan: Arc::new(plan),
        })
    }

    /// An organization of sixty accounts in which everything that can be wrong is wrong once.
    pub fn demo() -> Self {
        Self::parse(DEMO_TOML).expect("the demo is part of the program and tested")
    }

    /// The scenario of an organization whose facts `orgsweep snapshot export` wrote: as TOML,
    /// which names the export as `file`.
    pub fn of_export(export: &str, file: &str) -> Result<String, ExportedError> {
        Exported::parse(export)?.scenario(file)
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
