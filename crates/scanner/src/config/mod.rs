//! Configuration: every setting is declared once ([`key`]); its value comes
//! from the flags, else the environment, else the file, else the default
//! ([`layers`]), and is read typed ([`settings`]).

pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod key;
pub(crate) mod layers;
pub(crate) mod locate;
pub(crate) mod settings;
pub(crate) mod suggest;
pub(crate) mod value;

pub(crate) use key::Key;
pub(crate) use layers::{Layers, Source};
pub(crate) use settings::{NotificationSettings, Settings};

/// The commented example of every setting, as `config init` writes it.
pub(crate) const EXAMPLE: &str = include_str!("../../../../config/orgsweep.toml");
