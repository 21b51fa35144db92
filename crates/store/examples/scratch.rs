use chrono::{DateTime, Utc};
use orgsweep_controls::{finding::*, known::*, organization::*, reason::*, snapshot::*};
use orgsweep_store::*;
use std::collections::*;
use std::time::{Duration, Instant};
fn acc(n: u32) -> orgsweep_controls::ids::AccountId {
    format!("{n:012}").parse().unwrap()
}
fn at(s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + s, 0).unwrap()
}
fn regions() -> Vec<orgsweep_controls::ids::Region> {
    (1..=17)
        .map(|i| format!("eu-west-{i}").parse().unwrap())
        .collect()
}
fn snap(n: u32) -> AccountSnapshot {
    AccountSnapshot {
        account: acc(n),
        partition: "aws".parse().unwrap(),
        regions: Known::read(regions(), Call::new("account", "ListRegions", None)),
        trails: BTreeMap::from([(
            "eu-west-1".parse().unwrap(),
            Known::read(
                vec![Trail {
                    arn: format!("arn:aws:cloudtrail:eu-west-1:{n:012}:trail/main")
                        .parse()
                        .unwrap(),
                    name: "main".into(),
                    home_region: "eu-west-1".parse().unwrap(),
                    multi_region: true,
                    organization: false,
                    global_service_events: true,
                    log_group: None,
                    log_role: None,
                    status: Known::Unread(Unread {
                        call: Call::new("cloudtrail", "GetTrailStatus", None),
                        cause: UnreadCause::NotAsked,
                        message: String::new(),
                    }),
                    selectors: Known::Unread(Unread {
                        call: Call::new("cloudtrail", "GetEventSelectors", None),
                        cause: UnreadCause::NotAsked,
                        message: String::new(),
                    }),
                }],
                Call::new("cloudtrail", "DescribeTrails", None),
            ),
        )]),
        log_groups: BTreeMap::new(),
        alarms: BTreeMap::new(),
        topics: BTreeMap::new(),
        keys: BTreeMap::new(),
    }
}
fn finds(n: u32, night: u32) -> Vec<Finding> {
    (0..15)
        .map(|c| {
            let h = n.wrapping_mul(2654435761).wrapping_add(c * 7919);
            let mut fail = h % 100 < 20;
            if night > 0 && (n * 15 + c) % 700 == night % 700 {
                fail = !fail;
            }
            let link = |k, r: String| Link {
                kind: k,
                resource: r,
                state: LinkState::Holds,
                detail: "it is there and does what it should do for this control".into(),
            };
            Finding {
                account: acc(n),
                control: format!("control-{c}").parse().unwrap(),
                verdict: if fail { Verdict::Fail } else { Verdict::Pass },
                reason: if fail {
                    Reason::NoFilter
                } else {
                    Reason::Covered
                },
                summary: format!("nobody would be told of control-{c} in account {n:012}"),
                evidence: Evidence {
                    chains: vec![Chain {
                        links: vec![
                            link(
                                LinkKind::Trail,
                                format!("arn:aws:cloudtrail:eu-west-1:{n:012}:trail/main"),
                            ),
                            link(
                                LinkKind::LogGroup,
                                format!(
                                    "arn:aws:logs:eu-west-1:{n:012}:log-group:CloudTrail/Default"
                                ),
                            ),
                            link(LinkKind::Filter, format!("filter-{c}")),
                            link(
                                LinkKind::Alarm,
                                format!("arn:aws:cloudwatch:eu-west-1:{n:012}:alarm:control-{c}"),
                            ),
                        ],
                        state: LinkState::Holds,
                        reason: None,
                    }],
                    ..Default::default()
                },
                covered_regions: if fail { vec![] } else { regions() },
                uncovered_regions: if fail { regions() } else { vec![] },
                cause: format!(
                    "no_filter:arn:aws:logs:eu-west-1:{n:012}:log-group:CloudTrail/Default"
                ),
            }
        })
        .collect()
}
async fn size(store: &Store) -> i64 {
    sqlx::query_scalar("select pg_database_size(current_database())")
        .fetch_one(store.pool())
        .await
        .unwrap()
}
#[tokio::main]
async fn main() {
    let n: u32 = std::env::args().nth(2).unwrap().parse().unwrap();
    let nights: u32 = std::env::args().nth(3).unwrap().parse().unwrap();
    let a = std::env::args().nth(1).unwrap();
    let config = if a.starts_with("postgres") {
        StoreConfig {
            database_url: Some(a),
            ..Default::default()
        }
    } else {
        StoreConfig {
            data_dir: Some(a.into()),
            ..Default::default()
        }
    };
    let store = Store::open(&config).await.unwrap();
    let inv = Inventory {
        organization: Some("o-a1b2c3d4e5".parse().unwrap()),
        management_account: Some(acc(1)),
        read_at: at(0),
        accounts: (1..=n)
            .map(|i| ListedAccount {
                id: acc(i),
                name: format!("workload account {i}"),
                email: Some(format!("aws+{i}@example.com")),
                ou_path: Some(vec!["Workloads".into(), format!("Unit {}", i % 40)]),
                ou_ids: vec!["r-ab12".into(), "ou-ab12-12345678".into()],
                tags: Some(BTreeMap::from([
                    ("team".into(), format!("team {}", i % 30)),
                    ("env".into(), "prod".into()),
                ])),
                state: AccountState::Active,
                joined_at: Some(at(-1000)),
            })
            .collect(),
    };
    let all: BTreeSet<_> = (1..=n).map(acc).collect();
    let mut before = size(&store).await;
    println!("empty {before}");
    let mut last = None;
    let mut first = None;
    for night in 0..nights {
        let t = Instant::now();
        let sweep = store
            .start_sweep(&NewSweep {
                trigger: "bench".into(),
                organization: None,
                catalog_digest: "c".into(),
                config_digest: "d".into(),
                program_version: "0".into(),
            })
            .await
            .unwrap();
        let mut i2 = inv.clone();
        i2.read_at = at(i64::from(night) * 86400);
        store
            .record_inventory(sweep, &i2, &all, &BTreeMap::new(), true)
            .await
            .unwrap();
        let ti = t.elapsed();
        let mut set = tokio::task::JoinSet::new();
        let change = if night >= 4 { night } else { 0 };
        for w in 0..8 {
            let store = store.clone();
            set.spawn(async move {
                let mut k = w + 1;
                while k <= n {
                    let s = snap(k);
                    let f = finds(k, change);
                    store
                        .record_account(
                            sweep,
                            &AccountRecord {
                                snapshot: &s,
                                findings: &f,
                                calls: 9,
                                throttles: 0,
                                started_at: at(i64::from(night) * 86400),
                                finished_at: at(i64::from(night) * 86400 + 10),
                            },
                        )
                        .await
                        .unwrap();
                    k += 8;
                }
            });
        }
        while let Some(r) = set.join_next().await {
            r.unwrap();
        }
        let tr = t.elapsed();
        store
            .finish_sweep(sweep, &SweepTotals::default())
            .await
            .unwrap();
        let s = size(&store).await;
        if night < 8 || night % 10 == 0 {
            println!(
                "night {night}: inventory {ti:?} all recorded {tr:?} with finish {:?} bytes +{} ({} total)",
                t.elapsed(),
                s - before,
                s
            );
        }
        before = s;
        last = Some(sweep);
        if night == nights / 2 {
            first = Some(sweep);
        }
    }
    let (last, first) = (last.unwrap(), first.unwrap());
    let t = Instant::now();
    let s = store.sweep_summary(last).await.unwrap();
    println!(
        "summary {:?} new {} fixed {} causes {}",
        t.elapsed(),
        s.new,
        s.fixed,
        s.causes.len()
    );
    let t = Instant::now();
    let f = store
        .findings(&FindingFilter {
            verdicts: vec![Verdict::Fail],
            controls: vec!["control-3".parse().unwrap()],
            ..Default::default()
        })
        .await
        .unwrap();
    println!("findings control {:?} {}", t.elapsed(), f.len());
    let t = Instant::now();
    let f = store
        .findings(&FindingFilter {
            accounts: vec![acc(77)],
            ..Default::default()
        })
        .await
        .unwrap();
    println!("findings account {:?} {}", t.elapsed(), f.len());
    let t = Instant::now();
    let f = store.accounts().await.unwrap();
    println!("accounts {:?} {}", t.elapsed(), f.len());
    for q in [
        "select count(*) from posture".to_owned(),
        "select control, verdict, count(*) from posture group by 1,2".into(),
        "select * from failing where control = 'control-3' limit 100".into(),
        "select * from failing limit 100".into(),
        "select count(*) from failing".into(),
        "select ou_path, count(*) from failing group by 1 order by 2 desc".into(),
        "select * from posture where account_id = '000000000077'".into(),
        "select tags->>'team', count(*) from failing group by 1".into(),
        "select region, count(*) from uncovered_region group by 1".into(),
        "select count(*) from uncovered_region where region = 'eu-west-3'".into(),
        format!("select change, count(*) from change_since('{first}') group by 1"),
        format!("select count(*) from change_since('{last}')"),
        "select verdict, count(*) from as_of('2027-02-01') group by 1".into(),
        "select * from mean_time_to_fix".into(),
        "select * from coverage_of_sweep".into(),
        "select * from account_status".into(),
        "select * from control_posture".into(),
        "select * from cause order by accounts desc limit 10".into(),
        format!("select outcome, count(*) from sweep_outcome where sweep_id = '{last}' group by 1"),
        "select account_id, count(*) from finding_period group by 1 order by 2 desc limit 10"
            .into(),
    ] {
        let mut times = vec![];
        let mut rows = 0;
        for _ in 0..5 {
            let t = Instant::now();
            rows = store
                .query(
                    &q,
                    &QueryLimits {
                        timeout: Duration::from_secs(60),
                        max_rows: 1000000,
                    },
                )
                .await
                .unwrap()
                .rows
                .len();
            times.push(t.elapsed());
        }
        times.sort();
        println!("{:?} max {:?} rows {rows}: {q}", times[2], times[4]);
    }
    let r = store.query("select 1", &QueryLimits::default()).await;
    drop(r);
    let rows: Vec<(String, i64)> = sqlx::query_as("select relname::text, pg_total_relation_size(oid) from pg_class where relkind='r' and relnamespace='public'::regnamespace order by 2 desc").fetch_all(store.pool()).await.unwrap();
    println!("{rows:?}");
    store.close().await;
}
