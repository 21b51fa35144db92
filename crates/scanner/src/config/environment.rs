//! Settings from environment variables.

use std::collections::BTreeMap;

use crate::config::key::Key;
use crate::config::suggest::nearest;
use crate::config::value::Value;
use crate::exit::usage;

/// Variables of ours that are no settings.
const OTHERS: [&str; 2] = ["ORGSWEEP_CONFIG", "ORGSWEEP_LOG"];
/// Variables of the tests and of continuous integration.
const NOT_OURS: [&str; 2] = ["ORGSWEEP_TEST_", "ORGSWEEP_CI_"];

/// What the environment says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Environment {
    /// The settings, each with the variable it comes from.
    pub(crate) values: BTreeMap<Key, (Value, String)>,
    /// What to warn of: variables that look like settings and are none.
    pub(crate) warnings: Vec<String>,
}

/// Reads the variables. An empty one counts as absent.
pub(crate) fn read(variables: &BTreeMap<String, String>) -> anyhow::Result<Environment> {
    let mut values = BTreeMap::new();
    for key in Key::ALL {
        let own = key.variable();
        let names = std::iter::once(own.as_str()).chain(key.other_variables().iter().copied());
        let found = names
            .filter_map(|name| Some((name, variables.get(name)?)))
            .find(|(_, text)| !text.is_empty());
        if let Some((name, text)) = found {
            let value = Value::from_text(key.kind(), text)
                // Not the value itself: it may be a secret.
                .map_err(|expected| {
                    usage(format!(
                        "the environment variable `{name}` has a wrong value: {expected}"
                    ))
                })?;
            values.insert(*key, (value, name.to_owned()));
        } else if let Some((name, value)) = from_file(*key, variables)? {
            values.insert(*key, (value, name));
        }
    }
    let known: Vec<String> = Key::ALL
        .iter()
        .flat_map(|key| [Some(key.variable()), key.file_variable()])
        .flatten()
        .collect();
    let warnings = variables
        .keys()
        .filter(|name| name.starts_with("ORGSWEEP_"))
        .filter(|name| !known.contains(name) && !OTHERS.contains(&name.as_str()))
        .filter(|name| !NOT_OURS.iter().any(|prefix| name.starts_with(prefix)))
        .map(
            |name| match nearest(name, known.iter().map(String::as_str)) {
                Some(meant) => format!(
                    "the environment variable `{name}` sets nothing; did you mean `{meant}`?"
                ),
                None => format!("the environment variable `{name}` sets nothing"),
            },
        )
        .collect();
    Ok(Environment { values, warnings })
}

/// The secret in the file that a variable names, without the blanks around it.
fn from_file(
    key: Key,
    variables: &BTreeMap<String, String>,
) -> anyhow::Result<Option<(String, Value)>> {
    let Some((name, path)) = key
        .file_variable()
        .and_then(|name| {
            let path = variables.get(&name)?;
            Some((name, path))
        })
        .filter(|(_, path)| !path.is_empty())
    else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        usage(format!(
            "the file `{path}` that the environment variable `{name}` names cannot be read: {error}"
        ))
    })?;
    let value = Value::from_text(key.kind(), text.trim()).map_err(|expected| {
        usage(format!(
            "the file that the environment variable `{name}` names has a wrong value: {expected}"
        ))
    })?;
    Ok(Some((name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_pairs(pairs: &[(&str, &str)]) -> anyhow::Result<Environment> {
        read(
            &pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn our_variable_wins_over_another_programs() {
        let pairs = [
            ("ORGSWEEP_AWS_REGION", "eu-west-1"),
            ("AWS_REGION", "us-east-1"),
            ("DATABASE_URL", "postgres:///x"),
        ];
        let environment = read_pairs(&pairs).unwrap();
        assert_eq!(
            environment.values[&Key::Region],
            (
                Value::Text("eu-west-1".to_owned()),
                "ORGSWEEP_AWS_REGION".to_owned()
            )
        );
        assert_eq!(environment.values[&Key::DatabaseUrl].1, "DATABASE_URL");
    }

    #[test]
    fn an_empty_variable_is_absent() {
        assert!(
            read_pairs(&[("AWS_PROFILE", "")])
                .unwrap()
                .values
                .is_empty()
        );
    }

    #[test]
    fn a_wrong_value_is_refused_without_showing_it() {
        let error = read_pairs(&[("DATABASE_URL", "hunter2")])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the environment variable `DATABASE_URL` has a wrong value: expected a URL that starts with `postgres://`"
        );
    }

    #[test]
    fn a_misspelt_variable_is_warned_of() {
        let environment =
            read_pairs(&[("ORGSWEEP_SWEEP_CONCURENCY", "4"), ("ORGSWEEP_TEST_X", "1")]).unwrap();
        assert_eq!(
            environment.warnings,
            [
                "the environment variable `ORGSWEEP_SWEEP_CONCURENCY` sets nothing; did you mean `ORGSWEEP_SWEEP_CONCURRENCY`?"
            ]
        );
    }

    #[test]
    fn a_secret_can_be_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        let path = path.to_str().unwrap();
        let variable = "ORGSWEEP_NOTIFICATIONS_WEBHOOK_TOKEN_FILE";
        let environment = read_pairs(&[(variable, path)]).unwrap();
        assert_eq!(
            environment.values[&Key::WebhookToken],
            (Value::Text("hunter2".to_owned()), variable.to_owned())
        );
        assert!(environment.warnings.is_empty());
        let both = [
            (variable, path),
            ("ORGSWEEP_NOTIFICATIONS_WEBHOOK_TOKEN", "mine"),
        ];
        let environment = read_pairs(&both).unwrap();
        assert_eq!(
            environment.values[&Key::WebhookToken].0,
            Value::Text("mine".to_owned())
        );
        let error = read_pairs(&[(variable, "/nowhere/token")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(variable) && error.contains("/nowhere/token"),
            "{error}"
        );
    }
}
