//! Somebody else who uses an account's quotas: asks AWS the same question again and again, at a
//! pace that is given.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A question that is asked of AWS.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The service's name in signatures.
    pub signing_name: &'static str,
    /// `X-Amz-Target` of the JSON protocols.
    pub target: &'static str,
    /// The body.
    pub body: &'static str,
}

/// `cloudtrail:ListTrails`, which counts against the quota of `DescribeTrails`.
pub const LIST_TRAILS: Question = Question {
    signing_name: "cloudtrail",
    target: "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListTrails",
    body: "{}",
};

/// A client that goes on asking until it is dropped.
#[derive(Debug)]
pub struct OtherClient {
    asking: JoinHandle<()>,
    pause: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
}

impl OtherClient {
    /// Starts asking `question` of the server at `address` as a principal of `account`, each time
    /// after a pause.
    pub fn asks(
        question: Question,
        address: SocketAddr,
        account: &str,
        region: &str,
        pause: Duration,
    ) -> Self {
        let request = request(question, address, account, region);
        let answered: Arc<AtomicU64> = Arc::default();
        let count = Arc::clone(&answered);
        let milliseconds = Arc::new(AtomicU64::new(pause.as_millis() as u64));
        let pause = Arc::clone(&milliseconds);
        let asking = tokio::spawn(async move {
            loop {
                if let Some(200) = status(address, &request).await {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                let pause = Duration::from_millis(milliseconds.load(Ordering::Relaxed));
                tokio::time::sleep(pause).await;
            }
        });
        Self {
            asking,
            pause,
            answered,
        }
    }

    /// From now on it pauses for so long.
    pub fn pauses(&self, pause: Duration) {
        self.pause
            .store(pause.as_millis() as u64, Ordering::Relaxed);
    }

    /// How many of its questions were answered, and not throttled.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }
}

impl Drop for OtherClient {
    fn drop(&mut self) {
        self.asking.abort();
    }
}

fn request(question: Question, address: SocketAddr, account: &str, region: &str) -> String {
    let key = orgsim::access_key(account);
    let service = question.signing_name;
    format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {}\r\nAuthorization: AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0\r\nContent-Length: {}\r\n\r\n{}",
        question.target,
        question.body.len(),
        question.body,
    )
}

/// The status of the answer; `None` when there is none.
async fn status(address: SocketAddr, request: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let head = String::from_utf8_lossy(&answer);
    head.split(' ').nth(1)?.parse().ok()
}
