//! Traces for OpenTelemetry: a span for each sweep and one for each account in it, exported over
//! HTTP to a collector where one is set. Every sweep has a trace id, exported or not: log lines
//! carry it, and who asks for a sweep with a W3C `traceparent` gives it.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, SdkTracerProvider, Tracer as SdkTracer,
};
use orgsweep_store::SweepId;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::config::Settings;
use crate::exit::usage;

/// How long the end of the program may be held up by spans that are not exported yet.
const CLOSING: Duration = Duration::from_secs(5);
/// How long one request to the collector may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Where collectors take traces, below the endpoint (OTLP/HTTP).
const TRACES: &str = "v1/traces";

/// Spans on their way to a collector.
pub(crate) struct Export {
    provider: SdkTracerProvider,
}

impl Export {
    /// What the settings and OpenTelemetry's own variables ask for; `None` when that is nothing.
    ///
    /// # Errors
    /// When the endpoint is no URL.
    pub(crate) fn new(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let is = |name: &str, value: &str| {
            variable(name).is_some_and(|text| text.eq_ignore_ascii_case(value))
        };
        if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        let endpoint = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
            let base = settings.otlp_endpoint.as_deref()?;
            Some(format!("{}/{TRACES}", base.trim_end_matches('/')))
        });
        let Some(endpoint) = endpoint else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client(&endpoint)?)
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| usage(format!("traces cannot be exported: {error}")))?;
        let mut resource = Resource::builder()
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        if variable("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("orgsweep");
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_id_generator(Ids::default())
            .with_batch_exporter(exporter)
            .build();
        Ok(Some(Self { provider }))
    }

    /// What turns the program's spans into OpenTelemetry's.
    pub(crate) fn layer<S>(&self) -> OpenTelemetryLayer<S, SdkTracer>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_location(false)
            .with_threads(false)
            .with_tracer(self.provider.tracer("orgsweep"))
    }

    /// Exports what is left, for a while.
    pub(crate) fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(CLOSING) {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// A client that follows no redirect, which would take a collector's token elsewhere.
fn client(endpoint: &str) -> anyhow::Result<reqwest::blocking::Client> {
    let invalid = |why: &str| usage(format!("`telemetry.otlp_endpoint` {why}"));
    let url: reqwest::Url = endpoint
        .parse()
        .map_err(|_| invalid("is not a URL like `http://localhost:4318`"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("must begin with `http://` or `https://`"));
    }
    let host = url.host_str().unwrap_or_default();
    let local = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let mut builder = reqwest::blocking::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LONGEST);
    if local {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| usage(format!("traces cannot be exported: {error}")))
}

/// The trace that a sweep belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    id: TraceId,
    /// The caller's span, and whether the caller records it.
    parent: Option<(SpanId, TraceFlags)>,
}

impl Trace {
    /// A new one.
    pub(crate) fn new() -> Self {
        Self::of(uuid::Uuid::now_v7())
    }

    /// The one of the accounts that workers read in a sweep: its id is the sweep's.
    pub(crate) fn of_sweep(sweep: SweepId) -> Self {
        Self::of(sweep.0)
    }

    fn of(id: uuid::Uuid) -> Self {
        Self {
            id: TraceId::from(id.as_u128()),
            parent: None,
        }
    }

    /// That of W3C's header `traceparent`: version, 32 digits, 16 digits, flags; `None` where it
    /// is none.
    pub(crate) fn of_header(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-').skip(1);
        let lowercase = |part: &&str, length: usize| {
            part.len() == length
                && part
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let id = parts.next().filter(|part| lowercase(part, 32))?;
        let span = parts.next().filter(|part| lowercase(part, 16))?;
        let flags = parts.next().filter(|part| lowercase(part, 2))?;
        let (id, span) = (TraceId::from_hex(id).ok()?, SpanId::from_hex(span).ok()?);
        if id == TraceId::INVALID || span == SpanId::INVALID {
            return None;
        }
        let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
        Some(Self {
            id,
            parent: Some((span, flags)),
        })
    }

    /// Puts a span that was just made, and nobody has entered, into this trace.
    pub(crate) fn takes(&self, span: &Span) {
        if let Some((parent, flags)) = self.parent {
            let parent = SpanContext::new(self.id, parent, flags, true, TraceState::NONE);
            // Without an exporter there is nothing to put it into.
            let _ = span.set_parent(Context::new().with_remote_span_context(parent));
        } else {
            NEXT.set(Some(self.id));
            // Asking for its context makes the exported span, with the id that comes next.
            let _ = span.context();
            NEXT.set(None);
        }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)
    }
}

thread_local! {
    /// The id of the trace that this thread begins next.
    static NEXT: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// Ids of traces that are known before, else random ones.
#[derive(Debug, Default)]
struct Ids {
    random: RandomIdGenerator,
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        NEXT.take().unwrap_or_else(|| self.random.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.random.new_span_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_where_the_header_is_right() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        for (text, expected) in [
            (format!("00-{id}-b7ad6b7169203331-01"), Some(id)),
            (
                format!("00-{}-b7ad6b7169203331-01", id.to_uppercase()),
                None,
            ),
            ("00-1234-b7ad6b7169203331-01".to_owned(), None),
            (format!("00-{id}"), None),
            (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), None),
            (String::new(), None),
        ] {
            let trace = Trace::of_header(&text).map(|trace| trace.to_string());
            assert_eq!(trace.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_trace_is_shown_as_32_digits() {
        let shown = Trace::new().to_string();
        assert!(
            shown.len() == 32 && shown.bytes().all(|b| b.is_ascii_hexdigit()),
            "{shown}"
        );
    }
}
