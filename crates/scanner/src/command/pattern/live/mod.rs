//! `--live`: AWS's own logs:TestMetricFilter is asked about the events that the
//! engine judged. What it says is compared in `found`; which events a coverage
//! question is asked about is `coverage`'s.

mod coverage;
mod found;

use anyhow::Context as _;
use clap::Args;
use filter_pattern::FilterPattern;
use orgsweep_aws_access::{PatternAnswer, PatternTester};
use orgsweep_controls::AccountId;

use crate::config::layers::{Flag, FlagValue};
use crate::config::{Key, Settings};
use crate::context::{self, Context};
use crate::exit::usage;

pub(super) use coverage::{Coverage, Question, ask_about_coverage};
pub(super) use found::Found;

/// Whether AWS is asked as well, and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Asking AWS")]
pub(super) struct LiveArguments {
    /// Ask AWS's own logs:TestMetricFilter as well, and end with 1 where it disagrees.
    ///
    /// It is asked in the Region of --region, about patterns only: field-selection criteria and
    /// transformers cannot be sent to it. Nothing is changed in AWS.
    #[arg(long)]
    live: bool,
    /// Ask in this account, with the role there [default: the caller's own account].
    #[arg(long, value_name = "ACCOUNT", requires = "live")]
    in_account: Option<String>,
    /// Role that is assumed there [default: OrgsweepReadOnly].
    #[arg(long, value_name = "NAME", requires = "in_account")]
    role_name: Option<String>,
    /// External id that the role asks for.
    #[arg(long, value_name = "TEXT", requires = "in_account")]
    external_id: Option<String>,
}

impl LiveArguments {
    /// The comparison with AWS, if it is wanted.
    pub(super) fn comparison(&self, context: &Context) -> anyhow::Result<Option<Comparison>> {
        if !self.live {
            return Ok(None);
        }
        let account = self
            .in_account
            .as_deref()
            .map(|text| text.trim().parse::<AccountId>())
            .transpose()
            .map_err(|error| usage(format!("`--in-account`: {error}")))?;
        let one = |key, flag, text: &Option<String>| -> Option<Flag> {
            Some((key, flag, FlagValue::One(text.clone()?)))
        };
        let role = one(Key::RoleName, "--role-name", &self.role_name);
        let external_id = one(Key::RoleExternalId, "--external-id", &self.external_id);
        let settings =
            Settings::new(&context.layers(role.into_iter().chain(external_id).collect())?);
        wait(async {
            let access = context::access(&settings).await?;
            let tester = access.pattern_tester(account.as_ref());
            tester
                .sign_in()
                .await
                .map_err(|error| anyhow::anyhow!(error.message))?;
            Ok(Some(Comparison {
                found: Found::new(tester.account().as_str(), tester.region().as_str()),
                tester,
            }))
        })
    }
}

/// Compares the engine's answers with AWS's.
pub(super) struct Comparison {
    tester: PatternTester,
    found: Found,
}

/// What AWS says to the messages of a pattern: whether it matches each, `None` for those that it
/// was not asked about or refused.
pub(super) type Verdicts = Vec<Option<bool>>;

impl Comparison {
    /// Messages that go into one call.
    pub(super) const AT_ONCE: usize = PatternTester::MOST_MESSAGES;

    /// Asks AWS which of `messages` the pattern matches, and notes where the engine disagrees.
    /// `pattern` is `None` when the engine refuses the text.
    pub(super) fn compare(
        &mut self,
        text: &str,
        pattern: Option<&FilterPattern>,
        messages: &[String],
    ) -> anyhow::Result<Verdicts> {
        wait(self.asked(text, pattern, messages))
    }

    async fn asked(
        &mut self,
        text: &str,
        pattern: Option<&FilterPattern>,
        messages: &[String],
    ) -> anyhow::Result<Verdicts> {
        let mut verdicts = vec![None; messages.len()];
        for batch in batches(messages) {
            let sent: Vec<String> = batch.iter().map(|at| messages[*at].clone()).collect();
            match self.answer(text, &sent).await? {
                PatternAnswer::Matches(matches) => {
                    self.found.note(text, pattern, &sent, &matches);
                    for at in &batch {
                        verdicts[*at] = Some(false);
                    }
                    for matched in matches {
                        verdicts[batch[matched.position]] = Some(true);
                    }
                }
                // It is not said whether the pattern is refused or one of the messages.
                PatternAnswer::Refused(words) if self.refuses_pattern(text).await? => {
                    self.found.note_refused_pattern(text, pattern, &words);
                    return Ok(verdicts);
                }
                PatternAnswer::Refused(_) => {
                    for (at, message) in batch.iter().zip(sent) {
                        let message = [message];
                        match self.answer(text, &message).await? {
                            PatternAnswer::Matches(matches) => {
                                self.found.note(text, pattern, &message, &matches);
                                verdicts[*at] = Some(!matches.is_empty());
                            }
                            PatternAnswer::Refused(words) => {
                                self.found
                                    .note_not_asked(&format!("AWS refuses the event: {words}"));
                            }
                        }
                    }
                }
            }
        }
        for message in messages {
            if let Some(why) = unsendable(message) {
                self.found.note_not_asked(&why);
            }
        }
        Ok(verdicts)
    }

    /// Whether AWS refuses the pattern beside the most harmless message.
    async fn refuses_pattern(&self, text: &str) -> anyhow::Result<bool> {
        let answer = self.answer(text, &["{}".to_owned()]).await?;
        Ok(matches!(answer, PatternAnswer::Refused(_)))
    }

    async fn answer(&self, text: &str, messages: &[String]) -> anyhow::Result<PatternAnswer> {
        let tester = &self.tester;
        tester.test(text, messages).await.with_context(|| {
            format!(
                "AWS could not be asked which events the pattern matches (account {}, {})",
                tester.account(),
                tester.region()
            )
        })
    }

    /// Something about which AWS cannot be asked.
    pub(super) fn note_not_asked(&mut self, why: &str) {
        self.found.note_not_asked(why);
    }

    pub(super) fn finish(self) -> Found {
        self.found
    }
}

/// Waits for AWS in a command that is not asynchronous itself: its events come from a reader.
fn wait<T>(asked: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(asked))
}

/// Why AWS takes no such message.
fn unsendable(message: &str) -> Option<String> {
    if message.is_empty() {
        Some("AWS takes no empty message".to_owned())
    } else if message.len() > PatternTester::MOST_BYTES {
        Some("the event is longer than the 1 MiB that CloudWatch Logs takes".to_owned())
    } else {
        None
    }
}

/// The positions of the messages that can be sent, in as few calls as AWS's limits allow.
fn batches(messages: &[String]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut bytes = 0;
    for (at, message) in messages.iter().enumerate() {
        if unsendable(message).is_some() {
            continue;
        }
        bytes += message.len();
        match batches.last_mut() {
            Some(batch)
                if batch.len() < PatternTester::MOST_MESSAGES
                    && bytes <= PatternTester::MOST_BYTES =>
            {
                batch.push(at);
            }
            _ => {
                batches.push(vec![at]);
                bytes = message.len();
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_stay_within_the_limits_and_lose_no_message() {
        const MOST: usize = PatternTester::MOST_BYTES;
        #[rustfmt::skip]
        let table = [
            (vec![],                 vec![]),
            (vec![1; 120],           vec![50, 50, 20]),
            (vec![MOST; 2],          vec![1, 1]),
            (vec![MOST + 1, 1, 1],   vec![2]),
            (vec![0, 1, 0],          vec![1]),
        ];
        for (lengths, expected) in table {
            let messages: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let batches = batches(&messages);
            let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
            assert_eq!(sizes, expected);
            let sent = batches.concat();
            let sendable: Vec<usize> = (0..messages.len())
                .filter(|at| unsendable(&messages[*at]).is_none())
                .collect();
            assert_eq!(sent, sendable);
        }
    }
}
