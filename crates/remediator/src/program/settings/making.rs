//! What new things are called, which tags they carry, who is told, and by which tags an owner is
//! known: the file's words or the environment's, each checked.

use std::collections::BTreeMap;
use std::fmt::Display;

use orgsweep_remediator::endpoint::Endpoint;
use orgsweep_remediator::planner::{Names, tags};

use super::environment::Environment;
use super::file::RemediatorSection;
use crate::program::usage;

/// How new things look, unless a flag says otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Making {
    /// What they are called.
    pub(crate) names: Names,
    /// Tags that they carry beside orgsweep's own.
    pub(crate) tags: BTreeMap<String, String>,
    /// Who is subscribed to topics that have nobody.
    pub(crate) endpoints: Vec<Endpoint>,
    /// Tags whose value is the person or team that a thing belongs to.
    pub(crate) owner_tags: Option<Vec<String>>,
    /// Tags that only code of the user's sets, as `KEY` or `KEY=VALUE`.
    pub(crate) code_tags: Option<Vec<String>>,
}

impl Making {
    pub(super) fn layered(
        variables: &Environment<'_>,
        file: RemediatorSection,
    ) -> anyhow::Result<Self> {
        let text = |name: &str, written: Option<String>| variables.text(name).or(written);
        let list = |name: &str, written: Option<Vec<String>>| variables.list(name).or(written);
        let mut names = Names::default();
        if let Some(text) = text("ORGSWEEP_REMEDIATOR_NAMESPACE", file.namespace) {
            names = names.with_namespace(&text).map_err(wrong("namespace"))?;
        }
        if let Some(text) = text("ORGSWEEP_REMEDIATOR_NAME", file.name) {
            names = names.with_template(&text).map_err(wrong("name"))?;
        }
        if let Some(text) = text("ORGSWEEP_REMEDIATOR_TOPIC", file.topic) {
            names = names.with_topic(&text).map_err(wrong("topic"))?;
        }
        let written = list("ORGSWEEP_REMEDIATOR_TAGS", file.tags).unwrap_or_default();
        let endpoints = list("ORGSWEEP_REMEDIATOR_SUBSCRIBE", file.subscribe).unwrap_or_default();
        let endpoints: Result<_, _> = endpoints.iter().map(|text| text.parse()).collect();
        Ok(Self {
            names,
            tags: tags(written.iter().map(String::as_str)).map_err(wrong("tags"))?,
            endpoints: endpoints
                .map_err(wrong::<<Endpoint as std::str::FromStr>::Err>("subscribe"))?,
            owner_tags: list("ORGSWEEP_REMEDIATOR_OWNER_TAGS", file.owner_tags),
            code_tags: list("ORGSWEEP_REMEDIATOR_CODE_TAGS", file.code_tags),
        })
    }
}

fn wrong<E: Display>(key: &'static str) -> impl FnOnce(E) -> anyhow::Error {
    move |error| usage(format!("the setting `remediator.{key}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(file: &str, variables: &[(&str, &str)]) -> Result<Making, String> {
        let named = |name: &str| {
            let mut variables = variables.iter();
            variables
                .find(|(variable, _)| *variable == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Making::layered(&Environment(&named), toml::from_str(file).unwrap())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_comes_before_the_file_and_that_before_the_defaults() {
        assert_eq!(made("", &[]), Ok(Making::default()));
        let file = "namespace = 'Security'\nname = 'sec-{control}'\ntopic = 'sec'\n\
                    tags = ['team=security']\nsubscribe = ['email:a@example.com']\n\
                    owner_tags = ['squad']\ncode_tags = ['stack']";
        let from_file = made(file, &[]).unwrap();
        assert_eq!(from_file.names.namespace(), "Security");
        assert_eq!(from_file.names.of("root-usage"), "sec-root-usage");
        assert_eq!(from_file.names.topic(), "sec");
        assert_eq!(from_file.tags["team"], "security");
        assert_eq!(from_file.endpoints.len(), 1);
        assert_eq!(from_file.owner_tags, Some(vec!["squad".to_owned()]));
        let variables = [
            ("ORGSWEEP_REMEDIATOR_TOPIC", "alerts"),
            ("ORGSWEEP_REMEDIATOR_TAGS", "a=1 b=2"),
        ];
        let both = made(file, &variables).unwrap();
        assert_eq!(both.names.topic(), "alerts");
        assert_eq!(both.names.namespace(), "Security");
        assert_eq!(both.tags.len(), 2);
    }

    #[test]
    fn a_wrong_value_is_told_with_its_setting() {
        for (file, words) in [
            (
                "namespace = 'AWS/Logs'",
                "`remediator.namespace`: `AWS/Logs` is no namespace",
            ),
            (
                "name = 'alarm'",
                "`remediator.name`: `alarm` is no template",
            ),
            ("topic = 'a.fifo'", "`remediator.topic`"),
            ("tags = ['orgsweep-plan=1']", "`remediator.tags`"),
            ("subscribe = ['somebody']", "`remediator.subscribe`"),
        ] {
            let error = made(file, &[]).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
