//! The one harness of the end-to-end tests: how the built programs are found
//! and run (`program`, `installation`), and what they talk to: databases
//! (`database`), a connection that can be cut (`cuttable`), moto (`moto`), and
//! a collector of traces (`collector`), somebody else who uses the same quotas (`other_client`),
//! receivers of notifications (`webhook`, `mail_server`), the running service
//! (`service`); and what `cargo xtask chaos` does to it (`chaos`, `soak`).
//! `orgsim` runs in the test's own process. What is proved lies in
//! `tests/end_to_end`.

pub mod chaos;
pub mod collector;
pub mod cuttable;
pub mod database;
pub mod installation;
pub mod mail_server;
pub mod moto;
pub mod other_client;
pub mod program;
pub mod service;
pub mod soak;
pub mod waiting;
pub mod webhook;

pub use cuttable::CuttableConnection;
pub use database::Database;
pub use installation::{Credentials, Installation};
pub use mail_server::MailServer;
pub use moto::Moto;
pub use program::{Ended, Running, built};
pub use service::Service;
pub use waiting::until;
pub use webhook::{Received, Webhook};

use std::path::{Path, PathBuf};

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
        .to_path_buf()
}

/// The tests' Python, in which moto and YAML are installed.
pub fn python() -> PathBuf {
    provided("ORGSWEEP_TEST_PYTHON").into()
}

/// A variable that `cargo xtask test` sets.
pub(crate) fn provided(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run the end-to-end tests with `cargo xtask test`")
    })
}
