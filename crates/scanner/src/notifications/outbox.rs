//! Emptying the outbox: one sender at a time, each message noted before it is handed over and
//! after. Between the two a sender can end; what was under way then is in doubt, and is
//! repeated with the same id or held, as the settings say. Nothing is ever forgotten.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use orgsweep_notify::{Channel, Channels, Delivery, Message, SendError};
use orgsweep_store::{DueNotification, SessionLock, Store};
use tokio_util::sync::CancellationToken;

use crate::config::NotificationSettings;
use crate::notifications::compose::compose;
use crate::output::number::counted;

/// First and longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(15));
/// How long to wait for another sender to end.
const LINGERING: Duration = Duration::from_secs(3);

/// The outbox with what it takes to empty it.
#[derive(Clone, Copy)]
pub(crate) struct Outbox<'a> {
    pub(crate) store: &'a Store,
    pub(crate) channels: &'a Channels,
    pub(crate) settings: &'a NotificationSettings,
    /// Once it is cancelled nothing more is handed over; what is under way is finished.
    pub(crate) stop: &'a CancellationToken,
}

/// What became of the messages that were due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Messages that were accepted.
    pub(crate) sent: u64,
    /// Messages about nights on which nothing had changed.
    pub(crate) not_needed: u64,
    /// Messages that are tried again, by channel and with the reason.
    pub(crate) postponed: Vec<(String, String)>,
    /// Messages that a person has to look at.
    pub(crate) stopped: Vec<(String, String)>,
    /// Channels that were tried.
    tried: Vec<String>,
    /// Whether another process is sending.
    pub(crate) elsewhere: bool,
}

impl Report {
    /// What somebody should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let postponed = self.postponed.iter().map(|(channel, why)| {
            format!("the notification by {channel} is kept and tried again later: {why}")
        });
        let stopped = self
            .stopped
            .iter()
            .map(|(channel, why)| format!("the notification by {channel} was not sent: {why}"));
        postponed.chain(stopped).collect()
    }

    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.not_needed += other.not_needed;
        self.stopped.extend(other.stopped);
        // Later rounds know better, about what they tried.
        self.postponed
            .retain(|(channel, _)| !other.tried.contains(channel));
        self.postponed.extend(other.postponed);
        self.tried.extend(other.tried);
        self.elsewhere = other.elsewhere;
    }
}

impl Outbox<'_> {
    /// Sends what is due, and what becomes due within `patience`.
    pub(crate) async fn send_for(&self, patience: Duration) -> anyhow::Result<Report> {
        let until = Utc::now() + TimeDelta::from_std(patience)?;
        let mut report = Report::default();
        loop {
            report.add(self.send_due().await?);
            match self.store.next_notification().await? {
                Some(next) if !report.elsewhere && next < until => {
                    let wait = (next - Utc::now()).to_std().unwrap_or_default();
                    tokio::select! {
                        () = tokio::time::sleep(wait.max(Duration::from_millis(50))) => {}
                        () = self.stop.cancelled() => return Ok(report),
                    }
                }
                _ => return Ok(report),
            }
        }
    }

    /// Sends what is due, each once.
    pub(crate) async fn send_due(&self) -> anyhow::Result<Report> {
        let Some(mut lock) = self.store.lock_sending(LINGERING).await? else {
            return Ok(Report {
                elsewhere: true,
                ..Report::default()
            });
        };
        let sent = self.send_alone(&mut lock).await;
        lock.release().await;
        sent
    }

    async fn send_alone(&self, lock: &mut SessionLock) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let again = self.settings.repeat_in_doubt;
        let doubtful = self.store.settle_doubtful_notifications(again).await?;
        if doubtful > 0 && !again {
            report.stopped.push((
                "a sender that ended".to_owned(),
                format!(
                    "{} may have arrived; `orgsweep notifications list` shows them",
                    counted(doubtful, "message")
                ),
            ));
        }
        for due in self.store.due_notifications(Utc::now()).await? {
            if self.stop.is_cancelled() {
                break;
            }
            if !lock.holds().await {
                anyhow::bail!(
                    "the connection to the database was lost while notifications were sent"
                );
            }
            self.send(&due, &mut report)
                .await
                .with_context(|| format!("the notification {}", due.id))?;
        }
        Ok(report)
    }

    async fn send(&self, due: &DueNotification, report: &mut Report) -> anyhow::Result<()> {
        let content = if let Some(content) = &due.content {
            content.clone()
        } else {
            let composed = compose(self.store, due.sweep).await?;
            if self.settings.only_changes && !composed.is_news {
                self.store.notification_not_needed(due.id).await?;
                report.not_needed += 1;
                return Ok(());
            }
            serde_json::to_value(&composed.message)?
        };
        let message: Message = serde_json::from_value(content.clone())
            .context("its content in the outbox cannot be understood")?;
        let channel: Channel = due.channel.parse().map_err(anyhow::Error::msg)?;
        report.tried.push(due.channel.clone());
        if !self.store.sending(due.id, &content).await? {
            return Ok(());
        }
        let delivery = Delivery {
            id: due.id.0,
            message: &message,
            repeated: due.in_doubt,
        };
        let result = self.channels.send(channel, &delivery).await;
        tracing::info!(id = %due.id, %channel, attempt = due.attempts + 1, ?result, "a notification was handed over");
        let error = match result {
            Ok(()) => {
                self.store.sent(due.id).await?;
                report.sent += 1;
                return Ok(());
            }
            Err(error) => error,
        };
        let why = error.to_string();
        let told = (due.channel.clone(), why.clone());
        let next = next_attempt(due, &error, self.settings.give_up_after, Utc::now());
        match (&error, next) {
            (SendError::InDoubt { .. }, next) => {
                let again = next.filter(|_| self.settings.repeat_in_doubt);
                self.store.doubt_notification(due.id, again, &why).await?;
                match again {
                    Some(_) => report.postponed.push(told),
                    None => report.stopped.push(told),
                }
            }
            (_, Some(next)) => {
                self.store.postpone_notification(due.id, next, &why).await?;
                report.postponed.push(told);
            }
            (_, None) => {
                self.store.give_up_notification(due.id, &why).await?;
                report.stopped.push(told);
            }
        }
        Ok(())
    }
}

/// When a message is tried again after an error; `None` when it is not.
fn next_attempt(
    due: &DueNotification,
    error: &SendError,
    give_up_after: Duration,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let asked = match error {
        SendError::Refused { .. } => return None,
        SendError::NotNow { retry_after, .. } => retry_after.unwrap_or_default(),
        SendError::InDoubt { .. } => Duration::ZERO,
    };
    let (first, longest) = PAUSES;
    let pause = first
        .saturating_mul(2_u32.saturating_pow(due.attempts))
        .min(longest)
        .max(asked.min(longest * 4));
    let next = now + TimeDelta::from_std(pause).ok()?;
    let end = due.created_at + TimeDelta::from_std(give_up_after).unwrap_or(TimeDelta::MAX / 2);
    (next <= end).then_some(next)
}

#[cfg(test)]
mod tests {
    use orgsweep_store::{NotificationId, SweepId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_a_later_round_did_not_try_stays_postponed() {
        let round = |tried: &[&str], postponed: &[(&str, &str)]| Report {
            tried: tried.iter().map(ToString::to_string).collect(),
            postponed: postponed
                .iter()
                .map(|(channel, why)| ((*channel).to_owned(), (*why).to_owned()))
                .collect(),
            ..Report::default()
        };
        let mut report = round(
            &["webhook", "email"],
            &[("webhook", "503"), ("email", "451")],
        );
        report.add(round(&["webhook"], &[("webhook", "403")]));
        let left: Vec<&str> = report
            .postponed
            .iter()
            .map(|(_, why)| why.as_str())
            .collect();
        assert_eq!(left, ["451", "403"]);
        report.add(round(&["email"], &[]));
        assert_eq!(report.postponed.len(), 1, "{report:?}");
    }

    #[test]
    #[rustfmt::skip]
    fn pauses_double_and_end_when_it_is_given_up() {
        let day = 86_400;
        let not_now = |retry_after: Option<u64>| SendError::NotNow {
            why: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        };
        let refused = SendError::Refused { why: String::new() };
        let doubt = SendError::InDoubt { why: String::new() };
        for (attempts, age, error, pause) in [
            (0,  0,            &not_now(None),          Some(1)),
            (3,  9,            &not_now(None),          Some(8)),
            (40, day,          &not_now(None),          Some(900)),
            (0,  0,            &not_now(Some(30)),      Some(30)),
            (0,  0,            &not_now(Some(999_999)), Some(3_600)),
            (2,  0,            &doubt,                  Some(4)),
            (0,  0,            &refused,                None),
            (40, 3 * day,      &not_now(None),          None),
            (40, 3 * day - 10, &doubt,                  None),
        ] {
            let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
            let due = DueNotification {
                id: NotificationId(Uuid::nil()),
                sweep: SweepId(Uuid::nil()),
                channel: "webhook".to_owned(),
                content: None,
                attempts,
                in_doubt: false,
                created_at: now - TimeDelta::seconds(age),
            };
            let next = next_attempt(&due, error, Duration::from_hours(72), now);
            assert_eq!(next.map(|next| (next - now).num_seconds()), pause, "{attempts} {age} {error:?}");
        }
    }
}
