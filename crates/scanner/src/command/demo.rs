//! `orgsweep demo`: a sweep over an invented organization of sixty accounts,
//! served by the simulator in this process. The sweep itself runs as a process
//! of its own, with nothing of the user's AWS environment: what is seen is what
//! `orgsweep sweep` does. Needs neither AWS nor a network.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use orgsim::{Scenario, Server, ServerOptions, World, access_key};
use orgsweep_store::{Store, StoreError};
use tokio::process::Command;

use crate::config::{Key, Settings, Source, locate};
use crate::context::{self, Context};
use crate::exit::{Exit, RUN_FAILED, usage};
use crate::output::number::counted;
use crate::output::{Format, terminal};
use crate::program;

/// Sweep an invented organization of sixty accounts, without AWS.
///
/// Its results stay in a database of their own, which `--demo` names in other
/// commands, for example: orgsweep findings --demo --verdict fail
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Forget the results of earlier demos first.
    #[arg(long)]
    reset: bool,
    /// Let the same change happen in two accounts, one of which tells somebody, and show its way;
    /// sweep nothing.
    #[arg(long, conflicts_with = "reset")]
    inject: bool,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> anyhow::Result<Exit> {
    if arguments.inject {
        super::demo_inject::run(&World::build(&Scenario::demo()))?;
        return Ok(Exit::Fine);
    }
    let home = locate::demo_directory()?;
    std::fs::create_dir_all(&home)
        .with_context(|| format!("`{}` cannot be made", home.display()))?;
    let database = database(context)?;
    if arguments.reset {
        reset(&database, context).await?;
    }
    let world = Arc::new(World::build(&Scenario::demo()));
    let server = Server::start(
        world.clone(),
        ServerOptions {
            record_calls: false,
            ..ServerOptions::default()
        },
    )
    .await
    .context("the simulator could not listen on localhost")?;
    terminal::tell(&format!(
        "an invented AWS organization of {} answers at {}",
        counted(world.accounts().count() as u64, "account"),
        server.endpoint_url()
    ));
    let status = swept(&world, &server, &database, context, &home).await;
    server.stop().await;
    match status?.code() {
        Some(0) => Ok(Exit::Fine),
        Some(code) if code == i32::from(RUN_FAILED) && database == Database::Own => {
            terminal::tell(&format!(
                "`{} demo --reset` tries again with an empty database",
                program::callable()
            ));
            std::process::exit(code)
        }
        Some(code) => std::process::exit(code),
        None => std::process::exit(RUN_FAILED.into()),
    }
}

/// The database that the demo fills.
#[derive(Debug, PartialEq, Eq)]
enum Database {
    /// The demo's own, embedded.
    Own,
    /// One that a flag or, without the embedded one, the environment names.
    Named(Vec<OsString>),
}

/// The database to fill. One that merely stands in the environment is real, and
/// used only when there is no other.
fn database(context: &Context) -> anyhow::Result<Database> {
    let layers = context.layers(Vec::new())?;
    for (key, flag) in [
        (Key::DatabaseUrl, "--database-url"),
        (Key::DataDir, "--data-dir"),
    ] {
        if let Some((value, Source::Flag(given))) = layers.get(key)
            && *given == flag
            && let crate::config::value::Value::Text(text) = value
        {
            return Ok(Database::Named(vec![flag.into(), text.into()]));
        }
    }
    if cfg!(feature = "embedded") {
        return Ok(Database::Own);
    }
    match Settings::new(&layers).database.url {
        Some(url) => Ok(Database::Named(vec!["--database-url".into(), url.into()])),
        None => Err(usage(
            "this program was built without the embedded database; name an empty one with `--database-url`",
        )),
    }
}

/// Removes the demo's own database, unless somebody uses it.
async fn reset(database: &Database, context: &Context) -> anyhow::Result<()> {
    if *database != Database::Own {
        bail!("`--reset` removes the demo's own database alone; empty another one yourself");
    }
    let directory = orgsweep_store::demo_data_dir()?;
    if !directory.exists() {
        return Ok(());
    }
    let mut settings = context.settings()?;
    settings.database.url = None;
    settings.database.data_dir = Some(directory.clone());
    match Store::open(&context::store_config(&settings)).await {
        Ok(store) => store.close().await,
        Err(error @ StoreError::Locked { .. }) => return Err(error.into()),
        // Whatever else is wrong with it, it is about to go.
        Err(_) => {}
    }
    std::fs::remove_dir_all(&directory)
        .with_context(|| format!("`{}` cannot be removed", directory.display()))
}

/// Runs the sweep over the simulated organization.
async fn swept(
    world: &World,
    server: &Server,
    database: &Database,
    context: &Context,
    home: &Path,
) -> anyhow::Result<ExitStatus> {
    // A file without settings, so that the user's own configuration has no say: neither
    // orgsweep's nor the AWS SDK's, which takes it just as well.
    let config = home.join(locate::FILE_NAME);
    std::fs::write(&config, "# The demo's: every setting has its default.\n")
        .with_context(|| format!("`{}` cannot be written", config.display()))?;
    let caller = world
        .delegated_administrator()
        .unwrap_or_else(|| world.management_account());
    let program = std::env::current_exe().context("this program's own file is not known")?;
    let mut command = Command::new(program);
    command
        .arg("sweep")
        .args(["--fresh", "--trigger", "demo"])
        .arg("--endpoint-url")
        .arg(server.endpoint_url());
    match database {
        Database::Own => command.arg("--demo"),
        Database::Named(flags) => command.args(flags),
    };
    command.args(passed_on(context));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours =
            text.starts_with("AWS_") || text.starts_with("ORGSWEEP_") || text == "DATABASE_URL";
        if ours && text != "ORGSWEEP_LOG" {
            command.env_remove(&name);
        }
    }
    command
        .env("AWS_ACCESS_KEY_ID", access_key(&caller))
        .env("AWS_SECRET_ACCESS_KEY", "orgsim")
        .env("AWS_REGION", &world.settings().home_region)
        .env("ORGSWEEP_CONFIG", &config)
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_SHARED_CREDENTIALS_FILE", &config)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let mut sweep = command.spawn().context("the sweep could not be started")?;
    loop {
        tokio::select! {
            status = sweep.wait() => return Ok(status?),
            // The sweep hears Ctrl-C, too, and ends by itself.
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}

/// Common flags that the sweep gets as well.
fn passed_on(context: &Context) -> Vec<OsString> {
    let mut flags: Vec<OsString> = Vec::new();
    let format = match context.format() {
        Format::Table => None,
        Format::Json => Some("json"),
        Format::Jsonl => Some("jsonl"),
        Format::Csv => Some("csv"),
    };
    if let Some(format) = format {
        flags.extend(["--format".into(), format.into()]);
    }
    if let Some(log_format) = &context.common.log_format {
        flags.extend(["--log-format".into(), log_format.into()]);
    }
    flags.extend(std::iter::repeat_n(
        "-v".into(),
        context.common.verbose.into(),
    ));
    flags
}
