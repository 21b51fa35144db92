//! How an alarm's message names its Region: spelt out, with the city in brackets. The
//! spelling before the brackets has changed for Europe ("EU (Ireland)", "EU -
//! Ireland", "Europe (Ireland)"), so only the city tells for sure.

use crate::ids::Region;

/// Code, what stands before the brackets where it has never changed, and the city.
const NAMES: &[(&str, Option<&str>, &str)] = &[
    ("us-east-1", Some("US East"), "N. Virginia"),
    ("us-east-2", Some("US East"), "Ohio"),
    ("us-west-1", Some("US West"), "N. California"),
    ("us-west-2", Some("US West"), "Oregon"),
    ("ca-central-1", Some("Canada"), "Central"),
    ("ca-west-1", None, "Calgary"),
    ("eu-west-1", None, "Ireland"),
    ("eu-west-2", None, "London"),
    ("eu-west-3", None, "Paris"),
    ("eu-central-1", None, "Frankfurt"),
    ("eu-central-2", None, "Zurich"),
    ("eu-north-1", None, "Stockholm"),
    ("eu-south-1", None, "Milan"),
    ("eu-south-2", None, "Spain"),
    ("ap-east-1", Some("Asia Pacific"), "Hong Kong"),
    ("ap-south-1", Some("Asia Pacific"), "Mumbai"),
    ("ap-south-2", Some("Asia Pacific"), "Hyderabad"),
    ("ap-northeast-1", Some("Asia Pacific"), "Tokyo"),
    ("ap-northeast-2", Some("Asia Pacific"), "Seoul"),
    ("ap-northeast-3", None, "Osaka"),
    ("ap-southeast-1", Some("Asia Pacific"), "Singapore"),
    ("ap-southeast-2", Some("Asia Pacific"), "Sydney"),
    ("ap-southeast-3", Some("Asia Pacific"), "Jakarta"),
    ("ap-southeast-4", Some("Asia Pacific"), "Melbourne"),
    ("sa-east-1", None, "Paulo"),
    ("me-south-1", None, "Bahrain"),
    ("me-central-1", None, "UAE"),
    ("af-south-1", None, "Cape Town"),
    ("il-central-1", None, "Tel Aviv"),
];

/// Whether a message of the Region has `text` as the Region's name; `None` when that is not known.
pub(super) fn is_named(region: Option<&Region>, text: &str) -> Option<bool> {
    // Codes of Regions are no names.
    if text.parse::<Region>().is_ok() {
        return Some(false);
    }
    let region = region?.to_string();
    let of = |city: &str| text.contains(city);
    let (_, area, city) = NAMES.iter().find(|(code, ..)| *code == region)?;
    if let Some(area) = area
        && text == format!("{area} ({city})")
    {
        return Some(true);
    }
    let another = NAMES
        .iter()
        .any(|(code, _, city)| *code != region && of(city));
    (another && !of(city)).then_some(false)
}

/// Whether `holds` of the name of the Region in a message; `None` when that is not known. Of a
/// European Region it has to be the same for every spelling.
pub(super) fn name_holds(region: Option<&Region>, holds: impl Fn(&str) -> bool) -> Option<bool> {
    let code = region?.to_string();
    let (_, area, city) = NAMES.iter().find(|(known, ..)| *known == code)?;
    let spellings = match area {
        Some(area) => vec![format!("{area} ({city})")],
        None if code.starts_with("eu-") => vec![
            format!("EU ({city})"),
            format!("EU - {city}"),
            format!("Europe ({city})"),
        ],
        None => return None,
    };
    let each: Vec<bool> = spellings.iter().map(|name| holds(name)).collect();
    let first = *each.first()?;
    each.iter().all(|one| *one == first).then_some(first)
}
