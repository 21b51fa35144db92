//! How long reading and matching take, and how often they allocate:
//! `cargo bench -p filter-pattern --bench evaluate`.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use filter_pattern::{Event, FilterPattern};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A record of CloudTrail as it is delivered, in one line.
const RECORD: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:session","arn":"arn:aws:sts::111122223333:assumed-role/Deploy/session","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/Deploy","accountId":"111122223333","userName":"Deploy"},"attributes":{"creationDate":"2026-11-24T10:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2026-11-24T10:05:12Z","eventSource":"s3.amazonaws.com","eventName":"PutBucketPolicy","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.10","userAgent":"[aws-cli/2.30]","requestParameters":{"bucketName":"example","Host":"example.s3.eu-west-1.amazonaws.com","retries":3},"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","bytesTransferredIn":412.0},"requestID":"EXAMPLE","eventID":"6f3f7e52-0000-4000-8000-0123456789ab","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}"#;

const LINE: &str =
    r#"127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

/// Patterns on the record, by what they exercise.
const JSON: &[(&str, &str)] = &[
    (
        "names",
        "{ ($.eventSource = s3.amazonaws.com) && (($.eventName = PutBucketAcl) || ($.eventName = DeleteBucketPolicy) || ($.eventName = PutBucketPolicy)) }",
    ),
    (
        "absence",
        "{ $.userIdentity.type = Root && $.userIdentity.invokedBy NOT EXISTS && $.eventType != AwsServiceEvent }",
    ),
    (
        "wildcards",
        "{ $.errorCode = *UnauthorizedOperation || $.userIdentity.arn = \"*:assumed-role/Deploy/*\" }",
    ),
    (
        "numbers",
        "{ $.requestParameters.retries >= 3 && $.additionalEventData.bytesTransferredIn < 1e3 }",
    ),
    (
        "regex",
        "{ $.sourceIPAddress = %^203\\.0\\.113\\.[0-9]{1,3}$% && $.userAgent = %aws-cli/[0-9]+% }",
    ),
    ("any_key", "{ $.requestParameters.* = example }"),
];

fn pattern(text: &str) -> FilterPattern {
    FilterPattern::parse(text).expect("a pattern")
}

#[divan::bench(args = JSON.iter().map(|(name, _)| *name))]
fn matches(bencher: Bencher<'_, '_>, name: &str) {
    let (_, text) = JSON.iter().find(|(it, _)| *it == name).expect("a pattern");
    let (pattern, event) = (pattern(text), Event::parse(RECORD).expect("a record"));
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| black_box(&pattern).matches(black_box(&event)));
}

#[divan::bench(args = [
    "ERROR -\"connection reset\"",
    "%[0-9]+ [0-9]+$%",
    "[..., request = *.html*, status = 4*, bytes > 1000]",
])]
fn matches_message(bencher: Bencher<'_, '_>, text: &str) {
    let pattern = pattern(text);
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| black_box(&pattern).matches_message(black_box(LINE)));
}

#[divan::bench]
fn read_event(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| Event::parse(black_box(RECORD)));
}

#[divan::bench(args = JSON.iter().map(|(name, _)| *name))]
fn read_pattern(bencher: Bencher<'_, '_>, name: &str) {
    let (_, text) = JSON.iter().find(|(it, _)| *it == name).expect("a pattern");
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench_local(|| FilterPattern::parse(black_box(text)));
}
