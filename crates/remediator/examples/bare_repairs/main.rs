//! The writes of a plan with the SDK alone, without or with the readings that they have to begin with: no
//! budgets, decisions, records or verdicts. How long they take without quotas is what `cargo xtask bench
//! repairs` takes for the least that these processors allow.
//!
//! Takes a plan that adds local chains, as `orgsweep-remediate plan --format json` prints it, asks the
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

mod reading;
#[path = "../../../aws-access/examples/bare_loop/sdk.rs"]
mod sdk;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name how many accounts \
                     are written to at once, the plan, and whether it is read before: bare_repairs 64 plan.json [reading]";

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
    let reads = match arguments.next().as_deref() {
        None => false,
        Some("reading") => true,
        Some(_) => return Err(USAGE.into()),
    };
    let (caller, config) = sdk::caller(USAGE).await?;
    let clients = Arc::new(Clients {
        sts: aws_sdk_sts::Client::new(&config),
        logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
        sns: aws_sdk_sns::Client::new(&config),
    });
    let mut accounts: BTreeMap<String, Vec<Write>> = BTreeMap::new();
    for step in plan.steps {
        accounts
            .entry(step.account_id)
            .or_default()
            .push(step.write);
    }
    let number = accounts.len();
    let mut calls = number;

    let begun = Instant::now();
    let mut waiting = accounts.into_iter();
    let mut tasks = JoinSet::new();
    loop {
        while tasks.len() < at_once {
            let Some((account, writes)) = waiting.next() else {
                break;
            };
            let clients = Arc::clone(&clients);
            let repair = async move { clients.repair(&account, &writes, reads).await };
            tasks.spawn(OF_TASK.scope(caller.clone(), repair));
        }
        match tasks.join_next().await {
            Some(ended) => calls += ended??,
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
    /// How many calls it took in the account.
    async fn repair(&self, account: &str, writes: &[Write], reads: bool) -> Outcome<usize> {
        let credentials = sdk::session(&self.sts, account, "OrgsweepRemediator").await?;
        OF_TASK
            .scope(credentials, async {
                let mut calls = writes.len();
                if reads {
                    for read in reading::before(writes) {
                        self.read(read).await?;
                        calls += 1;
                    }
                }
                for write in writes {
                    self.write(write).await?;
                    if let Some(read) = reading::after(write).filter(|_| reads) {
                        self.read(read).await?;
                        calls += 1;
                    }
                }
                Ok(calls)
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
