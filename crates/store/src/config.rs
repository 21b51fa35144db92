//! Where the store is: its configuration, and its place as people may see it.
//! Connecting to it is `store`'s.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::error::StoreError;

/// How to reach the store. `Debug` shows no password.
#[derive(Clone)]
pub struct StoreConfig {
    /// URL of a PostgreSQL server; `None` for the embedded database.
    pub database_url: Option<String>,
    /// Directory of the embedded database; `None` for `orgsweep` in the user's data directory.
    pub data_dir: Option<PathBuf>,
    /// How long to try to connect.
    pub connect_timeout: Duration,
    /// How long to go on trying when a connection is lost in the middle of work.
    pub patience: Duration,
    /// Connections to a server at most; the embedded database has one.
    pub max_connections: u32,
    /// After so long a server ends a transaction in which nothing is asked, so that a process that
    /// hangs holds nobody up; never, when not set.
    pub idle_transactions: Option<Duration>,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            database_url: None,
            data_dir: None,
            connect_timeout: Duration::from_secs(10),
            patience: Duration::from_secs(20),
            max_connections: 8,
            idle_transactions: None,
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("location", &self.location().map(|place| place.to_string()))
            .field("connect_timeout", &self.connect_timeout)
            .field("patience", &self.patience)
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}

impl StoreConfig {
    /// Where the store is, without connecting to it.
    pub fn location(&self) -> Result<Location, StoreError> {
        match &self.database_url {
            Some(url) => {
                let options = connect_options(url)?;
                Ok(Location::Server {
                    url: url_without_password(&options),
                })
            }
            None => Ok(Location::Embedded {
                path: self.embedded_directory()?,
            }),
        }
    }

    fn embedded_directory(&self) -> Result<PathBuf, StoreError> {
        match &self.data_dir {
            Some(directory) => Ok(directory.clone()),
            None => in_users_data_directory("database"),
        }
    }
}

/// Directory of the embedded database that the demonstration fills.
///
/// # Errors
/// `NoDataDirectory` when no home directory is known for the user.
pub fn demo_data_dir() -> Result<PathBuf, StoreError> {
    in_users_data_directory("demo/database")
}

fn in_users_data_directory(name: &str) -> Result<PathBuf, StoreError> {
    directories::ProjectDirs::from("", "", "orgsweep")
        .map(|directories| directories.data_dir().join(name))
        .ok_or(StoreError::NoDataDirectory)
}

/// Where the store is, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A PostgreSQL server.
    Server {
        /// Its URL, without the password.
        url: String,
    },
    /// The embedded database.
    Embedded {
        /// Directory of its data.
        path: PathBuf,
    },
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server { url } => f.pad(url),
            Self::Embedded { path } => f.pad(&path.display().to_string()),
        }
    }
}

/// Parameters of a URL that mean something here. The driver would log the others with
/// their values, whatever these are (`sslpassword`).
const PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// How to connect to the database of a URL, in any form that `psql` takes as well.
pub(crate) fn connect_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    Ok(normalized(url).parse::<PgConnectOptions>()?)
}

/// The URL without parameters that mean nothing here, and with a host where it has a user
/// and none: `postgres://me@/database?host=/run/postgresql` names a socket.
fn normalized(url: &str) -> String {
    let (place, parameters) = url.split_once('?').unwrap_or((url, ""));
    let kept: Vec<&str> = parameters
        .split('&')
        .filter(|parameter| {
            let key = parameter.split('=').next().unwrap_or_default();
            PARAMETERS.contains(&key) || key.starts_with("options[")
        })
        .collect();
    let mut normalized = match place.rsplit_once('@') {
        Some((user, rest)) if rest.is_empty() || rest.starts_with(['/', ':']) => {
            format!("{user}@localhost{rest}")
        }
        _ => place.to_owned(),
    };
    if !kept.is_empty() {
        normalized.push('?');
        normalized.push_str(&kept.join("&"));
    }
    normalized
}

/// The URL that leads to the same database, but for the password.
fn url_without_password(options: &PgConnectOptions) -> String {
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    match options.get_socket() {
        Some(socket) => format!(
            "postgres://{user}@localhost:{}/{database}?host={}",
            options.get_port(),
            socket.display()
        ),
        None => format!(
            "postgres://{user}@{}:{}/{database}",
            options.get_host(),
            options.get_port()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_never_shows_the_password() {
        for url in [
            "postgres://me:s3cret@db.example.com:5433/orgsweep",
            "postgres://me@db.example.com:5433/orgsweep?password=s3cret",
        ] {
            let config = StoreConfig {
                database_url: Some(url.to_owned()),
                ..StoreConfig::default()
            };
            assert_eq!(
                config.location().unwrap().to_string(),
                "postgres://me@db.example.com:5433/orgsweep"
            );
            assert!(!format!("{config:?}").contains("s3cret"));
        }
    }

    #[test]
    fn a_url_is_taken_in_every_form_that_psql_takes() {
        for (url, shown) in [
            ("postgres://me@db/sweeps", "postgres://me@db:5432/sweeps"),
            (
                "postgresql://me:pw@db/sweeps",
                "postgres://me@db:5432/sweeps",
            ),
            (
                "postgresql://me:@/sweeps?host=/run/pg",
                "postgres://me@localhost:5432/sweeps?host=/run/pg",
            ),
            (
                "postgresql://me@/sweeps?host=%2Frun%2Fpg",
                "postgres://me@localhost:5432/sweeps?host=/run/pg",
            ),
            (
                "postgresql://me@%2Frun%2Fpg/sweeps",
                "postgres://me@localhost:5432/sweeps?host=/run/pg",
            ),
            (
                "postgresql://me@:5433/sweeps?host=/run/pg",
                "postgres://me@localhost:5433/sweeps?host=/run/pg",
            ),
            (
                "postgres://me@db/sweeps?sslmode=require&channel_binding=require&connect_timeout=5",
                "postgres://me@db:5432/sweeps",
            ),
        ] {
            let config = StoreConfig {
                database_url: Some(url.to_owned()),
                ..StoreConfig::default()
            };
            assert_eq!(config.location().unwrap().to_string(), shown, "{url}");
        }
    }

    #[test]
    fn a_bad_url_is_refused_without_repeating_it() {
        let config = StoreConfig {
            database_url: Some("postgres://me:s3cret@db:port/orgsweep".to_owned()),
            ..StoreConfig::default()
        };
        let error = config.location().unwrap_err().to_string();
        assert!(
            error.starts_with("the database URL cannot be understood"),
            "{error}"
        );
        assert!(!error.contains("s3cret"), "{error}");
    }
}
