//! What can be asked of the service: `POST /sweeps` begins a sweep, `GET /sweeps/current` says
//! how far it is, `/healthz`, `/readyz` and `/metrics` are for whoever runs it. These three
//! need no token: they hold counts only.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::serve::sweeping::{Answer, Asked, Shared};
use crate::telemetry::Trace;

/// How long the loop may be silent before the service counts as stuck.
const SILENCE: i64 = 120;
/// How long the database may take to answer a question about health.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the handlers use.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) shared: Arc<Shared>,
    pub(crate) asking: mpsc::Sender<Asked>,
    /// The token; without one only this machine reaches the service.
    pub(crate) token: Option<SecretString>,
}

/// The routes.
pub(crate) fn routes(api: Api) -> Router {
    Router::new()
        .route("/sweeps", post(begin))
        .route("/sweeps/current", get(current))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .with_state(api)
}

/// What may be wished with `POST /sweeps`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wished {
    /// Whether an unfinished sweep is given up.
    #[serde(default)]
    fresh: bool,
}

async fn begin(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = api.permitted(&headers) {
        return *refusal;
    }
    let wished: Wished = if body.is_empty() {
        Wished::default()
    } else {
        match serde_json::from_slice(&body) {
            Ok(wished) => wished,
            Err(error) => {
                return problem(
                    StatusCode::BAD_REQUEST,
                    &format!(
                        "the body is not understood: {error}; `{{\"fresh\": true}}` is all it can hold"
                    ),
                );
            }
        }
    };
    if api.shared.stop.is_cancelled() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping");
    }
    let trace = trace_of(&headers).unwrap_or_else(Trace::new);
    let trace_id = trace.to_string();
    let (answer, answered) = oneshot::channel();
    let asked = Asked {
        fresh: wished.fresh,
        trace,
        answer,
    };
    // The loop takes it at once, or it is sweeping.
    if api.shared.doing().sweeping || api.asking.try_send(asked).is_err() {
        return problem(StatusCode::CONFLICT, "a sweep is running");
    }
    match answered.await {
        Ok(Answer::Begun) => {
            let body = json!({ "state": "begun", "trace_id": trace_id });
            let location = [(header::LOCATION, "/sweeps/current")];
            (StatusCode::ACCEPTED, location, Json(body)).into_response()
        }
        Ok(Answer::Elsewhere) => problem(
            StatusCode::CONFLICT,
            "another process is sweeping into this database",
        ),
        Ok(Answer::Unavailable(why)) => problem(StatusCode::SERVICE_UNAVAILABLE, &why),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping"),
    }
}

async fn current(State(api): State<Api>, headers: HeaderMap) -> Response {
    if let Err(refusal) = api.permitted(&headers) {
        return *refusal;
    }
    Json(api.shared.doing()).into_response()
}

async fn health(State(api): State<Api>) -> Response {
    let silent = Utc::now().timestamp() - api.shared.alive.load(Ordering::Relaxed);
    if silent > SILENCE {
        let why = format!("the service has not been seen alive for {silent} s");
        return problem(StatusCode::SERVICE_UNAVAILABLE, &why);
    }
    Json(json!({ "state": "alive" })).into_response()
}

async fn readiness(State(api): State<Api>) -> Response {
    if api.shared.stop.is_cancelled() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping");
    }
    match tokio::time::timeout(PATIENCE, api.shared.store.ping()).await {
        Ok(Ok(())) => Json(json!({ "state": "ready" })).into_response(),
        Ok(Err(error)) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        // The embedded database has one connection, which a sweep keeps busy.
        Err(_) if api.shared.store.is_embedded() => {
            Json(json!({ "state": "ready" })).into_response()
        }
        Err(_) => problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer",
        ),
    }
}

async fn metrics(State(api): State<Api>) -> Response {
    let shared = &api.shared;
    shared.observe();
    let asked = async {
        let counts = shared.store.notification_counts().await?;
        let last = shared.store.last_finished_sweep().await?;
        Ok::<_, orgsweep_store::StoreError>((counts, last))
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok((counts, last))) => {
            shared.metrics.outbox(Some(&counts));
            shared.refresh_summary(last).await;
        }
        // A sweep keeps its one connection busy.
        Err(_) if shared.store.is_embedded() => {}
        Ok(Err(_)) | Err(_) => shared.metrics.outbox(None),
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.metrics.text()).into_response()
}

impl Api {
    /// Whether a request may begin a sweep or see what runs.
    fn permitted(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        let Some(token) = &self.token else {
            // Only this machine reaches the service; a page in a browser on it may not.
            let from_a_page = headers.contains_key(header::ORIGIN);
            return if from_a_page {
                Err(Box::new(problem(
                    StatusCode::FORBIDDEN,
                    "requests from web pages need a token (`serve.token`)",
                )))
            } else {
                Ok(())
            };
        };
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        // Digests, so that the time that comparing takes tells nothing about the token.
        let same = given.is_some_and(|given| {
            Sha256::digest(given.trim()) == Sha256::digest(token.expose_secret())
        });
        if same {
            Ok(())
        } else {
            let how = [(header::WWW_AUTHENTICATE, "Bearer")];
            let body = Json(
                json!({ "error": "send the token of `serve.token` as `Authorization: Bearer …`" }),
            );
            Err(Box::new(
                (StatusCode::UNAUTHORIZED, how, body).into_response(),
            ))
        }
    }
}

/// The trace of W3C's header `traceparent`.
fn trace_of(headers: &HeaderMap) -> Option<Trace> {
    Trace::of_header(headers.get("traceparent")?.to_str().ok()?)
}

fn problem(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}
