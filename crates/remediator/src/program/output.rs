//! The two streams: results on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};

use orgsweep_remediator::Plan;
use orgsweep_remediator::estimate::{Estimate, Speed, estimate};
use orgsweep_remediator::export::table::AccountNames;
pub(crate) use orgsweep_remediator::export::table::counted;
use orgsweep_remediator::export::{shell_script, table};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use super::arguments::{Common, Format};
use super::usage;

/// The plan in the chosen form.
pub(crate) fn plan(
    plan: &Plan,
    names: &AccountNames,
    format: Format,
    whole: bool,
    estimated_at: Option<Speed>,
) -> anyhow::Result<String> {
    let estimate = estimated_at.map(|speed| estimate(plan, speed));
    Ok(match format {
        Format::Json => serde_json::to_string_pretty(&Shown { plan, estimate })? + "\n",
        Format::Jsonl => serde_json::to_string(&Shown { plan, estimate })? + "\n",
        Format::Sh => shell_script(plan),
        _ => {
            let sentence = estimate.map(|estimate| format!("\n{}\n", estimate.sentence()));
            table::page(plan, names, whole, width()) + &sentence.unwrap_or_default()
        }
    })
}

/// A plan, with what it takes when somebody asks.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<Estimate>,
}

/// The form of a plan; refused before anything is done when it has none.
pub(crate) fn plan_format(common: &Common) -> anyhow::Result<Format> {
    match common.format.unwrap_or_default() {
        Format::Csv | Format::Yaml => Err(usage(
            "a plan is printed as table, json, jsonl, sh, terraform or cloudformation",
        )),
        format => Ok(format),
    }
}

/// Writes a result to stdout.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a line for people to stderr; a closed stderr is no reason to stop.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// The width to which tables on stdout are fitted; `None` when it is no terminal.
pub(crate) fn width() -> Option<u16> {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    io::stdout()
        .is_terminal()
        .then(|| columns().unwrap_or(120).max(60))
}

/// Whether an error means that the reader of stdout went away (`| head`).
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Starts log lines on stderr. `ORGSWEEP_LOG` takes tracing's directives.
pub(crate) fn start_logging(common: &Common) {
    let fallback = match common.verbose {
        0 => "warn,sqlx=error",
        1 => "warn,orgsweep_remediator=info,orgsweep_remediate=info,orgsweep_store=info",
        2 => "info,orgsweep_remediator=debug,orgsweep_aws_access=debug,orgsweep_store=debug",
        _ => "debug",
    };
    let filter =
        EnvFilter::try_from_env("ORGSWEEP_LOG").unwrap_or_else(|_| EnvFilter::new(fallback));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false);
    let _ = match common.log_format.as_deref() {
        Some("json") => lines.json().try_init(),
        _ => lines.try_init(),
    };
}
