//! Where the configuration file is, and where data is kept by default.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use crate::exit::usage;

/// The file's name.
pub(crate) const FILE_NAME: &str = "orgsweep.toml";

/// The user's directories for orgsweep, when the system names any.
pub(crate) fn directories() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "orgsweep")
}

/// Where the embedded database of `orgsweep demo` lives.
pub(crate) fn demo_directory() -> anyhow::Result<PathBuf> {
    directories()
        .map(|directories| directories.data_dir().join("demo"))
        .ok_or_else(|| {
            usage("no home directory is known for this user; set `HOME`, or give `--data-dir`")
        })
}

/// The configuration file: the one that was asked for (it must exist), else
/// `orgsweep.toml` in the working directory, else that in the user's
/// configuration directory, else none.
pub(crate) fn file(asked_for: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    if let Some(path) = asked_for {
        return if path.is_file() {
            Ok(Some(path.to_owned()))
        } else {
            Err(usage(format!(
                "the configuration file `{}` does not exist; `orgsweep config init` writes one",
                path.display()
            )))
        };
    }
    let here = PathBuf::from(FILE_NAME);
    let user = directories().map(|directories| directories.config_dir().join(FILE_NAME));
    Ok([Some(here), user]
        .into_iter()
        .flatten()
        .find(|path| path.is_file()))
}
