//! A run as a page for people: how it ended, its findings, what stopped, and what to do next.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use orgsweep_remediator::export::table::{grid, shown};
use orgsweep_store::{ActionState, RunAccountRow, RunState};

use super::super::output;
use super::{Spent, Told, state_now};

/// Findings and accounts that are listed one by one.
const LISTED: usize = 40;
/// Accounts that are named in a command.
const NAMED: usize = 5;

pub(super) fn head(told: &Told) -> String {
    let run = &told.run;
    let mut text = String::new();
    let what = match run.undoes {
        Some(undone) => format!("takes back run {undone}"),
        None => format!("applies plan {}", run.plan_id),
    };
    let _ = writeln!(text, "Run {} {what}: {}", run.run_id, run.state.as_str());
    let _ = writeln!(
        text,
        "started by {} at {}{}",
        shown(&run.author),
        run.started_at.format("%Y-%m-%d %H:%M:%S UTC"),
        run.caller
            .as_deref()
            .map(|caller| format!(" as {}", shown(caller)))
            .unwrap_or_default()
    );
    if let Some(message) = &run.message {
        let _ = writeln!(text, "{}", shown(message));
    }
    text
}

pub(super) fn page(told: &Told) -> String {
    let mut text = head(told);
    let all = told.actions.len();
    let accounts = output::counted(told.accounts.len(), "account", "accounts");
    let done = told.steps_in(ActionState::Done);
    let undone = told.steps_in(ActionState::Undone);
    let _ = writeln!(
        text,
        "\n{} of {} {} in {accounts}{}.",
        done + undone,
        output::counted(all, "step", "steps"),
        if told.run.undoes.is_some() {
            "taken back"
        } else {
            "done"
        },
        rest(told)
    );
    if let Some(Spent { calls, throttles }) = told.spent {
        let _ = writeln!(
            text,
            "{calls} calls to AWS, {throttles} of them throttled, beside judging again."
        );
    }
    text.push_str(&findings(told));
    text.push_str(&stopped(told));
    text.push_str(&open(told));
    text.push_str(&next(told));
    text
}

/// How many findings are in which state.
fn findings(told: &Told) -> String {
    let mut text = String::new();
    if !told.findings.is_empty() {
        text.push_str(if told.run.undoes.is_some() {
            "\nFindings of the run that was taken back\n"
        } else {
            "\nFindings\n"
        });
    }
    for (state, number) in &told.findings {
        let _ = writeln!(text, "{number:>6}  {}", in_words(state));
    }
    text
}

fn in_words(state: &str) -> String {
    state
        .replace('_', " ")
        .replace("verified then ", "verified then, ")
}

/// The accounts in which not everything is done, those that were left alone last.
fn stopped(told: &Told) -> String {
    let ended = told.run.state != RunState::Running;
    let (begun, left): (Vec<&RunAccountRow>, Vec<&RunAccountRow>) = told
        .accounts
        .iter()
        .filter(|account| account.state != "done")
        .partition(|account| account.state != "pending");
    let why = if told.run.message.is_some() {
        "left alone, for the reason above"
    } else {
        "not begun"
    };
    let left = left.into_iter().filter(|_| ended);
    let rows = begun
        .into_iter()
        .map(|account| (account, account.message.as_deref().unwrap_or_default()))
        .chain(left.map(|account| (account, why)))
        .map(|(account, why)| {
            vec![
                told.names.with_name(&account.account_id),
                account.wave.to_string(),
                account.state.clone(),
                why.to_owned(),
            ]
        });
    listed(
        "Accounts that stopped",
        &["account", "wave", "state", "why"],
        rows.collect(),
    )
}

/// The findings that the run was to make pass and that do not.
fn open(told: &Told) -> String {
    let rows = told
        .repairs
        .iter()
        .map(|repair| (repair, state_now(repair)))
        .filter(|(_, state)| {
            told.run.undoes.is_none() && !matches!(*state, "verified" | "not_applied" | "undone")
        })
        .map(|(repair, state)| {
            vec![
                told.names.with_name(&repair.account_id),
                repair.control.clone(),
                in_words(state),
                repair.reason.clone().unwrap_or_default(),
                repair.reason_before.clone(),
            ]
        });
    listed(
        "Findings that do not pass yet",
        &["account", "control", "state", "reason now", "reason before"],
        rows.collect(),
    )
}

/// The first rows under a title, and how many more there are; nothing without rows.
fn listed(title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let more = rows.len().saturating_sub(LISTED);
    let mut text = format!("\n{title}\n");
    let rows = rows.into_iter().take(LISTED);
    text.push_str(&grid(columns, rows, output::width()));
    if more > 0 {
        let _ = writeln!(text, "… and {more} more; `--format json` has all");
    }
    text
}

/// What became of the steps that are not done.
fn rest(told: &Told) -> String {
    let words = [
        (ActionState::Skipped, "needed not be done"),
        (ActionState::Undone, "taken back since"),
        (
            ActionState::Drifted,
            "not done, because something has changed",
        ),
        (ActionState::Failed, "failed"),
        (ActionState::Started, "begun, with an end that is not known"),
        (ActionState::Pending, "not begun"),
    ];
    let parts: Vec<String> = words
        .iter()
        .filter_map(|(state, words)| match told.steps_in(*state) {
            0 => None,
            number => Some(format!("{number} {words}")),
        })
        .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!("; {}", parts.join(", "))
    }
}

fn next(told: &Told) -> String {
    let run = &told.run;
    if run.undoes.is_some() {
        return match run.state {
            RunState::Finished => String::new(),
            _ => "\n`orgsweep remediate undo` with the same run goes on.\n".to_owned(),
        };
    }
    let mut text = String::from("\n");
    if run.state != RunState::Finished {
        let _ = writeln!(
            text,
            "Go on:      orgsweep remediate apply {} --resume",
            run.plan_id
        );
    }
    text.push_str(&plan_anew(told));
    if told
        .findings
        .keys()
        .any(|state| state.starts_with("waiting"))
    {
        let _ = writeln!(
            text,
            "By hand:    orgsweep remediate show {} lists it; the next sweep sees when it is done",
            run.plan_id
        );
    }
    if told.findings.contains_key("not_judged") {
        let _ = writeln!(
            text,
            "Judge:      orgsweep sweep{} reads again what was not judged since; the next sweep does it, too",
            accounts_not_judged(told)
        );
    }
    if run.done > 0 {
        let _ = writeln!(text, "Take back:  orgsweep remediate undo {}", run.run_id);
        let _ = writeln!(text, "Each step:  orgsweep remediate show {}", run.run_id);
    }
    text
}

/// What helps where something has changed since the plan was made: the plan does not fit any more.
fn plan_anew(told: &Told) -> String {
    let drifted = told
        .accounts
        .iter()
        .filter(|account| account.state == "drifted");
    let accounts: BTreeSet<&str> = drifted.map(|account| account.account_id.as_str()).collect();
    if accounts.is_empty() {
        return String::new();
    }
    let sweep = named_to_a_sweep(&accounts);
    let named = accounts.iter().take_while(|_| accounts.len() <= NAMED);
    let plan = named.fold(String::new(), |plan, account| {
        format!("{plan} --account {account}")
    });
    format!(
        "Plan anew:  orgsweep sweep{sweep} && orgsweep remediate plan{plan}, where something has \
         changed since the plan was made\n"
    )
}

/// The accounts whose findings were not judged again, as a flag of a sweep.
fn accounts_not_judged(told: &Told) -> String {
    let not_judged = told
        .repairs
        .iter()
        .filter(|repair| repair.state == "not_judged");
    let accounts = not_judged.map(|repair| repair.account_id.as_str());
    named_to_a_sweep(&accounts.collect())
}

/// The flag that names a few accounts to a sweep; nothing when they are many.
fn named_to_a_sweep(accounts: &BTreeSet<&str>) -> String {
    if accounts.len() > NAMED {
        return String::new();
    }
    let accounts: Vec<&str> = accounts.iter().copied().collect();
    format!(" --accounts {}", accounts.join(","))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;
    use orgsweep_store::{RepairRow, RunRow};
    use uuid::Uuid;

    use super::*;

    fn told(accounts: Vec<RunAccountRow>, repairs: Vec<RepairRow>) -> Told {
        let mut findings = BTreeMap::new();
        for repair in &repairs {
            *findings.entry(state_now(repair).to_owned()).or_default() += 1;
        }
        Told {
            run: RunRow {
                run_id: Uuid::from_u128(1),
                plan_id: Uuid::from_u128(2),
                undoes: None,
                author: "petra".to_owned(),
                caller: None,
                state: RunState::Failed,
                message: Some("stopped in wave 1: too many accounts failed".to_owned()),
                started_at: DateTime::UNIX_EPOCH,
                finished_at: None,
                steps: 0,
                done: 0,
                undone: 0,
            },
            step_states: BTreeMap::new(),
            findings,
            accounts,
            repairs,
            spent: None,
            actions: Vec::new(),
            names: [("000000000001".to_owned(), "payments".to_owned())]
                .into_iter()
                .collect(),
        }
    }

    fn account(number: usize, state: &str, message: Option<&str>) -> RunAccountRow {
        RunAccountRow {
            account_id: format!("{number:012}"),
            wave: 1,
            state: state.to_owned(),
            message: message.map(str::to_owned),
            started_at: None,
            finished_at: None,
        }
    }

    fn repair(number: usize, state: &str, verdict: &str, reason: Option<&str>) -> RepairRow {
        RepairRow {
            account_id: format!("{number:012}"),
            account_name: None,
            control: "root-usage".to_owned(),
            reason_before: "no_filter".to_owned(),
            state: state.to_owned(),
            verdict: Some(verdict.to_owned()),
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn what_was_verified_and_fails_now_is_counted_apart_and_listed_with_its_reason() {
        let repairs = vec![
            repair(1, "verified", "pass", None),
            repair(2, "verified", "fail", Some("actions_disabled")),
            repair(3, "verified", "unknown", Some("access_denied")),
        ];
        insta::assert_snapshot!(page(&told(Vec::new(), repairs)));
    }

    #[test]
    fn accounts_that_were_left_alone_come_after_those_that_failed_with_why() {
        let accounts = vec![
            account(1, "done", None),
            account(2, "pending", None),
            account(3, "failed", Some("step 1 (put_alarm): denied")),
        ];
        insta::assert_snapshot!(page(&told(accounts, Vec::new())));
    }

    #[test]
    fn what_was_not_judged_comes_with_the_command_that_does_it() {
        let unread = |number| repair(number, "not_judged", "fail", Some("no_alarm"));
        let text = page(&told(Vec::new(), vec![unread(2), unread(1)]));
        let command = "orgsweep sweep --accounts 000000000001,000000000002 reads again";
        assert!(text.contains(command), "{text}");
        let many = page(&told(Vec::new(), (1..=NAMED + 1).map(unread).collect()));
        assert!(many.contains("orgsweep sweep reads again"), "{many}");
    }

    #[test]
    fn where_something_has_changed_a_new_plan_is_what_helps() {
        let drifted = |number| account(number, "drifted", Some("step 1 (put_alarm): …"));
        let text = page(&told(
            vec![drifted(2), account(3, "done", None)],
            Vec::new(),
        ));
        let command = "orgsweep sweep --accounts 000000000002 && orgsweep remediate plan --account \
                       000000000002,";
        assert!(text.contains(command), "{text}");
        let many = page(&told((1..=NAMED + 1).map(drifted).collect(), Vec::new()));
        let command = "orgsweep sweep && orgsweep remediate plan,";
        assert!(many.contains(command), "{many}");
    }

    #[test]
    fn a_list_that_is_cut_says_how_many_more_there_are() {
        let failing = |count: usize| {
            let one = |number| repair(number, "still_failing", "fail", Some("no_alarm"));
            page(&told(Vec::new(), (1..=count).map(one).collect()))
        };
        assert!(!failing(LISTED).contains(" more;"));
        let cut = failing(LISTED + 3);
        assert!(
            cut.contains("… and 3 more; `--format json` has all"),
            "{cut}"
        );
        let failed = |number| account(number, "failed", Some("denied"));
        let cut = page(&told((1..=LISTED + 1).map(failed).collect(), Vec::new()));
        assert!(
            cut.contains("… and 1 more; `--format json` has all"),
            "{cut}"
        );
    }
}
