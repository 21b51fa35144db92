//! The writes of a plan with the SDK alone: no budgets, preconditions, records or verdicts. How
//! long they take without quotas is what `cargo xtask bench repairs` takes for the least that
//! these processors allow.
//!
//! Reads a plan that adds a local chain, as `orgsweep-remediate plan --format json` prints it, asks the
//! organization behind `AWS_ENDPOINT_URL` with the caller's credentials of the environment, and prints one
//! JSON object.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_cloudwatch::types::{ComparisonOperator, Statistic};
use aws_sdk_cloudwatchlogs::types::MetricTransformation;
use sdk::OF_TASK;
use serde::Deserialize;
use tokio::task::JoinSet;

#[path = "../../aws-access/examples/bare_loop/sdk.rs"]
mod sdk;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name how many accounts \
                     are written to at once, and the plan: bare_repairs 64 plan.json";

#[derive(Deserialize)]
struct Plan {
    steps: Vec<Step>,
}

/// What the writes need of a step.
#[derive(Deserialize)]
struct Step {
    account_id: String,
    #[serde(flatten)]
    write: Write,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Write {
    CreateTopic {
        topic: String,
    },
    Subscribe {
        topic: String,
        endpoint: Endpoint,
    },
    PutMetricFilter {
        log_group: String,
        filter: String,
        pattern: String,
        metric: Metric,
    },
    PutAlarm {
        alarm: String,
        metric: Metric,
        topic: String,
    },
}

#[derive(Deserialize)]
struct Endpoint {
    protocol: String,
    address: String,
}

#[derive(Deserialize)]
struct Metric {
    namespace: String,
    name: String,
}

struct Clients {
    sts: aws_sdk_sts::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    sns: aws_sdk_sns::Client,
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let at_once: usize = arguments.next().ok_or(USAGE)?.parse()?;
    let plan: Plan =
        serde_json::from_reader(BufReader::new(File::open(arguments.next().ok_or(USAGE)?)?))?;
    let (caller, config) = sdk::caller(USAGE).await?;
    let clients = Arc::new(Clients {
        sts: aws_sdk_sts::Client::new(&config),
        logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
        sns: aws_sdk_sns::Client::new(&config),
    });
    let mut accounts: BTreeMap<String, Vec<Write>> = BTreeMap::new();
    let mut calls = 0;
    for step in plan.steps {
        calls += 1;
        accounts
            .entry(step.account_id)
            .or_default()
            .push(step.write);
    }
    calls += accounts.len();
    let number = accounts.len();

    let begun = Instant::now();
    let mut waiting = accounts.into_iter();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.len() < at_once {
            let Some((account, writes)) = waiting.next() else {
                break;
            };
            let clients = Arc::clone(&clients);
            let repair = async move { clients.repair(&account, &writes).await };
            tasks.spawn(OF_TASK.scope(caller.clone(), repair));
        }
        match tasks.join_next().await {
            Some(ended) => ended??,
            None => break,
        }
    }
    println!(
        "{}",
        serde_json::json!({
            "accounts": number,
            "calls": calls,
            "wall_s": begun.elapsed().as_secs_f64(),
        })
    );
    Ok(())
}

impl Clients {
    async fn repair(&self, account: &str, writes: &[Write]) -> Outcome<()> {
        let credentials = sdk::session(&self.sts, account, "OrgsweepRemediator").await?;
        OF_TASK
            .scope(credentials, async {
                for write in writes {
                    self.write(write).await?;
                }
                Ok(())
            })
            .await
    }

    async fn write(&self, write: &Write) -> Outcome<()> {
        match write {
            Write::CreateTopic { topic } => {
                let tag = aws_sdk_sns::types::Tag::builder()
                    .key("made-by")
                    .value("orgsweep")
                    .build()?;
                let request = self.sns.create_topic().name(last_of(topic)).tags(tag);
                request.send().await?;
            }
            Write::Subscribe { topic, endpoint } => {
                self.sns
                    .subscribe()
                    .topic_arn(topic)
                    .protocol(&endpoint.protocol)
                    .endpoint(&endpoint.address)
                    .return_subscription_arn(true)
                    .send()
                    .await?;
            }
            Write::PutMetricFilter {
                log_group,
                filter,
                pattern,
                metric,
            } => {
                let transformation = MetricTransformation::builder()
                    .metric_namespace(&metric.namespace)
                    .metric_name(&metric.name)
                    .metric_value("1")
                    .build()?;
                self.logs
                    .put_metric_filter()
                    .log_group_name(last_of(log_group))
                    .filter_name(filter)
                    .filter_pattern(pattern)
                    .metric_transformations(transformation)
                    .send()
                    .await?;
            }
            Write::PutAlarm {
                alarm,
                metric,
                topic,
            } => {
                let tag = aws_sdk_cloudwatch::types::Tag::builder()
                    .key("made-by")
                    .value("orgsweep")
                    .build();
                self.cloudwatch
                    .put_metric_alarm()
                    .alarm_name(last_of(alarm))
                    .namespace(&metric.namespace)
                    .metric_name(&metric.name)
                    .statistic(Statistic::Sum)
                    .period(300)
                    .evaluation_periods(1)
                    .threshold(1.0)
                    .comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold)
                    .treat_missing_data("notBreaching")
                    .alarm_actions(topic)
                    .tags(tag)
                    .send()
                    .await?;
            }
        }
        Ok(())
    }
}

/// The name at the end of an ARN.
fn last_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}
