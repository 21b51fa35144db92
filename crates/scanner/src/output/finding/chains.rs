//! Chains, link by link, each with what was found.

use orgsweep_controls::finding::{Chain, LinkKind, LinkState, Verdict};

use super::line;
use crate::output::escape::escaped;
use crate::output::number::counted;
use crate::output::style::{self, FAINT, styled};

/// Chains that are shown in full; the others are counted.
const CHAINS_SHOWN: usize = 3;

/// Draws the chains, best first. A chain that holds under a verdict that is no
/// pass does so only for what its filters match.
pub(super) fn draw(out: &mut String, chains: &[Chain], verdict: Verdict) {
    for (index, chain) in chains.iter().take(CHAINS_SHOWN).enumerate() {
        line(out, "");
        let state = match chain.state {
            LinkState::Holds if verdict == Verdict::Pass => "holds",
            LinkState::Holds => "works for what its filters match",
            LinkState::Broken => "is broken",
            LinkState::Unknown => "is not known",
        };
        let number = if chains.len() == 1 {
            String::new()
        } else {
            format!(" {} of {}", index + 1, chains.len())
        };
        let reason = chain
            .reason
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        line(out, &format!("Chain{number} {state}{reason}"));
        for (at, link) in chain.links.iter().enumerate() {
            let last = at + 1 == chain.links.len();
            let (branch, stem) = if last {
                ("└─", "  ")
            } else {
                ("├─", "│ ")
            };
            let mark = styled(style::of_link(link.state), mark_of(link.state));
            line(
                out,
                &format!(
                    "{branch} {mark} {:<12} {}",
                    name_of(link.kind),
                    escaped(&link.resource)
                ),
            );
            if !link.detail.is_empty() {
                line(
                    out,
                    &format!(
                        "{stem}   {:<12} {}",
                        "",
                        styled(FAINT, &escaped(&link.detail))
                    ),
                );
            }
        }
    }
    if chains.len() > CHAINS_SHOWN {
        line(
            out,
            &format!(
                "… and {} (`--format json` has them all)",
                counted((chains.len() - CHAINS_SHOWN) as u64, "more chain")
            ),
        );
    }
}

fn mark_of(state: LinkState) -> &'static str {
    match state {
        LinkState::Holds => "✓",
        LinkState::Broken => "✗",
        LinkState::Unknown => "?",
    }
}

fn name_of(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Trail => "trail",
        LinkKind::LogGroup => "log group",
        LinkKind::Filter => "filter",
        LinkKind::Metric => "metric",
        LinkKind::Alarm => "alarm",
        LinkKind::Action => "action",
        LinkKind::Subscription => "subscription",
    }
}
