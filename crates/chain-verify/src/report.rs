//! What a verification found.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The result of a verification.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Seed of the first organization.
    pub seed: u64,
    /// Organizations that were built and swept.
    pub organizations: usize,
    /// Verdicts that were compared.
    pub chains: usize,
    /// Verdicts by kind.
    pub verdicts: BTreeMap<String, usize>,
    /// Verdicts by reason code.
    pub reasons: BTreeMap<String, usize>,
    /// Events that happened.
    pub events: usize,
    /// Verdicts that could not be compared because the simulator does not know how to do something.
    pub not_simulated: BTreeMap<String, usize>,
    /// How many verdicts what happens contradicts.
    pub disagreements: usize,
    /// The first of each kind.
    pub found: Vec<Disagreement>,
    /// How many are told in full, in all and of one kind.
    #[serde(skip)]
    told: (usize, usize),
}

/// A verdict that what happens contradicts.
#[derive(Debug, Clone, Serialize)]
pub struct Disagreement {
    /// Seed of its organization.
    pub seed: u64,
    /// Account number.
    pub account: String,
    /// Control.
    pub control: String,
    /// The verdict.
    pub verdict: String,
    /// Its reason.
    pub reason: String,
    /// Its summary.
    pub summary: String,
    /// What happened instead.
    pub happened: String,
    /// What was changed in the account, and in those that it relies on.
    pub changes: Vec<String>,
}

impl Disagreement {
    /// What the last step that stopped says, for telling kinds of disagreements apart.
    fn last_step(&self) -> Option<&str> {
        let mut lines = self.happened.lines().skip_while(|line| !line.contains('✗'));
        lines.nth(1).map(str::trim)
    }
}

impl Report {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            organizations: 0,
            chains: 0,
            verdicts: ["pass", "fail", "unknown"]
                .map(|verdict| (verdict.to_owned(), 0))
                .into(),
            reasons: BTreeMap::new(),
            events: 0,
            not_simulated: BTreeMap::new(),
            disagreements: 0,
            found: Vec::new(),
            told: (30, 3),
        }
    }

    /// A report that tells every disagreement.
    pub(crate) fn telling_all(seed: u64) -> Self {
        Self {
            told: (usize::MAX, usize::MAX),
            ..Self::new(seed)
        }
    }

    pub(crate) fn disagree(&mut self, disagreement: Disagreement) {
        self.disagreements += 1;
        let kind = (
            &disagreement.verdict,
            &disagreement.reason,
            disagreement.last_step(),
        );
        let of_this_kind = self
            .found
            .iter()
            .filter(|known| (&known.verdict, &known.reason, known.last_step()) == kind)
            .count();
        if self.found.len() < self.told.0 && of_this_kind < self.told.1 {
            self.found.push(disagreement);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} verdicts in {} organizations compared with {} events: {} disagreements (seed {})",
            self.chains, self.organizations, self.events, self.disagreements, self.seed
        )?;
        for (name, count) in &self.verdicts {
            writeln!(f, "  {name:16} {count:>8}")?;
        }
        writeln!(f, "By reason")?;
        for (reason, count) in &self.reasons {
            writeln!(f, "  {reason:32} {count:>8}")?;
        }
        if !self.not_simulated.is_empty() {
            writeln!(f, "Not compared, for want of a simulation")?;
            for (what, count) in &self.not_simulated {
                writeln!(f, "  {count:>8}  {what}")?;
            }
        }
        for found in &self.found {
            writeln!(f, "\n{found}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "seed {}, account {}, {}: {} ({})",
            self.seed, self.account, self.control, self.verdict, self.reason
        )?;
        writeln!(f, "  says      {}", self.summary)?;
        writeln!(
            f,
            "  happened  {}",
            self.happened.replace('\n', "\n            ")
        )?;
        for change in &self.changes {
            writeln!(f, "  change    {change}")?;
        }
        Ok(())
    }
}
