//! A small run of all checks, as the test command makes it. The whole one is
//! `cargo xtask verify patterns`.

use filter_pattern_verify::run::Plan;

fn plan(pairs: u64, questions: u64, seed: u64) -> Plan {
    Plan {
        questions,
        ..Plan::new(pairs, seed)
    }
}

#[test]
fn both_ways_agree_and_every_construct_is_generated() {
    let report = plan(100_000, 1_500, 7).run(&|_, _, _| ());
    assert_eq!((report.pairs, report.questions), (100_000, 1_500));
    assert_eq!(report.nodes.missing(), [""; 0]);
    for it in &report.shown {
        eprintln!("{} (case {}): {}", it.check, it.case, it.shown);
    }
    assert_eq!(report.disagreements, 0);
    assert!(report.matching > 5_000, "{report}");
    for answer in ["answer.yes", "answer.no", "answer.unknown, undocumented"] {
        assert!(report.counted(answer) > 10, "{answer}: {report}");
    }
    assert!(report.counted("search.exhaustive") > 200, "{report}");
}

#[test]
fn the_same_seed_gives_the_same_report_on_any_number_of_threads() {
    let alone = Plan {
        threads: 1,
        ..plan(5_000, 20, 3)
    };
    let together = Plan {
        threads: 4,
        ..alone
    };
    let nothing = |_: &'static str, _, _| ();
    assert_eq!(alone.run(&nothing), together.run(&nothing));
}
