//! What goes wrong during a sweep: drawn, put into words, done.

use std::time::Duration;

use fastrand::Rng;
use orgsim::{AccountStatus, Fault, FaultId, FaultRule, World};

use crate::cuttable::CuttableConnection;
use crate::database::Database;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Disturbance {
    /// Calls fail by this rule, from the beginning.
    Fault(FaultRule),
    /// An account is created.
    Appears(After),
    /// An account leaves the organization.
    Vanishes(After, String),
    /// An account is suspended.
    IsSuspended(After, String),
    /// A Region is switched off in an account: it answers so from then on.
    RegionIsOff(After, String, String),
    /// Every connection of the database ends, as when its server restarts.
    DatabaseRestarts(After),
    /// The network to the database is cut for a while.
    DatabaseIsCut(After, Duration),
    /// The program is killed.
    Kill(After),
}

/// How long after the sweep has begun.
pub(super) type After = Duration;

/// The longest time after which something happens: a sweep of the demo takes about as long.
const WITHIN_MILLISECONDS: u64 = 4_000;

impl Disturbance {
    /// One to five of them.
    pub(super) fn drawn(random: &mut Rng, world: &World) -> Vec<Self> {
        let number = random.usize(1..=5);
        (0..number).map(|_| Self::one(random, world)).collect()
    }

    fn one(random: &mut Rng, world: &World) -> Self {
        let after = Duration::from_millis(random.u64(0..WITHIN_MILLISECONDS));
        match random.u32(0..16) {
            0 => Self::Appears(after),
            1 => Self::Vanishes(after, some_account(random, world)),
            2 => Self::IsSuspended(after, some_account(random, world)),
            3 => {
                let regions = &world.settings().regions;
                let region = regions[random.usize(..regions.len())].clone();
                Self::RegionIsOff(after, some_account(random, world), region)
            }
            4 | 5 => Self::DatabaseRestarts(after),
            6 => Self::DatabaseIsCut(after, Duration::from_millis(random.u64(50..1_500))),
            7 | 8 => Self::Kill(after),
            _ => Self::Fault(rule(random, world)),
        }
    }

    /// Whether verdicts may differ from the undisturbed ones in this account.
    pub(super) fn changes(&self, account: &str) -> bool {
        matches!(self,
            Self::Vanishes(_, changed) | Self::IsSuspended(_, changed) | Self::RegionIsOff(_, changed, _)
                if changed == account)
    }

    /// When it happens; `None` when it holds from the beginning.
    pub(super) fn after(&self) -> Option<After> {
        match self {
            Self::Fault(_) => None,
            Self::Appears(after)
            | Self::Vanishes(after, _)
            | Self::IsSuspended(after, _)
            | Self::RegionIsOff(after, _, _)
            | Self::DatabaseRestarts(after)
            | Self::DatabaseIsCut(after, _)
            | Self::Kill(after) => Some(*after),
        }
    }

    /// Does it; what concerns the process itself is done by whoever runs it. What it adds to the
    /// faults of the simulated AWS is returned.
    pub(super) async fn happen(
        &self,
        world: &World,
        database: &Database,
        connection: &CuttableConnection,
    ) -> Option<FaultId> {
        match self {
            Self::Fault(rule) => return Some(world.faults().add(rule.clone())),
            Self::Appears(_) => {
                let mut organization = world.organization_mut();
                let known = organization.members().next().cloned();
                if let Some(mut member) = known {
                    "900000000009".clone_into(&mut member.id);
                    "just-created".clone_into(&mut member.name);
                    member.status = AccountStatus::Active;
                    organization.add_member(member);
                }
            }
            Self::Vanishes(_, account) => {
                world.organization_mut().remove_member(account);
            }
            Self::IsSuspended(_, account) => {
                if let Some(member) = world.organization_mut().member_mut(account) {
                    member.status = AccountStatus::Suspended;
                }
            }
            Self::RegionIsOff(_, account, region) => {
                let rule = FaultRule::everywhere(Fault::DeniedByScp);
                return Some(world.faults().add(rule.account(account).region(region)));
            }
            Self::DatabaseRestarts(_) => {
                database
                    .execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity
                         where datname = current_database() and pid <> pg_backend_pid()",
                    )
                    .await;
            }
            Self::DatabaseIsCut(_, time) => {
                connection.cut();
                tokio::time::sleep(*time).await;
                connection.mend();
            }
            Self::Kill(_) => {}
        }
        None
    }
}

/// An account on which no other depends.
fn some_account(random: &mut Rng, world: &World) -> String {
    let heads = [
        Some(world.management_account()),
        world.delegated_administrator(),
    ];
    let members: Vec<&str> = world
        .accounts()
        .filter(|account| !heads.iter().flatten().any(|head| head == account))
        .collect();
    members[random.usize(..members.len())].to_owned()
}

fn rule(random: &mut Rng, world: &World) -> FaultRule {
    let milliseconds = |random: &mut Rng, range| Duration::from_millis(random.u64(range));
    let (fault, most) = match random.u32(0..12) {
        0 => (Fault::Status500 { times: None }, 0.3),
        1 => (Fault::Status503 { times: None }, 0.3),
        2 => (Fault::Throttle { times: None }, 0.3),
        3 => {
            let length = random.u32(3..20);
            let every = length + random.u32(20..80);
            (Fault::ThrottleBurst { length, every }, 1.0)
        }
        4 => (Fault::Hang, 0.03),
        5 => (Fault::CutConnection, 0.2),
        6 => (Fault::Garbled, 0.1),
        7 => (Fault::Truncated, 0.1),
        8 => (Fault::ExpiredToken, 0.1),
        9 => (Fault::ClockSkew, 0.1),
        10 => {
            let least = milliseconds(random, 1..20);
            let most = least + milliseconds(random, 20..400);
            (Fault::LatencyBetween { least, most }, 1.0)
        }
        // A slow account.
        _ => {
            let delay = milliseconds(random, 500..3_000);
            let account = some_account(random, world);
            return FaultRule::everywhere(Fault::Latency { delay }).account(&account);
        }
    };
    let share = random.f64() * most;
    FaultRule::everywhere(fault).share(share)
}
