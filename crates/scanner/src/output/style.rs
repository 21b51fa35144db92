//! Colours. They are always written; the streams of [`super::terminal`] take
//! them out where they are not wanted (`NO_COLOR`, no terminal).

use anstyle::{AnsiColor, Style};
use orgsweep_controls::finding::{LinkState, Verdict};

/// Headings and what matters most.
pub(crate) const STRONG: Style = Style::new().bold();
/// What can be skipped.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// Good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Bad.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Doubtful.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

/// `text` in `style`.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The colour of a verdict.
pub(crate) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Pass => GOOD,
        Verdict::Fail => BAD,
        Verdict::Unknown => DOUBTFUL,
        Verdict::NotApplicable => FAINT,
    }
}

/// The colour of a link.
pub(crate) fn of_link(state: LinkState) -> Style {
    match state {
        LinkState::Holds => GOOD,
        LinkState::Broken => BAD,
        LinkState::Unknown => DOUBTFUL,
    }
}
