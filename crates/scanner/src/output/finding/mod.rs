//! A finding as a small tree: what was found link by link ([`chains`]), what is
//! missing, the event that would go unnoticed ([`narrowing`]), and what would repair it ([`proof`]).

mod chains;
mod narrowing;
mod proof;

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use orgsweep_controls::finding::{Evidence, Verdict};
use orgsweep_controls::ids::{AccountId, ControlId};
use orgsweep_controls::reason::Reason;
use orgsweep_store::{AcceptedBy, LastRung};

use crate::output::escape::escaped;
use crate::output::number::{age, moment, span};
use crate::output::style::{self, FAINT, STRONG, styled};

/// What the tree shows of a finding.
pub(crate) struct Explained<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) account_name: &'a str,
    pub(crate) ou_path: Option<&'a str>,
    pub(crate) control: &'a ControlId,
    pub(crate) control_title: &'a str,
    /// Its number in the framework that was asked for.
    pub(crate) control_number: Option<&'a str>,
    pub(crate) verdict: Verdict,
    /// The reason's stable code.
    pub(crate) reason: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) evidence: &'a Evidence,
    pub(crate) covered_regions: &'a [String],
    pub(crate) uncovered_regions: &'a [String],
    pub(crate) since: Option<DateTime<Utc>>,
    pub(crate) observed_at: Option<DateTime<Utc>>,
    /// Why the last sweep did not read the account.
    pub(crate) not_read_reason: Option<&'a str>,
    /// The exception that accepts it.
    pub(crate) exception: Option<&'a AcceptedBy>,
    /// When alarms of its chains were last made to ring on purpose.
    pub(crate) rung: &'a [LastRung],
    pub(crate) now: DateTime<Utc>,
}

/// The tree, with colours.
pub(crate) fn tree(finding: &Explained<'_>) -> String {
    let mut out = String::new();
    header(&mut out, finding);
    frameworks(&mut out, finding);
    exception(&mut out, finding);
    chains::draw(&mut out, finding.evidence, finding.verdict);
    let regions = (finding.covered_regions, finding.uncovered_regions);
    proof::regions(&mut out, regions, finding.verdict, finding.evidence);
    proof::missing(
        &mut out,
        finding.evidence,
        !finding.covered_regions.is_empty(),
    );
    proof::remarks(&mut out, finding.evidence);
    proof::others(&mut out, finding.evidence);
    proof::repair(&mut out, finding.evidence);
    rung(&mut out, finding);
    times(&mut out, finding);
    out
}

/// Writes a line. Writing to a `String` cannot fail.
fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}", text.trim_end());
}

fn header(out: &mut String, finding: &Explained<'_>) {
    let place = finding
        .ou_path
        .filter(|path| !path.is_empty())
        .map(|path| format!(", {}", escaped(path)))
        .unwrap_or_default();
    line(
        out,
        &styled(
            STRONG,
            &format!(
                "{} ({}{place})",
                escaped(finding.account_name),
                finding.account
            ),
        ),
    );
    let number = finding
        .control_number
        .map(|number| format!(", {}", escaped(number)))
        .unwrap_or_default();
    line(
        out,
        &format!(
            "{} ({}{number})",
            escaped(finding.control_title),
            finding.control
        ),
    );
    line(out, "");
    let meaning = Reason::ALL
        .iter()
        .find(|reason| reason.as_str() == finding.reason)
        .map(|reason| reason.meaning());
    let verdict = styled(
        style::of_verdict(finding.verdict),
        &finding.verdict.as_str().to_uppercase().replace('_', " "),
    );
    line(out, &format!("{verdict}  {}", escaped(finding.summary)));
    let meaning = meaning
        .map(|meaning| format!(": {meaning}"))
        .unwrap_or_default();
    line(
        out,
        &styled(
            FAINT,
            &format!("reason {}{meaning}", escaped(finding.reason)),
        ),
    );
}

/// Frameworks under which the verdict is another.
fn frameworks(out: &mut String, finding: &Explained<'_>) {
    for verdict in Verdict::ALL {
        let others: Vec<&str> = finding
            .evidence
            .verdict_by_framework
            .iter()
            .filter(|(_, under)| **under == verdict && verdict != finding.verdict)
            .map(|(framework, _)| framework.as_str())
            .collect();
        if !others.is_empty() {
            line(
                out,
                &format!("but {verdict} under {}", proof::names(&others)),
            );
        }
    }
}

/// The exception that accepts a failing finding; the verdict stays.
fn exception(out: &mut String, finding: &Explained<'_>) {
    let Some(exception) = finding.exception else {
        return;
    };
    line(
        out,
        &format!(
            "accepted until {} by exception {}: {}",
            moment(exception.until),
            exception.id,
            escaped(&exception.reason)
        ),
    );
}

/// What drills have shown: evidence beside the verdict, which does not rest on it.
fn rung(out: &mut String, finding: &Explained<'_>) {
    if finding.rung.is_empty() {
        return;
    }
    line(out, "");
    for alarm in finding.rung {
        let name = alarm.alarm_arn.rsplit(":alarm:").next().unwrap_or_default();
        let seen = match alarm.last_rang_at {
            Some(at) => format!(
                "last seen to ring {} ({} ago)",
                moment(at),
                span(age(at, finding.now))
            ),
            None => "never seen to ring".to_owned(),
        };
        let tried = if alarm.last_rang_at == Some(alarm.last_tried_at) {
            String::new()
        } else {
            let at = moment(alarm.last_tried_at);
            format!("; the drill of {at}: {}", escaped(&alarm.last_outcome))
        };
        line(out, &format!("alarm {}: {seen}{tried}", escaped(name)));
    }
}

fn times(out: &mut String, finding: &Explained<'_>) {
    let mut parts = Vec::new();
    if let Some(observed) = finding.observed_at {
        parts.push(format!(
            "read {} ({} ago)",
            moment(observed),
            span(age(observed, finding.now))
        ));
    }
    if let Some(reason) = finding.not_read_reason {
        parts.push(format!("not read by the last sweep: {}", escaped(reason)));
    }
    if let Some(since) = finding.since {
        parts.push(format!("so since {}", moment(since)));
    }
    if !parts.is_empty() {
        line(out, "");
        line(out, &styled(FAINT, &parts.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use orgsweep_controls::finding::{
        Chain, Link, LinkKind, LinkState, Note, Opinion, OtherVerdict,
    };
    use orgsweep_controls::known::{Call, Unread, UnreadCause};

    use super::*;

    fn link(kind: LinkKind, resource: &str, state: LinkState, detail: &str) -> Link {
        Link {
            kind,
            resource: resource.to_owned(),
            state,
            detail: detail.to_owned(),
        }
    }

    fn evidence() -> Evidence {
        let alarm = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:BucketPolicy\u{1b}[2J";
        Evidence {
            chains: vec![
                Chain {
                    links: vec![
                        link(
                            LinkKind::Trail,
                            "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main",
                            LinkState::Holds,
                            "multi-Region, logging"
                        ),
                        link(LinkKind::LogGroup, "CloudTrail/main", LinkState::Holds, ""),
                        link(
                            LinkKind::Alarm,
                            alarm,
                            LinkState::Broken,
                            "its actions are disabled"
                        ),
                    ],
                    state: LinkState::Broken,
                    reason: Some(Reason::AlarmActionsDisabled),
                };
                4
            ],
            missing_events: vec![
                "DeleteBucketPolicy".to_owned(),
                "PutBucketPolicy".to_owned(),
            ],
            events_total: 9,
            witness: Some(serde_json::json!({"eventName": "PutBucketPolicy"})),
            assumptions: vec!["newlines in braces are blanks".to_owned()],
            unread: vec![Unread {
                call: Call::new(
                    "sns",
                    "GetTopicAttributes",
                    Some("eu-west-1".parse().unwrap()),
                ),
                cause: UnreadCause::Denied,
                message: String::new(),
            }],
            missing_permissions: vec!["sns:GetTopicAttributes".to_owned()],
            notes: vec![Note {
                code: "long_period".to_owned(),
                text: "the alarm looks at an hour".to_owned(),
            }],
            fix: Some("Enable the alarm's actions.".to_owned()),
            commands: vec![
                "aws cloudwatch enable-alarm-actions \\\n  --alarm-names BucketPolicy".to_owned(),
            ],
            covered_by: None,
            more_chains: 0,
            time_to_notice: None,
            events_needed: None,
            decisions: Vec::new(),
            verdict_by_framework: [
                ("cis-1.2.0".to_owned(), Verdict::Pass),
                ("cis-7.0.0".to_owned(), Verdict::Fail),
            ]
            .into(),
            cis_audit: Some(Opinion {
                verdict: OtherVerdict::Pass,
                step: None,
                detail: "all seven steps of the audit find what they ask for".to_owned(),
                difference: Some(
                    "the audit does not look at whether the alarm's actions are enabled".to_owned(),
                ),
            }),
            security_hub: None,
        }
    }

    fn printed(evidence: &Evidence, verdict: Verdict, reason: &str) -> String {
        printed_with(evidence, verdict, reason, &[])
    }

    fn printed_with(
        evidence: &Evidence,
        verdict: Verdict,
        reason: &str,
        rung: &[LastRung],
    ) -> String {
        let regions = ["eu-west-1", "us-east-1"].map(str::to_owned);
        let text = tree(&Explained {
            account: &"111122223333".parse().unwrap(),
            account_name: "payments\u{202e}prod",
            ou_path: Some("Workloads/Prod"),
            control: &"s3-bucket-policy-changes".parse().unwrap(),
            control_title: "S3 bucket policy changes",
            control_number: None,
            verdict,
            reason,
            summary: "Nobody is told: the alarm's actions are disabled",
            evidence,
            covered_regions: &regions[..1],
            uncovered_regions: &regions[1..],
            since: Some(DateTime::UNIX_EPOCH),
            observed_at: Some(DateTime::UNIX_EPOCH),
            not_read_reason: Some("role_not_assumable"),
            exception: None,
            rung,
            now: DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(5),
        });
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_failing_finding_shows_the_broken_link_the_witness_and_the_fix() {
        insta::assert_snapshot!(printed(
            &evidence(),
            Verdict::Fail,
            "alarm_actions_disabled"
        ));
    }

    #[test]
    fn chains_that_a_finding_does_not_keep_are_counted() {
        let mut evidence = evidence();
        let all = printed(&evidence, Verdict::Fail, "alarm_actions_disabled");
        assert!(
            all.contains("… and 1 more chain (`--format json` has them all)"),
            "{all}"
        );
        evidence.more_chains = 5;
        let some = printed(&evidence, Verdict::Fail, "alarm_actions_disabled");
        assert!(some.contains("Chain 1 of 9 "), "{some}");
        assert!(
            some.contains("… and 6 more chains (`--format json` has the first 4)"),
            "{some}"
        );
    }

    #[test]
    fn a_chain_that_holds_under_a_failing_verdict_is_not_called_the_proof_of_a_pass() {
        let mut evidence = evidence();
        evidence.chains.truncate(1);
        evidence.chains[0].state = LinkState::Holds;
        let failing = printed(&evidence, Verdict::Fail, "filter_does_not_cover");
        assert!(
            failing.contains("Chain works for what its filters match"),
            "{failing}"
        );
        let passing = printed(&evidence, Verdict::Pass, "covered");
        assert!(passing.contains("Chain holds"), "{passing}");
    }

    #[test]
    fn a_finding_without_chains_still_says_why() {
        let text = printed(&Evidence::default(), Verdict::Fail, "no_trail");
        assert!(
            text.contains("reason no_trail: No trail records this account"),
            "{text}"
        );
    }

    #[test]
    fn nothing_that_aws_named_reaches_the_terminal_raw() {
        let text = printed(&evidence(), Verdict::Fail, "alarm_actions_disabled");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn what_drills_have_shown_stands_beside_the_verdict() {
        let alarm = |name: &str, rang: Option<i64>, tried: i64, outcome: &str| LastRung {
            alarm_arn: format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}"),
            last_rang_at: rang.and_then(|at| DateTime::from_timestamp(at, 0)),
            last_tried_at: DateTime::from_timestamp(tried, 0).unwrap(),
            last_outcome: outcome.to_owned(),
        };
        let rung = [
            alarm("a", Some(3_600), 3_600, "rang"),
            alarm("b", Some(0), 7_200, "failed"),
            alarm("c", None, 7_200, "silent"),
        ];
        let text = printed_with(&Evidence::default(), Verdict::Pass, "covered", &rung);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("alarm "))
            .collect();
        assert_eq!(
            lines,
            [
                "alarm a: last seen to ring 1970-01-01T01:00:00Z (4 h ago)",
                "alarm b: last seen to ring 1970-01-01T00:00:00Z (5 h ago); \
                 the drill of 1970-01-01T02:00:00Z: failed",
                "alarm c: never seen to ring; the drill of 1970-01-01T02:00:00Z: silent",
            ]
        );
    }
}
