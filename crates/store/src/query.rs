//! Read-only SQL from people. The database enforces that it only reads: a read-only
//! transaction whose snapshot is taken first (so that it can't be made writable again),
//! the rights of `orgsweep_reader` where they can be taken on, one statement at a time by
//! the extended protocol, and a time limit. Nothing looks at the text.

use std::time::Duration;

use serde_json::{Map, Value};
use sqlx::postgres::{PgColumn, PgConnection, PgDatabaseError, PgErrorPosition, PgRow};
use sqlx::{AssertSqlSafe, Column as _, Executor, Row, SqlSafeStr, Statement, TypeInfo, ValueRef};
use tokio::time::timeout;

use crate::error::StoreError;
use crate::literal;
use crate::store::Store;

/// What a query may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Time in the database.
    pub timeout: Duration,
    /// Rows in the answer.
    pub max_rows: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            max_rows: 10_000,
        }
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name; several may have the same.
    pub name: String,
    /// Its type as PostgreSQL calls it: `TEXT`, `INT8`, `TEXT[]` …
    pub type_name: String,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryResult {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each value as PostgreSQL prints it; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there were more rows than the limit.
    pub truncated: bool,
}

impl QueryResult {
    /// The rows as JSON objects: numbers, booleans, arrays and JSON as such, times in
    /// RFC 3339, all else as text. Of several columns with one name the last counts.
    pub fn json_rows(&self) -> Vec<Map<String, Value>> {
        self.rows
            .iter()
            .map(|row| {
                self.columns
                    .iter()
                    .zip(row)
                    .map(|(column, value)| {
                        let json = value.as_deref().map_or(Value::Null, |text| {
                            literal::to_json(&column.type_name, text)
                        });
                        (column.name.clone(), json)
                    })
                    .collect()
            })
            .collect()
    }
}

/// What stands before a query when it is read through a cursor.
const CURSOR: &str = "declare orgsweep_query no scroll cursor for ";

impl Store {
    /// Runs one read-only statement.
    pub async fn query(&self, sql: &str, limits: &QueryLimits) -> Result<QueryResult, StoreError> {
        // A server stops the query itself; this is for one that has stopped answering. The
        // embedded database can't interrupt itself: its connection is busy until it is done.
        let patience = if self.is_embedded() {
            limits.timeout
        } else {
            limits.timeout + Duration::from_secs(5)
        };
        let answer = timeout(patience, self.query_unlimited(sql, limits));
        match answer.await {
            Ok(answer) => answer.map_err(|error| self.explain(error)),
            Err(_) => Err(StoreError::QueryTimeout {
                limit: limits.timeout,
            }),
        }
    }

    async fn query_unlimited(
        &self,
        sql: &str,
        limits: &QueryLimits,
    ) -> Result<QueryResult, StoreError> {
        let mut transaction = self.begin_reading(limits).await?;
        match through_cursor(&mut transaction, sql, limits).await {
            Ok(result) => Ok(result),
            // Not something that a cursor can be declared for: EXPLAIN, SHOW, or a statement
            // that writes or is wrong. The database says which.
            Err(error) if is_syntax_error(&error) => {
                transaction.rollback().await?;
                let mut transaction = self.begin_reading(limits).await?;
                directly(&mut transaction, sql, limits)
                    .await
                    .map_err(|error| query_error(error, limits, 0))
            }
            Err(error) => Err(query_error(error, limits, CURSOR.chars().count())),
        }
    }

    async fn begin_reading(
        &self,
        limits: &QueryLimits,
    ) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, StoreError> {
        let mut transaction = self
            .pool
            .begin_with("begin isolation level repeatable read read only")
            .await?;
        let milliseconds = limits.timeout.as_millis().clamp(1, 2_147_483_647);
        let row = sqlx::query(
            "select set_config('statement_timeout', $1, true),
                set_config('cursor_tuple_fraction', '1', true),
                coalesce((
                    select pg_has_role(current_user, oid, 'member')
                    from pg_roles
                    where rolname = 'orgsweep_reader'
                ), false) as may_become_reader",
        )
        .bind(milliseconds.to_string())
        .fetch_one(&mut *transaction)
        .await?;
        if row.try_get("may_become_reader")? {
            // PostgreSQL 16 and newer can grant a role without the right to set it.
            sqlx::query("savepoint as_oneself")
                .execute(&mut *transaction)
                .await?;
            if sqlx::query("set local role orgsweep_reader")
                .execute(&mut *transaction)
                .await
                .is_err()
            {
                sqlx::query("rollback to savepoint as_oneself")
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        Ok(transaction)
    }
}

/// Reads through a cursor, so that no more rows are made than are wanted, and by the simple
/// protocol, so that every type comes as PostgreSQL prints it.
async fn through_cursor(
    connection: &mut PgConnection,
    sql: &str,
    limits: &QueryLimits,
) -> Result<QueryResult, sqlx::Error> {
    sqlx::query(AssertSqlSafe(format!("{CURSOR}{sql}")))
        .persistent(false)
        .execute(&mut *connection)
        .await?;
    let wanted = limits.max_rows.saturating_add(1);
    let fetched: Vec<PgRow> = sqlx::raw_sql(AssertSqlSafe(format!(
        "fetch forward {wanted} from orgsweep_query"
    )))
    .fetch_all(&mut *connection)
    .await?;
    let columns = if let Some(row) = fetched.first() {
        columns_of(row.columns())
    } else {
        // An answer without rows does not name its columns.
        let statement = connection
            .prepare(AssertSqlSafe(sql.to_owned()).into_sql_str())
            .await?;
        columns_of(statement.columns())
    };
    answer(columns, &fetched, limits)
}

/// Runs a statement that returns text (EXPLAIN, SHOW) or nothing.
async fn directly(
    connection: &mut PgConnection,
    sql: &str,
    limits: &QueryLimits,
) -> Result<QueryResult, sqlx::Error> {
    let rows: Vec<PgRow> = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .persistent(false)
        .fetch_all(&mut *connection)
        .await?;
    let columns = rows
        .first()
        .map_or_else(Vec::new, |row| columns_of(row.columns()));
    answer(columns, &rows, limits)
}

fn columns_of(columns: &[PgColumn]) -> Vec<Column> {
    columns
        .iter()
        .map(|column| Column {
            name: column.name().to_owned(),
            type_name: column.type_info().name().to_owned(),
        })
        .collect()
}

fn answer(
    columns: Vec<Column>,
    rows: &[PgRow],
    limits: &QueryLimits,
) -> Result<QueryResult, sqlx::Error> {
    let texts = |row: &PgRow| -> Result<Vec<Option<String>>, sqlx::Error> {
        (0..row.len())
            .map(|index| {
                let value = row.try_get_raw(index)?;
                if value.is_null() {
                    return Ok(None);
                }
                value
                    .as_str()
                    .map(|text| Some(text.to_owned()))
                    .map_err(sqlx::Error::Decode)
            })
            .collect()
    };
    Ok(QueryResult {
        columns,
        rows: rows
            .iter()
            .take(limits.max_rows)
            .map(texts)
            .collect::<Result<_, _>>()?,
        truncated: rows.len() > limits.max_rows,
    })
}

fn is_syntax_error(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.code().as_deref() == Some("42601"))
}

/// What the database says about a query, for the person who wrote it. `before` characters
/// stand before it in what was sent.
fn query_error(error: sqlx::Error, limits: &QueryLimits, before: usize) -> StoreError {
    let sqlx::Error::Database(database) = &error else {
        return error.into();
    };
    let code = database.code().unwrap_or_default().into_owned();
    if code == "57014" {
        return StoreError::QueryTimeout {
            limit: limits.timeout,
        };
    }
    // Classes of mistakes in the query: syntax and names, data, cardinality, features, limits.
    let theirs = [
        "42", "22", "21", "0A", "26", "34", "25P02", "25001", "54", "P0",
    ]
    .iter()
    .any(|class| code.starts_with(class));
    if !theirs {
        return error.into();
    }
    let details = database.try_downcast_ref::<PgDatabaseError>();
    let position = details
        .and_then(PgDatabaseError::position)
        .and_then(|position| match position {
            PgErrorPosition::Original(place) => place.checked_sub(before),
            PgErrorPosition::Internal { .. } => None,
        })
        .filter(|place| *place > 0);
    let message = match database.message() {
        "cannot insert multiple commands into a prepared statement" => {
            "one statement at a time; remove what follows the first `;`"
        }
        message => message,
    };
    StoreError::BadQuery {
        message: message.to_owned(),
        hint: details
            .and_then(PgDatabaseError::hint)
            .map(ToOwned::to_owned),
        position,
    }
}
