//! The fake's HTTP server.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::protocol::Asked;
use super::{Reply, State};

type Body = BoxBody<Bytes, io::Error>;

/// Serves until the test's runtime ends; returns the URL.
pub(super) async fn start(state: Arc<State>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let state = Arc::clone(&state);
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                // An answer that is cut off on purpose ends here as an error.
                let _ = connection.await;
            });
        }
    });
    url
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let asked = Asked::understand(&head, &body);
    let protocol = asked.protocol;
    let operation = asked.operation.clone();
    let response = match state.reply(asked) {
        Reply::Result(value) => protocol.result(&operation, &value).map(whole),
        Reply::Error {
            status,
            code,
            message,
        } => protocol.error(status, code, message).map(whole),
        Reply::Bare(status) => bare(status, "<html>trouble</html>").map(whole),
        Reply::Nonsense => bare(200, "<html>welcome to the airport's network</html>").map(whole),
        Reply::CutOff => protocol
            .result(&operation, &serde_json::json!({}))
            .map(|_| cut_off()),
        Reply::Silence => std::future::pending().await,
    };
    Ok(response)
}

fn bare(status: u16, text: &'static str) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .body(Bytes::from_static(text.as_bytes()))
        .unwrap()
}

fn whole(body: Bytes) -> Body {
    Full::new(body).map_err(|never| match never {}).boxed()
}

/// A piece of a body, then the connection breaks.
fn cut_off() -> Body {
    let pieces = [
        Ok(Frame::data(Bytes::from_static(b"{ \"half\":"))),
        Err(io::Error::other("cut off on purpose")),
    ];
    StreamBody::new(futures::stream::iter(pieces)).boxed()
}
