//! A sweep of an organization whose answers are malformed (`orgsim::Damage`), what is printed of
//! it everywhere, and a quiet sweep after it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use orgsim::{
    DamagedAnswer, Fault, FaultRule, HOSTILE_TEXTS, Scenario, Server, ServerOptions, Service, World,
};
use serde_json::Value;

use super::check::{Undisturbed, found, outcomes, settled};
use super::printed;
use super::story::{SETTINGS, Story, in_time, note};
use crate::installation::Installation;
use crate::webhook::Webhook;

/// Shares of the answers that are malformed: an inventory that cannot be read ends the sweep, so
/// fewer of it.
const SHARES: [(Service, f64); 8] = [
    (Service::Organizations, 0.01),
    (Service::Sts, 0.03),
    (Service::Account, 0.05),
    (Service::CloudTrail, 0.06),
    (Service::Logs, 0.08),
    (Service::CloudWatch, 0.10),
    (Service::Sns, 0.10),
    (Service::Kms, 0.10),
];

/// Accounts whose findings are explained, at most.
const EXPLAINED: usize = 3;

/// A sweep of the demo organization during which answers are malformed; nothing passes because of
/// it, nothing that is printed steers a terminal, a spreadsheet or a chat, and a quiet sweep after
/// it leaves the rows of an undisturbed one.
///
/// # Panics
/// When the surroundings (a port, the database server, the programs) are missing.
pub async fn malformed_answers(seed: u64, undisturbed: &Undisturbed) -> Story {
    let world = Arc::new(World::build(&Scenario::demo()));
    let server = Server::start(Arc::clone(&world), ServerOptions::default()).await;
    let server = server.expect("a free port");
    for (service, share) in SHARES {
        let rule = FaultRule::everywhere(Fault::Malformed { seed });
        world.faults().add(rule.service(service).share(share));
    }
    name_accounts(&world, seed);
    let slack = Webhook::start().await;
    let caller = world.delegated_administrator();
    let mut installation = Installation::on_server()
        .await
        .against(&server.endpoint_url())
        .as_caller_in(&caller.unwrap_or_else(|| world.management_account()))
        .with_configuration(SETTINGS);
    // The same question gets the same answer.
    installation.set("ORGSWEEP_AWS_MAX_ATTEMPTS", "2");
    installation.set("ORGSWEEP_NOTIFICATIONS_SLACK_URL", &slack.url());
    let mut story = Story::of(seed, Vec::new());

    let start = Instant::now();
    let running = installation.start(&["sweep", "-v"]);
    let ended = in_time(running, start, &mut story).await;
    note(&ended, &mut story);
    story.violations.extend(printed::of("sweep", &ended));
    if !matches!(ended.code, Some(0 | 1)) {
        story.violations.push(format!("the sweep: {ended}"));
    }
    let damaged = world.faults().damaged_answers();
    story.disturbances = damaged.iter().map(words).collect();
    let finished = installation
        .database()
        .number("select count(*) from sweep where state = 'finished'")
        .await;
    if finished == Some(1) {
        let broken = outcomes(&installation, &world, &[]).await;
        story.violations.extend(broken);
        let broken = passes(&installation, &world, &damaged, undisturbed).await;
        story.violations.extend(broken);
        printed_everywhere(&installation, &damaged, &mut story).await;
        for told in slack.requests() {
            let text = told.body["text"].as_str().unwrap_or_default();
            story.violations.extend(printed::of_slack(text));
        }
    } else if ended.code == Some(0) {
        story
            .violations
            .push(format!("{finished:?} finished sweeps after {ended}"));
    }

    // The answers are right again.
    let quiet = Arc::new(World::build(&Scenario::demo()));
    let server = Server::start(quiet, ServerOptions::default()).await;
    let server = server.expect("a free port");
    let mut installation = installation.against(&server.endpoint_url());
    installation.unset("ORGSWEEP_AWS_MAX_ATTEMPTS");
    // With the usual patience: the machine that runs this may be busy.
    installation.write("orgsweep.toml", "");
    let ended = installation.run(&["sweep", "--fresh"]).await;
    if ended.code != Some(0) {
        story.violations.push(format!("the quiet sweep: {ended}"));
    }
    if finished == Some(1) {
        let differs = installation.run(&["diff"]).await;
        story.violations.extend(printed::of("diff", &differs));
        if differs.code != Some(0) {
            story.violations.push(format!("`diff`: {differs}"));
        }
    }
    let rows = settled(&installation).await;
    story.violations.extend(undisturbed.differences(&rows, &[]));
    story
}

/// Accounts are called what nobody would like to print.
fn name_accounts(world: &World, seed: u64) {
    let accounts: Vec<String> = world.accounts().map(str::to_owned).collect();
    let mut organization = world.organization_mut();
    for (number, account) in accounts.iter().enumerate() {
        if let Some(member) = organization.member_mut(account) {
            let text = HOSTILE_TEXTS[(number + seed as usize) % HOSTILE_TEXTS.len()];
            member.name = if number % 2 == 0 {
                text.to_owned()
            } else {
                format!("{}{text}", member.name)
            };
        }
    }
}

fn words(answer: &DamagedAnswer) -> String {
    format!(
        "{:?} of {}:{} in {}",
        answer.damage, answer.service, answer.operation, answer.account
    )
}

/// Passes that nothing explains: an account that did not pass undisturbed passes only where an
/// answer about it, or about an account that others are judged by, could be a right one.
async fn passes(
    installation: &Installation,
    world: &World,
    damaged: &BTreeSet<DamagedAnswer>,
    undisturbed: &Undisturbed,
) -> Vec<String> {
    let plausible: BTreeSet<&str> = damaged
        .iter()
        .filter(|answer| answer.damage.may_make_sense())
        .map(|answer| answer.account.as_str())
        .collect();
    let heads = [
        Some(world.management_account()),
        world.delegated_administrator(),
    ];
    if heads
        .iter()
        .flatten()
        .any(|head| plausible.contains(head.as_str()))
    {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for ((account, control), (verdict, reason)) in found(&settled(installation).await) {
        let rightly = undisturbed.verdict(&account, &control);
        if verdict == "pass" && rightly != Some("pass") && !plausible.contains(account.as_str()) {
            violations.push(format!(
                "{account} {control}: pass ({reason}) from garbage, undisturbed {rightly:?}"
            ));
        }
    }
    violations
}

/// Prints everything in every form, and looks at it.
async fn printed_everywhere(
    installation: &Installation,
    damaged: &BTreeSet<DamagedAnswer>,
    story: &mut Story,
) {
    let mut commands: Vec<Vec<&str>> = vec![vec!["reevaluate"], vec!["notifications", "list"]];
    for format in ["table", "csv", "json"] {
        commands.push(vec!["accounts", "--format", format]);
        commands.push(vec!["findings", "--format", format]);
        commands.push(vec!["query", "select * from posture", "--format", format]);
    }
    let accounts: BTreeSet<&str> = damaged
        .iter()
        .map(|answer| answer.account.as_str())
        .collect();
    let read = installation.run(&["accounts", "--format", "json"]).await;
    let done: Vec<String> = serde_json::from_str::<Vec<Value>>(&read.stdout)
        .unwrap_or_default()
        .into_iter()
        .filter(|row| row["outcome"] == "done")
        .filter_map(|row| row["account_id"].as_str().map(str::to_owned))
        .collect();
    let explained = done
        .iter()
        .filter(|account| accounts.contains(account.as_str()))
        .take(EXPLAINED);
    for account in explained {
        for control in ["s3-bucket-policy-changes", "root-usage"] {
            commands.push(vec!["explain", account, control]);
            commands.push(vec!["explain", account, control, "--format", "json"]);
        }
    }
    for command in commands {
        let ended = installation.run(&command).await;
        let name = command.join(" ");
        if ended.code != Some(0) {
            let said: String = ended.to_string().chars().take(2_000).collect();
            story.violations.push(format!("`{name}`: {said}"));
        }
        story.violations.extend(printed::of(&name, &ended));
        if name.ends_with("csv") {
            story
                .violations
                .extend(printed::of_csv(&name, &ended.stdout));
        }
    }
}
