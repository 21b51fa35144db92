//! How results are printed: JSON for programs, aligned lines for people.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Arguments, example};
use crate::workspace;

/// The figures of an example that prints one JSON object.
pub(super) fn of_example(
    arguments: &Arguments,
    package: &str,
    name: &str,
    with: &[String],
) -> Result<()> {
    let program = example(package, name)?;
    let printed = output(Command::new(program).args(with))?;
    if arguments.as_json() {
        print!("{printed}");
        return Ok(());
    }
    let figures: Value = serde_json::from_str(&printed).context("reading what it printed")?;
    for (name, figure) in figures.as_object().into_iter().flatten() {
        println!("{name:<20} {figure}");
    }
    Ok(())
}

/// What a program prints.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let result = command.stderr(Stdio::inherit()).output()?;
    if !result.status.success() {
        bail!("{} failed", workspace::shown(command));
    }
    Ok(String::from_utf8(result.stdout)?)
}

/// Rows of objects as a table: one column per key, as wide as it must be.
pub(super) fn table(columns: &[&str], rows: &[Value]) -> String {
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let width = |column: &&str| {
        let widest = rows.iter().map(|row| cell(row, column).chars().count());
        widest.max().unwrap_or(0).max(column.len())
    };
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let mut text = String::new();
    let mut line = |cells: Vec<String>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    };
    line(columns.iter().map(|column| (*column).to_owned()).collect());
    for row in rows {
        line(columns.iter().map(|column| cell(row, column)).collect());
    }
    text
}

/// A figure with two digits after the point, which is as exact as they are.
pub(super) fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

/// The one in the middle; of an even number, the mean of the two.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let upper = figures.len() / 2;
    let lower = figures.len().saturating_sub(1) / 2;
    let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
    f64::midpoint(at(lower), at(upper))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_median_is_in_the_middle_of_them() {
        let of = [vec![3.0, 1.0, 9.0], vec![4.0, 1.0, 9.0, 2.0], vec![5.0]];
        let medians: Vec<f64> = of.into_iter().map(median).collect();
        assert_eq!(medians, [3.0, 3.0, 5.0]);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let rows = [
            json!({"accounts": 10, "wall_s": 1.25}),
            json!({"accounts": 10_000}),
        ];
        assert_eq!(
            table(&["accounts", "wall_s"], &rows),
            "accounts  wall_s\n      10    1.25\n   10000\n"
        );
    }
}
