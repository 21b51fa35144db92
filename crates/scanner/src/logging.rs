//! Log lines on stderr, and spans for those who collect traces. `ORGSWEEP_LOG` takes tracing's
//! directives; without it `-v` decides.

use std::io;

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt as _};
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
        lines.json().with_filter(EachTime(filter)).boxed()
    } else {
        lines.with_filter(EachTime(filter)).boxed()
    };
    let subscriber = tracing_subscriber::registry().with(lines);
    // A second start (tests in one process) keeps the first one's settings.
    let _ = match export {
        Some(export) => {
            let ours = Targets::new().with_targets(OURS.map(|name| (name, LevelFilter::INFO)));
            let spans = export.layer().with_filter(EachTime(ours));
            subscriber.with(spans).try_init()
        }
        None => subscriber.try_init(),
    };
}

/// A filter that is asked about every event. One that answers once for all takes the answer to
/// a library's question whether anybody listens (sqlx asks it) for that of the next event, which is
/// lost then.
struct EachTime<F>(F);

impl<S: Subscriber, F: Filter<S>> Filter<S> for EachTime<F> {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        self.0.enabled(metadata, context)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let interest = self.0.callsite_enabled(metadata);
        if interest.is_never() {
            interest
        } else {
            Interest::sometimes()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.max_level_hint()
    }

    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(span, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.0.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.on_close(id, context);
    }
}
