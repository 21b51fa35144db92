//! Durations as people write them in settings and flags: a whole number and a unit.

use std::time::Duration;

/// The units and their lengths in milliseconds, longest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads `30s`, `2m`, `12h`, `7d` or `500ms`. A duration is never zero.
///
/// # Errors
/// What is expected, in words that follow "has a wrong value:".
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong =
        || "expected a whole number and a unit (`500ms`, `30s`, `2m`, `12h`, `7d`)".to_owned();
    let text = text.trim();
    let unit_at = text
        .find(|character: char| !character.is_ascii_digit())
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let length = UNITS
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .map(|(_, length)| *length)
        .ok_or_else(wrong)?;
    match number.checked_mul(length) {
        Some(0) => Err("a duration of zero makes no sense here".to_owned()),
        Some(milliseconds) => Ok(Duration::from_millis(milliseconds)),
        None => Err("too long".to_owned()),
    }
}

/// The duration in the largest unit that divides it.
pub fn text(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, length) = UNITS
        .iter()
        .find(|(_, length)| milliseconds.is_multiple_of(*length))
        .unwrap_or(&UNITS[4]);
    format!("{}{unit}", milliseconds / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (written, milliseconds, canonical) in [
            ("500ms", 500, "500ms"),
            ("30s", 30_000, "30s"),
            ("120 s", 120_000, "2m"),
            ("12h", 43_200_000, "12h"),
            ("7d", 604_800_000, "7d"),
        ] {
            let duration = parse(written).unwrap();
            assert_eq!(duration, Duration::from_millis(milliseconds));
            assert_eq!(text(duration), canonical);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for wrong in [
            "",
            "30",
            "s",
            "-5s",
            "1.5h",
            "5 weeks",
            "0s",
            "99999999999999999d",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
