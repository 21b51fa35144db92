//! The configuration file: TOML with spans, so that everything that is wrong
//! with it is shown where it stands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use orgsweep_controls::ids::{AccountId, Arn};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::key::Key;
use crate::config::suggest::nearest;
use crate::config::value::{Kind, Value};
use crate::output::picture::Picture;

/// Name of the table with the roles of single accounts.
const PER_ACCOUNT: &str = "role.per_account";
/// What can be set there for an account.
const PER_ACCOUNT_FIELDS: [&str; 2] = ["role", "external_id"];

/// What a configuration file says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ConfigFile {
    /// The file.
    pub(crate) path: PathBuf,
    /// The settings, each with the line it stands on.
    pub(crate) values: BTreeMap<Key, (Value, usize)>,
    /// Roles of single accounts.
    pub(crate) per_account: BTreeMap<AccountId, AccountRole>,
}

/// The role of one account, where it differs from the others'.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AccountRole {
    /// Name or ARN of the role.
    pub(crate) role: Option<String>,
    /// External id.
    pub(crate) external_id: Option<String>,
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<ConfigFile> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the configuration file `{}` cannot be read", path.display()))?;
    parse(path, &text)
}

/// Reads the text of a file.
pub(crate) fn parse(path: &Path, text: &str) -> anyhow::Result<ConfigFile> {
    let reader = Reader {
        origin: path.display().to_string(),
        text,
    };
    let table = DeTable::parse(text).map_err(|error| {
        reader.error(
            &format!(
                "the configuration is not valid TOML: {}",
                first_line(error.message())
            ),
            error.span().unwrap_or(0..0),
            "here",
            None,
        )
    })?;
    let mut file = ConfigFile {
        path: path.to_owned(),
        ..ConfigFile::default()
    };
    reader.table("", table.get_ref(), &mut file)?;
    Ok(file)
}

fn first_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("; ")
}

/// Walks a file's tables.
struct Reader<'a> {
    origin: String,
    text: &'a str,
}

impl Reader<'_> {
    fn table(
        &self,
        prefix: &str,
        table: &DeTable<'_>,
        file: &mut ConfigFile,
    ) -> anyhow::Result<()> {
        for (key, value) in table {
            let name = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            match (Key::named(&name), value.get_ref()) {
                (Some(setting), _) => {
                    let line = self.text[..key.span().start].matches('\n').count() + 1;
                    let read = self.value(setting, value)?;
                    file.values.insert(setting, (read, line));
                }
                (None, DeValue::Table(accounts)) if name == PER_ACCOUNT => {
                    file.per_account = self.per_account(accounts)?;
                }
                (None, DeValue::Table(inner)) if is_section(&name) => {
                    self.table(&name, inner, file)?;
                }
                (None, _) => return Err(self.unknown_key(&name, key.span())),
            }
        }
        Ok(())
    }

    fn value(&self, setting: Key, value: &Spanned<DeValue<'_>>) -> anyhow::Result<Value> {
        let kind = setting.kind();
        let read = match (kind, value.get_ref()) {
            (Kind::Count | Kind::Fraction, DeValue::Integer(number)) => {
                Value::from_text(kind, number.as_str())
            }
            (Kind::Fraction, DeValue::Float(number)) => Value::from_text(kind, number.as_str()),
            (Kind::Switch, DeValue::Boolean(on)) => Ok(Value::Switch(*on)),
            (Kind::List, DeValue::Array(items)) => {
                let mut texts = Vec::new();
                for item in items {
                    match item.get_ref() {
                        DeValue::String(text) => texts.push(text.to_string()),
                        _ => {
                            return Err(self.wrong_value(
                                setting,
                                item.span(),
                                "expected a text in quotes",
                            ));
                        }
                    }
                }
                Ok(Value::List(texts))
            }
            (Kind::Count, _) => Err("expected a whole number".to_owned()),
            (Kind::Fraction, _) => Err("expected a number".to_owned()),
            (Kind::Switch, _) => Err("expected `true` or `false`".to_owned()),
            (Kind::List, _) => {
                Err("expected a list of texts, like `[\"one\", \"two\"]`".to_owned())
            }
            (_, DeValue::String(text)) => Value::from_text(kind, text),
            (Kind::Duration, _) => Err("expected a duration in quotes, like `\"30s\"`".to_owned()),
            (_, _) => Err("expected a text in quotes".to_owned()),
        };
        read.map_err(|label| self.wrong_value(setting, value.span(), &label))
    }

    fn per_account(
        &self,
        accounts: &DeTable<'_>,
    ) -> anyhow::Result<BTreeMap<AccountId, AccountRole>> {
        let mut roles = BTreeMap::new();
        for (key, value) in accounts {
            let wrong = |span, label: &str| {
                self.error(
                    &format!("`{PER_ACCOUNT}` has a wrong entry"),
                    span,
                    label,
                    None,
                )
            };
            let account: AccountId =
                key.get_ref()
                    .parse()
                    .map_err(|error: orgsweep_controls::ids::IdError| {
                        wrong(key.span(), &error.to_string())
                    })?;
            let DeValue::Table(fields) = value.get_ref() else {
                return Err(wrong(
                    value.span(),
                    "expected a table with `role` or `external_id`",
                ));
            };
            let mut role = AccountRole::default();
            for (field, value) in fields {
                let DeValue::String(text) = value.get_ref() else {
                    return Err(wrong(value.span(), "expected a text in quotes"));
                };
                let text = text.to_string();
                match &**field.get_ref() {
                    "role" if text.starts_with("arn:") && text.parse::<Arn>().is_err() => {
                        return Err(wrong(value.span(), "expected a role's name or ARN"));
                    }
                    "role" => role.role = Some(text),
                    "external_id" => role.external_id = Some(text),
                    other => {
                        let help = nearest(other, PER_ACCOUNT_FIELDS)
                            .map(|name| format!("did you mean `{name}`?"));
                        return Err(self.error(
                            &format!("there is no setting `{PER_ACCOUNT}.{account}.{other}`"),
                            field.span(),
                            "unknown setting",
                            help.as_deref(),
                        ));
                    }
                }
            }
            roles.insert(account, role);
        }
        Ok(roles)
    }

    fn wrong_value(&self, setting: Key, span: Range<usize>, label: &str) -> anyhow::Error {
        self.error(
            &format!("`{}` has a wrong value", setting.name()),
            span,
            label,
            None,
        )
    }

    fn unknown_key(&self, name: &str, span: Range<usize>) -> anyhow::Error {
        let names = Key::ALL.iter().map(|key| key.name()).chain([PER_ACCOUNT]);
        let help = match nearest(name, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => {
                "`orgsweep config init --stdout` prints every setting with what it does".to_owned()
            }
        };
        self.error(
            &format!("there is no setting `{name}`"),
            span,
            "unknown setting",
            Some(&help),
        )
    }

    fn error(
        &self,
        title: &str,
        span: Range<usize>,
        label: &str,
        help: Option<&str>,
    ) -> anyhow::Error {
        Picture {
            title,
            origin: &self.origin,
            source: self.text,
            span,
            label,
            help,
        }
        .into_error()
    }
}

/// Whether some setting's name begins with this table's.
fn is_section(name: &str) -> bool {
    let prefix = format!("{name}.");
    Key::ALL.iter().any(|key| key.name().starts_with(&prefix)) || PER_ACCOUNT.starts_with(&prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(Path::new("orgsweep.toml"), text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn settings_are_read_with_their_lines() {
        let file = parse(
            Path::new("orgsweep.toml"),
            "expected_organization = \"o-a1b2c3d4e5\"\n[sweep]\nconcurrency = 8\ndeadline = \"1h\"\n\n\
             [role.per_account.\"111122223333\"]\nrole = \"Audit\"\n",
        )
        .unwrap();
        assert_eq!(file.values[&Key::Concurrency], (Value::Count(8), 3));
        assert_eq!(file.values[&Key::ExpectedOrganization].1, 1);
        let role = &file.per_account[&"111122223333".parse().unwrap()];
        assert_eq!(role.role.as_deref(), Some("Audit"));
    }

    #[test]
    fn every_mistake_is_shown_where_it_stands() {
        let mistakes = [
            "[sweep]\nconcurrency = 64\nconcurency = 3\n",
            "[sweep]\nconcurrency = \"many\"\n",
            "[sweep]\ndeadline = 30\n",
            "[aws]\nregion = \"mars\"\n",
            "[sweep\nconcurrency = 64\n",
            "[selection]\ninclude = [\"ou=Prod\", 7]\n",
            "[role.per_account.\"12\"]\nrole = \"Audit\"\n",
            "[role.per_account.\"111122223333\"]\nexternal-id = \"x\"\n",
            "[nonsense]\na = 1\n",
        ];
        insta::assert_snapshot!(mistakes.map(error).join("\n\n"));
    }
}
