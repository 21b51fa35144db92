//! Patterns as public modules spell them, and the verdict that each deserves.

use orgsweep_controls::{Catalog, Finding, Verdict, evaluate};

use crate::support::*;

use Verdict::{Fail, Pass};

fn verdict(framework: &str, control: &str, pattern: &str) -> Verdict {
    judged(framework, control, pattern).verdict
}

/// The finding on an account whose filter for the control has that pattern.
fn judged(framework: &str, control: &str, pattern: &str) -> Finding {
    let id = control.parse().unwrap();
    let catalog = Catalog::builtin().for_framework(framework).unwrap();
    let mut snapshot = healthy(OWN);
    of_filters(&mut snapshot).retain(|filter| filter.name == control);
    pattern.clone_into(&mut of_filter(&mut snapshot, control).pattern);
    evaluate(&catalog.only(&[id]), &snapshot, &alone()).remove(0)
}

#[test]
fn public_patterns_get_the_verdict_that_they_deserve() {
    let events = "($.eventName = PutBucketAcl) || ($.eventName = PutBucketPolicy) || ($.eventName = PutBucketCors) ||\n ($.eventName = PutBucketLifecycle) || ($.eventName = PutBucketReplication) || ($.eventName = DeleteBucketPolicy) ||\n ($.eventName = DeleteBucketCors) || ($.eventName = DeleteBucketLifecycle)";
    let one_missing = format!("{{ ($.eventSource = s3.amazonaws.com) && ({events}) }}");
    let over_lines = format!(
        "{{\n ($.eventSource = \"s3.amazonaws.com\")\n && ({events} || ($.eventName = DeleteBucketReplication))\n}}"
    );
    #[rustfmt::skip]
    let cases = [
        // The exclusions bind to both clauses: UnauthorizedOperation from those sources is left out.
        ("cis-4.0.1", "unauthorized-api-calls", r#"{(($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")) && (($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket"))}"#, Fail),
        ("cis-7.0.0", "unauthorized-api-calls", r#"{(($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")) && (($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket"))}"#, Fail),
        ("cis-7.0.0", "unauthorized-api-calls", r#"{($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")}"#, Pass),
        ("cis-7.0.0", "unauthorized-api-calls", r#"{($.errorCode="AccessDenied*") || ($.errorCode="*UnauthorizedOperation")}"#, Pass),
        ("cis-7.0.0", "unauthorized-api-calls", r#"{($.errorCode = "*UnauthorizedOperation")}"#, Fail),
        // Root alone: sign-ins of users go unnoticed.
        ("cis-7.0.0", "console-signin-without-mfa", r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "Root") }"#, Fail),
        ("cis-7.0.0", "console-signin-without-mfa", "{ $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes }", Pass),
        // Without the event type the pattern matches more, which is enough.
        ("cis-7.0.0", "root-usage", r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }"#, Pass),
        ("cis-7.0.0", "root-usage", r#"{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" && $.userIdentity.invokedBy NOT EXISTS }"#, Pass),
        ("cis-7.0.0", "console-auth-failures", r#"{ $.eventName = ConsoleLogin && $.errorMessage = "Failed authentication" }"#, Pass),
        ("cis-7.0.0", "console-auth-failures", "{ $.eventName = ConsoleLogin && $.errorMessage = \"Failed*\" }", Pass),
        ("cis-7.0.0", "s3-bucket-policy-changes", one_missing.as_str(), Fail),
        ("cis-7.0.0", "s3-bucket-policy-changes", over_lines.as_str(), Pass),
        ("cis-7.0.0", "kms-cmk-disable-delete", "{ $.eventSource = kms.amazonaws.com && $.eventType = AwsApiCall && ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) }", Pass),
        ("cis-7.0.0", "kms-cmk-disable-delete", "{ $.eventSource = kms.amazonaws.com && $.eventType = AwsServiceEvent && ($.eventName = DisableKey || $.eventName = ScheduleKeyDeletion) }", Fail),
        // Security Hub's form asks for no other service's routes.
        ("cis-7.0.0", "route-table-changes", "{ $.eventSource = ec2.amazonaws.com && $.eventType != AwsServiceEvent && $.eventName = *Route* }", Pass),
        ("cis-7.0.0", "root-usage", "{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType = AwsApiCall }", Fail),
        ("cis-7.0.0", "console-signin-without-mfa", "{ $.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes && $.eventType = AwsApiCall }", Fail),
        ("cis-7.0.0", "unauthorized-api-calls", r#"{(($.errorCode="AccessDenied*") || ($.errorCode="*UnauthorizedOperation")) && $.eventType = AwsApiCall}"#, Fail),
    ];
    for (framework, control, pattern, deserved) in cases {
        let found = verdict(framework, control, pattern);
        assert_eq!(found, deserved, "{control} under {framework}: {pattern}");
    }
}

/// CloudTrail's documentation shows two values of `MFAUsed`; that there is no third is assumed,
/// and the finding says so.
#[test]
fn a_pattern_that_rests_on_an_undocumented_reading_names_it() {
    let pattern = r#"{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed = "No") }"#;
    let found = judged("cis-7.0.0", "console-signin-without-mfa", pattern);
    assert_eq!(found.verdict, Pass);
    let assumptions = found.evidence.assumptions.join("; ");
    assert!(assumptions.contains("MFAUsed"), "{assumptions}");
}

/// AWS documents of no single event that it is an API call; that those of the control are is assumed.
#[test]
fn a_pattern_for_api_calls_passes_by_what_it_assumes() {
    let pattern = "{ $.eventSource = cloudtrail.amazonaws.com && $.eventType = \"AwsApiCall\" && ($.eventName = *Trail || $.eventName = St*Logging) }";
    let found = judged("cis-7.0.0", "cloudtrail-config-changes", pattern);
    assert_eq!(found.verdict, Pass);
    let assumptions = found.evidence.assumptions.join("; ");
    assert!(assumptions.contains("name of an API call"), "{assumptions}");
}

/// A failed sign-in is answered with `ConsoleLogin: Failure`, which the finding says it assumes.
#[test]
fn a_pattern_on_the_answer_of_a_failed_sign_in_passes_by_what_it_assumes() {
    let pattern =
        r#"{ ($.eventName = "ConsoleLogin") && ($.responseElements.ConsoleLogin = "Failure") }"#;
    let found = judged("cis-7.0.0", "console-auth-failures", pattern);
    assert_eq!(found.verdict, Pass);
    let assumptions = found.evidence.assumptions.join("; ");
    assert!(
        assumptions.contains("ConsoleLogin: Failure"),
        "{assumptions}"
    );
}
