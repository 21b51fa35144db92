//! moto as an organization of one chain per account (`tests/moto`), as a process of its own
//! that ends when it is dropped.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Claim;
use crate::workspace;

/// A running moto.
#[derive(Debug)]
pub(super) struct Moto {
    process: Child,
    endpoint: String,
    /// A line for every call.
    log: PathBuf,
    credentials: Value,
}

impl Moto {
    /// Starts it and makes the accounts; what is true of them, those of one verdict after those
    /// of the other in turn, so that the first few are of both.
    pub(super) fn start(python: &Path, directory: &Path) -> Result<(Self, Vec<Claim>)> {
        let scripts = workspace::root().join("tests/moto");
        let log = directory.join("calls");
        fs::write(&log, "")?;
        let mut process = Command::new(python)
            .arg(scripts.join("server.py"))
            .arg("--log")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start moto")?;
        let mut lines =
            BufReader::new(process.stdout.take().context("no standard output")?).lines();
        let endpoint = lines.next().context("moto ended before it served")??;
        let mut moto = Self {
            process,
            endpoint,
            log,
            credentials: Value::Null,
        };
        let seeded = Command::new(python)
            .arg(scripts.join("chains.py"))
            .args([&moto.endpoint, "own"])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(seeded.status.success(), "moto cannot be filled");
        let seeded: Value = serde_json::from_slice(&seeded.stdout)?;
        moto.credentials = seeded["credentials"]["management"].clone();
        let claims = seeded["claims"].as_array().context("claims")?;
        let claims: Vec<Claim> = claims.iter().filter_map(claim).collect();
        Ok((moto, in_turn(claims)))
    }

    /// How many calls it has answered.
    pub(super) fn calls(&self) -> Result<usize> {
        Ok(fs::read_to_string(&self.log)?.lines().count())
    }

    /// What SDKs read to use it as the management account.
    pub(super) fn environment(&self) -> [(&'static str, String); 4] {
        let of = |name: &str| {
            self.credentials[name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        [
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", of("key")),
            ("AWS_SECRET_ACCESS_KEY", of("secret")),
            ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ]
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It holds nothing that is worth an orderly end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `[name, account, control, verdict, [reasons]]`, when the verdict is pass or fail.
fn claim(claim: &Value) -> Option<Claim> {
    let verdict = claim[3].as_str()?;
    Some(Claim {
        account: claim[1].as_str()?.to_owned(),
        control: claim[2].as_str()?.to_owned(),
        passes: match verdict {
            "pass" => true,
            "fail" => false,
            _ => return None,
        },
    })
}

fn in_turn(claims: Vec<Claim>) -> Vec<Claim> {
    let (passing, failing): (Vec<_>, Vec<_>) = claims.into_iter().partition(|claim| claim.passes);
    let (mut passing, mut failing) = (passing.into_iter(), failing.into_iter());
    let mut mixed = Vec::new();
    loop {
        let next = [passing.next(), failing.next()];
        if next.iter().all(Option::is_none) {
            return mixed;
        }
        mixed.extend(next.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn passing_and_failing_accounts_take_turns_and_others_are_left_out() {
        let claims: Vec<Claim> = [
            ("1", "fail"),
            ("2", "fail"),
            ("3", "pass"),
            ("4", "unknown"),
        ]
        .iter()
        .filter_map(|(account, verdict)| {
            claim(&json!(["name", account, "vpc-changes", verdict, []]))
        })
        .collect();
        let order: Vec<String> = in_turn(claims).into_iter().map(|c| c.account).collect();
        assert_eq!(order, ["3", "1", "2"]);
    }
}
