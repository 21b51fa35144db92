//! An `orgsim` that is serving, asked over its control endpoint: HTTP/1.1, one
//! request a connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Sends a request to `endpoint` (an `http://host:port`) and returns what it answers.
pub(crate) fn ask(endpoint: &str, method: &str, path: &str, body: &str) -> anyhow::Result<Value> {
    let address = endpoint
        .strip_prefix("http://")
        .unwrap_or(endpoint)
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(address)
        .with_context(|| format!("nothing answers at {endpoint}; is `orgsim serve` running?"))?;
    write!(
        stream,
        "{method} /_orgsim/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .with_context(|| format!("{endpoint} does not answer as orgsim does"))?;
    let value: Value = serde_json::from_slice(&answer[end + 4..])
        .with_context(|| format!("{endpoint} does not answer as orgsim does"))?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        bail!("{}", value["error"].as_str().unwrap_or("it refuses"));
    }
    Ok(value)
}
