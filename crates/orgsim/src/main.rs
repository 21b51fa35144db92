//! `orgsim`: serves an AWS organization on localhost until it is interrupted.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use orgsim::{
    CloudTrailEvent, Scenario, Server, ServerOptions, Timeline, Traffic, World, access_key,
};
use tracing_subscriber::EnvFilter;

/// An AWS organization on localhost, for demo, tests and benchmarks.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the organization of a scenario, and prints what to export to use it.
    Serve(Serve),
    /// Prints the demo's scenario, as an example to start from.
    Init,
    /// Prints what the author of a scenario claims about each account and control, as CSV.
    Expected(Source),
    /// Lets a CloudTrail event happen in an account, and prints what becomes of it, link by link.
    Inject(Inject),
}

#[derive(Args)]
struct Inject {
    #[command(flatten)]
    source: Source,
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
    #[arg(long, value_name = "N", default_value_t = 1)]
    times: u32,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// Scenario file.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// The demo's organization of sixty accounts.
    #[arg(long)]
    demo: bool,
}

#[derive(Args)]
struct Serve {
    #[command(flatten)]
    source: Source,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Enforce this share of AWS's published quotas.
    #[arg(long, value_name = "SHARE")]
    quota_share: Option<f64>,
    /// Delay of every answer in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match Cli::parse().command {
        Command::Serve(arguments) => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("the runtime could not be started")?
            .block_on(serve(&arguments)),
        Command::Init => {
            print!("{}", Scenario::demo().to_toml());
            Ok(())
        }
        Command::Expected(source) => {
            print_expected(&World::build(&scenario(&source)?));
            Ok(())
        }
        Command::Inject(arguments) => inject(&arguments),
    }
}

fn inject(arguments: &Inject) -> anyhow::Result<()> {
    let world = World::build(&scenario(&arguments.source)?);
    let file = arguments.event.display();
    let text = if arguments.event.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(&arguments.event)
    }
    .with_context(|| format!("`{file}` could not be read"))?;
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

fn scenario(source: &Source) -> anyhow::Result<Scenario> {
    let Some(file) = &source.scenario else {
        return Ok(Scenario::demo());
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("`{}` could not be read", file.display()))?;
    Scenario::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))
}

async fn serve(arguments: &Serve) -> anyhow::Result<()> {
    let world = Arc::new(World::build(&scenario(&arguments.source)?));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let options = ServerOptions {
        address,
        quota_share: arguments.quota_share,
        latency: Duration::from_millis(arguments.latency),
        record_calls: false,
    };
    let server = Server::start(Arc::clone(&world), options)
        .await
        .with_context(|| format!("{address} cannot be listened on; choose another `--port`"))?;
    print_environment(&server, &world);
    tokio::signal::ctrl_c()
        .await
        .context("interrupts cannot be waited for")?;
    server.stop().await;
    Ok(())
}

/// What to export so that SDKs and the AWS CLI use the server.
fn print_environment(server: &Server, world: &World) {
    let caller = world
        .delegated_administrator()
        .unwrap_or_else(|| world.management_account());
    println!(
        "# {} accounts; management account {}",
        world.accounts().count(),
        world.management_account()
    );
    println!(
        "# other accounts: AWS_ACCESS_KEY_ID={}",
        access_key("<account number>")
    );
    println!("export AWS_ENDPOINT_URL={}", server.endpoint_url());
    println!("export AWS_ACCESS_KEY_ID={}", access_key(&caller));
    println!("export AWS_SECRET_ACCESS_KEY=orgsim");
    println!("export AWS_REGION={}", world.settings().home_region);
}

fn print_expected(world: &World) {
    println!("account,control,verdict,reason");
    for account in world.accounts() {
        match world.expected(account) {
            Some(orgsim::ExpectedOutcome::Done(findings)) => {
                for finding in findings {
                    let verdict = finding.verdict.unwrap_or_default();
                    let reason = finding.reason.unwrap_or_default();
                    println!("{account},{},{verdict},{reason}", finding.control);
                }
            }
            Some(orgsim::ExpectedOutcome::Failed { reason }) => {
                println!("{account},,failed,{reason}");
            }
            Some(orgsim::ExpectedOutcome::Skipped { reason }) => {
                println!("{account},,skipped,{reason}");
            }
            None => {}
        }
    }
}
