//! A receiver of webhooks on localhost: keeps every request, and answers what
//! the test says, when it says so.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A request as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Its headers, by name in small letters.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Value,
}

/// A running receiver; ends when dropped.
#[derive(Debug)]
pub struct Webhook {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Received>>>,
    /// The status of answers; `None` while they are held back.
    answer: watch::Sender<Option<u16>>,
    serving: JoinHandle<()>,
}

impl Webhook {
    /// Starts one that accepts everything.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let requests: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (answer, answers) = watch::channel(Some(200));
        let serving = tokio::spawn(serve(listener, Arc::clone(&requests), answers));
        Self {
            address,
            requests,
            answer,
            serving,
        }
    }

    /// Its URL, with a path that a log must not show.
    pub fn url(&self) -> String {
        format!("http://{}/MarkedHookPath61c0", self.address)
    }

    /// From now on, every request is answered with this status.
    pub fn answer_with(&self, status: u16) {
        self.answer.send_replace(Some(status));
    }

    /// From now on, requests are kept and not answered.
    pub fn hold(&self) {
        self.answer.send_replace(None);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Received> {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(
    listener: TcpListener,
    requests: Arc<Mutex<Vec<Received>>>,
    answers: watch::Receiver<Option<u16>>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (requests, answers) = (Arc::clone(&requests), answers.clone());
        tokio::spawn(async move {
            let service =
                service_fn(|request| answer(request, Arc::clone(&requests), answers.clone()));
            // A client that is killed is what some tests are about.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    requests: Arc<Mutex<Vec<Received>>>,
    mut answers: watch::Receiver<Option<u16>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.to_string(), value)
        })
        .collect();
    let body = match request.into_body().collect().await {
        Ok(body) => serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null),
        Err(_) => Value::Null,
    };
    requests
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Received { headers, body });
    let status = match answers.wait_for(Option::is_some).await {
        Ok(status) => status.unwrap_or(500),
        Err(_) => 500,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}
