//! `--framework`: which framework's requirements decide, for the commands that judge or
//! show verdicts.

use clap::Args;

use crate::config::Key;
use crate::config::layers::{Flag, FlagValue};

/// The framework that decides.
#[derive(Debug, Default, Args)]
pub(crate) struct FrameworkArgument {
    /// Framework that selects the controls, numbers them and decides, for example cis-3.0.0
    /// [default: the newest CIS benchmark].
    #[arg(long, global = true, value_name = "FRAMEWORK")]
    framework: Option<String>,
}

impl FrameworkArgument {
    /// Whether one was asked for.
    pub(crate) fn is_given(&self) -> bool {
        self.framework.is_some()
    }

    /// The setting that the flag sets.
    pub(crate) fn settings(&self) -> Vec<Flag> {
        let framework = self.framework.iter();
        framework
            .map(|id| (Key::Framework, "--framework", FlagValue::One(id.clone())))
            .collect()
    }
}
