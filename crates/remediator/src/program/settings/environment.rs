//! What environment variables say, each read as what it is.

use std::num::NonZeroU32;
use std::time::Duration;

use orgsweep_aws_access::duration;

use crate::program::usage;

/// The variables that are set and not empty, by name.
pub(super) struct Environment<'a>(pub(super) &'a dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        (self.0)(name)
    }

    /// A list whose entries are separated by blanks or line ends.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        Some(text.split_whitespace().map(str::to_owned).collect())
    }

    pub(super) fn time(&self, name: &str) -> anyhow::Result<Option<Duration>> {
        self.read(name, duration::parse)
    }

    pub(super) fn count(&self, name: &str) -> anyhow::Result<Option<NonZeroU32>> {
        self.read(name, |text| {
            text.trim()
                .parse()
                .map_err(|_| "expected a whole number from 1".to_owned())
        })
    }

    pub(super) fn share(&self, name: &str) -> anyhow::Result<Option<f64>> {
        self.read(name, |text| {
            text.trim()
                .parse()
                .map_err(|_| "expected a number above 0 and at most 1".to_owned())
        })
    }

    /// The secret in the file that the variable names, without the blanks around it.
    pub(super) fn in_file(&self, name: &str) -> anyhow::Result<Option<String>> {
        let Some(path) = self.text(name) else {
            return Ok(None);
        };
        let text = std::fs::read_to_string(&path).map_err(|error| {
            usage(format!(
                "the file `{path}` that the environment variable `{name}` names cannot be read: {error}"
            ))
        })?;
        Ok(Some(text.trim().to_owned()))
    }

    fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> anyhow::Result<Option<T>> {
        let value = self.text(name).map(|text| read(&text)).transpose();
        value.map_err(|expected| {
            usage(format!(
                "the environment variable `{name}` has a wrong value: {expected}"
            ))
        })
    }
}
