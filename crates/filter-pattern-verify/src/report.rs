//! What a run found: counts, and the disagreements with their smallest cases.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use crate::nodes::Nodes;

/// How many disagreements are kept with their cases; all are counted.
const SHOWN: usize = 20;

/// Two ways that did not come to the same answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What was checked.
    pub check: &'static str,
    /// The number of the case, with which it can be made again.
    pub case: u64,
    /// The smallest case that goes wrong.
    pub shown: String,
}

/// What a run or a part of it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Pairs of a pattern and a message that were evaluated in both ways.
    pub pairs: u64,
    /// How many of them match.
    pub matching: u64,
    /// Coverage questions that were decided in both ways.
    pub questions: u64,
    /// Events of different kinds that the searches looked at.
    pub events: u64,
    /// How often each thing was counted: answers, reasons, checks.
    pub counts: BTreeMap<String, u64>,
    /// Constructs that were generated.
    pub nodes: Nodes,
    /// How many disagreements there were.
    pub disagreements: u64,
    /// The first of them.
    pub shown: Vec<Disagreement>,
}

impl Report {
    /// Counts one.
    pub fn count(&mut self, name: impl Into<String>) {
        *self.counts.entry(name.into()).or_default() += 1;
    }

    /// How often something was counted.
    pub fn counted(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or(0)
    }

    /// Records a disagreement.
    pub fn disagree(&mut self, check: &'static str, case: u64, shown: impl FnOnce() -> String) {
        self.disagreements += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(Disagreement {
                check,
                case,
                shown: shown(),
            });
        }
    }

    /// Adds what another part of the run found; parts are added in order.
    pub fn add(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.matching += other.matching;
        self.questions += other.questions;
        self.events += other.events;
        for (name, count) in other.counts {
            *self.counts.entry(name).or_default() += count;
        }
        self.nodes.add(&other.nodes);
        self.disagreements += other.disagreements;
        let room = SHOWN.saturating_sub(self.shown.len());
        self.shown.extend(other.shown.into_iter().take(room));
    }

    /// The report as JSON.
    pub fn to_json(&self, seed: u64) -> Value {
        let nodes: serde_json::Map<String, Value> = self
            .nodes
            .counts()
            .map(|(name, count)| (name.to_owned(), count.into()))
            .collect();
        let shown: Vec<Value> = self
            .shown
            .iter()
            .map(|it| json!({ "check": it.check, "case": it.case, "shown": it.shown }))
            .collect();
        json!({
            "seed": seed,
            "pairs": self.pairs,
            "matching": self.matching,
            "coverage_pairs": self.questions,
            "events": self.events,
            "disagreements": self.disagreements,
            "cases": shown,
            "counts": self.counts,
            "constructs": nodes,
            "constructs_missing": self.nodes.missing(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = String::new();
        let _ = writeln!(
            lines,
            "pairs of pattern and message  {} ({} match)",
            self.pairs, self.matching
        );
        let _ = writeln!(
            lines,
            "coverage questions            {} ({} events searched)",
            self.questions, self.events
        );
        for (name, count) in &self.counts {
            let _ = writeln!(lines, "  {name:<44} {count}");
        }
        let _ = writeln!(lines, "constructs generated");
        for (name, count) in self.nodes.counts() {
            let _ = writeln!(lines, "  {name:<44} {count}");
        }
        for missing in self.nodes.missing() {
            let _ = writeln!(lines, "never generated: {missing}");
        }
        for it in &self.shown {
            let _ = writeln!(
                lines,
                "\ndisagreement: {} (case {})\n  {}",
                it.check, it.case, it.shown
            );
        }
        let _ = write!(
            lines,
            "disagreements                 {}",
            self.disagreements
        );
        formatter.write_str(&lines)
    }
}
