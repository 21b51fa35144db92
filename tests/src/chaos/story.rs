//! One sweep with what is drawn to go wrong, and the sweeps after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use orgsim::{FaultId, Scenario, Server, ServerOptions, World};

use super::check::{Undisturbed, settled, violations};
use super::disturbance::Disturbance;
use crate::cuttable::CuttableConnection;
use crate::database::Database;
use crate::installation::Installation;
use crate::program::{Ended, Running};

/// What happened from one seed.
#[derive(Debug, Clone)]
pub struct Story {
    /// The seed.
    pub seed: u64,
    /// What went wrong, in words.
    pub disturbances: Vec<String>,
    /// How each sweep ended, in words.
    pub endings: Vec<String>,
    /// How often the program was killed.
    pub kills: u32,
    /// Rules that were broken; empty when all is well.
    pub violations: Vec<String>,
}

impl Story {
    /// A story in which nothing has happened yet.
    pub(super) fn of(seed: u64, disturbances: Vec<String>) -> Self {
        Self {
            seed,
            disturbances,
            endings: Vec::new(),
            kills: 0,
            violations: Vec::new(),
        }
    }
}

/// Patience of a sweep that much is done to: short, so that a hanging call costs seconds.
pub(super) const SETTINGS: &str = "[aws]\ncall_timeout = \"1s\"\ncall_deadline = \"6s\"\naccount_deadline = \"20s\"\n[sweep]\ndeadline = \"60s\"\n[database]\nconnect_timeout = \"5s\"\n";

/// A sweep that is not over after this much more than its deadline has hung.
const LONGEST: Duration = Duration::from_secs(75);

/// A sweep of the demo organization during which much goes wrong, then quiet ones.
///
/// # Panics
/// When the surroundings (a port, the database server, the programs) are missing.
pub async fn disturbed_sweep(seed: u64, undisturbed: &Undisturbed) -> Story {
    let mut random = Rng::with_seed(seed);
    let world = Arc::new(World::build(&Scenario::demo()));
    let options = ServerOptions::default();
    let server = Server::start(Arc::clone(&world), options).await;
    let server = server.expect("a free port");
    let disturbances = Disturbance::drawn(&mut random, &world);
    let database = Database::new().await;
    let connection = CuttableConnection::to(database.listens()).await;
    let through = database.url_through(connection.address(), "unused");
    let caller = world.delegated_administrator();
    let mut installation = Installation::embedded()
        .keeping_in(database)
        .against(&server.endpoint_url())
        .as_caller_in(&caller.unwrap_or_else(|| world.management_account()))
        .with_configuration(SETTINGS);
    installation.set("DATABASE_URL", &through);
    let words = disturbances.iter().map(|it| format!("{it:?}")).collect();
    let mut story = Story::of(seed, words);

    let (ended, faults) = disturbed(
        &installation,
        &world,
        &connection,
        &disturbances,
        &mut story,
    )
    .await;
    note(&ended, &mut story);
    // What the database, a kill or expired credentials broke off, the next sweep takes up
    // again; at last without faults, as after somebody renewed the credentials.
    for attempt in 0..3 {
        let finished = installation
            .database()
            .number("select count(*) from sweep where state = 'finished'")
            .await;
        if finished.is_some_and(|sweeps| sweeps > 0) {
            break;
        }
        if attempt == 2 {
            for fault in &faults {
                world.faults().remove(*fault);
            }
        }
        let ended = sweep(&installation, &mut story).await;
        note(&ended, &mut story);
    }
    let broken = violations(&installation, &world, &disturbances, undisturbed).await;
    story.violations.extend(broken);

    // Faults are over: what is the same is found the same.
    let quiet = Arc::new(World::build(&Scenario::demo()));
    let server = Server::start(quiet, ServerOptions::default()).await;
    let server = server.expect("a free port");
    let installation = installation.against(&server.endpoint_url());
    // With the usual patience: the machine that runs this may be busy.
    installation.write("orgsweep.toml", "");
    let ended = installation.run(&["sweep", "--fresh"]).await;
    if ended.code != Some(0) {
        story.violations.push(format!("the quiet sweep: {ended}"));
    }
    // An account that appeared for one night stays known and unread.
    let rows = settled(&installation).await;
    story
        .violations
        .extend(undisturbed.differences(&rows, &["900000000009"]));
    story
}

/// The sweep during which things go wrong.
async fn disturbed(
    installation: &Installation,
    world: &World,
    connection: &CuttableConnection,
    disturbances: &[Disturbance],
    story: &mut Story,
) -> (Ended, Vec<FaultId>) {
    let mut timed: Vec<(Duration, &Disturbance)> = Vec::new();
    let mut faults = Vec::new();
    for disturbance in disturbances {
        match disturbance.after() {
            None => {
                let database = installation.database();
                faults.extend(disturbance.happen(world, database, connection).await);
            }
            Some(after) => timed.push((after, disturbance)),
        }
    }
    timed.sort_by_key(|(after, _)| *after);
    let start = Instant::now();
    let mut running = installation.start(&["sweep"]);
    for (after, disturbance) in timed {
        tokio::time::sleep(after.saturating_sub(start.elapsed())).await;
        if matches!(disturbance, Disturbance::Kill(_)) {
            if !running.has_ended() {
                running.signal("KILL").await;
                story.kills += 1;
                let ended = running.end().await;
                note(&ended, story);
                running = installation.start(&["sweep"]);
            }
        } else {
            let database = installation.database();
            faults.extend(disturbance.happen(world, database, connection).await);
        }
    }
    (in_time(running, start, story).await, faults)
}

async fn sweep(installation: &Installation, story: &mut Story) -> Ended {
    let start = Instant::now();
    in_time(installation.start(&["sweep"]), start, story).await
}

pub(super) async fn in_time(running: Running, start: Instant, story: &mut Story) -> Ended {
    let ended = running.end().await;
    if start.elapsed() > LONGEST {
        story
            .violations
            .push("a sweep ended long after its deadline".to_owned());
    }
    ended
}

/// A program may end in any way that it documents, and says what to do where that is not fine.
pub(super) fn note(ended: &Ended, story: &mut Story) {
    let said = ended.stderr.lines().last().unwrap_or_default();
    story.endings.push(match ended.code {
        Some(code) => format!("exit code {code}: {said}"),
        None => "killed".to_owned(),
    });
    if ended.stderr.contains("panicked at") {
        story.violations.push(format!("it panicked: {ended}"));
    }
    if ended.code.is_some_and(|code| code != 0) && said.trim().is_empty() {
        story
            .violations
            .push(format!("it failed without a word: {ended}"));
    }
}
