//! The wire protocols: bytes to operation and [`Value`], and back. Which
//! protocol a request speaks shows in its headers and path; the service and the
//! Region come from the credential scope of its signature. Behaviour is not here.

use http::{HeaderMap, HeaderName, HeaderValue, Response, header, request::Parts};

use crate::neutral::Value;
use crate::request::ServiceError;
use crate::service::Service;

mod json;
mod query;
mod rest_json;
mod rpc_v2_cbor;

/// A wire protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.1.
    Json11,
    /// AWS query: form in, XML out.
    Query,
    /// REST with JSON bodies.
    RestJson,
    /// Smithy RPC v2 over CBOR.
    RpcV2Cbor,
}

/// What a request asks for, before anybody looked at who asks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded {
    /// Protocol of the request, and so of its answer.
    pub(crate) protocol: Protocol,
    /// The operation.
    pub(crate) operation: String,
    /// Its input.
    pub(crate) params: Value,
}

/// Reads a request to `service`.
pub(crate) fn decode(
    service: Service,
    parts: &Parts,
    body: &[u8],
) -> Result<Decoded, ServiceError> {
    let path = parts.uri.path();
    if let Some(operation) = rpc_v2_cbor::operation(service, path) {
        return Ok(Decoded {
            protocol: Protocol::RpcV2Cbor,
            operation: operation.to_owned(),
            params: rpc_v2_cbor::decode(body)?,
        });
    }
    if let Some(target) = text_header(&parts.headers, "x-amz-target") {
        let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
        if prefix != service.target() && !is_short_target(service, prefix) {
            return Err(ServiceError::unknown_operation(service, target));
        }
        return Ok(Decoded {
            protocol: json::version(&parts.headers),
            operation: operation.to_owned(),
            params: json::decode(body)?,
        });
    }
    if let Some(operation) = rest_json::operation(service, &parts.method, path) {
        return Ok(Decoded {
            protocol: Protocol::RestJson,
            operation: operation.to_owned(),
            params: json::decode(body)?,
        });
    }
    let (operation, params) = query::decode(parts.uri.query(), body)
        .ok_or_else(|| ServiceError::unknown_operation(service, path))?;
    Ok(Decoded {
        protocol: Protocol::Query,
        operation,
        params,
    })
}

/// CloudTrail is also addressed by the last part of its target's name.
fn is_short_target(service: Service, prefix: &str) -> bool {
    !prefix.is_empty() && service.target().rsplit('.').next() == Some(prefix)
}

/// The protocol in which to answer a request that could not be read.
pub(crate) fn likely_protocol(service: Service, parts: &Parts) -> Protocol {
    if rpc_v2_cbor::operation(service, parts.uri.path()).is_some() {
        Protocol::RpcV2Cbor
    } else if parts.headers.contains_key("x-amz-target") {
        json::version(&parts.headers)
    } else if rest_json::is_spoken_by(service) {
        Protocol::RestJson
    } else {
        Protocol::Query
    }
}

/// Writes what the operation answered.
pub(crate) fn encode(
    protocol: Protocol,
    service: Service,
    operation: &str,
    answer: &Result<Value, ServiceError>,
    request_id: &str,
) -> Response<Vec<u8>> {
    let (status, body) = match answer {
        Ok(value) => (
            200,
            encode_value(protocol, service, operation, value, request_id),
        ),
        Err(error) => (
            error.status,
            encode_error(protocol, service, error, request_id),
        ),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let headers = response.headers_mut();
    let content_type = match protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Query => "text/xml",
        Protocol::RestJson => "application/json",
        Protocol::RpcV2Cbor => "application/cbor",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    put(headers, "x-amzn-requestid", request_id);
    if protocol == Protocol::RpcV2Cbor {
        put(headers, "smithy-protocol", "rpc-v2-cbor");
    }
    if let Err(error) = answer {
        if protocol == Protocol::RestJson {
            put(headers, "x-amzn-errortype", &error.code);
        }
        // Their newer protocols carry the code of the query protocol along.
        let once_query = matches!(service, Service::CloudWatch | Service::Sqs);
        if once_query && protocol != Protocol::Query {
            let code = error.query_code.unwrap_or(&error.code);
            put(
                headers,
                "x-amzn-query-error",
                &format!("{code};{}", error.fault()),
            );
        }
    }
    response
}

fn encode_value(
    protocol: Protocol,
    service: Service,
    operation: &str,
    value: &Value,
    request_id: &str,
) -> Vec<u8> {
    match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => json::encode(value),
        Protocol::Query => query::encode(service, operation, value, request_id),
        Protocol::RpcV2Cbor => rpc_v2_cbor::encode(value),
    }
}

fn encode_error(
    protocol: Protocol,
    service: Service,
    error: &ServiceError,
    request_id: &str,
) -> Vec<u8> {
    match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => {
            json::encode_error(service, error)
        }
        Protocol::Query => query::encode_error(service, error, request_id),
        Protocol::RpcV2Cbor => rpc_v2_cbor::encode_error(error),
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The header `name` as text.
pub(crate) fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
