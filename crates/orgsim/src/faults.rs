//! Faults: rules by account, service, operation and Region that make calls fail
//! as AWS or the network make them fail. They may be changed while the server
//! runs; what is drawn by chance depends on the seed alone.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::damage::{self, DamagedAnswer};
use crate::request::Request;
use crate::service::Service;
use crate::state::drawn;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No identity-based policy allows the call.
    Denied,
    /// A service control policy denies the call.
    DeniedByScp,
    /// Throttled, `times` times in all; `None` is always.
    Throttle {
        /// How many calls are throttled.
        times: Option<u32>,
    },
    /// HTTP 500, `times` times in all; `None` is always.
    Status500 {
        /// How many calls fail.
        times: Option<u32>,
    },
    /// HTTP 503, `times` times in all; `None` is always.
    Status503 {
        /// How many calls fail.
        times: Option<u32>,
    },
    /// Throttled in bursts: the first `length` of every `every` calls.
    ThrottleBurst {
        /// Calls of a burst.
        length: u32,
        /// Calls from the beginning of one burst to that of the next.
        every: u32,
    },
    /// No answer, ever.
    Hang,
    /// The connection is closed without an answer.
    CutConnection,
    /// An answer that no parser understands.
    Garbled,
    /// Half of an answer.
    Truncated,
    /// An answer with damage that is drawn from this seed and the request: see [`Damage`]. Whether
    /// a request is struck depends on these as well, so that it is again when it is repeated.
    ///
    /// [`Damage`]: crate::Damage
    Malformed {
        /// From which it is drawn.
        seed: u64,
    },
    /// The credentials count as expired.
    ExpiredToken,
    /// The caller's clock counts as wrong.
    ClockSkew,
    /// The answer is right but late.
    Latency {
        /// How late.
        delay: Duration,
    },
    /// The answer is right but late by a time that is drawn: half of the calls wait less than a
    /// sixteenth of the way from `least` to `most`.
    LatencyBetween {
        /// How late at least.
        least: Duration,
        /// How late at most.
        most: Duration,
    },
}

/// Which calls fail, and how. Members that are `None` fit every call.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// Account that is asked (for AssumeRole: the account of the role).
    pub account: Option<String>,
    /// Service.
    pub service: Option<Service>,
    /// Operation.
    pub operation: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Share of the fitting calls that fail, between 0 and 1.
    pub share: f64,
    /// What goes wrong.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule that fits every call.
    pub fn everywhere(fault: Fault) -> Self {
        Self {
            account: None,
            service: None,
            operation: None,
            region: None,
            share: 1.0,
            fault,
        }
    }

    /// The same rule for one account.
    #[must_use]
    pub fn account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// The same rule for one service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// The same rule for one operation of one service.
    #[must_use]
    pub fn operation(mut self, service: Service, operation: &str) -> Self {
        self.service = Some(service);
        self.operation = Some(operation.to_owned());
        self
    }

    /// The same rule for one Region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// The same rule for a share of the calls.
    #[must_use]
    pub fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    fn fits(&self, request: &Request) -> bool {
        let is = |wanted: &Option<String>, given: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == given)
        };
        self.service.is_none_or(|wanted| wanted == request.service)
            && is(&self.operation, &request.operation)
            && is(&self.region, &request.region)
    }
}

/// Names a rule that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(u64);

/// The rules in force.
pub struct Faults {
    seed: u64,
    rules: Mutex<Rules>,
    damaged: Mutex<BTreeSet<DamagedAnswer>>,
}

#[derive(Default)]
struct Rules {
    /// By account; `None` holds those for every account.
    by_account: HashMap<Option<String>, Vec<Kept>>,
    added: u64,
}

struct Kept {
    id: FaultId,
    rule: FaultRule,
    fitted: u64,
    struck: u32,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            rules: Mutex::default(),
            damaged: Mutex::default(),
        }
    }

    /// The answers that were malformed so far, each once.
    pub fn damaged_answers(&self) -> BTreeSet<DamagedAnswer> {
        self.damaged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes that an answer was malformed.
    pub(crate) fn note_damage(&self, answer: DamagedAnswer) {
        self.damaged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(answer);
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule. Rules for one account go before those for all; of those, the first added.
    pub fn add(&self, rule: FaultRule) -> FaultId {
        let mut rules = self.rules();
        rules.added += 1;
        let id = FaultId(rules.added);
        rules
            .by_account
            .entry(rule.account.clone())
            .or_default()
            .push(Kept {
                id,
                rule,
                fitted: 0,
                struck: 0,
            });
        id
    }

    /// Removes a rule; `false` when it was gone already.
    pub fn remove(&self, id: FaultId) -> bool {
        let mut rules = self.rules();
        let mut found = false;
        for kept in rules.by_account.values_mut() {
            let before = kept.len();
            kept.retain(|rule| rule.id != id);
            found |= kept.len() < before;
        }
        found
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.rules().by_account.clear();
    }

    /// What happens to a request that asks `account`, if anything. Latency adds to another fault.
    pub(crate) fn strike(&self, account: &str, request: &Request) -> Strike {
        let mut strike = Strike::default();
        let mut rules = self.rules();
        for key in [Some(account.to_owned()), None] {
            let Some(kept) = rules.by_account.get_mut(&key) else {
                continue;
            };
            for rule in kept {
                if rule.rule.fits(request) && rule.strikes(self.seed, account, request) {
                    match rule.rule.fault {
                        Fault::Latency { delay } => strike.delay += delay,
                        Fault::LatencyBetween { least, most } => {
                            let draw = rule.draw(self.seed, "latency").powi(4);
                            strike.delay += least + most.saturating_sub(least).mul_f64(draw);
                        }
                        fault if strike.fault.is_none() => strike.fault = Some(fault),
                        _ => {}
                    }
                }
            }
        }
        strike
    }
}

impl Kept {
    /// A number between 0 and 1 that depends on the seed, the rule and how often it fitted.
    fn draw(&self, seed: u64, what: &str) -> f64 {
        let draw = drawn(seed, &format!("{what} {} {}", self.id.0, self.fitted));
        draw as f64 / u64::MAX as f64
    }

    fn strikes(&mut self, seed: u64, account: &str, request: &Request) -> bool {
        self.fitted += 1;
        if let Fault::Malformed { seed } = self.rule.fault {
            let draw = drawn(seed, &damage::identity(account, request));
            return (draw as f64 / u64::MAX as f64) < self.rule.share;
        }
        if self.rule.share < 1.0 && self.draw(seed, "fault") >= self.rule.share {
            return false;
        }
        if let Fault::ThrottleBurst { length, every } = self.rule.fault {
            return (self.fitted - 1) % u64::from(every.max(1)) < u64::from(length);
        }
        let times = match self.rule.fault {
            Fault::Throttle { times } | Fault::Status500 { times } | Fault::Status503 { times } => {
                times
            }
            _ => None,
        };
        if times.is_some_and(|times| self.struck >= times) {
            return false;
        }
        self.struck += 1;
        true
    }
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Strike {
    /// What goes wrong, if anything.
    pub(crate) fault: Option<Fault>,
    /// How late the answer is.
    pub(crate) delay: Duration,
}
