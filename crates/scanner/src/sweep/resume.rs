//! Whether a sweep goes on where an earlier one stopped, or starts anew. A
//! decision over values.

use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_store::{SweepId, UnfinishedSweep};

use crate::output::number::{age, counted, span};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Wish {
    /// Neither flag: go on when that makes sense.
    #[default]
    Whatever,
    /// `--resume`.
    Resume,
    /// `--fresh`.
    Fresh,
}

/// What to do about an unfinished sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// There is none: start.
    Start,
    /// Go on with it.
    Resume(SweepId),
    /// Give it up, for this reason, and start anew.
    Abandon(SweepId, String),
    /// Do nothing: what was asked for cannot be done.
    Refuse(String),
}

/// Digests of what decides a sweep's results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digests {
    /// Of the catalog.
    pub(crate) catalog: String,
    /// Of the configuration: selection, role, endpoint.
    pub(crate) config: String,
}

/// Decides about an unfinished sweep.
pub(crate) fn decide(
    unfinished: Option<&UnfinishedSweep>,
    wish: Wish,
    digests: &Digests,
    within: Duration,
    now: DateTime<Utc>,
) -> Decision {
    let Some(sweep) = unfinished else {
        return match wish {
            Wish::Resume => Decision::Refuse(
                "there is no unfinished sweep to resume; `orgsweep sweep` starts one".to_owned(),
            ),
            Wish::Whatever | Wish::Fresh => Decision::Start,
        };
    };
    let changed = match () {
        () if sweep.catalog_digest != digests.catalog => Some("the catalog of controls has changed since"),
        () if sweep.config_digest != digests.config => Some("the selection, role or endpoint has changed since"),
        () => None,
    };
    let old = age(sweep.started_at, now);
    match (wish, changed) {
        (Wish::Fresh, _) => Decision::Abandon(sweep.id, "a fresh sweep was asked for".to_owned()),
        (Wish::Resume, Some(why)) => Decision::Refuse(format!(
            "the unfinished sweep cannot be resumed: {why}; `orgsweep sweep --fresh` starts anew"
        )),
        (Wish::Resume, None) => Decision::Resume(sweep.id),
        (Wish::Whatever, Some(why)) => Decision::Abandon(sweep.id, why.to_owned()),
        (Wish::Whatever, None) if old > within => Decision::Abandon(
            sweep.id,
            format!("it was started {} ago, more than {}", span(old), span(within)),
        ),
        (Wish::Whatever, None) => Decision::Resume(sweep.id),
    }
}

/// What is told about a sweep that is resumed.
pub(crate) fn resuming(sweep: &UnfinishedSweep, now: DateTime<Utc>) -> String {
    format!(
        "going on with the sweep that was started {} ago: {} done, {} to go",
        span(age(sweep.started_at, now)),
        counted(sweep.done, "account"),
        sweep.pending
    )
}
