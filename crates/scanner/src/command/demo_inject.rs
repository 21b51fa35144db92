//! `orgsweep demo --inject`: the same change happens in two accounts of the
//! invented organization, one whose chain works and one whose chain is broken,
//! and is followed from the trail to whoever is told.

use orgsim::{CloudTrailEvent, ExpectedOutcome, Timeline, World};
use serde_json::json;

use crate::program;

/// The control that the change is about.
const CONTROL: &str = "s3-bucket-policy-changes";
/// What may be wrong in the second account, best to look at first.
const BROKEN: [&str; 3] = ["no_subscription", "subscription_pending", "no_alarm"];

/// An account of the demo and what the sweep finds there.
struct Place {
    account: String,
    name: String,
    verdict: &'static str,
    reason: &'static str,
}

/// Lets the change happen twice, and prints what comes of it.
pub(crate) fn run(world: &World) -> anyhow::Result<()> {
    let works = first(world, "pass", &["covered"]);
    let broken = first(world, "fail", &BROKEN);
    let mut rang = Vec::new();
    for place in works.iter().chain(&broken) {
        let record = json!({
            "eventVersion": "1.11",
            "eventSource": "s3.amazonaws.com",
            "eventName": "PutBucketPolicy",
            "eventCategory": "Management",
            "managementEvent": true,
            "readOnly": false,
            "requestParameters": { "bucketName": "payroll" },
        });
        let event = CloudTrailEvent::at(record, Some(&place.account), Some("eu-west-1"))?;
        println!(
            "{} ({}): somebody changes the policy of a bucket in eu-west-1.\norgsweep says of `{CONTROL}` here: {} ({}).\n",
            place.name, place.account, place.verdict, place.reason
        );
        let trace = Timeline::new(world.now()).inject(world, &event);
        println!("{trace}");
        rang.push(trace.rang());
    }
    if rang != [true, false] {
        anyhow::bail!("the demo does not show what it is for: {rang:?}");
    }
    if let [.., last] = &broken.into_iter().collect::<Vec<_>>()[..] {
        println!(
            "The same change, and nobody hears of the second one. `{program} demo` finds every such account; then\n`{program} explain --demo {} {CONTROL}` shows the broken link and how to mend it.",
            last.account,
            program = program::callable()
        );
    }
    Ok(())
}

/// The first account with this verdict on the control, for the first of these reasons that occurs.
fn first(world: &World, verdict: &str, reasons: &[&str]) -> Option<Place> {
    reasons.iter().find_map(|reason| {
        world.accounts().find_map(|account| {
            let ExpectedOutcome::Done(findings) = world.expected(account)? else {
                return None;
            };
            let finding = findings
                .into_iter()
                .find(|finding| finding.control == CONTROL)?;
            let fits = finding.verdict == Some(verdict) && finding.reason == Some(reason);
            Some(Place {
                account: account.to_owned(),
                name: world.organization().member(account)?.name.clone(),
                verdict: finding.verdict?,
                reason: finding.reason?,
            })
            .filter(|_| fits)
        })
    })
}
