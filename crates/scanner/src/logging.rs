//! Log lines on stderr. `ORGSWEEP_LOG` takes tracing's directives; without it `-v`
//! decides.

use std::io;

use tracing_subscriber::EnvFilter;

/// Starts logging.
pub(crate) fn start(verbosity: u8, json: bool) {
    let fallback = match verbosity {
        0 => "warn,sqlx=error,wasmer_wasix=off",
        1 => "warn,wasmer_wasix=off,orgsweep=info,orgsweep_aws_access=info,orgsweep_store=info,orgsweep_controls=info",
        2 => "info,wasmer_wasix=off,orgsweep=debug,orgsweep_aws_access=debug,orgsweep_store=debug,orgsweep_controls=debug",
        _ => "debug,wasmer_wasix=warn",
    };
    let filter = EnvFilter::try_from_env("ORGSWEEP_LOG").unwrap_or_else(|_| EnvFilter::new(fallback));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false);
    // A second start (tests in one process) keeps the first one's settings.
    let _ = if json { lines.json().try_init() } else { lines.try_init() };
}
