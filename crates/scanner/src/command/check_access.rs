//! `orgsweep check-access`: tries the role in each account and lists what is
//! missing, per permission.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::Args;
use futures::StreamExt as _;
use orgsweep_aws_access::{AccessCheck, PermissionOutcome};
use orgsweep_controls::ids::AccountId;
use serde::Serialize;

use crate::command::sweep::ScopeArguments;
use crate::config::Settings;
use crate::context::{self, Context};
use crate::exit::{self, Exit};
use crate::output::number::counted;
use crate::output::{Column, Format, listing, terminal};
use crate::sweep::plan::{Rules, plan};

/// Try the role in each account, and list what is missing per permission.
#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct Arguments {
    #[command(flatten)]
    scope: ScopeArguments,

    /// End with 4 when something is missing.
    #[arg(long)]
    fail_on_incomplete: bool,
}

/// One permission in one account, or the role itself.
#[derive(Debug, Serialize)]
struct Row {
    account_id: AccountId,
    account_name: String,
    /// The IAM action; `sts:AssumeRole` for the role itself.
    permission: String,
    /// `allowed`, `denied` or `not_tried`.
    outcome: &'static str,
    message: String,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    let settings = Settings::new(&context.layers(arguments.scope.settings())?);
    let scope = arguments.scope.scope(&settings)?;
    let access = context::access(&settings).await?;
    let rules = Rules {
        expected: settings.expected_organization.as_ref(),
        tags: false,
        fallback: settings.inventory_fallback,
    };
    let plan = plan(&access, None, &scope, &rules, None).await?;
    context::warn_of(&plan.remarks);
    let names: BTreeMap<&AccountId, &str> = plan
        .inventory
        .accounts
        .iter()
        .map(|account| (&account.id, account.name.as_str()))
        .collect();
    terminal::tell(&format!(
        "trying the role in {}",
        counted(plan.selected.accounts.len() as u64, "account")
    ));
    let mut checks: Vec<AccessCheck> = futures::stream::iter(&plan.selected.accounts)
        .map(|account| access.check_access(account))
        .buffer_unordered(settings.concurrency)
        .collect()
        .await;
    checks.sort_by(|one, other| one.account.cmp(&other.account));
    let rows: Vec<Row> = checks
        .iter()
        .flat_map(|check| rows_of(check, names.get(&check.account).copied()))
        .collect();
    print(&rows, &checks, settings.format)?;
    let incomplete = rows.iter().any(|row| row.outcome == "denied");
    Ok(if incomplete && arguments.fail_on_incomplete {
        Exit::Incomplete
    } else {
        Exit::Fine
    })
}

fn rows_of(check: &AccessCheck, name: Option<&str>) -> Vec<Row> {
    let row = |permission: &str, outcome: &'static str, message: &str| Row {
        account_id: check.account.clone(),
        account_name: name.unwrap_or(check.account.as_str()).to_owned(),
        permission: permission.to_owned(),
        outcome,
        message: message.to_owned(),
    };
    if let Some(failure) = &check.sign_in_failure {
        return vec![row("sts:AssumeRole", "denied", failure)];
    }
    check
        .permissions
        .iter()
        .map(|tried| match &tried.outcome {
            PermissionOutcome::Allowed => row(&tried.permission, "allowed", ""),
            PermissionOutcome::Denied { message } => row(&tried.permission, "denied", message),
            PermissionOutcome::NotTried { message } => row(&tried.permission, "not_tried", message),
        })
        .collect()
}

/// People see what is missing; programs get every row.
fn print(rows: &[Row], checks: &[AccessCheck], format: Format) -> anyhow::Result<()> {
    let columns = [
        Column::new("account_id", "account", |row: &&Row| {
            row.account_id.to_string()
        }),
        Column::new("account_name", "name", |row: &&Row| {
            row.account_name.clone()
        }),
        Column::new("permission", "permission", |row: &&Row| {
            row.permission.clone()
        }),
        Column::new("outcome", "outcome", |row: &&Row| row.outcome.to_owned()),
        Column::new("message", "message", |row: &&Row| row.message.clone()),
    ];
    let shown: Vec<&Row> = rows
        .iter()
        .filter(|row| format != Format::Table || row.outcome != "allowed")
        .collect();
    if format != Format::Table || !shown.is_empty() {
        terminal::print(&listing(&shown, &columns, format, terminal::width())?)?;
    }
    if format == Format::Table {
        terminal::print(&totals(rows, checks))?;
    }
    Ok(())
}

/// How many accounts lack what.
fn totals(rows: &[Row], checks: &[AccessCheck]) -> String {
    let mut missing: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.outcome == "denied") {
        *missing.entry(&row.permission).or_default() += 1;
    }
    let accounts = counted(checks.len() as u64, "account");
    if missing.is_empty() {
        return format!("nothing is denied in {accounts}\n");
    }
    let mut text = String::from("\n");
    for (permission, number) in missing {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{permission} is denied in {number} of {accounts}");
    }
    text
}

#[cfg(test)]
mod tests {
    use orgsweep_aws_access::PermissionCheck;

    use super::*;

    #[test]
    fn what_is_missing_is_counted_per_permission() {
        let denied = |account: &str| AccessCheck {
            account: account.parse().unwrap(),
            sign_in_failure: None,
            permissions: vec![
                PermissionCheck {
                    permission: "sns:GetTopicAttributes".to_owned(),
                    outcome: PermissionOutcome::Denied {
                        message: "no".to_owned(),
                    },
                },
                PermissionCheck {
                    permission: "logs:DescribeLogGroups".to_owned(),
                    outcome: PermissionOutcome::Allowed,
                },
            ],
        };
        let closed = AccessCheck {
            account: "333333333333".parse().unwrap(),
            sign_in_failure: Some("the role does not exist".to_owned()),
            permissions: Vec::new(),
        };
        let checks = [denied("111111111111"), denied("222222222222"), closed];
        let rows: Vec<Row> = checks
            .iter()
            .flat_map(|check| rows_of(check, None))
            .collect();
        assert_eq!(
            totals(&rows, &checks),
            "\nsns:GetTopicAttributes is denied in 2 of 3 accounts\nsts:AssumeRole is denied in 1 of 3 accounts\n"
        );
    }
}
