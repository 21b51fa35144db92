//! The schema against records that AWS published or that were observed.

use filter_pattern::{Event, Schema};
use serde_json::Value;

/// A sample of 2021 without `managementEvent`, which the record contents promise and
/// which every observed service event has.
const CUT_SHORT: &str = "service-event-rotate-key";

#[test]
fn published_records_of_current_versions_are_admitted() {
    let records: Value =
        serde_json::from_str(include_str!("../data/cloudtrail_records.json")).expect("JSON");
    let mut admitted = 0;
    for entry in records.as_array().expect("a list") {
        let record = &entry["record"];
        let minor: u32 = record["eventVersion"]
            .as_str()
            .and_then(|version| version.strip_prefix("1."))
            .and_then(|minor| minor.parse().ok())
            .expect("a version");
        if minor < 8 {
            continue;
        }
        let mut record = record.clone();
        if entry["id"] == CUT_SHORT {
            assert!(record["managementEvent"].is_null());
            record["managementEvent"] = true.into();
        }
        assert!(
            Schema::cloudtrail().admits(&Event::from_value(&record)),
            "{}: {record}",
            entry["id"]
        );
        admitted += 1;
    }
    assert!(admitted >= 10, "{admitted} records");
}
