//! `orgsim trace`: what becomes of events in an organization that is being served,
//! step by step as it happens.

use std::time::Duration;

use clap::Args;

use super::remote;

/// How often it looks for news.
const PAUSE: Duration = Duration::from_millis(300);

/// Follows the events in an organization that `orgsim serve` serves, until Ctrl-C.
#[derive(Args)]
pub(crate) struct Trace {
    /// Where it is served.
    #[arg(long, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    endpoint: String,
    /// Show what has happened so far, and end.
    #[arg(long)]
    once: bool,
    /// Move the clock ahead by so many seconds first.
    #[arg(long, value_name = "SECONDS")]
    advance: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Trace) -> anyhow::Result<()> {
    if let Some(seconds) = arguments.advance {
        let body = serde_json::json!({ "seconds": seconds }).to_string();
        remote::ask(&arguments.endpoint, "POST", "clock", &body)?;
    }
    let mut from = 0;
    loop {
        let path = format!("trace?from={from}");
        let answer = remote::ask(&arguments.endpoint, "GET", &path, "")?;
        for step in answer["steps"].as_array().into_iter().flatten() {
            println!("{}", line(step));
        }
        from = answer["next"].as_u64().unwrap_or(from);
        if arguments.once {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
}

fn line(step: &serde_json::Value) -> String {
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    let mark = if step["passed"] == true { '✓' } else { '✗' };
    let time = text("at").get(11..19).unwrap_or_default();
    let link = text("link").replace('_', " ");
    format!(
        "{time}  {mark} {link:12} {}\n            {:14}{}",
        text("resource"),
        "",
        text("text")
    )
}
