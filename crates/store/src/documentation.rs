//! What the `COMMENT`s of the migrations say about the views, for `docs/SQL.md` and for
//! `orgsweep query --help`.

use crate::error::StoreError;
use crate::store::Store;

/// A view, or a function that returns rows, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewDoc {
    /// Its name; for a function with its parameters: `change_since(since_sweep uuid)`.
    pub name: String,
    /// What a row of it is.
    pub comment: String,
    /// Its columns in order.
    pub columns: Vec<ColumnDoc>,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDoc {
    /// Its name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// What it means; empty when nobody said.
    pub comment: String,
}

impl Store {
    /// The documented views, then the functions, each by name.
    pub async fn schema_documentation(&self) -> Result<Vec<ViewDoc>, StoreError> {
        let mut docs = self.attempt(|| self.views_documented()).await?;
        docs.extend(self.attempt(|| self.functions_documented()).await?);
        Ok(docs)
    }

    async fn views_documented(&self) -> Result<Vec<ViewDoc>, StoreError> {
        let rows = sqlx::query!(
            r#"select
                c.relname as "view!: String",
                coalesce(obj_description(c.oid, 'pg_class'), '') as "view_comment!",
                a.attname as "column!: String",
                format_type(a.atttypid, a.atttypmod) as "type_name!",
                coalesce(col_description(c.oid, a.attnum), '') as "comment!"
             from pg_class c
             join pg_attribute a on a.attrelid = c.oid
             where c.relkind = 'v' and c.relnamespace = current_schema::regnamespace
                and a.attnum > 0 and not a.attisdropped
             order by c.relname, a.attnum"#
        )
        .fetch_all(&self.pool)
        .await?;
        let mut docs: Vec<ViewDoc> = Vec::new();
        for row in rows {
            let column = ColumnDoc {
                name: row.column,
                type_name: row.type_name,
                comment: row.comment,
            };
            match docs.last_mut().filter(|doc| doc.name == row.view) {
                Some(doc) => doc.columns.push(column),
                None => docs.push(ViewDoc {
                    name: row.view,
                    comment: row.view_comment,
                    columns: vec![column],
                }),
            }
        }
        Ok(docs)
    }

    async fn functions_documented(&self) -> Result<Vec<ViewDoc>, StoreError> {
        let rows = sqlx::query!(
            r#"select
                p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as "name!",
                coalesce(obj_description(p.oid, 'pg_proc'), '') as "comment!",
                coalesce(columns.names, '{}') as "names!: Vec<String>",
                coalesce(columns.types, '{}') as "types!: Vec<String>"
             from pg_proc p
             cross join lateral (
                select
                    array_agg(p.proargnames[i] order by i) as names,
                    array_agg(format_type(p.proallargtypes[i], null) order by i) as types
                from generate_subscripts(p.proallargtypes, 1) as i
                where p.proargmodes[i] = 't'
             ) columns
             where p.pronamespace = current_schema::regnamespace and p.proretset
                and not exists (
                    select from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
                )
             order by p.proname"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| function_doc(row.name, &row.comment, row.names, row.types))
            .collect())
    }
}

/// A function's columns can't be commented on; its own comment has a line for each.
fn function_doc(name: String, comment: &str, names: Vec<String>, types: Vec<String>) -> ViewDoc {
    let mut lines = comment.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let lines: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
    let columns = names
        .into_iter()
        .zip(types)
        .map(|(name, type_name)| {
            let comment = lines
                .iter()
                .find(|(column, _)| *column == name)
                .map_or("", |(_, text)| text);
            ColumnDoc {
                comment: comment.to_owned(),
                name,
                type_name,
            }
        })
        .collect();
    ViewDoc {
        name,
        comment: first,
        columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_comment_has_a_line_for_each_column() {
        let doc = function_doc(
            "f(a uuid)".to_owned(),
            "What it does.\nx: The x: of it.\nz: Not there.",
            vec!["x".to_owned(), "y".to_owned()],
            vec!["text".to_owned(), "integer".to_owned()],
        );
        assert_eq!(doc.comment, "What it does.");
        assert_eq!(doc.columns[0].comment, "The x: of it.");
        assert_eq!(doc.columns[1].comment, "");
    }
}
