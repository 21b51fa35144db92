//! `orgsim`: serves an AWS organization on localhost until it is interrupted.

mod command;

use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use orgsim::{Server, ServerOptions, World, access_key};
use tracing_subscriber::EnvFilter;

use command::Source;
use command::from_snapshot::FromSnapshot;
use command::init::Init;
use command::inject::Inject;
use command::state::State;
use command::trace::Trace;

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
    Init(Init),
    FromSnapshot(FromSnapshot),
    /// Prints what the author of a scenario claims about each account and control, as CSV.
    Expected(Source),
    Inject(Inject),
    Trace(Trace),
    State(State),
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
    /// Enforce role trust, identity policies, service control policies and resource policies.
    #[arg(long)]
    enforce_policies: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
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
        Command::Init(arguments) => command::init::run(&arguments),
        Command::FromSnapshot(arguments) => command::from_snapshot::run(&arguments),
        Command::Expected(source) => {
            let mut printed = BufWriter::new(io::stdout().lock());
            let world = World::build(&source.scenario()?);
            match print_expected(&world, &mut printed).and_then(|()| printed.flush()) {
                // Whoever reads it has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                printed => printed.context("what is expected cannot be printed"),
            }
        }
        Command::Inject(arguments) => command::inject::run(&arguments),
        Command::Trace(arguments) => command::trace::run(&arguments),
        Command::State(arguments) => command::state::run(&arguments),
    }
}

/// Connections that clients may have open at once, as far as the system lets them: a thousand accounts take
/// several thousand, and most systems begin with 1,024 open files.
const CONNECTIONS: u64 = 65_536;

async fn serve(arguments: &Serve) -> anyhow::Result<()> {
    if let Err(error) = rlimit::increase_nofile_limit(CONNECTIONS) {
        tracing::warn!(%error, "few connections may be open: raise `ulimit -n`");
    }
    let world = Arc::new(World::build(&arguments.source.scenario()?));
    world.enforce_policies(arguments.enforce_policies);
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

fn print_expected(world: &World, to: &mut impl Write) -> io::Result<()> {
    writeln!(to, "account,control,verdict,reason")?;
    for account in world.accounts() {
        match world.expected(account) {
            Some(orgsim::ExpectedOutcome::Done(findings)) => {
                for finding in findings {
                    let verdict = finding.verdict.unwrap_or_default();
                    let reason = finding.reason.unwrap_or_default();
                    writeln!(to, "{account},{},{verdict},{reason}", finding.control)?;
                }
            }
            Some(orgsim::ExpectedOutcome::Failed { reason }) => {
                writeln!(to, "{account},,failed,{reason}")?;
            }
            Some(orgsim::ExpectedOutcome::Skipped { reason }) => {
                writeln!(to, "{account},,skipped,{reason}")?;
            }
            None => {}
        }
    }
    Ok(())
}
