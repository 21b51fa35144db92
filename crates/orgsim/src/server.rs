//! The server: HTTP on localhost in front of a [`World`]. It finds out who asks
//! for what, applies faults and quotas, keeps a record of every call, and lets
//! the services answer.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request as HttpRequest, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::exchange::{Exchange, Outcome, Reply};
use crate::record::{CallLog, RecordedCall};
use crate::state::World;

/// Larger requests are refused; AWS's own limits are lower.
const LARGEST_BODY: usize = 4 << 20;

/// How a server behaves.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where it listens; port 0 takes a free one.
    pub address: SocketAddr,
    /// Share of the published quotas that is enforced; `None` enforces none.
    pub quota_share: Option<f64>,
    /// Delay of every answer.
    pub latency: Duration,
    /// Whether calls are recorded.
    pub record_calls: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            quota_share: None,
            latency: Duration::ZERO,
            record_calls: true,
        }
    }
}

/// A running server. Dropping it stops it.
pub struct Server {
    address: SocketAddr,
    exchange: Arc<Exchange>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Starts serving `world`.
    pub async fn start(world: Arc<World>, options: ServerOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let exchange = Arc::new(Exchange::new(world, &options));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&exchange)));
        Ok(Self {
            address,
            exchange,
            accepting,
        })
    }

    /// What SDKs take as endpoint URL for every service.
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The world that is served.
    pub fn world(&self) -> &Arc<World> {
        self.exchange.world()
    }

    /// Every call so far, in the order in which they were answered.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.exchange.log().calls()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.exchange.log().clear();
    }

    /// The record of calls, which also tells when it grows.
    pub fn log(&self) -> &CallLog {
        self.exchange.log()
    }

    /// Stops: connections are closed, calls that hang included.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // An aborted task ends with an error that says no more than that.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Accepts connections until it is aborted; its connections end with it.
async fn accept(listener: TcpListener, exchange: Arc<Exchange>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let exchange = Arc::clone(&exchange);
                    connections.spawn(serve(stream, exchange));
                }
                // For want of file handles, for example: give the others time to end.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Why a connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut on purpose")]
struct Cut;

async fn serve(stream: tokio::net::TcpStream, exchange: Arc<Exchange>) {
    let connection = auto::Builder::new(TokioExecutor::new());
    let service = hyper::service::service_fn(|request| {
        let exchange = Arc::clone(&exchange);
        async move { answer(&exchange, request).await }
    });
    if let Err(error) = connection
        .serve_connection(TokioIo::new(stream), service)
        .await
    {
        tracing::debug!(error, "a connection ended early");
    }
}

async fn answer(
    exchange: &Exchange,
    request: HttpRequest<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return Err(Cut);
    };
    let Outcome { reply, delay } = exchange.answer(&parts, &body.to_bytes());
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match reply {
        Reply::Answer(response) => Ok(response.map(|body| Full::new(body.into()))),
        Reply::Cut => Err(Cut),
        Reply::Silence => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
}
