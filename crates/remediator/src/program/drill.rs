//! `orgsweep-remediate drill`: rings chosen alarms on purpose.

use clap::Args;
use orgsweep_controls::Arn;

use super::arguments::Common;
use super::ringing::{How, check_format};
use super::settings::Settings;
use super::{Exit, demo, output, usage};

/// Ring chosen alarms on purpose, to see that the message goes out.
///
/// Each alarm is set to ALARM with a reason that says so; its history tells what came of every
/// action; then it is put back. Whoever is subscribed is told. The result is kept: the view
/// `last_rung` says when an alarm was last seen to ring.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// This alarm, by ARN; can be repeated. Without one, alarms of chains that hold.
    #[arg(long = "alarm", value_name = "ARN", conflicts_with_all = ["accounts", "controls"])]
    alarms: Vec<Arn>,

    #[command(flatten)]
    how: How,
}

pub(crate) async fn run(arguments: Arguments, common: &Common) -> anyhow::Result<Exit> {
    check_format(common)?;
    let is_alarm =
        |arn: &&Arn| arn.service() == "cloudwatch" && arn.resource().starts_with("alarm:");
    if let Some(other) = arguments.alarms.iter().find(|arn| !is_alarm(arn)) {
        return Err(usage(format!("`{other}` is not the ARN of an alarm")));
    }
    let settings = Settings::read(common)?;
    demo::refused(common, &settings)?;
    let catalog = settings.catalog()?;
    let store = settings.store().await?;
    let result = async {
        let mut alarms = arguments.alarms.clone();
        if alarms.is_empty() {
            let candidates = arguments.how.candidates(&catalog, &store).await?;
            alarms = candidates.into_iter().map(|one| one.alarm).collect();
            if alarms.is_empty() {
                output::tell(
                    "no alarm is to be rung: only alarms of findings that pass are, and none of what was \
                     asked for does; `orgsweep findings` shows them",
                );
                return Ok(Exit::Fine);
            }
            let named = arguments.how.names_accounts();
            let Some(limit) = arguments.how.limit.or(named.then_some(u32::MAX)) else {
                return Err(usage(format!(
                    "{} would ring; say how many at most with `--limit`, or name accounts",
                    output::counted(alarms.len(), "alarm", "alarms")
                )));
            };
            let left = alarms.len().saturating_sub(limit as usize);
            if left > 0 {
                output::tell(&format!(
                    "{} left out by --limit",
                    output::counted(left, "alarm is", "alarms are")
                ));
                alarms.truncate(limit as usize);
            }
        }
        let how = &arguments.how;
        how.ring_all("drill", &alarms, common, &settings, &store)
            .await
    }
    .await;
    store.close().await;
    result
}
