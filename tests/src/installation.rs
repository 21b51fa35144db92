//! `Installation`: orgsweep as somebody has it: a home directory, a database,
//! credentials and an endpoint, and nothing of the environment of the test.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::database::Database;
use crate::program::{Ended, Running, built};

/// AWS credentials as environment variables carry them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Access key id.
    pub key: String,
    /// Secret access key.
    pub secret: String,
    /// Session token of temporary credentials.
    pub token: Option<String>,
}

impl Credentials {
    /// Those with which `orgsim` takes the caller for a principal of `account`.
    pub fn of_simulated(account: &str) -> Self {
        Self {
            key: orgsim::access_key(account),
            secret: "a-secret-that-is-not-checked".to_owned(),
            token: None,
        }
    }
}

/// orgsweep, installed for somebody.
#[derive(Debug)]
pub struct Installation {
    home: TempDir,
    variables: Vec<(String, String)>,
    database: Option<Database>,
}

impl Installation {
    /// One that keeps its results in the embedded database.
    ///
    /// # Panics
    /// When no temporary directory can be made.
    pub fn embedded() -> Self {
        let home = TempDir::with_prefix("orgsweep-test-").expect("a temporary directory");
        let mut new = Self {
            home,
            variables: Vec::new(),
            database: None,
        };
        new.set("HOME", &new.home().display().to_string());
        new.set("PATH", "/usr/local/bin:/usr/bin:/bin");
        new.set("NO_COLOR", "1");
        new.set("AWS_REGION", "us-east-1");
        new
    }

    /// One that keeps its results in a database on a server.
    pub async fn on_server() -> Self {
        Self::embedded().keeping_in(Database::new().await)
    }

    /// This one, with its results in `database`.
    pub fn keeping_in(mut self, database: Database) -> Self {
        self.set("DATABASE_URL", &database.url());
        self.database = Some(database);
        self
    }

    /// This one, talking to the AWS that answers at `endpoint`.
    pub fn against(mut self, endpoint: &str) -> Self {
        self.set("AWS_ENDPOINT_URL", endpoint);
        self
    }

    /// This one, with these credentials.
    pub fn with_credentials(mut self, credentials: &Credentials) -> Self {
        self.set("AWS_ACCESS_KEY_ID", &credentials.key);
        self.set("AWS_SECRET_ACCESS_KEY", &credentials.secret);
        if let Some(token) = &credentials.token {
            self.set("AWS_SESSION_TOKEN", token);
        }
        self
    }

    /// This one, as a principal of a simulated account.
    pub fn as_caller_in(self, account: &str) -> Self {
        self.with_credentials(&Credentials::of_simulated(account))
    }

    /// This one, with `./orgsweep.toml` in the directory where it runs.
    pub fn with_configuration(self, toml: &str) -> Self {
        self.write("orgsweep.toml", toml);
        self
    }

    /// Sets an environment variable.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.unset(variable);
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// Unsets an environment variable.
    pub fn unset(&mut self, variable: &str) {
        self.variables.retain(|(name, _)| name != variable);
    }

    /// Writes a file in the directory where it runs.
    ///
    /// # Panics
    /// When that fails.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.home().join(name), text).expect("the home directory can be written");
    }

    /// Its home directory, which is also where it runs.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Its database on a server.
    ///
    /// # Panics
    /// When it keeps its results in the embedded one.
    pub fn database(&self) -> &Database {
        self.database
            .as_ref()
            .expect("it keeps its results on a server")
    }

    /// `orgsweep` with these arguments, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&built("orgsweep"), arguments)
    }

    /// A program with these arguments, in this installation's environment.
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.home())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts `orgsweep` with these arguments.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// Runs `orgsweep` with these arguments to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end().await
    }

    /// Runs a program with these arguments, in this installation's environment, to its end.
    pub async fn run_of(&self, program: &Path, arguments: &[&str]) -> Ended {
        Running::start(self.command_of(program, arguments))
            .end()
            .await
    }

    /// The rows of a query.
    pub async fn query(&self, sql: &str) -> Vec<serde_json::Value> {
        self.run(&["query", sql, "--format", "json"])
            .await
            .with_code(0)
            .rows()
    }
}
