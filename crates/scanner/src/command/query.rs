//! `orgsweep query`: read-only SQL over what the sweeps found. The database
//! enforces that it only reads.

use std::io::Read as _;
use std::time::Duration;

use clap::Args;
use orgsweep_store::{Column, QueryLimits, QueryResult, StoreError};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use crate::context::{self, Context};
use crate::exit::{Exit, usage};
use crate::output::listing::grid;
use crate::output::picture::Picture;
use crate::output::{Format, csv, json, terminal};
use orgsweep_aws_access::duration;

/// Run read-only SQL over what the sweeps found.
///
/// The views posture, failing, uncovered_region, coverage_of_sweep and others
/// are described in docs/SQL.md.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The query; `-` reads it from standard input.
    #[arg(value_name = "SQL")]
    sql: String,

    /// How long the query may take.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse)]
    timeout: Duration,

    /// Rows at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    max_rows: usize,
}

pub(crate) async fn run(arguments: &Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let mut sql = arguments.sql.clone();
    if sql == "-" {
        sql.clear();
        std::io::stdin().read_to_string(&mut sql)?;
    }
    if sql.trim().is_empty() {
        return Err(usage(
            "the query is empty; try `orgsweep query 'select * from failing'`",
        ));
    }
    let limits = QueryLimits {
        timeout: arguments.timeout,
        max_rows: arguments.max_rows,
    };
    let store = context::store(&settings).await?;
    let result = store.query(&sql, &limits).await;
    store.close().await;
    let result = result.map_err(|error| refused(error, &sql))?;
    terminal::print(&printed(&result, settings.format)?)?;
    if result.truncated {
        terminal::tell(&format!(
            "only the first {} rows are shown; `--max-rows` raises the limit",
            arguments.max_rows
        ));
    }
    Ok(Exit::Fine)
}

/// What the database did not accept, as bad usage.
fn refused(error: StoreError, sql: &str) -> anyhow::Error {
    match &error {
        StoreError::BadQuery {
            message,
            hint,
            position: Some(position),
        } => {
            // The database counts characters from 1.
            let start = sql
                .char_indices()
                .nth(position.saturating_sub(1))
                .map_or(sql.len(), |(at, _)| at);
            let word = sql[start..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .map(char::len_utf8)
                .sum::<usize>();
            Picture {
                title: &format!("the query is not accepted: {message}"),
                origin: "query",
                source: sql,
                span: start..start + word.max(1),
                label: "here",
                help: hint.as_deref(),
            }
            .into_error()
        }
        StoreError::BadQuery { .. } | StoreError::ReadOnlyViolation { .. } => {
            usage(error.to_string())
        }
        _ => error.into(),
    }
}

/// A row as a JSON object whose members stand in the order of the columns.
struct JsonRow<'a> {
    columns: &'a [Column],
    values: Map<String, Value>,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.values.len()))?;
        for (at, column) in self.columns.iter().enumerate() {
            // Of several columns with one name the last counts.
            let again = self.columns[at + 1..]
                .iter()
                .any(|later| later.name == column.name);
            if let (false, Some(value)) = (again, self.values.get(&column.name)) {
                object.serialize_entry(&column.name, value)?;
            }
        }
        object.end()
    }
}

fn printed(result: &QueryResult, format: Format) -> anyhow::Result<String> {
    let columns = result.columns.as_slice();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let texts = || {
        result.rows.iter().map(|row| {
            row.iter()
                .map(|cell| cell.clone().unwrap_or_default())
                .collect()
        })
    };
    let objects = || -> Vec<JsonRow<'_>> {
        let rows = result.json_rows().into_iter();
        rows.map(|values| JsonRow { columns, values }).collect()
    };
    Ok(match format {
        Format::Json => json::pretty(&objects())?,
        Format::Jsonl => objects()
            .iter()
            .map(json::line)
            .collect::<Result<String, _>>()?,
        Format::Csv => csv::table(&names, texts())?,
        Format::Table if columns.is_empty() => String::new(),
        Format::Table => grid(&names, texts(), terminal::width()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_printed_in_every_form() {
        let column = |name: &str, type_name: &str| Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
        };
        let result = QueryResult {
            columns: vec![column("name", "TEXT"), column("failing", "INT8")],
            rows: vec![
                vec![Some("=1\u{1b}[2J".to_owned()), Some("3".to_owned())],
                vec![None, None],
            ],
            truncated: false,
        };
        let all = [Format::Table, Format::Json, Format::Jsonl, Format::Csv];
        insta::assert_snapshot!(
            all.map(|format| printed(&result, format).unwrap())
                .join("----\n")
        );
    }

    #[test]
    fn a_refused_query_is_shown_where_it_is_wrong() {
        let sql = "select *\nfrom ñandú where x";
        let error = StoreError::BadQuery {
            message: "relation \"ñandú\" does not exist".to_owned(),
            hint: None,
            position: Some(15),
        };
        insta::assert_snapshot!(refused(error, sql).to_string());
    }
}
