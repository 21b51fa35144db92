//! Nights of a large organization in the store: how long the first takes and how many bytes,
//! the same of a night without change, and how long every documented view takes with months
//! of history. Run by `cargo xtask bench store`; prints one JSON object.
//!
//! Use: `nights ACCOUNTS NIGHTS server URL` or `nights ACCOUNTS NIGHTS embedded DIRECTORY`

#[path = "../../src/catalog_rows.rs"]
mod catalog_rows;
mod history;
mod measure;
mod organization;
mod views;

use std::error::Error;

use orgsweep_controls::Catalog;
use orgsweep_store::{Store, StoreConfig};
use serde_json::{Value, json};

use measure::{Night, night};
use organization::Organization;

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str =
    "use: nights ACCOUNTS NIGHTS server URL | nights ACCOUNTS NIGHTS embedded DIRECTORY";

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [accounts, nights, place, at] = &arguments[..] else {
        return Err(USAGE.into());
    };
    let (accounts, nights): (u32, i32) = (accounts.parse()?, nights.parse()?);
    let config = match place.as_str() {
        "server" => StoreConfig {
            database_url: Some(at.clone()),
            ..StoreConfig::default()
        },
        "embedded" => StoreConfig {
            data_dir: Some(at.into()),
            ..StoreConfig::default()
        },
        _ => return Err(USAGE.into()),
    };
    let store = Store::open(&config).await?;
    let figures = figures(&store, accounts, nights).await;
    store.close().await;
    println!("{:#}", figures?);
    Ok(())
}

async fn figures(store: &Store, accounts: u32, nights: i32) -> Outcome<Value> {
    let organization = Organization::new(accounts);
    store
        .put_controls(&catalog_rows::control_rows(Catalog::builtin()))
        .await?;
    let first = night(store, &organization, nights).await?;
    let filled = history::fill(store, nights).await?;
    history::accept_some(store, &organization).await?;
    // What autovacuum does by itself, now rather than in a minute.
    history::vacuum(store).await?;
    let changed = night(store, &organization, 2).await?;
    let unchanged = night(store, &organization, 1).await?;
    history::vacuum(store).await?;
    let views = views::measure(store, &organization).await?;
    let slowest = views.iter().map(|view| view.p95_ms).fold(0.0, f64::max);
    Ok(json!({
        "accounts": accounts,
        "nights": nights,
        "findings": first.findings,
        "periods": filled.periods,
        "changes_per_night": filled.changes_per_night,
        "first_night": first.figures(None),
        "changed_night": changed.figures(Some(&first)),
        "unchanged_night": unchanged.figures(Some(&first)),
        "database_mib": measure::database_bytes(store).await? / 1024 / 1024,
        "slowest_view_p95_ms": slowest,
        "views": views.iter().map(views::Measured::figures).collect::<Vec<_>>(),
    }))
}

impl Night {
    fn figures(&self, first: Option<&Self>) -> Value {
        let share = first.map(|first| self.bytes as f64 / first.bytes as f64);
        json!({
            "seconds": measure::rounded(self.seconds),
            "bytes": self.bytes,
            "share_of_first_percent": share.map(|share| measure::rounded(share * 100.0)),
            "turned": self.turned,
            "new_snapshots": self.new_snapshots,
        })
    }
}
