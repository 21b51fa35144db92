//! One exchange: from the bytes of a request to the bytes of its answer. All of
//! it is computation; waiting and connections are the server's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Response;
use http::request::Parts;

use crate::control;
use crate::credentials::{self, Refusal};
use crate::damage::{Damaged, DamagedAnswer};
use crate::faults::{Fault, Strike};
use crate::iam;
use crate::protocol::{self, Protocol, text_header};
use crate::quota::Quotas;
use crate::record::{CallLog, RecordedCall};
use crate::request::{Request, ServiceError};
use crate::server::ServerOptions;
use crate::service::{self, Service};
use crate::shapes;
use crate::state::{World, reading_behind};

/// What becomes of a request.
pub(crate) struct Outcome {
    /// The answer, or none.
    pub(crate) reply: Reply,
    /// How long to wait before it.
    pub(crate) delay: Duration,
}

/// An answer, or the lack of one.
pub(crate) enum Reply {
    /// An answer.
    Answer(Response<Vec<u8>>),
    /// The connection is closed.
    Cut,
    /// Nothing ever comes.
    Silence,
}

/// Answers requests.
pub(crate) struct Exchange {
    world: Arc<World>,
    quotas: Option<Quotas>,
    latency: Duration,
    log: CallLog,
    answered: AtomicU64,
}

impl Exchange {
    pub(crate) fn new(world: Arc<World>, options: &ServerOptions) -> Self {
        Self {
            world,
            quotas: options.quota_share.map(Quotas::new),
            latency: options.latency,
            log: CallLog::new(options.record_calls),
            answered: AtomicU64::new(0),
        }
    }

    pub(crate) fn world(&self) -> &Arc<World> {
        &self.world
    }

    pub(crate) fn log(&self) -> &CallLog {
        &self.log
    }

    /// What becomes of the request.
    pub(crate) fn answer(&self, parts: &Parts, body: &[u8]) -> Outcome {
        if parts.uri.path().starts_with(control::PREFIX) {
            return Outcome {
                reply: Reply::Answer(control::answer(&self.world, parts, body)),
                delay: Duration::ZERO,
            };
        }
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("00000000-0000-4000-8000-{number:012x}");
        let scope = text_header(&parts.headers, "authorization")
            .and_then(credentials::credential_scope)
            .and_then(|(key, region, name)| Some((key, region, Service::of_signing_name(name)?)));
        let Some((key, region, service)) = scope else {
            return self.at_once(protocol::encode(
                Protocol::Json11,
                Service::Sts,
                "",
                &Err(ServiceError::unsigned()),
                &request_id,
            ));
        };
        let refused = |error| {
            let protocol = protocol::likely_protocol(service, parts);
            self.at_once(protocol::encode(
                protocol,
                service,
                "",
                &Err(error),
                &request_id,
            ))
        };
        let token = text_header(&parts.headers, "x-amz-security-token");
        let caller = match credentials::caller(key, token, self.world.now()) {
            Ok(caller) if self.world.has_account(&caller.account) => caller,
            Ok(_) | Err(Refusal::Unrecognized) => {
                return refused(ServiceError::unrecognized(service));
            }
            Err(Refusal::Expired) => return refused(ServiceError::expired(service)),
        };
        let decoded = match protocol::decode(service, parts, body) {
            Ok(decoded) => decoded,
            Err(error) => return refused(error),
        };
        let request = Request {
            service,
            operation: decoded.operation,
            region: region.to_owned(),
            caller,
            params: decoded.params,
        };
        self.carry_out(decoded.protocol, request, &request_id)
    }

    fn carry_out(&self, protocol: Protocol, request: Request, request_id: &str) -> Outcome {
        let target_account = target_account(&request);
        let Strike { fault, delay } = self.world.faults().strike(&target_account, &request);
        let answer = |result| {
            Reply::Answer(protocol::encode(
                protocol,
                request.service,
                &request.operation,
                &result,
                request_id,
            ))
        };
        let mut code = None;
        let reply = match fault {
            Some(Fault::Hang) => Reply::Silence,
            Some(Fault::CutConnection) => Reply::Cut,
            Some(Fault::Truncated) => truncated(answer(self.result(&request, None))),
            Some(Fault::Malformed { seed }) => {
                let result = self.result(&request, None);
                let damaged = Damaged::drawn(seed, &target_account, &request, result);
                self.world.faults().note_damage(DamagedAnswer {
                    account: target_account.clone(),
                    service: request.service.prefix(),
                    operation: request.operation.clone(),
                    damage: damaged.kind,
                });
                Reply::Answer(damaged.written(protocol, |result| {
                    protocol::encode(
                        protocol,
                        request.service,
                        &request.operation,
                        result,
                        request_id,
                    )
                }))
            }
            Some(Fault::Garbled) => garbled(answer(Ok(crate::neutral::Value::empty()))),
            fault => {
                let result = self.result(&request, fault);
                code = result.as_ref().err().map(|error| error.code.clone());
                answer(result)
            }
        };
        let status = match &reply {
            Reply::Answer(response) => response.status().as_u16(),
            Reply::Cut | Reply::Silence => 0,
        };
        tracing::debug!(
            service = request.service.prefix(),
            operation = request.operation,
            region = request.region,
            account = target_account,
            status,
        );
        self.log.record(RecordedCall {
            service: request.service,
            operation: request.operation,
            region: request.region,
            account: request.caller.account,
            target_account,
            status,
            code,
            at: Instant::now(),
        });
        Outcome {
            reply,
            delay: delay + self.latency,
        }
    }

    fn result(&self, request: &Request, fault: Option<Fault>) -> service::Answer {
        let partition = &self.world.settings().partition;
        match fault {
            Some(Fault::Denied) => Err(ServiceError::denied_by_identity(request, partition)),
            Some(Fault::DeniedByScp) => Err(ServiceError::denied_by_scp(request, partition)),
            Some(Fault::Status503 { .. }) => Err(ServiceError::unavailable(request.service)),
            Some(Fault::ClockSkew) => Err(ServiceError::skewed(request.service, self.world.now())),
            Some(Fault::Throttle { .. } | Fault::ThrottleBurst { .. }) => {
                Err(ServiceError::throttled(request.service))
            }
            Some(Fault::Status500 { .. }) => Err(ServiceError::internal(request.service)),
            Some(Fault::ExpiredToken) => Err(ServiceError::expired(request.service)),
            _ if !self.admits(request) => Err(ServiceError::throttled(request.service)),
            _ if !self.region_is_enabled(request) => {
                Err(ServiceError::unrecognized(request.service))
            }
            _ => {
                self.world.live().catch_up(&self.world);
                shapes::check(request)?;
                if self.world.enforces_policies() {
                    iam::authorize(&self.world, request)?;
                }
                self.answer_in_time(request)
            }
        }
    }

    /// What services answer; where writes take time to be seen, readers see what was before.
    fn answer_in_time(&self, request: &Request) -> service::Answer {
        if self.world.settings().consistency_seconds == 0 {
            return service::answer(&self.world, request);
        }
        let reads = ["Describe", "List", "Get"]
            .iter()
            .any(|begin| request.operation.starts_with(begin));
        if reads {
            return reading_behind(|| service::answer(&self.world, request));
        }
        self.world.keep_seen(&request.caller.account);
        service::answer(&self.world, request)
    }

    fn admits(&self, request: &Request) -> bool {
        self.quotas
            .as_ref()
            .is_none_or(|quotas| quotas.admits(request, Instant::now()))
    }

    /// Credentials are valid in the Regions that their account has enabled.
    fn region_is_enabled(&self, request: &Request) -> bool {
        let settings = self.world.settings();
        let disabled = settings.disabled_regions.contains(&request.region);
        !disabled
            || self
                .world
                .account(&request.caller.account)
                .is_some_and(|account| account.opted_in_regions.contains(&request.region))
    }

    fn at_once(&self, response: Response<Vec<u8>>) -> Outcome {
        Outcome {
            reply: Reply::Answer(response),
            delay: self.latency,
        }
    }
}

/// The account that is asked: that of the role for AssumeRole, otherwise that of the credentials.
fn target_account(request: &Request) -> String {
    (request.service == Service::Sts)
        .then(|| request.params.text("RoleArn")?.split(':').nth(4))
        .flatten()
        .unwrap_or(&request.caller.account)
        .to_owned()
}

/// The first half of the answer's body.
fn truncated(reply: Reply) -> Reply {
    match reply {
        Reply::Answer(response) => Reply::Answer(response.map(|mut body| {
            body.truncate(body.len() / 2);
            body
        })),
        other => other,
    }
}

/// An answer with the right headers and a body that no parser understands.
fn garbled(reply: Reply) -> Reply {
    match reply {
        Reply::Answer(response) => Reply::Answer(response.map(|_| b"\xff\xfe{<garbled".to_vec())),
        other => other,
    }
}
