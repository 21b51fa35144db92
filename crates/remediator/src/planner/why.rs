//! Why a finding that was selected gets no steps: a code for programs, and words that say what to do.

use orgsweep_controls::{Finding, Reason, Verdict};

use super::options::Strategy;

/// Why a finding stays as it is.
pub(super) enum Why {
    PassesAlready,
    NotApplicable,
    NotRead,
    UnknownControl,
    Accepted(String),
    NotKnown(Finding),
    OtherStrategy(Strategy),
    NoRepair(Finding),
}

impl Why {
    pub(super) fn of(finding: &Finding) -> Self {
        match finding.verdict {
            Verdict::Pass => Self::PassesAlready,
            Verdict::NotApplicable => Self::NotApplicable,
            Verdict::Unknown | Verdict::Fail => Self::NotKnown(finding.clone()),
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::PassesAlready => "passes_already",
            Self::NotApplicable => "not_applicable",
            Self::NotRead => "not_read",
            Self::UnknownControl => "unknown_control",
            Self::Accepted(_) => "accepted",
            Self::NotKnown(_) => "not_known",
            Self::OtherStrategy(_) => "other_strategy",
            Self::NoRepair(_) => "no_repair",
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::PassesAlready => "passes already".to_owned(),
            Self::NotApplicable => "does not concern this account".to_owned(),
            Self::NotRead => "the account has not been read; sweep it first".to_owned(),
            Self::UnknownControl => {
                "the catalog has no such control; `orgsweep controls` lists them".to_owned()
            }
            Self::Accepted(decision) => decision.clone(),
            Self::NotKnown(finding) if !finding.evidence.missing_permissions.is_empty() => format!(
                "not known whether it fails: the scanner lacks {}; grant it and sweep again",
                finding.evidence.missing_permissions.join(", ")
            ),
            Self::NotKnown(finding) => format!(
                "not known whether it fails: {}; sweep again first",
                lower_first(finding.reason.meaning())
            ),
            Self::OtherStrategy(Strategy::Local) => {
                "no organization trail records this account, but its own do: `--strategy local` or none"
                    .to_owned()
            }
            Self::OtherStrategy(_) => {
                "the account has no trail of its own, but an organization trail records it: `--strategy central` or none"
                    .to_owned()
            }
            Self::NoRepair(finding) => match finding.reason {
                Reason::NoTrail | Reason::NoLogGroup => {
                    "no trail of this account can be mended by steps; see the human steps"
                        .to_owned()
                }
                reason => format!(
                    "no step repairs `{reason}` here; `orgsweep explain ACCOUNT CONTROL` shows why"
                ),
            },
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
