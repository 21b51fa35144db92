//! Is what orgsweep says true? Random organizations are built in the simulator,
//! swept over its API as any organization is, and judged; then the events that the
//! verdicts speak about happen in the simulator, and what comes of them is compared
//! with the verdicts:
//!
//! - `pass`: every event of the control, in every Region, brought a message, however
//!   often it happened, whether other events arrived meanwhile or not;
//! - `fail`: the finding's witness, or else some event of the control, brought none;
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

pub use report::{Disagreement, Report};

/// Judges organizations until `chains` verdicts were compared, each organization from its own seed.
///
/// # Errors
/// When the simulator cannot be started or an organization cannot be swept.
pub async fn verify(
    chains: usize,
    seed: u64,
    progress: &dyn Fn(usize),
) -> anyhow::Result<Report> {
    let mut report = Report::new(seed);
    let mut number = 0;
    while report.chains < chains {
        let of_organization = seed.wrapping_add(number);
        verify_organization(of_organization, None, &mut report).await?;
        progress(report.chains);
        number += 1;
    }
    Ok(report)
}

/// Judges one organization, with the first `mutations` of its drawn mutations in each account only,
/// when a number is given.
async fn verify_organization(
    seed: u64,
    mutations: Option<usize>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let built = organization::build(seed, mutations)?;
    let judged = sweep::judged(&built.world, seed).await?;
    happen::compare(&built, &judged, seed, report);
    Ok(())
}
