//! How many requests orgsim answers in a second, and how much memory it takes:
//! an organization of ten thousand accounts, asked over HTTP by connections that
//! stay open, until every account has been asked in five of its Regions. Client
//! and server share the process and its processors. Run it with
//! `cargo xtask bench orgsim`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use orgsim::{Scenario, Server, ServerOptions, World, access_key};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const LARGE: &str = include_str!("../data/large.toml");
const CONNECTIONS: usize = 32;
/// What each account is asked, each in another Region: signing name, target, content type, body.
const CALLS: [(&str, &str, &str, &str); 5] = [
    (
        "cloudtrail",
        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails",
        "application/x-amz-json-1.1",
        "{}",
    ),
    (
        "logs",
        "Logs_20140328.DescribeLogGroups",
        "application/x-amz-json-1.1",
        "{}",
    ),
    (
        "logs",
        "Logs_20140328.DescribeMetricFilters",
        "application/x-amz-json-1.1",
        "{}",
    ),
    (
        "monitoring",
        "GraniteServiceVersion20100801.DescribeAlarms",
        "application/x-amz-json-1.0",
        "{}",
    ),
    (
        "sns",
        "",
        "application/x-www-form-urlencoded",
        "Action=ListTopics&Version=2010-03-31",
    ),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::parse(LARGE)?;
    let begun = Instant::now();
    let world = Arc::new(World::build(&scenario));
    let built = begun.elapsed();
    let options = ServerOptions {
        record_calls: false,
        ..ServerOptions::default()
    };
    let accounts: Arc<Vec<String>> = Arc::new(world.accounts().map(str::to_owned).collect());
    let regions: Arc<Vec<String>> = Arc::new(world.settings().regions.clone());
    let server = Server::start(world, options).await?;
    let address = server.endpoint_url().replace("http://", "");
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (accounts, regions) = (Arc::clone(&accounts), Arc::clone(&regions));
        let (next, address) = (Arc::clone(&next), address.clone());
        clients.spawn(async move {
            let mut stream = TcpStream::connect(&address).await?;
            stream.set_nodelay(true)?;
            let mut slowest = Duration::ZERO;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(account) = accounts.get(number / CALLS.len()) else {
                    return std::io::Result::Ok(slowest);
                };
                // Most chains are in the home Region, where there is most to answer.
                let region = if number.is_multiple_of(2) {
                    "us-east-1"
                } else {
                    &regions[number % regions.len()]
                };
                let asked = Instant::now();
                ask(&mut stream, account, region, CALLS[number % CALLS.len()]).await?;
                slowest = slowest.max(asked.elapsed());
            }
        });
    }
    let mut slowest = Duration::ZERO;
    while let Some(ended) = clients.join_next().await {
        slowest = slowest.max(ended??);
    }
    let taken = begun.elapsed();
    let requests = accounts.len() * CALLS.len();
    let figures = serde_json::json!({
        "accounts": accounts.len(),
        "regions": regions.len(),
        "requests": requests,
        "requests_per_second": (requests as f64 / taken.as_secs_f64()).round(),
        "slowest_ms": slowest.as_millis() as u64,
        "build_ms": built.as_millis() as u64,
        "peak_memory_mib": peak_memory_kib() / 1024,
    });
    println!("{figures}");
    Ok(())
}

async fn ask(
    stream: &mut TcpStream,
    account: &str,
    region: &str,
    (signing, target, content, body): (&str, &str, &str, &str),
) -> std::io::Result<()> {
    let target = if target.is_empty() {
        String::new()
    } else {
        format!("x-amz-target: {target}\r\n")
    };
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: AWS4-HMAC-SHA256 Credential={}/20261124/{region}/{signing}/aws4_request, SignedHeaders=host, Signature=0\r\n{target}content-type: {content}\r\ncontent-length: {}\r\n\r\n{body}",
        access_key(account),
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(16 * 1024);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(std::io::Error::other(head));
        }
        let length: usize = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse().ok())
            .unwrap_or(0);
        if answer.len() >= end + 4 + length {
            return Ok(());
        }
    }
}

/// The most memory that the process ever had, in KiB; 0 where the system does not tell.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(0)
}
