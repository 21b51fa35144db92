//! A few thousand verdicts agree with what happens. `cargo xtask verify chains`
//! compares as many more as asked; `docs/VERIFICATION.md` has its results.

use orgsweep_chain_verify::verify;

/// Verdicts that each test compares at least.
const VERDICTS: usize = 900;

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_agree_with_what_happens_in_organizations_from_seed_1() {
    assert_agreement(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_agree_with_what_happens_in_organizations_from_seed_1000() {
    assert_agreement(1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_agree_with_what_happens_in_organizations_from_seed_9000() {
    assert_agreement(9000).await;
}

/// The report of a disagreement shows the account with the fewest changes that still has it.
async fn assert_agreement(seed: u64) {
    // The result of installing it twice is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let report = verify(VERDICTS, seed, &|_| {}).await.expect("a simulator");
    assert!(report.chains >= VERDICTS, "too few: {report}");
    assert_eq!(report.disagreements, 0, "{report}");
}
