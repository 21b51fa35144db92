//! The end-to-end tests: the built programs against `orgsim` and moto, on real
//! PostgreSQL and on the embedded one. One file per subject; one program, so
//! that they link once. `cargo xtask test` sets up what they need.

mod action_history;
mod callers;
mod chains_moto;
mod chaos;
mod clients;
mod compose_file;
mod configuration;
mod databases;
mod decisions;
mod deploy_files;
mod documentation;
mod drills;
mod exports;
mod failing_aws;
mod frameworks;
mod interrupted_sweeps;
mod listings;
mod monitoring_accounts;
mod no_secrets;
mod notifications;
mod owners;
mod pattern_commands;
mod pattern_live;
mod pattern_pages;
mod policies;
mod queries;
mod quotas;
mod readme;
mod reasons;
mod repair_policies;
mod repairs;
mod retention;
mod scanner_cannot_write;
mod selection;
mod service;
mod simulated;
mod snapshots;
mod soak;
mod sql_documentation;
mod stored_nights;
mod sweep_moto;
mod sweep_orgsim;
mod traces;
mod workers;
