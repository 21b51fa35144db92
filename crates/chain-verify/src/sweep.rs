//! A sweep without a database: every account is read over the simulator's API and
//! judged with those that it relies on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::Context as _;
use orgsim::{Server, ServerOptions, World, access_key};
use orgsweep_aws_access::{Access, AccessConfig, Members, StaticCredentials};
use orgsweep_controls::known::{Call, Unread, UnreadCause};
use orgsweep_controls::{AccountId, AccountSnapshot, Catalog, Evaluator, Finding, ReliedOn};

/// The findings of every account that could be read.
pub(crate) async fn judged(
    world: &Arc<World>,
    seed: u64,
) -> anyhow::Result<BTreeMap<String, Vec<Finding>>> {
    let server = Server::start(Arc::clone(world), ServerOptions::default())
        .await
        .context("the simulator does not start")?;
    let caller = world
        .delegated_administrator()
        .unwrap_or_else(|| world.management_account());
    let config = AccessConfig {
        endpoint_url: Some(server.endpoint_url()),
        region: Some(world.settings().main_region().parse()?),
        quota_share: 1.0,
        ..AccessConfig::default()
    };
    let credentials = StaticCredentials::new(access_key(&caller), "orgsim", None);
    let access = Access::connect_as(config, credentials)
        .await
        .with_context(|| format!("the organization of seed {seed} cannot be reached"))?;
    let accounts: BTreeSet<AccountId> =
        world.accounts().map(str::parse).collect::<Result<_, _>>()?;
    let members: Members = accounts.iter().cloned().collect();
    let mut snapshots = BTreeMap::new();
    for account in &accounts {
        let collected = access
            .collect_among(account, &members)
            .await
            .with_context(|| format!("account {account} of seed {seed} cannot be read"))?;
        snapshots.insert(account.clone(), Arc::new(collected.snapshot));
    }
    server.stop().await;
    let evaluator = Evaluator::new(Catalog::builtin());
    let management: AccountId = world.management_account().parse()?;
    let mut alike = HashMap::new();
    let mut judged = BTreeMap::new();
    for (account, snapshot) in &snapshots {
        let relied_on = relied_on(snapshot, &snapshots, &management);
        let findings = evaluator.evaluate(snapshot, &relied_on);
        if let Some(key) = evaluator.alike(snapshot, &relied_on) {
            let told = serde_json::to_string(&findings)?.replace(account.as_str(), "itself");
            let others = alike.entry(key).or_insert_with(|| told.clone());
            anyhow::ensure!(
                *others == told,
                "account {account} of seed {seed} is judged otherwise than those that are alike"
            );
        }
        judged.insert(account.to_string(), findings);
    }
    Ok(judged)
}

fn relied_on(
    snapshot: &AccountSnapshot,
    snapshots: &BTreeMap<AccountId, Arc<AccountSnapshot>>,
    management: &AccountId,
) -> ReliedOn {
    let mut relied_on = ReliedOn {
        management_account: Some(management.clone()),
        ..ReliedOn::default()
    };
    for owner in snapshot.accounts_relied_on() {
        if let Some(of_owner) = snapshots.get(&owner) {
            relied_on.snapshots.insert(owner, Arc::clone(of_owner));
            continue;
        }
        let unread = Unread {
            call: Call::new("sts", "AssumeRole", None),
            cause: UnreadCause::Denied,
            message: "the account is not of this organization".to_owned(),
        };
        relied_on.unread.insert(owner, unread);
    }
    relied_on
}
