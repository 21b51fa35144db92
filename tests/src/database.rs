//! A database of its own for each test, on the PostgreSQL that `cargo xtask
//! test` provides; dropped at the test's end.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::cuttable::Behind;
use crate::provided;

/// A new, empty database.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// On the server that most tests use.
    pub async fn new() -> Self {
        Self::on(provided("ORGSWEEP_TEST_DATABASE_URL")).await
    }

    /// On the oldest major version that is provided.
    pub async fn on_older_server() -> Self {
        Self::on(provided("ORGSWEEP_TEST_OLDER_DATABASE_URL")).await
    }

    async fn on(server: String) -> Self {
        let name = format!("orgsweep_test_{}", uuid::Uuid::now_v7().simple());
        execute_on(&server, &format!("create database {name}")).await;
        Self { server, name }
    }

    /// Its URL, as a user would give it.
    ///
    /// # Panics
    /// When the server's URL has no path.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// Its URL through another address, with a password that the server does not ask for.
    pub fn url_through(&self, address: std::net::SocketAddr, password: &str) -> String {
        let options = PgConnectOptions::from_str(&self.server).expect("a valid URL");
        format!(
            "postgres://{}:{password}@{address}/{}",
            options.get_username(),
            self.name
        )
    }

    /// Where its server listens.
    pub fn listens(&self) -> Behind {
        let options = PgConnectOptions::from_str(&self.server).expect("a valid URL");
        match options.get_socket() {
            Some(directory) => {
                Behind::Socket(directory.join(format!(".s.PGSQL.{}", options.get_port())))
            }
            None => Behind::Address(format!("{}:{}", options.get_host(), options.get_port())),
        }
    }

    /// Connections to it.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.url())
            .await
            .expect("the test's database can be reached")
    }

    /// The one number that a statement returns; `None` while it fails, for
    /// example because the tables are not there yet.
    pub async fn number(&self, statement: &str) -> Option<i64> {
        let mut connection = PgConnection::connect(&self.url()).await.ok()?;
        let number = sqlx::query_scalar(AssertSqlSafe(statement))
            .fetch_one(&mut connection)
            .await
            .ok();
        connection.close().await.ok();
        number
    }

    /// Executes a statement.
    ///
    /// # Panics
    /// When it fails.
    pub async fn execute(&self, statement: &str) {
        execute_on(&self.url(), statement).await;
    }
}

/// A server's URL with another database in it.
fn with_database(server: &str, name: &str) -> String {
    let (before, query) = match server.split_once('?') {
        Some((before, query)) => (before, format!("?{query}")),
        None => (server, String::new()),
    };
    let (address, _) = before.rsplit_once('/').expect("a URL with a database");
    format!("{address}/{name}{query}")
}

async fn execute_on(url: &str, statement: &str) {
    let mut connection = PgConnection::connect(url)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to `{url}`: {error}"));
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("`{statement}`: {error}"));
    connection.close().await.ok();
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        let server = self.server.clone();
        // A thread of its own: the test's runtime may be the one that is ending.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|runtime| runtime.block_on(execute_on(&server, &statement)))
        });
        if dropped.join().is_err() && !std::thread::panicking() {
            eprintln!("the database {} is left behind", self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_the_servers_own() {
        for (server, expected) in [
            (
                "postgres://me@localhost/postgres",
                "postgres://me@localhost/mine",
            ),
            (
                "postgres://me@localhost/postgres?host=/a/b",
                "postgres://me@localhost/mine?host=/a/b",
            ),
        ] {
            assert_eq!(with_database(server, "mine"), expected);
        }
    }
}
