//! Damage to the bytes of an answer.

use fastrand::Rng;
use http::StatusCode;

use super::Damage;
use super::texts::with_references;
use crate::protocol::Protocol;

/// Levels of a member that is nested deeply.
const DEPTH: usize = 200_000;
/// Bytes of a member that is huge.
const HUGE: usize = 16 << 20;

/// The body with damage of this kind; damage to values has been done before it was written.
pub(super) fn damaged(
    mut body: Vec<u8>,
    kind: Damage,
    protocol: Protocol,
    random: &mut Rng,
) -> Vec<u8> {
    match kind {
        Damage::Cut => body.truncate(random.usize(..=body.len().saturating_sub(1))),
        Damage::FlippedBytes => {
            for _ in 0..random.usize(1..=8) {
                if !body.is_empty() {
                    let at = random.usize(..body.len());
                    body[at] = random.u8(..);
                }
            }
        }
        Damage::NotUtf8 => {
            let at = random.usize(..=body.len());
            body.splice(at..at, *b"\xff\xfe\xc0\x80");
        }
        Damage::Empty => body.clear(),
        Damage::PageOfAProxy => {
            body = b"<!DOCTYPE html><html><body><h1>Sign in</h1></body></html>".to_vec();
        }
        Damage::DeepMember => insert(&mut body, protocol, &nested(protocol)),
        Damage::HugeMember => insert(&mut body, protocol, &long(protocol)),
        _ if protocol == Protocol::Query => {
            if let Ok(xml) = std::str::from_utf8(&body) {
                body = with_references(xml).into_bytes();
            }
        }
        _ => {}
    }
    body
}

/// A status that the service did not mean.
pub(super) fn other_status(random: &mut Rng) -> StatusCode {
    let codes = [204, 301, 302, 304, 400, 401, 404, 418, 429, 502, 599, 999];
    StatusCode::from_u16(codes[random.usize(..codes.len())]).unwrap_or_default()
}

/// The value of a member that is nested deeply.
fn nested(protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Query => ["<a>".repeat(DEPTH), "</a>".repeat(DEPTH)]
            .concat()
            .into_bytes(),
        Protocol::RpcV2Cbor => {
            // array(1) in array(1) in …, and null in the last
            let mut value = vec![0x81; DEPTH];
            value.push(0xf6);
            value
        }
        _ => ["[".repeat(DEPTH), "]".repeat(DEPTH)].concat().into_bytes(),
    }
}

/// The value of a member that is huge.
fn long(protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Query => vec![b'x'; HUGE],
        Protocol::RpcV2Cbor => {
            // text with a length of four bytes
            let mut value = vec![0x7a];
            value.extend(u32::to_be_bytes(HUGE as u32));
            value.resize(HUGE + 5, b'x');
            value
        }
        _ => {
            let mut value = vec![b'x'; HUGE + 2];
            (value[0], value[HUGE + 1]) = (b'"', b'"');
            value
        }
    }
}

/// Puts a member that nobody knows in front of the others.
fn insert(body: &mut Vec<u8>, protocol: Protocol, value: &[u8]) {
    match protocol {
        Protocol::Query => {
            let text = String::from_utf8_lossy(body);
            if let Some(at) = text.find("Result>") {
                let at = at + "Result>".len();
                body.splice(at..at, [b"<Odd>", value, b"</Odd>"].concat());
            }
        }
        Protocol::RpcV2Cbor => {
            // The map of known length (a header of one byte, up to 23 members) becomes one that a
            // break ends.
            if body
                .first()
                .is_some_and(|header| (0xa0..=0xb7).contains(header))
            {
                body.splice(..1, [b"\xbf\x63Odd", value].concat());
                body.push(0xff);
            }
        }
        _ => {
            if body.first() == Some(&b'{') {
                let comma: &[u8] = if body.get(1) == Some(&b'}') {
                    b""
                } else {
                    b","
                };
                body.splice(..1, [b"{\"Odd\":", value, comma].concat());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_member_leaves_a_readable_answer() {
        let mut json = b"{\"A\":1}".to_vec();
        insert(&mut json, Protocol::Json11, b"[]");
        assert_eq!(json, b"{\"Odd\":[],\"A\":1}");
        let mut empty = b"{}".to_vec();
        insert(&mut empty, Protocol::Json11, b"[]");
        assert_eq!(empty, b"{\"Odd\":[]}");

        let mut xml = b"<R><RResult><A>1</A></RResult></R>".to_vec();
        insert(&mut xml, Protocol::Query, b"<a></a>");
        assert_eq!(xml, b"<R><RResult><Odd><a></a></Odd><A>1</A></RResult></R>");

        let mut cbor = vec![0xa1, 0x61, b'A', 0x01];
        insert(&mut cbor, Protocol::RpcV2Cbor, &[0x81, 0xf6]);
        let read: ciborium::Value = ciborium::from_reader(cbor.as_slice()).unwrap();
        assert_eq!(read.as_map().unwrap().len(), 2);
    }
}
