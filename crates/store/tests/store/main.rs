//! The store against real databases: a PostgreSQL server and the embedded one. The server
//! is named by `ORGSWEEP_TEST_DATABASE_URL`; `cargo xtask test` starts one.

mod embedded;
mod exceptions;
mod history;
mod inventory;
mod notifications;
mod opening;
mod query;
mod recording;
mod retention;
mod runs;
mod sharing;
mod summary;
mod support;
mod sweeps;
mod views;
