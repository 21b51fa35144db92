//! A few of the sweeps of `cargo xtask soak`, of a small organization: what the program and its
//! tables hold in between stays the same.

use orgsim::Scenario;
use orgsweep_tests::soak::{Sweeper, soak};

const ORGANIZATION: &str = r#"
seed = 7
[organization]
id = "o-soak000000"
[management]
number = "111111111111"
[delegated_administrator]
number = "222222222222"
[[organization_trail]]
name = "everyone"
[[group]]
name = "member"
count = 4
chain = "organization_trail"
[[group]]
name = "owner"
count = 4
chain = "healthy"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_of_one_service_leave_no_task_no_connection_and_no_row_behind() {
    let soaked = soaked(Sweeper::Service).await;
    assert!(soaked.samples.iter().all(|sample| sample.tasks > Some(0)));
    let files = soaked.samples.iter().map(|sample| sample.files);
    assert!(files.clone().all(|files| files > Some(0)), "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeps_on_the_command_line_leave_no_connection_and_no_row_behind() {
    for sample in soaked(Sweeper::CommandLine).await.samples {
        assert_eq!(sample.connections, 0, "{sample:?}");
    }
}

async fn soaked(sweeper: Sweeper) -> orgsweep_tests::soak::Soak {
    let scenario = Scenario::parse(ORGANIZATION).expect("a valid scenario");
    let soaked = soak(&scenario, 7, sweeper).await;
    assert_eq!(soaked.violations, Vec::<String>::new(), "{soaked:#?}");
    let history: Vec<i64> = soaked
        .samples
        .iter()
        .map(|sample| sample.rows["finding_history"])
        .collect();
    assert!(
        history.windows(2).all(|two| two[0] < two[1]),
        "nothing changed in between: {history:?}"
    );
    soaked
}
