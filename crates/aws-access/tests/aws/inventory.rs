//! Listing the organization.

use orgsweep_aws_access::{AccessError, InventoryWants};
use orgsweep_controls::{AccountState, ListedAccount};
use serde_json::json;
use tokio::sync::mpsc;

use crate::fake::{AUDIT, Fake, MEMBER, OWN, Reply, account};

const EVERYTHING: InventoryWants = InventoryWants {
    ou_paths: true,
    tags: true,
};

fn found<'a>(accounts: &'a [ListedAccount], id: &str) -> &'a ListedAccount {
    accounts
        .iter()
        .find(|account| account.id.as_str() == id)
        .unwrap()
}

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_is_not_the_end() {
    let fake = Fake::start().await;
    let inventory = fake
        .connect()
        .await
        .inventory(InventoryWants::default())
        .await
        .unwrap();
    let ids: Vec<&str> = inventory
        .accounts
        .iter()
        .map(|account| account.id.as_str())
        .collect();
    assert_eq!(ids, [AUDIT, OWN, MEMBER, "444444444444"]);
    assert_eq!(inventory.organization.unwrap().as_str(), "o-a1b2c3d4e5");
    assert_eq!(
        inventory.management_account.unwrap().as_str(),
        "999999999999"
    );
    assert_eq!(
        found(&inventory.accounts, "444444444444").state,
        AccountState::Suspended
    );
    assert_eq!(
        found(&inventory.accounts, MEMBER).state,
        AccountState::Active
    );
    assert_eq!(
        found(&inventory.accounts, OWN).email.as_deref(),
        Some("own@example.com")
    );
    assert_eq!(found(&inventory.accounts, OWN).ou_path, None);
    assert_eq!(found(&inventory.accounts, OWN).tags, None);
}

#[tokio::test]
async fn ou_paths_and_tags_are_read_when_they_are_wanted() {
    let fake = Fake::start().await;
    let inventory = fake.connect().await.inventory(EVERYTHING).await.unwrap();
    let own = found(&inventory.accounts, OWN);
    assert_eq!(
        own.ou_path.as_deref(),
        Some(&["Workloads".to_owned(), "Prod".to_owned()][..])
    );
    assert_eq!(
        own.ou_ids,
        ["r-ab12", "ou-ab12-11111111", "ou-ab12-22222222"]
    );
    assert_eq!(own.tags.as_ref().unwrap()["team"], OWN);
    let in_root = found(&inventory.accounts, AUDIT);
    assert_eq!(in_root.ou_path.as_deref(), Some(&[][..]));
    assert_eq!(found(&inventory.accounts, "444444444444").ou_path, None);
}

#[tokio::test]
async fn pages_arrive_while_the_list_is_read_unless_something_is_missing_of_them() {
    let fake = Fake::start().await;
    let access = fake.connect().await;
    let (arriving, mut pages) = mpsc::channel(16);
    let wants = InventoryWants::default();
    let whole = access.inventory_in_pages(wants, arriving).await.unwrap();
    let mut listed = Vec::new();
    while let Some(page) = pages.recv().await {
        assert_eq!(page.organization, whole.organization);
        assert_eq!(page.management_account, whole.management_account);
        listed.extend(page.accounts);
    }
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(listed, whole.accounts);

    // Tags need a call per account.
    let (arriving, mut pages) = mpsc::channel(16);
    let whole = access
        .inventory_in_pages(EVERYTHING, arriving)
        .await
        .unwrap();
    assert_eq!(whole.accounts.len(), 4);
    assert_eq!(pages.recv().await, None);

    // One account does not say in which OU it is: its page waits for the tree to be searched.
    let (arriving, mut pages) = mpsc::channel(16);
    let wants = InventoryWants {
        ou_paths: true,
        tags: false,
    };
    let whole = access.inventory_in_pages(wants, arriving).await.unwrap();
    let mut early = Vec::new();
    while let Some(page) = pages.recv().await {
        early.extend(page.accounts);
    }
    assert!(early.len() < whole.accounts.len());
    for account in &early {
        assert_eq!(found(&whole.accounts, account.id.as_str()), account);
        assert!(account.ou_path.is_some(), "{account:?}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let fake = Fake::start().await;
    fake.always(
        "ListAccounts",
        Reply::error(
            "AccessDeniedException",
            "You don't have permissions to access this resource.",
        ),
    );
    let error = fake
        .connect()
        .await
        .inventory(EVERYTHING)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, AccessError::Denied { permission, .. } if permission == "organizations:ListAccounts"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_account_outside_of_any_organization_is_told_what_to_do() {
    let fake = Fake::start().await;
    fake.always(
        "DescribeOrganization",
        Reply::error(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member.",
        ),
    );
    let error = fake
        .connect()
        .await
        .inventory(EVERYTHING)
        .await
        .unwrap_err();
    assert!(
        matches!(error, AccessError::NotInOrganization { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("--this-account"), "{error}");
}

#[tokio::test]
async fn throttled_pages_are_asked_again() {
    let fake = Fake::start().await;
    fake.next(
        2,
        "ListAccounts",
        Reply::error(
            "TooManyRequestsException",
            "You have sent too many requests.",
        ),
    );
    let access = fake.connect().await;
    let inventory = access.inventory(InventoryWants::default()).await.unwrap();
    assert_eq!(inventory.accounts.len(), 4);
    assert_eq!(
        (access.counters().throttles, access.counters().retries),
        (2, 2)
    );
}

#[tokio::test]
async fn pages_that_go_round_in_circles_are_noticed() {
    let fake = Fake::start().await;
    fake.always(
        "ListAccounts",
        Reply::Result(json!({ "NextToken": "again", "Accounts": [] })),
    );
    let error = fake
        .connect()
        .await
        .inventory(InventoryWants::default())
        .await
        .unwrap_err();
    assert!(matches!(error, AccessError::Garbled { .. }), "{error:?}");
    assert!(error.to_string().contains("twice"), "{error}");
}

#[tokio::test]
async fn an_explicit_list_asks_nothing() {
    let fake = Fake::start().await;
    let access = fake.connect().await;
    let before = fake.asked().len();
    let inventory = access.inventory_of(&[account(OWN)]).await;
    assert_eq!(inventory.accounts[0].name, OWN);
    assert_eq!(fake.asked().len(), before);
}

#[tokio::test]
async fn an_ou_that_vanishes_on_the_way_has_nothing_below_it() {
    let fake = Fake::start().await;
    let gone = Reply::error(
        "ParentNotFoundException",
        "You specified parent that doesn't exist.",
    );
    fake.next(1, "ListOrganizationalUnitsForParent", gone);
    let inventory = fake.connect().await.inventory(EVERYTHING).await.unwrap();
    assert_eq!(inventory.accounts.len(), 4);
    assert_eq!(
        found(&inventory.accounts, AUDIT).ou_path.as_deref(),
        Some(&[][..])
    );
    assert_eq!(found(&inventory.accounts, OWN).ou_path, None);
}

#[tokio::test]
async fn a_list_without_the_caller_is_not_taken_for_the_organization() {
    let fake = Fake::start().await;
    fake.always("ListAccounts", Reply::Result(json!({ "Accounts": [] })));
    let error = fake
        .connect()
        .await
        .inventory(EVERYTHING)
        .await
        .unwrap_err();
    assert!(matches!(error, AccessError::Garbled { .. }), "{error:?}");
}
