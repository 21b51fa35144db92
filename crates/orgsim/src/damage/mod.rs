//! Damage to answers: what a service, a proxy or an attacker who names things could put where a
//! right answer was. What is damaged, and how, is drawn from a seed and from the request, so that
//! the same request gets the same damage whenever it is asked. Values are damaged before they are
//! written (`values`), bytes after (`bytes`); `texts` holds what nobody would like to print.

mod alarms;
mod bytes;
mod texts;
mod values;

use fastrand::Rng;
use http::Response;

use crate::neutral::Value;
use crate::protocol::Protocol;
use crate::request::{Request, ServiceError};
use crate::state::drawn;

pub use texts::HOSTILE_TEXTS;

/// One kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// A member has a value of another type.
    WrongType,
    /// A member is not there.
    MissingMember,
    /// A text is a megabyte long.
    HugeText,
    /// A text holds terminal escapes, formulas, markup or characters that cannot be stored.
    HostileText,
    /// A text is nested tens of thousands of levels deep.
    DeepText,
    /// A list has 10,000 items.
    ManyItems,
    /// The items of a list are there twice.
    DoubledItems,
    /// A number or a moment is as large, small or odd as its type allows.
    ExtremeNumber,
    /// Composite alarms depend on each other in a circle, or in a line of thousands.
    TangledAlarms,
    /// The token of the next page is one that leads back.
    EndlessPages,
    /// The body ends early.
    Cut,
    /// Some bytes are others.
    FlippedBytes,
    /// The body is no UTF-8.
    NotUtf8,
    /// There is no body.
    Empty,
    /// A page for people in a browser, as a proxy that wants to be signed in to shows it.
    PageOfAProxy,
    /// A member that nobody knows is nested hundreds of thousands of levels deep.
    DeepMember,
    /// A member that nobody knows has sixteen megabytes.
    HugeMember,
    /// The status is another one.
    OtherStatus,
}

impl Damage {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::WrongType,
        Self::MissingMember,
        Self::HugeText,
        Self::HostileText,
        Self::DeepText,
        Self::ManyItems,
        Self::DoubledItems,
        Self::ExtremeNumber,
        Self::TangledAlarms,
        Self::EndlessPages,
        Self::Cut,
        Self::FlippedBytes,
        Self::NotUtf8,
        Self::Empty,
        Self::PageOfAProxy,
        Self::DeepMember,
        Self::HugeMember,
        Self::OtherStatus,
    ];

    /// Whether the answer could still be a right one of another world: what is read from it is
    /// then true as far as anybody can tell.
    pub fn may_make_sense(self) -> bool {
        matches!(
            self,
            Self::WrongType
                | Self::MissingMember
                | Self::ExtremeNumber
                | Self::TangledAlarms
                | Self::FlippedBytes
        )
    }

    fn is_of_bytes(self) -> bool {
        self >= Self::Cut
    }
}

/// What a damaged answer was about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DamagedAnswer {
    /// Account that was asked.
    pub account: String,
    /// IAM prefix of the service.
    pub service: &'static str,
    /// Operation.
    pub operation: String,
    /// What was done to it.
    pub damage: Damage,
}

/// How often a kind of damage is drawn that does not fit the answer.
const DRAWS: usize = 16;

/// An answer that is damaged.
pub(crate) struct Damaged {
    pub(crate) kind: Damage,
    result: Result<Value, ServiceError>,
    random: Rng,
}

/// What names a request, so that the same one has the same fate.
pub(crate) fn identity(account: &str, request: &Request) -> String {
    format!(
        "{account} {} {} {} {:?}",
        request.service.prefix(),
        request.operation,
        request.region,
        request.params
    )
}

impl Damaged {
    /// Draws what becomes of an answer to `request`.
    pub(crate) fn drawn(
        seed: u64,
        account: &str,
        request: &Request,
        result: Result<Value, ServiceError>,
    ) -> Self {
        let text = format!("damage {}", identity(account, request));
        let mut random = Rng::with_seed(drawn(seed, &text));
        let mut damaged = Self {
            kind: Damage::Cut,
            result,
            random: random.fork(),
        };
        for _ in 0..DRAWS {
            let kind = Damage::ALL[random.usize(..Damage::ALL.len())];
            if damaged.suffers(kind) {
                damaged.kind = kind;
                break;
            }
        }
        damaged
    }

    /// Damages the value; `false` when there is nothing in it that can be damaged like that.
    fn suffers(&mut self, kind: Damage) -> bool {
        if kind.is_of_bytes() {
            return true;
        }
        match &mut self.result {
            Ok(value) => values::damage(value, kind, &mut self.random),
            Err(error) if kind == Damage::HostileText => {
                error.message = texts::hostile(&error.message, &mut self.random);
                true
            }
            Err(_) => false,
        }
    }

    /// The answer's bytes; `write` writes an undamaged value.
    pub(crate) fn written(
        mut self,
        protocol: Protocol,
        write: impl FnOnce(&Result<Value, ServiceError>) -> Response<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        if protocol == Protocol::Query {
            match &mut self.result {
                Ok(value) => values::prepare_for_xml(value),
                Err(error) => error.message = texts::with_placeholders(&error.message),
            }
        }
        let mut response = write(&self.result);
        if self.kind == Damage::OtherStatus {
            *response.status_mut() = bytes::other_status(&mut self.random);
            return response;
        }
        response.map(|body| bytes::damaged(body, self.kind, protocol, &mut self.random))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::neutral::structure;
    use crate::request::Caller;
    use crate::service::Service;

    fn request(account: &str) -> Request {
        Request {
            service: Service::CloudWatch,
            operation: "DescribeAlarms".to_owned(),
            region: "us-east-1".to_owned(),
            caller: Caller {
                account: account.to_owned(),
                session: None,
            },
            params: Value::empty(),
        }
    }

    fn alarms() -> Value {
        structure! {
            "MetricAlarms" => Value::list([structure! {
                "AlarmName" => "a",
                "AlarmArn" => "arn:aws:cloudwatch:us-east-1:111111111111:alarm:a",
                "ActionsEnabled" => true,
                "Threshold" => 1.0,
                "AlarmActions" => Value::list(["arn:aws:sns:us-east-1:111111111111:t"]),
            }]),
            "CompositeAlarms" => Value::List(Vec::new()),
        }
    }

    fn body(seed: u64, account: &str) -> (Damage, Vec<u8>) {
        let damaged = Damaged::drawn(seed, account, &request(account), Ok(alarms()));
        let kind = damaged.kind;
        let response = damaged.written(Protocol::Json11, |result| {
            let text = format!("{{\"x\":\"{:?}\"}}", result.as_ref().unwrap());
            Response::new(text.into_bytes())
        });
        (kind, response.into_body())
    }

    #[test]
    fn the_same_request_suffers_the_same_damage() {
        for seed in 0..50 {
            assert_eq!(body(seed, "111111111111"), body(seed, "111111111111"));
        }
        assert!((0..50).any(|seed| body(seed, "111111111111") != body(seed, "222222222222")));
    }

    #[test]
    fn every_kind_of_damage_is_drawn_and_changes_the_answer() {
        let undamaged = format!("{{\"x\":\"{:?}\"}}", alarms()).into_bytes();
        let mut kinds = BTreeSet::new();
        for seed in 0..400 {
            let (kind, body) = body(seed, "111111111111");
            assert!(
                body != undamaged || matches!(kind, Damage::OtherStatus | Damage::FlippedBytes),
                "{kind:?} of seed {seed} changed nothing"
            );
            kinds.insert(kind);
        }
        assert_eq!(kinds.len(), Damage::ALL.len(), "{kinds:?}");
    }
}
