//! The service's figures, for Prometheus. Labels have few values: no account, no ARN.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::{DateTime, Utc};
use orgsweep_aws_access::{Access, Counters};
use orgsweep_store::SweepSummary;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

type Figure = Gauge<f64, AtomicU64>;

/// Labels of a family; each field is one.
macro_rules! labels {
    ($($name:ident { $($field:ident),* })*) => {
        $(
            #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
            struct $name { $($field: String),* }
        )*
    };
}

labels! {
    Build { version }
    Ended { trigger, result }
    Outcome { outcome, reason }
    Judged { control, verdict }
    Changed { change }
    State { state }
    BudgetOf { budget }
}

/// The registry and what is in it.
pub(crate) struct Metrics {
    registry: Registry,
    sweeps: Family<Ended, Counter>,
    sweep_seconds: Histogram,
    sweeping: Gauge,
    in_sweep: Family<State, Gauge>,
    last_finished: Figure,
    last_seconds: Figure,
    next: Figure,
    accounts: Family<Outcome, Gauge>,
    findings: Family<Judged, Gauge>,
    changes: Family<Changed, Gauge>,
    calls: Counter,
    throttles: Counter,
    retries: Counter,
    waited: Counter<f64, AtomicU64>,
    budgets: Family<BudgetOf, Figure>,
    notifications: Family<State, Gauge>,
    database: Gauge,
    connections: Gauge,
    tasks: Gauge,
    /// What was counted of the access that is in use.
    counted: Mutex<Counters>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("orgsweep");
        let sweep_seconds = Histogram::new(exponential_buckets(1.0, 2.0, 16));
        let build: Family<Build, Gauge> = Family::default();
        build
            .get_or_create(&Build {
                version: env!("CARGO_PKG_VERSION").to_owned(),
            })
            .set(1);
        registry.register("build_info", "Version of the program", build);
        let new = Self {
            sweeps: Family::default(),
            sweep_seconds,
            sweeping: Gauge::default(),
            in_sweep: Family::default(),
            last_finished: Figure::default(),
            last_seconds: Figure::default(),
            next: Figure::default(),
            accounts: Family::default(),
            findings: Family::default(),
            changes: Family::default(),
            calls: Counter::default(),
            throttles: Counter::default(),
            retries: Counter::default(),
            waited: Counter::default(),
            budgets: Family::default(),
            notifications: Family::default(),
            database: Gauge::default(),
            connections: Gauge::default(),
            tasks: Gauge::default(),
            counted: Mutex::default(),
            registry: Registry::default(),
        };
        registry.register(
            "sweeps",
            "Sweeps of this process, by how they ended",
            new.sweeps.clone(),
        );
        registry.register_with_unit(
            "sweep_duration",
            "How long finished sweeps of this process took",
            Unit::Seconds,
            new.sweep_seconds.clone(),
        );
        registry.register(
            "sweep_running",
            "Whether this process is sweeping",
            new.sweeping.clone(),
        );
        registry.register(
            "sweep_accounts",
            "Accounts of the running sweep, by state: queued, ended, failed",
            new.in_sweep.clone(),
        );
        registry.register(
            "last_sweep_finished_timestamp_seconds",
            "When the last sweep ended that any process has done",
            new.last_finished.clone(),
        );
        registry.register_with_unit(
            "last_sweep_duration",
            "How long it took",
            Unit::Seconds,
            new.last_seconds.clone(),
        );
        registry.register(
            "next_sweep_timestamp_seconds",
            "When the next sweep is due",
            new.next.clone(),
        );
        registry.register(
            "accounts",
            "Accounts of the last sweep, by outcome and reason",
            new.accounts.clone(),
        );
        registry.register(
            "findings",
            "Findings after the last sweep, by control and verdict",
            new.findings.clone(),
        );
        registry.register(
            "finding_changes",
            "Failing findings of the last sweep: new, fixed, still_failing",
            new.changes.clone(),
        );
        registry.register("aws_calls", "Calls to AWS", new.calls.clone());
        registry.register(
            "aws_throttles",
            "Calls that AWS throttled",
            new.throttles.clone(),
        );
        registry.register(
            "aws_retries",
            "Calls that repeated an earlier one",
            new.retries.clone(),
        );
        registry.register_with_unit(
            "aws_budget_wait",
            "How long calls waited for their budget, altogether",
            Unit::Seconds,
            new.waited.clone(),
        );
        registry.register(
            "aws_budget_speed_ratio",
            "Speed of the shared budgets; below 1 after throttles",
            new.budgets.clone(),
        );
        registry.register(
            "notifications",
            "Notifications in the outbox, by state",
            new.notifications.clone(),
        );
        registry.register(
            "database_up",
            "Whether the database answers",
            new.database.clone(),
        );
        registry.register(
            "database_connections",
            "Open connections to the database",
            new.connections.clone(),
        );
        registry.register(
            "tasks",
            "Tasks of the program that have not ended",
            new.tasks.clone(),
        );
        Self { registry, ..new }
    }

    /// A sweep of this process begins.
    pub(crate) fn begun(&self) {
        self.sweeping.set(1);
        *self.counted() = Counters::default();
    }

    /// It has ended.
    pub(crate) fn ended(&self, trigger: &str, result: &str, took: Duration) {
        self.sweeping.set(0);
        self.in_sweep.clear();
        let labels = Ended {
            trigger: trigger.to_owned(),
            result: result.to_owned(),
        };
        self.sweeps.get_or_create(&labels).inc();
        if result == "finished" {
            self.sweep_seconds.observe(took.as_secs_f64());
        }
    }

    /// How far the running sweep is.
    pub(crate) fn progressed(&self, queued: u64, ended: u64, failed: u64) {
        for (state, number) in [("queued", queued), ("ended", ended), ("failed", failed)] {
            let labels = State {
                state: state.to_owned(),
            };
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            self.in_sweep.get_or_create(&labels).set(number);
        }
    }

    /// What the running sweep has asked of AWS since it was last told.
    pub(crate) fn asked(&self, access: &Access) {
        let now = access.counters();
        let mut before = self.counted();
        self.calls.inc_by(now.calls.saturating_sub(before.calls));
        self.throttles
            .inc_by(now.throttles.saturating_sub(before.throttles));
        self.retries
            .inc_by(now.retries.saturating_sub(before.retries));
        self.waited
            .inc_by(now.waited.saturating_sub(before.waited).as_secs_f64());
        *before = now;
        for (budget, speed) in access.budget_speeds() {
            let labels = BudgetOf {
                budget: budget.to_owned(),
            };
            self.budgets.get_or_create(&labels).set(speed);
        }
    }

    /// What came out of the last sweep.
    pub(crate) fn summarized(&self, summary: &SweepSummary) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        if let Some(finished) = summary.finished_at {
            self.last_finished.set(finished.timestamp() as f64);
            let took = (finished - summary.started_at).as_seconds_f64();
            self.last_seconds.set(took);
        }
        self.accounts.clear();
        let done = Outcome {
            outcome: "done".to_owned(),
            reason: String::new(),
        };
        self.accounts.get_or_create(&done).set(number(summary.read));
        for why in &summary.not_read {
            let labels = Outcome {
                outcome: why.outcome.clone(),
                reason: why.reason.clone(),
            };
            self.accounts
                .get_or_create(&labels)
                .set(number(why.accounts));
        }
        self.findings.clear();
        for control in &summary.controls {
            for (verdict, findings) in [
                ("pass", control.passing),
                ("fail", control.failing),
                ("unknown", control.unknown),
                ("not_applicable", control.not_applicable),
            ] {
                let labels = Judged {
                    control: control.control.to_string(),
                    verdict: verdict.to_owned(),
                };
                self.findings.get_or_create(&labels).set(number(findings));
            }
        }
        for (change, findings) in [
            ("new", summary.new),
            ("fixed", summary.fixed),
            ("still_failing", summary.still_failing),
        ] {
            let labels = Changed {
                change: change.to_owned(),
            };
            self.changes.get_or_create(&labels).set(number(findings));
        }
    }

    /// How many notifications are in which state; `None` when the database does not answer.
    pub(crate) fn outbox(&self, counts: Option<&[(String, u64)]>) {
        self.database.set(i64::from(counts.is_some()));
        self.notifications.clear();
        for (state, number) in counts.unwrap_or_default() {
            let labels = State {
                state: state.clone(),
            };
            self.notifications
                .get_or_create(&labels)
                .set(i64::try_from(*number).unwrap_or(i64::MAX));
        }
    }

    /// What the process holds.
    pub(crate) fn held(&self, connections: u32, tasks: usize) {
        self.connections.set(i64::from(connections));
        self.tasks.set(i64::try_from(tasks).unwrap_or(i64::MAX));
    }

    /// When the next sweep is due.
    pub(crate) fn scheduled(&self, next: Option<DateTime<Utc>>) {
        self.next
            .set(next.map_or(f64::NAN, |next| next.timestamp() as f64));
    }

    /// Everything, in the OpenMetrics text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counters> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::summary::tests::summary;

    #[test]
    fn the_figures_are_printed_as_prometheus_reads_them() {
        let metrics = Metrics::new();
        metrics.begun();
        metrics.progressed(7, 3, 1);
        metrics.summarized(&summary());
        metrics.outbox(Some(&[("pending".to_owned(), 2)]));
        metrics.scheduled(Some(DateTime::UNIX_EPOCH));
        let mut lines: Vec<String> = metrics.text().lines().map(str::to_owned).collect();
        // Families keep no order.
        lines.sort_by(|one, other| {
            one.starts_with('#')
                .cmp(&other.starts_with('#'))
                .then(one.cmp(other))
        });
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn an_ended_sweep_is_counted_by_how_it_ended() {
        let metrics = Metrics::new();
        metrics.begun();
        metrics.ended("schedule", "finished", Duration::from_secs(3));
        metrics.ended("api", "failed", Duration::from_secs(1));
        let text = metrics.text();
        for line in [
            "orgsweep_sweeps_total{trigger=\"schedule\",result=\"finished\"} 1",
            "orgsweep_sweeps_total{trigger=\"api\",result=\"failed\"} 1",
            "orgsweep_sweep_duration_seconds_count 1",
            "orgsweep_sweep_running 0",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
