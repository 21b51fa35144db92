//! Which findings are meant: by flags, by a condition, by a query. All of it
//! becomes one SELECT that the database runs read-only.

mod condition;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use orgsweep_controls::{ControlId, Reason};
use orgsweep_store::{QueryLimits, QueryResult, Store, StoreError};
use thiserror::Error;

use crate::planner::Target;

/// Findings that are selected at most.
const MOST: usize = 1_000_000;
/// What looking for them may cost.
const LIMITS: QueryLimits = QueryLimits {
    timeout: Duration::from_mins(1),
    max_rows: MOST,
};

/// Which failing findings are meant. Nothing said means all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// One of these controls.
    pub controls: Vec<ControlId>,
    /// One of these accounts, by number or name.
    pub accounts: Vec<String>,
    /// In or below one of these OUs, by id or path.
    pub ous: Vec<String>,
    /// With all of these tags.
    pub tags: Vec<(String, String)>,
    /// For one of these reasons.
    pub reasons: Vec<Reason>,
    /// With this SQL condition over the view `failing`.
    pub condition: Option<String>,
    /// Instead of all the others: a SELECT that returns `account_id` and `control`.
    pub query: Option<String>,
}

/// Why findings cannot be selected.
#[derive(Debug, Error)]
pub enum SelectionError {
    /// The database refused, or could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The condition would reach beyond the other selectors.
    #[error(
        "the condition cannot stand beside other selectors: {why}; write one condition, with all its \
         parentheses and quotes closed"
    )]
    Condition {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The query returns something else than findings.
    #[error("the query returns {found}; it must return `account_id` and `control`")]
    Columns {
        /// What it returns.
        found: String,
    },
    /// A row names no finding.
    #[error("the query returns a row that names no finding: {message}")]
    Row {
        /// What is wrong with it.
        message: String,
    },
    /// There is too much.
    #[error("more than {MOST} findings are selected; select fewer, for example with `--ou`")]
    TooMany,
}

impl Selection {
    /// The SELECT that it stands for.
    pub fn sql(&self) -> String {
        if let Some(query) = &self.query {
            return query.clone();
        }
        let mut sql = "select account_id, control from failing where true".to_owned();
        self.narrow(&mut sql);
        let reasons: Vec<String> = self.reasons.iter().map(ToString::to_string).collect();
        any(&mut sql, &each(|r| format!("reason = {r}"), &reasons));
        if let Some(condition) = &self.condition {
            // On lines of its own: the condition may end in a comment.
            let _ = write!(sql, "\n  and (\n{condition}\n  )");
        }
        sql
    }

    /// A SELECT for the findings of the same controls and accounts whose verdict is not known.
    pub fn unknown_sql(&self) -> String {
        let mut sql =
            "select account_id, control from posture where verdict = 'unknown'".to_owned();
        self.narrow(&mut sql);
        sql
    }

    /// Leaves the chosen controls and accounts.
    fn narrow(&self, sql: &mut String) {
        let controls: Vec<String> = self.controls.iter().map(ToString::to_string).collect();
        any(sql, &each(|c| format!("control = {c}"), &controls));
        any(
            sql,
            &each(
                |a| format!("account_id = {a} or account_name = {a}"),
                &self.accounts,
            ),
        );
        any(
            sql,
            &each(
                |ou| {
                    format!(
                        "{ou} = any (ou_ids) or ou_path = {ou} or starts_with(ou_path, {ou} || '/')"
                    )
                },
                &self.ous,
            ),
        );
        for (key, value) in &self.tags {
            let test = format!("tags ->> {} = {}", literal(key), literal(value));
            any(sql, &[test]);
        }
    }

    /// How many findings of the same controls and accounts have a verdict that is not known.
    pub async fn unknown(&self, store: &Store) -> Result<usize, StoreError> {
        Ok(store.query(&self.unknown_sql(), &LIMITS).await?.rows.len())
    }

    /// The findings that it means.
    pub async fn targets(&self, store: &Store) -> Result<BTreeSet<Target>, SelectionError> {
        if let Some(why) = self.condition.as_deref().and_then(condition::flaw) {
            return Err(SelectionError::Condition { why });
        }
        targets_of(&store.query(&self.sql(), &LIMITS).await?)
    }
}

fn targets_of(result: &QueryResult) -> Result<BTreeSet<Target>, SelectionError> {
    if result.truncated {
        return Err(SelectionError::TooMany);
    }
    let place = |name: &str| result.columns.iter().position(|column| column.name == name);
    let (Some(account), Some(control)) = (place("account_id"), place("control")) else {
        let names: Vec<String> = result
            .columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        return Err(SelectionError::Columns {
            found: names.join(", "),
        });
    };
    result
        .rows
        .iter()
        .map(|row| {
            let text = |place: usize| row.get(place).cloned().flatten().unwrap_or_default();
            let refused = |error: orgsweep_controls::IdError| SelectionError::Row {
                message: error.to_string(),
            };
            Ok((
                text(account).parse().map_err(refused)?,
                text(control).parse().map_err(refused)?,
            ))
        })
        .collect()
}

/// Lets one of the tests hold; any row will do without a test.
fn any(sql: &mut String, tests: &[String]) {
    if !tests.is_empty() {
        let _ = write!(sql, "\n  and ({})", tests.join(" or "));
    }
}

/// A test for each value.
fn each(test: fn(&str) -> String, values: &[String]) -> Vec<String> {
    values.iter().map(|value| test(&literal(value))).collect()
}

/// `text` as an SQL literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_one_select_that_quotes_what_people_wrote() {
        let selection = Selection {
            controls: vec![
                "root-usage".parse().unwrap(),
                "vpc-changes".parse().unwrap(),
            ],
            accounts: vec!["it's mine".to_owned()],
            ous: vec!["Workloads/Prod".to_owned()],
            tags: vec![("stage".to_owned(), "prod".to_owned())],
            reasons: vec![Reason::NoAlarm],
            condition: Some("failing_for > interval '90 days' -- long".to_owned()),
            query: None,
        };
        insta::assert_snapshot!(selection.sql());
    }

    #[test]
    fn nothing_said_means_every_failing_finding() {
        assert_eq!(
            Selection::default().sql(),
            "select account_id, control from failing where true"
        );
    }
}
