//! `orgsim inject`: lets an event happen, in an organization of its own or in one
//! that is being served.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use orgsim::{CloudTrailEvent, Scenario, Timeline, Traffic, World};

use super::{remote, text_of};

/// Lets a CloudTrail event happen in an account, and prints what becomes of it, link by link.
#[derive(Args)]
pub(crate) struct Inject {
    /// Scenario file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["demo", "endpoint"])]
    scenario: Option<PathBuf>,
    /// The demo's organization of sixty accounts.
    #[arg(long, conflicts_with = "endpoint")]
    demo: bool,
    /// An organization that `orgsim serve` serves at this URL; the event's way takes its time there.
    #[arg(long, value_name = "URL", required_unless_present_any = ["scenario", "demo"])]
    endpoint: Option<String>,
    /// With `--endpoint`: seconds by which to move the clock there after the event.
    #[arg(long, value_name = "SECONDS", requires = "endpoint")]
    advance: Option<u64>,
    /// File with the event, a CloudTrail record in JSON; `-` is standard input.
    #[arg(value_name = "FILE")]
    event: PathBuf,
    /// Account in which it happens; its `recipientAccountId` when left out.
    #[arg(long, value_name = "NUMBER")]
    account: Option<String>,
    /// Region in which it happens; its `awsRegion` when left out.
    #[arg(long)]
    region: Option<String>,
    /// Other events arrive all the time, so that filters publish their default values.
    #[arg(long)]
    busy: bool,
    /// How often it happens, an hour after what came of the last time is over.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        conflicts_with = "endpoint"
    )]
    times: u32,
}

/// Runs the command.
pub(crate) fn run(arguments: &Inject) -> anyhow::Result<()> {
    let text = text_of(&arguments.event)?;
    if let Some(endpoint) = &arguments.endpoint {
        return served(arguments, endpoint, &text);
    }
    let scenario = match &arguments.scenario {
        Some(file) if file.as_os_str() == "-" => Scenario::parse(&text_of(file)?)
            .map_err(|error| anyhow::anyhow!("standard input: {error}"))?,
        Some(file) => {
            Scenario::read(file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?
        }
        None => Scenario::demo(),
    };
    let world = World::build(&scenario);
    let file = arguments.event.display();
    let record = serde_json::from_str(&text).with_context(|| format!("`{file}` is no JSON"))?;
    let account = arguments.account.as_deref();
    let event = CloudTrailEvent::at(record, account, arguments.region.as_deref())
        .with_context(|| format!("`{file}`"))?;
    anyhow::ensure!(
        world.has_account(event.account()),
        "the organization has no account {}",
        event.account()
    );
    let mut timeline = Timeline::new(world.now());
    if arguments.busy {
        timeline.set_traffic(Traffic::Busy);
    }
    for _ in 0..arguments.times {
        print!("{}", timeline.inject(&world, &event));
    }
    Ok(())
}

fn served(arguments: &Inject, endpoint: &str, event: &str) -> anyhow::Result<()> {
    if arguments.busy {
        remote::ask(endpoint, "POST", "traffic", r#"{"busy":true}"#)?;
    }
    let mut query = Vec::new();
    if let Some(account) = &arguments.account {
        query.push(format!("account={account}"));
    }
    if let Some(region) = &arguments.region {
        query.push(format!("region={region}"));
    }
    let path = format!("events?{}", query.join("&"));
    let mut answers = vec![remote::ask(endpoint, "POST", &path, event)?];
    if let Some(seconds) = arguments.advance {
        let body = serde_json::json!({ "seconds": seconds }).to_string();
        answers.push(remote::ask(endpoint, "POST", "clock", &body)?);
    }
    for step in answers
        .iter()
        .flat_map(|answer| answer["text"].as_array().into_iter().flatten())
    {
        println!("{}", step.as_str().unwrap_or_default());
    }
    Ok(())
}
