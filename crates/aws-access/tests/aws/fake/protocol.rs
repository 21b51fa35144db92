//! The protocols that the SDKs speak: what is asked, and how results and errors
//! are written.

use bytes::Bytes;
use http::request::Parts;
use hyper::Response;
use serde_json::{Value, json};

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Json,
    RestJson,
    Query,
    Cbor,
}

/// A request, understood.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) protocol: Protocol,
    pub(crate) operation: String,
    pub(crate) region: String,
    /// Account of the credentials.
    pub(crate) account: String,
    /// Parameters of the operation.
    pub(crate) parameters: Value,
}

impl Asked {
    pub(super) fn understand(head: &Parts, body: &Bytes) -> Self {
        let header = |name: &str| {
            head.headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let credential = header("authorization")
            .split("Credential=")
            .nth(1)
            .unwrap_or_default();
        let mut scope = credential.split('/');
        let access_key = scope.next().unwrap_or_default();
        let region = scope.nth(1).unwrap_or_default().to_owned();
        let account = access_key.get(4..16).unwrap_or_default().to_owned();
        let path = head.uri.path();
        let (protocol, operation, parameters) =
            if let Some((_, operation)) = header("x-amz-target").split_once('.') {
                (
                    Protocol::Json,
                    operation.to_owned(),
                    serde_json::from_slice(body).unwrap_or_default(),
                )
            } else if let Some((_, operation)) = path.split_once("/operation/") {
                let parameters: Value = ciborium::from_reader(&body[..]).unwrap_or_default();
                (Protocol::Cbor, operation.to_owned(), parameters)
            } else if let Some(operation) = in_path(path) {
                (
                    Protocol::RestJson,
                    operation,
                    serde_json::from_slice(body).unwrap_or_default(),
                )
            } else {
                let form: serde_json::Map<String, Value> = form_urlencoded::parse(body)
                    .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                    .collect();
                let operation = form
                    .get("Action")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                (Protocol::Query, operation, Value::Object(form))
            };
        Self {
            protocol,
            operation,
            region,
            account,
            parameters,
        }
    }

    /// A text parameter; empty when it is absent.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// The operation that the path of a REST request names: `/listRegions`, `/ListLinks`.
fn in_path(path: &str) -> Option<String> {
    let (first, rest) = path.strip_prefix('/')?.split_at_checked(1)?;
    Some(first.to_ascii_uppercase() + rest)
}

impl Protocol {
    pub(super) fn result(self, operation: &str, value: &Value) -> Response<Bytes> {
        match self {
            Self::Json | Self::RestJson => {
                response(200, "application/json", value.to_string().into())
            }
            Self::Cbor => response(200, "application/cbor", cbor(value)),
            Self::Query => {
                let result = xml(value);
                let text = format!(
                    "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
                );
                response(200, "text/xml", text.into())
            }
        }
    }

    pub(super) fn error(self, status: u16, code: &str, message: &str) -> Response<Bytes> {
        let object = json!({ "__type": code, "message": message });
        match self {
            Self::Json => response(status, "application/json", object.to_string().into()),
            Self::Cbor => response(status, "application/cbor", cbor(&object)),
            Self::RestJson => {
                let mut response = response(status, "application/json", object.to_string().into());
                response
                    .headers_mut()
                    .insert("x-amzn-errortype", code.parse().unwrap());
                response
            }
            Self::Query => {
                let text = format!(
                    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                     <RequestId>11111111-2222-3333-4444-555555555555</RequestId></ErrorResponse>"
                );
                response(status, "text/xml", text.into())
            }
        }
    }
}

fn response(status: u16, content_type: &str, body: Bytes) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .header("smithy-protocol", "rpc-v2-cbor")
        .body(body)
        .unwrap()
}

fn cbor(value: &Value) -> Bytes {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes.into()
}

/// Lists are written as `<member>`s; an object `{"entry": [[key, value], …]}` as a map.
fn xml(value: &Value) -> String {
    let mut text = String::new();
    write_xml(value, &mut text);
    text
}

fn write_xml(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("entry", Value::Array(entries)) => {
                        for entry in entries {
                            let pair = json!({ "key": entry[0], "value": entry[1] });
                            write_element("entry", &pair, text);
                        }
                    }
                    _ => write_element(name, value, text),
                }
            }
        }
        Value::Array(members) => {
            for member in members {
                write_element("member", member, text);
            }
        }
        Value::String(string) => *text += &string.replace('&', "&amp;").replace('<', "&lt;"),
        Value::Null => {}
        other => *text += &other.to_string(),
    }
}

fn write_element(name: &str, value: &Value, text: &mut String) {
    text.extend(["<", name, ">"]);
    write_xml(value, text);
    text.extend(["</", name, ">"]);
}
