//! Sweep after sweep of an organization in which something changes each time: what the program
//! holds in between, and what its tables hold, stays the same.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use orgsim::{Fault, FaultRule, Scenario, Server, ServerOptions, Service as Aws, World};

use crate::installation::Installation;
use crate::service::{NEVER, Service};
use crate::waiting::until;

/// Sweeps after which everything that is made once has been made.
const WARM_UP: usize = 2;
/// Changes come and go again in so many sweeps.
const PERIOD: usize = 2;
/// Tables in which a sweep of what is known adds no row.
const STEADY: [&str; 9] = [
    "account",
    "budget_lease",
    "control",
    "exception",
    "finding",
    "finding_detail",
    "region_set",
    "shared_snapshot",
    "snapshot",
];
/// Files that a process may have open between sweeps besides those before the first one: the
/// connections of the pool (`database.max_connections`), and ours that asks.
const MORE_FILES: usize = 10;

/// Counts the connections of others to the database; its own workers are none.
const CONNECTIONS: &str = "select count(*) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
       and backend_type = 'client backend'";

/// What was there after one sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Memory of the service in KiB; `None` where each sweep is a process.
    pub memory_kib: Option<u64>,
    /// Threads of the service.
    pub threads: Option<usize>,
    /// Open files of the service, connections included.
    pub files: Option<usize>,
    /// Tasks of the service's runtime.
    pub tasks: Option<usize>,
    /// Connections to the database.
    pub connections: i64,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// Bytes of all tables with their indexes.
    pub bytes: i64,
}

/// What a soak showed.
#[derive(Debug, Clone)]
pub struct Soak {
    /// One sample per sweep.
    pub samples: Vec<Sample>,
    /// What did not stay the same.
    pub violations: Vec<String>,
}

/// Who sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweeper {
    /// One `orgsweep serve`, asked by `POST /sweeps`.
    Service,
    /// One `orgsweep sweep` after the other.
    CommandLine,
}

/// Sweeps `sweeps` times with changes in between.
///
/// # Panics
/// When the surroundings are missing, or a sweep fails.
pub async fn soak(scenario: &Scenario, sweeps: usize, sweeper: Sweeper) -> Soak {
    let world = Arc::new(World::build(scenario));
    let server = Server::start(Arc::clone(&world), ServerOptions::default()).await;
    let server = server.expect("a free port");
    let caller = world.delegated_administrator();
    let installation = Installation::on_server()
        .await
        .against(&server.endpoint_url())
        .as_caller_in(&caller.unwrap_or_else(|| world.management_account()));
    installation.run(&["migrate"]).await.with_code(0);
    let service = match sweeper {
        Sweeper::Service => Some(Service::start(&installation, NEVER).await),
        Sweeper::CommandLine => None,
    };
    let before = service.as_ref().map(files);
    let changes = Changes::of(&world);
    let mut samples: Vec<Sample> = Vec::new();
    let mut violations = Vec::new();
    for number in 0..sweeps {
        changes.make(&world, number % PERIOD == 1);
        if let Some(service) = &service {
            until("the service to be ready for the next sweep", || async {
                let (status, _) = service.ask("POST", "/sweeps", &[]).await;
                (status == 202).then_some(())
            })
            .await;
            let ended = "orgsweep_sweeps_total{trigger=\"api\",result=\"finished\"}";
            service.has(ended, (number + 1) as f64).await;
        } else {
            installation.run(&["sweep"]).await.with_code(0);
            // The server notices in its own time that the process is gone.
            until("no connection to be left", || async {
                let database = installation.database();
                (database.number(CONNECTIONS).await == Some(0)).then_some(())
            })
            .await;
        }
        let mut sample = sample(&installation, service.as_ref()).await;
        if let (Some(service), Some(before)) = (&service, before) {
            // Connections end in their own time, but they do end.
            let settled = settled(service, before + MORE_FILES).await;
            sample.files = Some(settled);
        }
        samples.push(sample);
    }
    if let Some(service) = service {
        service.stop().await;
    }
    violations.extend(uneven(&samples));
    Soak {
        samples,
        violations,
    }
}

/// Waits until a service holds no more open files than `most`.
async fn settled(service: &Service, most: usize) -> usize {
    until("connections to end", || async {
        let open = files(service);
        (open <= most).then_some(open)
    })
    .await
}

/// What did not stay the same from one period of changes to the next.
fn uneven(samples: &[Sample]) -> Vec<String> {
    let mut violations = Vec::new();
    let warm = samples.get(WARM_UP..).unwrap_or_default();
    let pairs = || warm.iter().zip(warm.iter().skip(PERIOD));
    for table in warm
        .first()
        .into_iter()
        .flat_map(|sample| sample.rows.keys())
    {
        let growth: Vec<i64> = pairs()
            .map(|(before, after)| after.rows[table] - before.rows[table])
            .collect();
        let steady = STEADY.contains(&table.as_str()) || table.starts_with("orgsweep_queue.");
        let even = growth.windows(2).all(|two| two[0] == two[1]);
        if !even || (steady && growth.iter().any(|rows| *rows != 0)) {
            violations.push(format!("rows of `{table}` grow by {growth:?}"));
        }
    }
    for (what, of) in [
        (
            "threads",
            (|sample| sample.threads) as fn(&Sample) -> Option<usize>,
        ),
        ("tasks", |sample| sample.tasks),
    ] {
        let counts: Vec<usize> = warm.iter().filter_map(of).collect();
        let (least, most) = (counts.iter().min(), counts.iter().max());
        // Threads that block come and go; none is left by each sweep.
        if most
            .zip(least)
            .is_some_and(|(most, least)| most - least > 4)
        {
            violations.push(format!("{what}: {counts:?}"));
        }
    }
    violations
}

async fn sample(installation: &Installation, service: Option<&Service>) -> Sample {
    let database = installation.database();
    let pool = database.pool().await;
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select schemaname::text, relname::text from pg_stat_user_tables order by 1, 2",
    )
    .fetch_all(&pool)
    .await
    .expect("statistics can be read");
    pool.close().await;
    let mut rows = BTreeMap::new();
    for (schema, table) in tables
        .into_iter()
        .filter(|(_, table)| table != "_sqlx_migrations")
    {
        let statement = format!("select count(*) from \"{schema}\".\"{table}\"");
        let name = if schema == "public" {
            table
        } else {
            format!("{schema}.{table}")
        };
        rows.insert(name, database.number(&statement).await.unwrap_or_default());
    }
    let number = |statement: &'static str| async move {
        database.number(statement).await.unwrap_or_default()
    };
    let tasks = match service {
        Some(service) => service.figure("orgsweep_tasks").await,
        None => None,
    };
    let connections = match service {
        Some(_) => number(CONNECTIONS).await,
        // The server notices a moment later that a program has ended.
        None => {
            until(
                "the connections of a program that has ended to end",
                || async { (number(CONNECTIONS).await == 0).then_some(0) },
            )
            .await
        }
    };
    Sample {
        memory_kib: service.and_then(|service| status(service, "VmRSS:")),
        threads: service.and_then(|service| status(service, "Threads:")).map(|number| number as usize),
        files: service.map(files),
        tasks: tasks.map(|tasks| tasks as usize),
        connections,
        bytes: number(
            "select coalesce(sum(pg_total_relation_size(relid)), 0)::bigint from pg_stat_user_tables",
        )
        .await,
        rows,
    }
}

/// A number in what Linux tells of the service's process.
fn status(service: &Service, line: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", service.process().id())).ok()?;
    let rest = text.lines().find_map(|other| other.strip_prefix(line))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// How many files the service has open.
fn files(service: &Service) -> usize {
    fs::read_dir(format!("/proc/{}/fd", service.process().id())).map_or(0, Iterator::count)
}

/// What is different in every second sweep.
struct Changes {
    /// Accounts whose alarms lose their actions.
    silenced: Vec<String>,
    /// An account that cannot be read.
    closed: Option<String>,
    /// An account that is called otherwise.
    renamed: Option<String>,
}

impl Changes {
    fn of(world: &World) -> Self {
        let heads = [
            Some(world.management_account()),
            world.delegated_administrator(),
        ];
        let mut members = world
            .accounts()
            .filter(|account| !heads.iter().flatten().any(|head| head == account))
            .map(str::to_owned);
        let (closed, renamed) = (members.next(), members.next());
        Self {
            silenced: members.take(8).collect(),
            closed,
            renamed,
        }
    }

    /// Makes the changes, or takes them back.
    fn make(&self, world: &World, made: bool) {
        for account in &self.silenced {
            let mut state = world.account(account).expect("a member");
            for region in state.regions.values_mut() {
                for alarm in region.metric_alarms.values_mut() {
                    alarm.actions_enabled = !made;
                }
            }
        }
        world.faults().clear();
        if let Some(account) = self.closed.as_ref().filter(|_| made) {
            let denied = FaultRule::everywhere(Fault::Denied).operation(Aws::Sts, "AssumeRole");
            world.faults().add(denied.account(account));
        }
        let mut organization = world.organization_mut();
        let renamed = self
            .renamed
            .as_ref()
            .and_then(|it| organization.member_mut(it));
        if let Some(member) = renamed {
            if made {
                "another name".clone_into(&mut member.name);
            } else {
                "a name".clone_into(&mut member.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(finding: i64, history: i64, tasks: usize) -> Sample {
        Sample {
            memory_kib: None,
            threads: Some(5),
            files: None,
            tasks: Some(tasks),
            connections: 0,
            rows: BTreeMap::from([
                ("finding".to_owned(), finding),
                ("finding_history".to_owned(), history),
            ]),
            bytes: 0,
        }
    }

    #[test]
    fn what_grows_from_period_to_period_is_found() {
        let with = |growth: fn(i64) -> (i64, i64, usize)| {
            let samples: Vec<Sample> = (0..9)
                .map(growth)
                .map(|(finding, history, tasks)| sample(finding, history, tasks))
                .collect();
            uneven(&samples).len()
        };
        assert_eq!(with(|n| (7, 10 + 3 * n, 4)), 0);
        assert_eq!(with(|n| (7 + n, 10 + 3 * n, 4)), 1, "findings are added");
        assert_eq!(
            with(|n| (7, n * n, 4)),
            1,
            "history grows faster and faster"
        );
        assert_eq!(with(|n| (7, n, 4 + n as usize)), 1, "tasks are left");
    }
}
