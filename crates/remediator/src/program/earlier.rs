//! What earlier runs of a plan mean for whoever applies it now.

use anyhow::bail;
use orgsweep_store::{RunRow, RunState};

use super::usage;

/// What earlier runs of the plan mean for this one.
pub(super) enum Earlier {
    /// Nothing: start.
    Start,
    /// Go on with this one.
    GoOn(RunRow),
    /// Everything has been done.
    Done(RunRow),
}

/// Decides about earlier runs of the plan, the newest first.
pub(super) fn earlier(runs: Vec<RunRow>, resume: bool) -> anyhow::Result<Earlier> {
    let last = runs.into_iter().find(|run| run.undoes.is_none());
    let Some(run) = last.filter(|run| run.undone == 0) else {
        if resume {
            bail!(usage(
                "there is no run of this plan to go on with; leave `--resume` out"
            ));
        }
        return Ok(Earlier::Start);
    };
    if run.state == RunState::Finished {
        return Ok(Earlier::Done(run));
    }
    if resume {
        return Ok(Earlier::GoOn(run));
    }
    let how = match run.state {
        RunState::Failed => "could not do everything",
        _ => "was cut short",
    };
    bail!(
        "run {} of this plan {how}: `--resume` goes on with it, `orgsweep remediate undo {}` takes \
         back what it did",
        run.run_id,
        run.run_id
    )
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use uuid::Uuid;

    use super::*;

    fn run(state: RunState, undone: i64, undoes: Option<Uuid>) -> RunRow {
        RunRow {
            run_id: Uuid::from_u128(1),
            plan_id: Uuid::from_u128(2),
            undoes,
            author: "me".to_owned(),
            caller: None,
            state,
            message: None,
            started_at: Utc::now(),
            finished_at: None,
            steps: 3,
            done: 3 - undone,
            undone,
        }
    }

    #[test]
    #[rustfmt::skip]
    fn an_earlier_run_is_gone_on_with_only_when_somebody_says_so() {
        use RunState::{Failed, Finished, Interrupted, Running};
        let undoing = Some(Uuid::from_u128(9));
        for (runs, resume, expected) in [
            (vec![],                          false, "start"),
            (vec![],                          true,  "error"),
            (vec![run(Finished, 0, None)],    false, "done"),
            (vec![run(Finished, 3, None)],    false, "start"),
            (vec![run(Finished, 0, undoing), run(Finished, 3, None)], false, "start"),
            (vec![run(Interrupted, 0, None)], false, "error"),
            (vec![run(Interrupted, 0, None)], true,  "on"),
            (vec![run(Running, 0, None)],     true,  "on"),
            (vec![run(Failed, 0, None)],      true,  "on"),
            (vec![run(Failed, 0, None)],      false, "error"),
            (vec![run(Failed, 1, None)],      true,  "error"),
        ] {
            let words = format!("{runs:?} {resume}");
            let found = match earlier(runs, resume) {
                Ok(Earlier::Start) => "start",
                Ok(Earlier::GoOn(_)) => "on",
                Ok(Earlier::Done(_)) => "done",
                Err(_) => "error",
            };
            assert_eq!(found, expected, "{words}");
        }
    }
}
