//! Asks whether filters cover a required pattern: `cover any|cloudtrail REQUIRED [FILTER…]`.
use filter_pattern::{Covers, FilterPattern, Schema, covers};
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let schema = if args[0] == "any" {
        Schema::any()
    } else {
        Schema::cloudtrail()
    };
    let required = FilterPattern::parse(&args[1]).unwrap();
    let filters: Vec<_> = args[2..]
        .iter()
        .map(|it| FilterPattern::parse(it).unwrap())
        .collect();
    let filters: Vec<_> = filters.iter().collect();
    let start = std::time::Instant::now();
    let answer = covers(&required, &filters, &schema);
    let took = start.elapsed();
    match answer {
        Covers::Yes(proof) => {
            println!("yes");
            for it in proof.assumptions() {
                println!("  {}: {it}", it.name());
            }
        }
        Covers::No(witness) => {
            println!("no {}", witness.to_json());
            for it in witness.assumptions() {
                println!("  {it}");
            }
        }
        Covers::Unknown(why) => println!("unknown: {why}"),
    }
    println!("{took:?}");
}
