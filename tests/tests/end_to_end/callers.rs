//! Who runs the sweep, and on which organization: a delegated administrator,
//! the management account, somebody without permission to list accounts,
//! somebody in the wrong organization.

use orgsim::{Fault, Service};
use orgsweep_tests::Installation;

use crate::simulated::Simulated;

#[tokio::test(flavor = "multi_thread")]
async fn the_management_account_may_sweep() {
    let simulated = Simulated::demo().await;
    let management = simulated.management_account();
    assert_ne!(
        management,
        simulated.caller(),
        "the other tests call from a delegated administrator"
    );
    let installation = Installation::on_server()
        .await
        .against(&simulated.endpoint())
        .as_caller_in(&management);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.assert_found_as_expected(&installation).await;
    let assumed = simulated.accounts_entered();
    assert!(
        !assumed.contains(&management),
        "its own account is read with its own credentials"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organization_than_the_expected_one_is_refused() {
    let simulated = Simulated::demo().await;
    let installation = simulated
        .installation(Installation::on_server().await)
        .with_configuration("expected_organization = \"o-somebodyelse\"\n");
    let organization = simulated.organization();
    installation.run(&["sweep"]).await.with_code(2).saying(&[
        "o-somebodyelse",
        &organization,
        "expected_organization",
    ]);
    assert!(
        simulated.accounts_entered().is_empty(),
        "no account was touched"
    );

    let toml = format!("expected_organization = \"{organization}\"\n");
    let installation = installation.with_configuration(&toml);
    installation.run(&["sweep"]).await.with_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_permission_to_list_accounts_the_message_says_what_can_be_done() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    simulated.when(
        &simulated.caller(),
        "organizations",
        "ListAccounts",
        Fault::Denied,
    );
    installation.run(&["sweep"]).await.with_code(1).saying(&[
        "organizations:ListAccounts",
        "--accounts",
        "--this-account",
    ]);

    let account = simulated.some_healthy_account();
    installation
        .run(&["sweep", "--accounts", &account])
        .await
        .with_code(0);
    assert_eq!(read(&installation).await, [account]);
}

#[tokio::test(flavor = "multi_thread")]
async fn this_account_sweeps_the_callers_own_account_alone() {
    let simulated = Simulated::demo().await;
    let account = simulated.some_healthy_account();
    let installation = Installation::embedded()
        .against(&simulated.endpoint())
        .as_caller_in(&account);
    installation
        .run(&["sweep", "--this-account"])
        .await
        .with_code(0);
    assert_eq!(read(&installation).await, [account]);
    assert!(
        simulated.accounts_entered().is_empty(),
        "no role was assumed"
    );
    let asked = simulated.calls();
    assert!(
        asked
            .iter()
            .all(|call| call.service != Service::Organizations),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_inventory_carries_a_night_without_list_accounts() {
    let simulated = Simulated::demo().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    simulated.when(
        &simulated.caller(),
        "organizations",
        "ListAccounts",
        Fault::Throttle { times: None },
    );
    installation.set("ORGSWEEP_AWS_CALL_DEADLINE", "5s");
    installation
        .run(&["sweep"])
        .await
        .with_code(0)
        .saying(&["inventory"]);
    simulated.assert_found_as_expected(&installation).await;
    let sweeps = "select count(*) from sweep_account where outcome is null";
    assert_eq!(installation.database().number(sweeps).await, Some(0));
}

/// Accounts that have findings.
async fn read(installation: &Installation) -> Vec<String> {
    let findings = installation
        .run(&["findings", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    let mut accounts: Vec<String> = findings
        .iter()
        .filter_map(|row| row["account_id"].as_str().map(str::to_owned))
        .collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_left_or_were_suspended_are_closed_and_never_stale() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["sweep"]).await.with_code(0);
    let left = simulated.some_healthy_account();
    simulated.leave(&left);
    let suspended = simulated
        .readable()
        .into_keys()
        .find(|account| {
            ![&left, &simulated.caller(), &simulated.management_account()].contains(&account)
        })
        .expect("there are more accounts");
    simulated.suspend(&suspended);
    installation.run(&["sweep"]).await.with_code(0);
    let with_findings = read(&installation).await;
    assert!(
        !with_findings.contains(&left),
        "{left} left the organization"
    );
    assert!(
        !with_findings.contains(&suspended),
        "{suspended} is suspended"
    );
    for account in [left, suspended] {
        let open = format!("select count(*) from posture where account_id = '{account}'");
        assert_eq!(installation.database().number(&open).await, Some(0));
    }
}
