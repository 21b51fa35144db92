//! The layers laid over one another: default < file < environment < flags. For
//! every setting the value that holds, and where it comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use orgsweep_controls::ids::AccountId;

use crate::config::environment::Environment;
use crate::config::file::{AccountRole, ConfigFile};
use crate::config::key::Key;
use crate::config::value::Value;
use crate::exit::usage;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// It is the default.
    Default,
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// A flag that sets something: the setting, the flag, and what was given.
pub(crate) type Flag = (Key, &'static str, FlagValue);

/// What was given to a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FlagValue {
    /// One text.
    One(String),
    /// The texts of a flag that can be repeated.
    Several(Vec<String>),
}

/// Every setting's value and source.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    values: BTreeMap<Key, (Value, Source)>,
    /// Roles of single accounts; the file alone can set them.
    pub(crate) per_account: BTreeMap<AccountId, AccountRole>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
}

impl Layers {
    /// Lays the layers over one another.
    ///
    /// # Errors
    /// When a flag's value does not fit its setting.
    pub(crate) fn new(
        file: Option<ConfigFile>,
        environment: Environment,
        flags: Vec<Flag>,
    ) -> anyhow::Result<Self> {
        let mut layers = Self::default();
        for key in Key::ALL {
            if let Some(text) = key.default_text() {
                // INVARIANT: every default is valid (tested beside the table).
                let value = Value::from_text(key.kind(), text).map_err(usage)?;
                layers.values.insert(*key, (value, Source::Default));
            }
        }
        if let Some(file) = file {
            for (key, (value, line)) in file.values {
                layers
                    .values
                    .insert(key, (value, Source::File(file.path.clone(), line)));
            }
            layers.per_account = file.per_account;
            layers.file = Some(file.path);
        }
        for (key, (value, variable)) in environment.values {
            layers
                .values
                .insert(key, (value, Source::Variable(variable)));
        }
        for (key, flag, given) in flags {
            let value = match given {
                FlagValue::One(text) => Value::from_text(key.kind(), &text)
                    .map_err(|expected| usage(format!("`{flag}` has a wrong value: {expected}")))?,
                FlagValue::Several(texts) => Value::List(texts),
            };
            layers.values.insert(key, (value, Source::Flag(flag)));
        }
        Ok(layers)
    }

    /// A setting's value and source; `None` when nothing sets it.
    pub(crate) fn get(&self, key: Key) -> Option<&(Value, Source)> {
        self.values.get(&key)
    }

    /// Takes a setting away, as if nothing had set it.
    pub(crate) fn remove(&mut self, key: Key) {
        self.values.remove(&key);
    }

    /// Sets a value from a flag.
    pub(crate) fn set(&mut self, key: Key, value: Value, flag: &'static str) {
        self.values.insert(key, (value, Source::Flag(flag)));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{environment, file};

    #[test]
    fn flags_win_over_environment_over_file_over_default() {
        let text = "[sweep]\nconcurrency = 2\ndeadline = \"2h\"\nresume_within = \"2h\"\n";
        let variables = [
            ("ORGSWEEP_SWEEP_CONCURRENCY", "3"),
            ("ORGSWEEP_SWEEP_DEADLINE", "3h"),
        ];
        let layers = Layers::new(
            Some(file::parse(Path::new("o.toml"), text).unwrap()),
            environment::read(&variables.map(|(a, b)| (a.to_owned(), b.to_owned())).into())
                .unwrap(),
            vec![(
                Key::Concurrency,
                "--concurrency",
                FlagValue::One("4".to_owned()),
            )],
        )
        .unwrap();
        let shown: Vec<String> = [
            Key::Concurrency,
            Key::SweepDeadline,
            Key::ResumeWithin,
            Key::QuotaShare,
        ]
        .into_iter()
        .map(|key| {
            let (value, source) = layers.get(key).unwrap();
            format!("{} {}", value.shown(key.kind()), source)
        })
        .collect();
        assert_eq!(
            shown,
            [
                "4 flag --concurrency",
                "\"3h\" environment variable ORGSWEEP_SWEEP_DEADLINE",
                "\"2h\" o.toml:4",
                "0.5 default",
            ]
        );
    }
}
