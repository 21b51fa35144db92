//! Is what orgsweep says true? Random organizations are built in the simulator,
//! swept over its API as any organization is, and judged; then the events that the
//! verdicts speak about happen in the simulator, and what comes of them is compared
//! with the verdicts:
//!
//! - `pass`: every event of the control, in every Region, brought a message, however
//!   often it happened, whether other events arrived meanwhile or not;
//! - `fail`: the finding's witness, or else some event of the control, brought none;
//! - whatever happens, no `pass` rests on an alarm of a kind that is left undecided;
//! - `unknown`: counted by reason; nothing is claimed, so nothing is compared.
//!
//! The verdicts and the simulator share the pattern language's parser and matcher
//! (`filter-pattern`), which is verified on its own, and nothing else.

mod events;
mod happen;
mod mutation;
mod organization;
mod report;
mod sweep;
mod undecided;

pub use report::{Disagreement, Report};

/// Numbers of changes an account to which a disagreement is cut down, where it stays one.
const FEWER_CHANGES: [usize; 3] = [1, 2, 4];

/// Judges organizations until `chains` verdicts were compared, each organization from its own seed.
///
/// # Errors
/// When the simulator cannot be started or an organization cannot be swept.
pub async fn verify(chains: usize, seed: u64, progress: &dyn Fn(usize)) -> anyhow::Result<Report> {
    let mut report = Report::new(seed);
    let mut number = 0;
    while report.chains < chains {
        verify_organization(seed.wrapping_add(number), None, &mut report).await?;
        progress(report.chains);
        number += 1;
    }
    for place in 0..report.found.len() {
        if let Some(smaller) = cut_down(&report.found[place]).await? {
            report.found[place] = smaller;
        }
    }
    Ok(report)
}

/// Judges one organization, with the first `changes` of the changes that were drawn for each account.
async fn verify_organization(
    seed: u64,
    changes: Option<usize>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let built = organization::build(seed, changes)?;
    let judged = sweep::judged(&built.world, seed).await?;
    happen::compare(&built, &judged, seed, report);
    Ok(())
}

/// The same disagreement in an organization with fewer changes.
async fn cut_down(found: &Disagreement) -> anyhow::Result<Option<Disagreement>> {
    for changes in FEWER_CHANGES {
        let mut report = Report::telling_all(found.seed);
        verify_organization(found.seed, Some(changes), &mut report).await?;
        let same = report.found.into_iter().find(|smaller| {
            (&smaller.account, &smaller.control, &smaller.verdict)
                == (&found.account, &found.control, &found.verdict)
        });
        if same.is_some() {
            return Ok(same);
        }
    }
    Ok(None)
}
