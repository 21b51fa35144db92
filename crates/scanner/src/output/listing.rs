//! Anything that is listed: one description of the columns, four forms.

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::output::escape::escaped;
use crate::output::{csv, json};

/// The forms in which results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people; its layout may change.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
}

/// A column of a listing: its name in CSV, its heading in a table, and the
/// text of a row's cell.
pub(crate) struct Column<T> {
    /// Name in CSV; the same word as in JSON and SQL.
    pub(crate) name: &'static str,
    /// Heading in a table; empty leaves the column out of tables.
    pub(crate) heading: &'static str,
    /// The cell of a row.
    pub(crate) cell: fn(&T) -> String,
}

impl<T> Column<T> {
    /// A column of tables and CSV.
    pub(crate) fn new(name: &'static str, heading: &'static str, cell: fn(&T) -> String) -> Self {
        Self {
            name,
            heading,
            cell,
        }
    }

    /// A column that only CSV shows, because a table has no room for it.
    pub(crate) fn csv_only(name: &'static str, cell: fn(&T) -> String) -> Self {
        Self::new(name, "", cell)
    }
}

/// The rows in the chosen form. `width` is the terminal's, if there is one.
pub(crate) fn listing<T: Serialize>(
    rows: &[T],
    columns: &[Column<T>],
    format: Format,
    width: Option<u16>,
) -> anyhow::Result<String> {
    Ok(match format {
        Format::Json => json::pretty(&rows)?,
        Format::Jsonl => rows.iter().map(json::line).collect::<Result<String, _>>()?,
        Format::Csv => {
            let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
            csv::table(
                &names,
                rows.iter()
                    .map(|row| columns.iter().map(|column| (column.cell)(row)).collect()),
            )?
        }
        Format::Table => {
            let shown: Vec<&Column<T>> = columns.iter().filter(|c| !c.heading.is_empty()).collect();
            let headings: Vec<&str> = shown.iter().map(|column| column.heading).collect();
            grid(
                &headings,
                rows.iter()
                    .map(|row| shown.iter().map(|column| (column.cell)(row)).collect()),
                width,
            )
        }
    })
}

/// A table for people, with escaped cells.
pub(crate) fn grid(
    headings: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(
        headings
            .iter()
            .map(|heading| escaped(heading).to_uppercase()),
    );
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| escaped(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        count: u32,
    }

    fn printed(format: Format, width: Option<u16>) -> String {
        let rows = [
            Row {
                name: "plain",
                count: 1,
            },
            Row {
                name: "\u{1b}[31m=red",
                count: 20,
            },
        ];
        let columns = [
            Column::new("name", "name", |row: &Row| row.name.to_owned()),
            Column::new("count", "how many", |row: &Row| row.count.to_string()),
            Column::csv_only("double", |row: &Row| (row.count * 2).to_string()),
        ];
        listing(&rows, &columns, format, width).unwrap()
    }

    #[test]
    fn the_same_rows_in_four_forms() {
        insta::assert_snapshot!(
            [Format::Table, Format::Json, Format::Jsonl, Format::Csv]
                .map(|format| printed(format, None))
                .join("----\n")
        );
    }

    #[test]
    fn a_narrow_terminal_wraps_cells() {
        insta::assert_snapshot!(printed(Format::Table, Some(22)));
    }
}
