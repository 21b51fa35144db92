//! CSV that a spreadsheet can open without running what it holds: a cell that
//! would be read as a formula gets a leading apostrophe.

use crate::output::escape::escaped;

/// The rows, headers first, as CSV with `\n` line ends.
pub(crate) fn table(
    headers: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(headers.iter().map(|header| guarded(header)))?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| guarded(cell)))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// The text as a cell that no spreadsheet takes for a formula.
fn guarded(text: &str) -> String {
    // The sign of a plain number starts no formula.
    let formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let prefix = if formula { "'" } else { "" };
    format!("{prefix}{}", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        for (cell, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("+1+1", "'+1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-cmd", "'-cmd"),
            ("-12.5", "-12.5"),
            ("two\nlines", "two\\nlines"),
        ] {
            let csv = table(&["h"], std::iter::once(vec![cell.to_owned()])).unwrap();
            assert_eq!(csv, format!("h\n{written}\n"), "{cell}");
        }
    }
}
