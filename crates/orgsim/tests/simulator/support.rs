//! A served world and a client that speaks plain HTTP, so that tests see the
//! very bytes.

use std::sync::Arc;

use orgsim::{Scenario, Server, ServerOptions, World, access_key};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Whether the header line is among the answer's headers.
    pub(crate) fn has_header(&self, line: &str) -> bool {
        self.headers
            .lines()
            .any(|known| known.eq_ignore_ascii_case(line))
    }
}

/// Starts a server for the scenario.
pub(crate) async fn served(scenario: &Scenario) -> Server {
    let world = Arc::new(World::build(scenario));
    Server::start(world, ServerOptions::default())
        .await
        .expect("a free port can be listened on")
}

/// The account number of the account named `name`.
pub(crate) fn number(server: &Server, name: &str) -> String {
    let organization = server.world().organization();
    let member = organization.members().find(|member| member.name == name);
    member.expect("the scenario has such an account").id.clone()
}

/// Who asks for what, where.
pub(crate) struct Call<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) signing_name: &'a str,
}

impl Call<'_> {
    /// Sends a request and reads its answer; `None` when the connection ends without one.
    pub(crate) async fn send(
        &self,
        server: &Server,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20261123/{}/{}/aws4_request, SignedHeaders=host, Signature=0",
            access_key(self.account),
            self.region,
            self.signing_name
        );
        let mut all = vec![("authorization", authorization.as_str())];
        all.extend(headers);
        send(server, path, &all, body).await
    }

    /// Calls an operation over AWS JSON 1.1.
    pub(crate) async fn json(
        &self,
        server: &Server,
        target: &str,
        body: &serde_json::Value,
    ) -> Answer {
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ];
        self.send(server, "/", &headers, body.to_string().as_bytes())
            .await
            .expect("the server answers")
    }

    /// Calls an operation over the query protocol.
    pub(crate) async fn query(&self, server: &Server, form: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(server, "/", &headers, form.as_bytes())
            .await
            .expect("the server answers")
    }
}

/// Sends a request with these headers only.
pub(crate) async fn send(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    use std::fmt::Write as _;
    let address = server.endpoint_url().replace("http://", "");
    let mut stream = TcpStream::connect(&address)
        .await
        .expect("the server listens");
    let mut head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("the request is sent");
    stream.write_all(body).await.expect("the request is sent");
    let mut answer = Vec::new();
    // A cut connection ends in an error or in nothing at all.
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let headers = String::from_utf8_lossy(&answer[..end]).into_owned();
    Some(Answer {
        status: headers.split(' ').nth(1)?.parse().ok()?,
        body: answer[end + 4..].to_vec(),
        headers,
    })
}

/// Two accounts under an organization trail, one of which has a trail of its own besides, and one
/// that has only joined.
pub(crate) const SMALL: &str = r#"
seed = 1
[organization]
id = "o-small00000"
[management]
number = "111111111111"
[delegated_administrator]
number = "222222222222"
[[organization_trail]]
name = "everyone"
[[group]]
name = "member"
numbers = ["333333333333"]
chain = "organization_trail"
[[group]]
name = "owner"
numbers = ["444444444444"]
chain = "healthy"
[[group]]
name = "newcomer"
numbers = ["555555555555"]
chain = "no_trail"
organization_trails = []
"#;
