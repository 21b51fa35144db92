//! The calls of a nightly sweep with the SDK alone: no budgets, retries, facts,
//! verdicts or database. What its calls cost in processor time is what
//! `cargo xtask bench sweep` compares the sweep with.
//!
//! It is written to be hard to beat: one client per service for all accounts, one
//! connection pool, credentials that travel with the task, nothing kept of an
//! answer but what the next call needs. Asks the organization behind
//! `AWS_ENDPOINT_URL` with the caller's credentials of the environment, and prints
//! one JSON object.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::types::AlarmType;

use sdk::OF_TASK;

mod sdk;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and name \
                     how many accounts are asked at once: bare_loop 64";

/// One client per service, and the number of calls made.
struct Clients {
    organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    account: aws_sdk_account::Client,
    cloudtrail: aws_sdk_cloudtrail::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    sns: aws_sdk_sns::Client,
    calls: AtomicU64,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let at_once: usize = std::env::args().nth(1).ok_or(USAGE)?.parse()?;
    let (caller, config) = sdk::caller(USAGE).await?;
    let clients = Arc::new(Clients::new(&config));

    let begun = Instant::now();
    let accounts = OF_TASK.scope(caller.clone(), clients.accounts()).await?;
    let number = accounts.len();
    let mut waiting = accounts.into_iter();
    let mut tasks = tokio::task::JoinSet::new();
    loop {
        while tasks.len() < at_once {
            let Some(account) = waiting.next() else { break };
            let clients = Arc::clone(&clients);
            tasks.spawn(OF_TASK.scope(caller.clone(), async move { clients.ask(&account).await }));
        }
        match tasks.join_next().await {
            Some(ended) => ended??,
            None => break,
        }
    }
    let wall = begun.elapsed();
    println!(
        "{}",
        serde_json::json!({
            "accounts": number,
            "calls": clients.calls.load(Ordering::Relaxed),
            "wall_s": wall.as_secs_f64(),
        })
    );
    Ok(())
}

impl Clients {
    fn new(config: &SdkConfig) -> Self {
        Self {
            organizations: aws_sdk_organizations::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            account: aws_sdk_account::Client::new(config),
            cloudtrail: aws_sdk_cloudtrail::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            calls: AtomicU64::new(0),
        }
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Every account of the organization.
    async fn accounts(&self) -> Outcome<Vec<String>> {
        let mut accounts = Vec::new();
        let mut token = None;
        loop {
            self.count();
            let request = self.organizations.list_accounts().set_next_token(token);
            let page = request.send().await?;
            let ids = page.accounts.unwrap_or_default().into_iter();
            accounts.extend(ids.filter_map(|account| account.id));
            token = page.next_token;
            if token.is_none() {
                return Ok(accounts);
            }
        }
    }

    /// All that a sweep asks of an account.
    async fn ask(&self, account: &str) -> Outcome<()> {
        self.count();
        let credentials = sdk::session(&self.sts, account, "OrgsweepReadOnly").await?;
        OF_TASK
            .scope(credentials, self.ask_in_session(account))
            .await
    }

    async fn ask_in_session(&self, account: &str) -> Outcome<()> {
        self.count();
        self.account.list_regions().send().await?;
        self.count();
        let trails = self.cloudtrail.describe_trails().send().await?.trail_list;
        let of_account = format!(":{account}:");
        for trail in trails.unwrap_or_default() {
            let arn = trail.trail_arn.unwrap_or_default();
            let group = trail.cloud_watch_logs_log_group_arn.unwrap_or_default();
            if !arn.contains(&of_account) || group.is_empty() {
                continue;
            }
            self.count();
            self.cloudtrail.get_trail_status().name(&arn).send().await?;
            self.count();
            self.cloudtrail
                .get_event_selectors()
                .trail_name(&arn)
                .send()
                .await?;
            let name = group.split(':').nth(6).ok_or("no log group")?;
            self.count();
            self.logs
                .describe_metric_filters()
                .log_group_name(name)
                .send()
                .await?;
            self.ask_about_alarms().await?;
        }
        Ok(())
    }

    async fn ask_about_alarms(&self) -> Outcome<()> {
        self.count();
        let alarms = self
            .cloudwatch
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            .send()
            .await?;
        let mut topics: Vec<String> = alarms
            .metric_alarms
            .unwrap_or_default()
            .into_iter()
            .flat_map(|alarm| alarm.alarm_actions.unwrap_or_default())
            .collect();
        topics.sort();
        topics.dedup();
        for topic in topics {
            self.count();
            self.sns
                .get_topic_attributes()
                .topic_arn(&topic)
                .send()
                .await?;
            self.count();
            let request = self.sns.list_subscriptions_by_topic().topic_arn(&topic);
            let subscriptions = request.send().await?.subscriptions.unwrap_or_default();
            let first = subscriptions.into_iter().next();
            if let Some(arn) = first.and_then(|first| first.subscription_arn) {
                self.count();
                self.sns
                    .get_subscription_attributes()
                    .subscription_arn(arn)
                    .send()
                    .await?;
            }
        }
        Ok(())
    }
}
