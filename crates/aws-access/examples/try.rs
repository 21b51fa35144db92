//! temporary
use futures::StreamExt;
use orgsweep_aws_access::{Access, AccessConfig, InventoryWants};
#[tokio::main]
async fn main() {
    let start = std::time::Instant::now();
    let access = Access::connect(AccessConfig::default()).await.unwrap();
    let i = access.inventory(InventoryWants::default()).await.unwrap();
    println!("{} accounts {:?}", i.accounts.len(), start.elapsed());
    let mut failed = 0;
    let mut longest = std::time::Duration::ZERO;
    let ids: Vec<_> = i.accounts.iter().cycle().take(2000).map(|a| a.id.clone()).collect();
    let start = std::time::Instant::now();
    let mut results = futures::stream::iter(ids.into_iter().map(|id| { let access = access.clone(); async move { let t = std::time::Instant::now(); let r = tokio::spawn(async move { access.collect(&id).await }).await.unwrap(); (r, t.elapsed()) } })).buffer_unordered(128);
    while let Some((r, t)) = results.next().await { if r.is_err() { failed += 1; } longest = longest.max(t); }
    println!("2000 collects, {failed} failed, {:?}, longest {longest:?} {:?}", start.elapsed(), access.counters());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().filter(|l| l.starts_with("VmHWM")||l.starts_with("Threads")).collect::<Vec<_>>().join(" "));
}
