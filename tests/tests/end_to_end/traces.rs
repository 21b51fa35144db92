//! Traces: sweeps and their accounts as spans at a collector, under the trace ids that logs and
//! answers name; without a collector, or with one that is gone, everything else is as it was.

use std::collections::BTreeSet;

use orgsweep_tests::collector::{Collector, Exported};
use orgsweep_tests::service::NEVER;
use orgsweep_tests::{Installation, Service, until};

use crate::simulated::Simulated;

const ENDPOINT: &str = "ORGSWEEP_TELEMETRY_OTLP_ENDPOINT";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_exports_its_sweep_under_the_trace_of_whoever_asked() {
    let simulated = Simulated::demo().await;
    let collector = Collector::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set(ENDPOINT, &collector.url());
    let service = Service::start(&installation, NEVER).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{trace}-b7ad6b7169203331-01");
    let asked = [("traceparent", traceparent.as_str())];
    let (status, body) = service.ask("POST", "/sweeps", &asked).await;
    assert_eq!((status, body.contains(trace)), (202, true), "{body}");
    let ended = "orgsweep_sweeps_total{trigger=\"api\",result=\"finished\"}";
    service.has(ended, 1.0).await;
    // The second one is nobody else's: its trace is new.
    let body = until("the service to be ready for the next sweep", || async {
        let (status, body) = service.ask("POST", "/sweeps", &[]).await;
        (status == 202).then_some(body)
    })
    .await;
    service.has(ended, 2.0).await;
    let log = service.stop().await;

    let spans = collector.spans();
    let [asked_for, own] = &named(&spans, "sweep")[..] else {
        panic!("two sweeps: {spans:?}");
    };
    assert_eq!(asked_for.trace, trace);
    assert_eq!(
        asked_for.parent,
        [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]
    );
    assert!(asked_for.service.contains("orgsweep"), "{asked_for:?}");
    assert!(body.contains(&own.trace), "{body} of {own:?}");
    assert!(own.parent.is_empty(), "{own:?}");
    for sweep in [asked_for, own] {
        assert!(
            log.contains(&sweep.trace),
            "{} is in no log line",
            sweep.trace
        );
        let accounts = accounts_of(&spans, sweep);
        assert!(accounts > 50, "{accounts} accounts below {sweep:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_and_its_workers_export_their_accounts() {
    let simulated = Simulated::demo().await;
    let collector = Collector::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    // OpenTelemetry's own variable.
    installation.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url());
    installation.set("ORGSWEEP_SWEEP_SHARED", "true");
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    simulated.slow_down(10);
    let worker = installation.start(&["worker"]);
    worker.has_said("waiting for accounts").await;
    installation
        .run(&["sweep", "-v", "--log-format", "json"])
        .await
        .with_code(0);
    worker.signal("TERM").await;
    worker.end().await.with_code(0);
    let spans = collector.spans();
    let [sweep] = &named(&spans, "sweep")[..] else {
        panic!("one sweep: {spans:?}");
    };
    let id = installation
        .query("select sweep_id::text as id from coverage_of_sweep")
        .await;
    let of_workers: BTreeSet<String> = named(&spans, "account")
        .into_iter()
        .map(|span| span.trace)
        .filter(|trace| *trace != sweep.trace)
        .collect();
    let id = id[0]["id"].as_str().unwrap_or_default().replace('-', "");
    assert_eq!(of_workers, BTreeSet::from([id]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_gone_holds_up_nothing() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    // Nothing listens on the discard port of this machine.
    installation.set(ENDPOINT, "http://127.0.0.1:9");
    installation.run(&["sweep"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
    installation.set(ENDPOINT, "localhost:4318");
    installation
        .run(&["sweep"])
        .await
        .with_code(2)
        .saying(&["telemetry.otlp_endpoint", "http://"]);
}

fn named(spans: &[Exported], name: &str) -> Vec<Exported> {
    let mut named = spans.to_vec();
    named.retain(|span| span.name == name);
    named
}

/// How many accounts are directly below a sweep.
fn accounts_of(spans: &[Exported], sweep: &Exported) -> usize {
    named(spans, "account")
        .iter()
        .filter(|span| span.trace == sweep.trace && span.parent == sweep.id)
        .count()
}
