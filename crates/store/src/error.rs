//! `StoreError`: what can go wrong in the store, each variant something that a caller
//! acts upon, and the translation of the database's own codes. Passwords never get here.

use std::io;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_controls::ids::AccountId;
use thiserror::Error;

use crate::sweep::SweepId;

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// The database URL cannot be understood.
    #[error(
        "the database URL cannot be understood: {message}; write it as postgres://user@host:5432/database"
    )]
    InvalidUrl {
        /// What is wrong with it.
        message: String,
    },
    /// No database answers, or the connection was lost.
    #[error("{}: {message}; {hint}", at("cannot reach the database", .location))]
    Unreachable {
        /// Where it should be, without the password; empty when not known.
        location: String,
        /// What the attempt came to.
        message: String,
        /// What to do next.
        hint: String,
    },
    /// The server is older than what the schema needs.
    #[error("the database server is PostgreSQL {version}; use PostgreSQL 15 or newer")]
    ServerTooOld {
        /// Its version.
        version: String,
    },
    /// A newer orgsweep has migrated the database.
    #[error(
        "the database has schema version {database}, newer than version {program} that this program knows; install a newer orgsweep"
    )]
    NewerSchema {
        /// Version of the database.
        database: i64,
        /// Newest version that this program knows.
        program: i64,
    },
    /// A migration failed, or the applied one is not the one that this program knows.
    #[error("migration {version} {message}")]
    Migration {
        /// Its number.
        version: i64,
        /// What happened, and what to do.
        message: String,
    },
    /// No space is left where the data is.
    #[error("no space is left for the database{}; free some space and run the command again", place(.location))]
    DiskFull {
        /// Where the data is; empty when not known.
        location: String,
    },
    /// Another process uses the embedded database.
    #[error(
        "the embedded database in `{path}` is in use by another process; wait for it to end, or name a server with DATABASE_URL"
    )]
    Locked {
        /// Directory of the data.
        path: String,
    },
    /// The embedded database does not start, or has stopped.
    #[error(
        "the embedded database in `{path}` {message}; run the command again, or name a server with DATABASE_URL"
    )]
    Embedded {
        /// Directory of the data.
        path: String,
        /// What went wrong.
        message: String,
    },
    /// No server is named and this program was built without the embedded database.
    #[error(
        "no database is named, and this program was built without the embedded one; set DATABASE_URL"
    )]
    NoEmbedded,
    /// The user's data directory is not known.
    #[error("the user's data directory is not known; set HOME, a data directory, or DATABASE_URL")]
    NoDataDirectory,
    /// The database refused to change anything for a query.
    #[error("{message}; queries can only read")]
    ReadOnlyViolation {
        /// The database's words.
        message: String,
    },
    /// A query ran longer than it may.
    #[error(
        "the query was stopped at its time limit of {limit:?}; narrow it or allow it more time"
    )]
    QueryTimeout {
        /// The limit.
        limit: Duration,
    },
    /// The database does not accept a query.
    #[error("{message}{}", hinted(.hint.as_ref()))]
    BadQuery {
        /// The database's words.
        message: String,
        /// The database's hint.
        hint: Option<String>,
        /// Where in the query, in characters from 1.
        position: Option<usize>,
    },
    /// The night's accounts and facts were dropped by pruning.
    #[error(
        "the facts of nights up to {} were dropped by `orgsweep prune`, which keeps totals and the periods of \
         findings; choose a later night", until.format("%Y-%m-%dT%H:%M:%SZ")
    )]
    Pruned {
        /// Start of the last night that is not whole.
        until: DateTime<Utc>,
    },
    /// The account is not among those of the sweep.
    #[error("account {account} is not part of sweep {sweep}")]
    NotInSweep {
        /// The account.
        account: AccountId,
        /// The sweep.
        sweep: SweepId,
    },
    /// There is no such sweep.
    #[error(
        "there is no sweep {sweep}; `orgsweep query 'select * from coverage_of_sweep'` lists them"
    )]
    NoSuchSweep {
        /// The id that was asked for.
        sweep: SweepId,
    },
    /// A stored row cannot be understood.
    #[error("{what} in the database cannot be understood: {message}")]
    Corrupt {
        /// What was read.
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// Recording ended by a bug.
    #[error(
        "a bug in orgsweep ended recording: {message}; what was not recorded is done again by the next run; please report it"
    )]
    Bug {
        /// What the program said as it ended.
        message: String,
    },
    /// Anything else that the database answered.
    #[error("the database answered: {message}{}", coded(.code.as_ref()))]
    Database {
        /// Its words.
        message: String,
        /// Its SQLSTATE.
        code: Option<String>,
    },
}

impl StoreError {
    /// Whether the same work may succeed when it is tried again a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            // Serialization failure and deadlock.
            Self::Database { code, .. } => matches!(code.as_deref(), Some("40001" | "40P01")),
            _ => false,
        }
    }

    /// Whether it is about the thing that was to be written and not about the database, so that other
    /// things can still be written: a value that the database has no type or no room for (SQLSTATE
    /// classes 22 and 54), one that a rule of the schema refuses (23), a bug of this program.
    pub fn is_about_what_is_written(&self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::Bug { .. } => true,
            Self::Database {
                code: Some(code), ..
            } => ["22", "23", "54"]
                .iter()
                .any(|class| code.starts_with(class)),
            _ => false,
        }
    }

    /// The same error with the place where it happened filled in.
    pub(crate) fn located(self, place: &str) -> Self {
        match self {
            Self::Unreachable {
                location,
                message,
                hint,
            } if location.is_empty() => Self::Unreachable {
                location: place.to_owned(),
                message,
                hint,
            },
            Self::DiskFull { location } if location.is_empty() => Self::DiskFull {
                location: place.to_owned(),
            },
            other => other,
        }
    }

    /// A stored row that cannot be understood.
    pub(crate) fn corrupt(what: &str, error: &dyn std::fmt::Display) -> Self {
        Self::Corrupt {
            what: what.to_owned(),
            message: error.to_string(),
        }
    }

    fn unreachable(message: String, hint: &str) -> Self {
        Self::Unreachable {
            location: String::new(),
            message,
            hint: hint.to_owned(),
        }
    }
}

/// Whether an I/O error says that there is no space.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

const START_SERVER: &str = "check that the server runs and that DATABASE_URL is right";

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => from_database(error.as_ref()),
            sqlx::Error::Configuration(error) => Self::InvalidUrl {
                message: error.to_string(),
            },
            sqlx::Error::Io(error) if is_disk_full(&error) => Self::DiskFull {
                location: String::new(),
            },
            sqlx::Error::Io(error) => Self::unreachable(error.to_string(), START_SERVER),
            sqlx::Error::Tls(error) => Self::unreachable(
                format!("no secure connection: {error}"),
                "check sslmode and sslrootcert in DATABASE_URL",
            ),
            sqlx::Error::PoolTimedOut => {
                Self::unreachable("no connection became free in time".to_owned(), START_SERVER)
            }
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::unreachable("the connection is closed".to_owned(), START_SERVER)
            }
            sqlx::Error::Protocol(message) => Self::unreachable(message, START_SERVER),
            other => Self::Database {
                message: other.to_string(),
                code: None,
            },
        }
    }
}

/// Sorts what the database answered by its SQLSTATE
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn from_database(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    let message = error.message().to_owned();
    let code = error.code().map(String::from);
    let Some(state) = code.as_deref() else {
        return StoreError::Database { message, code };
    };
    match state {
        "53100" => StoreError::DiskFull {
            location: String::new(),
        },
        "25006" => StoreError::ReadOnlyViolation { message },
        "28000" | "28P01" => {
            StoreError::unreachable(message, "check user and password in DATABASE_URL")
        }
        "3D000" => StoreError::unreachable(message, "create it with `createdb`, or name another"),
        "53300" => StoreError::unreachable(
            message,
            "allow the server more connections, or orgsweep fewer",
        ),
        "57P01" | "57P02" | "57P03" | "57P05" => StoreError::unreachable(message, START_SERVER),
        _ if state.starts_with("08") => StoreError::unreachable(message, START_SERVER),
        "42501" => StoreError::Database {
            message: format!(
                "{message}; ask the owner of the database to run `orgsweep migrate` or to grant the role orgsweep_scanner"
            ),
            code,
        },
        // The embedded runtime has one word for every reason why a write fails.
        "58030"
            if message.starts_with("could not write")
                || message.starts_with("could not extend") =>
        {
            StoreError::DiskFull {
                location: String::new(),
            }
        }
        _ if message.contains("No space left on device") || message.contains("File too large") => {
            StoreError::DiskFull {
                location: String::new(),
            }
        }
        _ => StoreError::Database { message, code },
    }
}

fn at(what: &str, location: &str) -> String {
    if location.is_empty() {
        what.to_owned()
    } else {
        format!("{what} at `{location}`")
    }
}

fn place(location: &str) -> String {
    if location.is_empty() {
        String::new()
    } else {
        format!(" in `{location}`")
    }
}

fn hinted(hint: Option<&String>) -> String {
    hint.map_or_else(String::new, |hint| format!("; {hint}"))
}

fn coded(code: Option<&String>) -> String {
    code.map_or_else(String::new, |code| format!(" (SQLSTATE {code})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_told_from_a_database_that_refuses() {
        let answered = |code: &str| StoreError::Database {
            message: String::new(),
            code: Some(code.to_owned()),
        };
        for code in ["22P05", "23514", "54000"] {
            assert!(answered(code).is_about_what_is_written(), "{code}");
        }
        for code in ["40001", "42501", "57014", "", "XX000"] {
            assert!(!answered(code).is_about_what_is_written(), "{code}");
        }
        let full = StoreError::DiskFull {
            location: String::new(),
        };
        assert!(!full.is_about_what_is_written());
        assert!(StoreError::corrupt("a value", &"").is_about_what_is_written());
    }

    #[test]
    fn a_place_is_filled_in_once() {
        let error = StoreError::from(sqlx::Error::Io(io::Error::from(
            io::ErrorKind::ConnectionRefused,
        )))
        .located("postgres://me@db/orgsweep")
        .located("elsewhere");
        assert_eq!(
            error.to_string(),
            "cannot reach the database at `postgres://me@db/orgsweep`: connection refused; \
             check that the server runs and that DATABASE_URL is right"
        );
        assert!(error.is_transient());
    }

    #[test]
    fn a_full_disk_is_told_from_other_input_output_errors() {
        for (full, kind) in [
            (true, io::ErrorKind::StorageFull),
            (true, io::ErrorKind::FileTooLarge),
            (false, io::ErrorKind::ConnectionReset),
        ] {
            let error = StoreError::from(sqlx::Error::Io(io::Error::from(kind)));
            assert_eq!(
                matches!(error, StoreError::DiskFull { .. }),
                full,
                "{kind:?}"
            );
        }
    }
}
