//! Chains, link by link, each with what was found.

use orgsweep_controls::finding::{Evidence, LinkKind, LinkState, Verdict};

use super::line;
use crate::output::escape::escaped;
use crate::output::number::counted;
use crate::output::style::{self, FAINT, styled};

/// Chains that are shown in full; the others are counted.
const CHAINS_SHOWN: usize = 3;

/// Draws the chains, best first. A chain that holds under a verdict that is no
/// pass does so only for what its filters match.
pub(super) fn draw(out: &mut String, evidence: &Evidence, verdict: Verdict) {
    let (chains, all) = (
        &evidence.chains,
        evidence.chains.len() + evidence.more_chains,
    );
    for (index, chain) in chains.iter().take(CHAINS_SHOWN).enumerate() {
        line(out, "");
        let state = match chain.state {
            LinkState::Holds if verdict == Verdict::Pass => "holds",
            LinkState::Holds => "works for what its filters match",
            LinkState::Broken => "is broken",
            LinkState::Unknown => "is not known",
        };
        let number = if all == 1 {
            String::new()
        } else {
            format!(" {} of {all}", index + 1)
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
    let left = all - chains.len().min(CHAINS_SHOWN);
    if left > 0 {
        let in_json = match chains.len() {
            kept if kept == all => "has them all".to_owned(),
            kept => format!("has the first {kept}"),
        };
        let left = counted(left as u64, "more chain");
        line(out, &format!("… and {left} (`--format json` {in_json})"));
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
