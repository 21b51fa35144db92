//! Log lines on stderr, and spans for those who collect traces. `ORGSWEEP_LOG` takes tracing's directives; without it `-v`
//! decides.

use std::io;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::telemetry::Export;

/// The crates of this workspace that log.
const OURS: [&str; 6] = [
    "orgsweep",
    "orgsweep_aws_access",
    "orgsweep_controls",
    "orgsweep_notify",
    "orgsweep_store",
    "orgsim",
];

/// Starts logging; spans go to `export` as well, whatever is logged.
pub(crate) fn start(verbosity: u8, json: bool, export: Option<&Export>) {
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
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    let lines = if json {
        lines.json().with_filter(filter).boxed()
    } else {
        lines.with_filter(filter).boxed()
    };
    let subscriber = tracing_subscriber::registry().with(lines);
    // A second start (tests in one process) keeps the first one's settings.
    let _ = match export {
        Some(export) => {
            let ours = Targets::new().with_targets(OURS.map(|name| (name, LevelFilter::INFO)));
            subscriber.with(export.layer().with_filter(ours)).try_init()
        }
        None => subscriber.try_init(),
    };
}
