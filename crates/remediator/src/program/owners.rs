//! Whose the things are that a plan would change: asked of their tags before the
//! plan is final, unless somebody says `--offline`.

use anyhow::Context as _;
use clap::Args;
use orgsweep_remediator::Plan;
use orgsweep_remediator::lookup::{self, touched};
use orgsweep_remediator::owner::OwnerTags;
use orgsweep_remediator::planner::Ownership;
use orgsweep_remediator::write::Writers;

use super::arguments::Common;
use super::output;
use super::settings::{Making, Settings};

/// How owners are found out, and what they are worth.
#[derive(Debug, Args)]
#[command(next_help_heading = "Who owns it")]
pub(crate) struct OwnerArguments {
    /// Call AWS for nothing: whose the changed things are is not looked up.
    #[arg(long)]
    offline: bool,

    /// Let steps change what a stack, a StackSet or Terraform defines. Without it such changes
    /// are listed as done by hand, and exported.
    #[arg(long)]
    include_managed: bool,

    /// Tag whose value is the person or team that a thing belongs to; can be repeated
    /// [default: `remediator.owner_tags`, else owner and team].
    #[arg(long = "owner-tag", value_name = "KEY")]
    owner_tags: Vec<String>,

    /// Tag that only code of yours sets; can be repeated [default: `remediator.code_tags`].
    #[arg(long = "code-tag", value_name = "KEY[=VALUE]", value_parser = code_tag)]
    code_tags: Vec<(String, Option<String>)>,

    /// Role with which tags are read [default: OrgsweepRemediator].
    #[arg(long, value_name = "NAME")]
    role_name: Option<String>,

    /// External id that the role asks for.
    #[arg(long, value_name = "TEXT")]
    external_id: Option<String>,
}

impl OwnerArguments {
    /// By which tags an owner is known: the flags', else the settings'.
    fn rules(&self, making: &Making) -> OwnerTags {
        let usual = || vec!["owner".to_owned(), "team".to_owned()];
        let code = making.code_tags.iter().flatten();
        OwnerTags {
            people: if self.owner_tags.is_empty() {
                making.owner_tags.clone().unwrap_or_else(usual)
            } else {
                self.owner_tags.clone()
            },
            code: if self.code_tags.is_empty() {
                code.map(|text| key_and_value(text)).collect()
            } else {
                self.code_tags.clone()
            },
        }
    }

    /// What is known without asking.
    pub(crate) fn unasked(&self) -> Ownership {
        Ownership {
            include_managed: self.include_managed,
            ..Ownership::default()
        }
    }

    /// What was found out about what `plan` touches; nothing when that is nothing, or when
    /// somebody wants it so.
    pub(crate) async fn asked(
        &self,
        plan: &Plan,
        common: &Common,
        settings: &Settings,
    ) -> anyhow::Result<Option<Ownership>> {
        let things = touched(plan);
        if things.is_empty() {
            return Ok(None);
        }
        // The demo's organization is gone once the demo has ended.
        if self.offline || common.demo {
            output::tell(
                "whose the changed things are was not looked up: a change to what code defines \
                 is taken back by the code",
            );
            return Ok(None);
        }
        let access = settings
            .access(self.role_name.as_deref(), self.external_id.as_deref())
            .await
            .context(
                "whose the changed things are cannot be looked up (`--offline` plans without)",
            )?;
        let rules = self.rules(settings.making());
        let owners = lookup::owners(&Writers::new(access), things, &rules).await;
        Ok(Some(Ownership {
            owners,
            ..self.unasked()
        }))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap takes parsers that may fail")]
fn code_tag(text: &str) -> Result<(String, Option<String>), String> {
    Ok(key_and_value(text))
}

fn key_and_value(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (text.to_owned(), None),
    }
}
