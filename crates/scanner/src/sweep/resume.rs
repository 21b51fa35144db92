//! Whether a sweep goes on where an earlier one stopped, or starts anew. A
//! decision over values.

use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_store::{SweepId, UnfinishedSweep};

use crate::output::number::{age, counted, span};
use crate::sweep::digests::Digests;

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
        () if sweep.catalog_digest != digests.catalog => {
            Some("the catalog of controls has changed since")
        }
        () if sweep.config_digest != digests.config => {
            Some("the caller, the selection, the role or the endpoint has changed since")
        }
        () => None,
    };
    let old = age(sweep.started_at, now);
    match (wish, changed) {
        (Wish::Fresh, _) => Decision::Abandon(sweep.id, "a fresh sweep was asked for".to_owned()),
        (Wish::Resume, Some(why)) => Decision::Refuse(format!(
            "the unfinished sweep cannot be resumed: {why}; `orgsweep sweep --fresh` starts anew"
        )),
        (Wish::Whatever, Some(why)) => Decision::Abandon(sweep.id, why.to_owned()),
        (Wish::Whatever, None) if old > within => Decision::Abandon(
            sweep.id,
            format!(
                "it was started {} ago, more than {}",
                span(old),
                span(within)
            ),
        ),
        (Wish::Whatever | Wish::Resume, None) => Decision::Resume(sweep.id),
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

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_A_DAY: Duration = Duration::from_hours(12);

    fn digests() -> Digests {
        Digests {
            catalog: "catalog".to_owned(),
            config: "config".to_owned(),
        }
    }

    fn decided(catalog: &str, config: &str, hours: i64, wish: Wish) -> &'static str {
        let started_at = DateTime::UNIX_EPOCH;
        let sweep = UnfinishedSweep {
            id: SweepId(uuid::Uuid::nil()),
            started_at,
            config_digest: config.to_owned(),
            catalog_digest: catalog.to_owned(),
            done: 3,
            pending: 4,
        };
        let now = started_at + chrono::TimeDelta::hours(hours);
        match decide(Some(&sweep), wish, &digests(), HALF_A_DAY, now) {
            Decision::Start => "start",
            Decision::Resume(_) => "resume",
            Decision::Abandon(..) => "abandon",
            Decision::Refuse(_) => "refuse",
        }
    }

    #[test]
    fn a_young_unfinished_sweep_is_resumed_unless_something_changed() {
        for (catalog, config, hours, wish, expected) in [
            ("catalog", "config", 1, Wish::Whatever, "resume"),
            ("catalog", "config", 13, Wish::Whatever, "abandon"),
            ("other", "config", 1, Wish::Whatever, "abandon"),
            ("catalog", "other", 1, Wish::Whatever, "abandon"),
            ("catalog", "config", 1, Wish::Resume, "resume"),
            ("catalog", "config", 99, Wish::Resume, "resume"),
            ("other", "config", 1, Wish::Resume, "refuse"),
            ("catalog", "other", 1, Wish::Resume, "refuse"),
            ("catalog", "config", 1, Wish::Fresh, "abandon"),
        ] {
            assert_eq!(
                decided(catalog, config, hours, wish),
                expected,
                "{catalog} {config} {hours} {wish:?}"
            );
        }
    }

    #[test]
    fn without_an_unfinished_sweep_only_resuming_is_refused() {
        let now = DateTime::UNIX_EPOCH;
        for (wish, starts) in [
            (Wish::Whatever, true),
            (Wish::Fresh, true),
            (Wish::Resume, false),
        ] {
            let decision = decide(None, wish, &digests(), HALF_A_DAY, now);
            assert_eq!(decision == Decision::Start, starts, "{wish:?}");
        }
    }
}
