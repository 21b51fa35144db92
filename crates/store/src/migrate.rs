//! Bringing the schema up to date. The steps themselves are the files of `migrations/`
//! at the top of the repository.

use std::collections::BTreeMap;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgPool;

use crate::error::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// What migrating did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationReport {
    /// Version of the schema afterwards.
    pub version: i64,
    /// Numbers and names of the migrations that were applied now, in order.
    pub applied: Vec<(i64, String)>,
}

/// The newest schema version that this program knows.
pub fn known_version() -> i64 {
    MIGRATIONS
        .iter()
        .map(|step| step.version)
        .max()
        .unwrap_or(0)
}

pub(crate) async fn migrate(pool: &PgPool) -> Result<MigrationReport, StoreError> {
    let before = applied_steps(pool).await?;
    let newest = before.keys().copied().max().unwrap_or(0);
    if newest > known_version() {
        return Err(StoreError::NewerSchema {
            database: newest,
            program: known_version(),
        });
    }
    let changed = MIGRATIONS.iter().find(|step| {
        before
            .get(&step.version)
            .is_some_and(|checksum| *checksum != *step.checksum)
    });
    if let Some(step) = changed {
        return Err(other_content(step.version));
    }
    let missing: Vec<(i64, String)> = MIGRATIONS
        .iter()
        .filter(|step| !before.contains_key(&step.version))
        .map(|step| (step.version, step.description.to_string()))
        .collect();
    // sqlx takes the advisory lock, looks again at what is applied, and applies the rest
    // step by step, each in a transaction of its own. A reader without the right to lock or
    // to create gets through when there is nothing to apply.
    if !missing.is_empty() {
        let mut connection = pool.acquire().await?;
        // Not `run`, whose `Acquire` would make the future that opens a store not `Send`.
        let outcome = MIGRATIONS.run_direct(None, &mut *connection, false).await;
        if outcome.is_err() {
            // The lock belongs to the session.
            connection.close_on_drop();
        }
        outcome.map_err(from_migrate)?;
    }
    Ok(MigrationReport {
        version: known_version(),
        applied: missing,
    })
}

/// The steps that the database says it has, with the checksums of their files; nothing when
/// it was never migrated.
async fn applied_steps(pool: &PgPool) -> Result<BTreeMap<i64, Vec<u8>>, StoreError> {
    let steps: Result<Vec<(i64, Vec<u8>)>, sqlx::Error> =
        sqlx::query_as("select version, checksum from _sqlx_migrations where success")
            .fetch_all(pool)
            .await;
    match steps {
        Ok(steps) => Ok(steps.into_iter().collect()),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => {
            Ok(BTreeMap::new())
        }
        Err(error) => Err(error.into()),
    }
}

fn other_content(version: i64) -> StoreError {
    StoreError::Migration {
        version,
        message: "was applied to this database with another content; use the program version \
                  that made the database, or a new database"
            .to_owned(),
    }
}

fn from_migrate(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => error.into(),
        MigrateError::ExecuteMigration(error, version) => match StoreError::from(error) {
            StoreError::Database { message, .. } => StoreError::Migration {
                version,
                message: format!("failed: {message}; nothing of it was kept"),
            },
            other => other,
        },
        MigrateError::VersionMissing(database) => StoreError::NewerSchema {
            database,
            program: known_version(),
        },
        MigrateError::VersionMismatch(version) => other_content(version),
        other => StoreError::Database {
            message: other.to_string(),
            code: None,
        },
    }
}
