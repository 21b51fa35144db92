//! A collector of OpenTelemetry traces on localhost: keeps every span that is exported to it over
//! OTLP/HTTP (protobuf).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Collected, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A span as it was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name.
    pub name: String,
    /// Its trace, as 32 hexadecimal digits.
    pub trace: String,
    /// Its id.
    pub id: Vec<u8>,
    /// Its parent's id; empty when it is the first of its trace.
    pub parent: Vec<u8>,
    /// The service that it is of.
    pub service: String,
}

/// A running collector; ends when dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Exported>>>,
    serving: JoinHandle<()>,
}

impl Collector {
    /// Starts one.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let spans: Arc<Mutex<Vec<Exported>>> = Arc::default();
        let kept = Arc::clone(&spans);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move {
                    let service = service_fn(|request| answer(request, Arc::clone(&kept)));
                    // A client that ends early has nothing to export.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            address,
            spans,
            serving,
        }
    }

    /// Its URL, without the path of traces.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The spans so far.
    pub fn spans(&self) -> Vec<Exported> {
        self.spans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    request: Request<Incoming>,
    kept: Arc<Mutex<Vec<Exported>>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    let is_of_traces = request.uri().path() == "/v1/traces";
    let body = request.into_body().collect().await.map(Collected::to_bytes);
    match body.map(ExportTraceServiceRequest::decode) {
        Ok(Ok(exported)) if is_of_traces => kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(spans(exported)),
        _ => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    Ok(response)
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Exported> {
    let mut spans = Vec::new();
    for resource in request.resource_spans {
        let attributes = resource
            .resource
            .map(|it| it.attributes)
            .unwrap_or_default();
        let service = attributes
            .iter()
            .find(|attribute| attribute.key == "service.name")
            .map(|attribute| format!("{:?}", attribute.value))
            .unwrap_or_default();
        for span in resource
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans)
        {
            let trace = <[u8; 16]>::try_from(span.trace_id).unwrap_or_default();
            spans.push(Exported {
                name: span.name,
                trace: format!("{:032x}", u128::from_be_bytes(trace)),
                id: span.span_id,
                parent: span.parent_span_id,
                service: service.clone(),
            });
        }
    }
    spans
}
