//! Log lines on stderr. `ORGSWEEP_LOG` takes tracing's directives; without it `-v`
//! decides.

use std::io;

use tracing_subscriber::EnvFilter;

/// The crates of this workspace that log.
const OURS: [&str; 6] = [
    "orgsweep",
    "orgsweep_aws_access",
    "orgsweep_controls",
    "orgsweep_notify",
    "orgsweep_store",
    "orgsim",
];

/// Starts logging.
pub(crate) fn start(verbosity: u8, json: bool) {
    let ours = |level: &str| OURS.map(|name| format!("{name}={level}")).join(",");
    // Other crates' warnings are for those who look for a cause.
    let fallback = match verbosity {
        0 => format!("off,{}", ours("warn")),
        1 => format!("warn,{}", ours("info")),
        2 => format!("info,{}", ours("debug")),
        _ => "debug".to_owned(),
    };
    let filter =
        EnvFilter::try_from_env("ORGSWEEP_LOG").unwrap_or_else(|_| EnvFilter::new(fallback));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false);
    // A second start (tests in one process) keeps the first one's settings.
    let _ = if json {
        lines.json().try_init()
    } else {
        lines.try_init()
    };
}
