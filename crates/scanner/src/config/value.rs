//! Values of settings: what each kind takes, and how a value is read from the
//! text of a variable or flag. Reading the file is [`super::file`]'s.

use std::time::Duration;

use orgsweep_aws_access::duration;
use orgsweep_controls::ids::{OrganizationId, Region};

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text but the empty one.
    Text,
    /// Text that is not shown.
    Secret,
    /// The URL of a Postgres database; its password is not shown.
    DatabaseUrl,
    /// A path.
    Path,
    /// A Region.
    Region,
    /// An organization.
    Organization,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A whole number from 1.
    Count,
    /// A number above 0, at most 1.
    Fraction,
    /// A span of time.
    Duration,
    /// `true` or `false`.
    Switch,
    /// Several texts.
    List,
}

/// A value that fits its kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Of every kind of text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number.
    Fraction(f64),
    /// A span of time.
    Duration(Duration),
    /// Yes or no.
    Switch(bool),
    /// Several texts.
    List(Vec<String>),
}

impl Value {
    /// Reads the text of a variable, flag or default. Lists are separated by blanks
    /// or line ends.
    pub(crate) fn from_text(kind: Kind, text: &str) -> Result<Self, String> {
        match kind {
            Kind::Count => text
                .trim()
                .parse()
                .ok()
                .filter(|number| *number > 0 && u32::try_from(*number).is_ok())
                .map(Self::Count)
                .ok_or_else(|| "expected a whole number from 1".to_owned()),
            Kind::Fraction => text
                .trim()
                .parse()
                .ok()
                .filter(|number| *number > 0.0 && *number <= 1.0)
                .map(Self::Fraction)
                .ok_or_else(|| "expected a number above 0 and at most 1".to_owned()),
            Kind::Duration => duration::parse(text).map(Self::Duration),
            Kind::Switch => match text.trim() {
                "true" | "1" | "yes" => Ok(Self::Switch(true)),
                "false" | "0" | "no" => Ok(Self::Switch(false)),
                _ => Err("expected `true` or `false`".to_owned()),
            },
            Kind::List => Ok(Self::List(
                text.split_whitespace().map(str::to_owned).collect(),
            )),
            Kind::Text
            | Kind::Secret
            | Kind::DatabaseUrl
            | Kind::Path
            | Kind::Region
            | Kind::Organization
            | Kind::OneOf(_) => checked_text(kind, text).map(Self::Text),
        }
    }

    /// The value as `config show` prints it: TOML, without secrets.
    pub(crate) fn shown(&self, kind: Kind) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        match (self, kind) {
            (Self::Text(_), Kind::Secret) => quoted("(not shown)"),
            (Self::Text(url), Kind::DatabaseUrl) => quoted(&without_password(url)),
            (Self::Text(text), _) => quoted(text),
            (Self::Count(number), _) => number.to_string(),
            (Self::Fraction(number), _) => number.to_string(),
            (Self::Duration(span), _) => quoted(&duration::text(*span)),
            (Self::Switch(on), _) => on.to_string(),
            (Self::List(texts), _) => {
                let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
                format!("[{}]", texts.join(", "))
            }
        }
    }
}

/// The text, when it fits a kind of text.
fn checked_text(kind: Kind, text: &str) -> Result<String, String> {
    let error = match kind {
        _ if text.is_empty() => Some("must not be empty; leave the setting out instead".to_owned()),
        Kind::Region => text.parse::<Region>().err().map(|error| error.to_string()),
        Kind::Organization => text
            .parse::<OrganizationId>()
            .err()
            .map(|error| error.to_string()),
        Kind::OneOf(words) if !words.contains(&text) => {
            Some(format!("expected one of `{}`", words.join("`, `")))
        }
        Kind::DatabaseUrl
            if !text.starts_with("postgres://") && !text.starts_with("postgresql://") =>
        {
            Some("expected a URL that starts with `postgres://`".to_owned())
        }
        _ => None,
    };
    error.map_or_else(|| Ok(text.to_owned()), Err)
}

/// The URL with its password replaced, in the authority and in the query.
pub(crate) fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (rest, query) = rest
        .split_once('?')
        .map_or((rest, None), |(rest, query)| (rest, Some(query)));
    // The last `@` ends the user's part, even when the password holds one unescaped.
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let query = query.map(|query| {
        let parts: Vec<&str> = query
            .split('&')
            .map(|part| {
                if part.starts_with("password=") {
                    "password=***"
                } else {
                    part
                }
            })
            .collect();
        format!("?{}", parts.join("&"))
    });
    format!("{scheme}://{rest}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_kind() {
        for (kind, text, fits) in [
            (Kind::Count, "64", true),
            (Kind::Count, "0", false),
            (Kind::Count, "-1", false),
            (Kind::Count, "many", false),
            (Kind::Fraction, "0.5", true),
            (Kind::Fraction, "1.01", false),
            (Kind::Fraction, "NaN", false),
            (Kind::Region, "eu-west-1", true),
            (Kind::Region, "mars", false),
            (Kind::Organization, "o-a1b2c3d4e5", true),
            (Kind::Organization, "a1b2c3d4e5", false),
            (Kind::Switch, "true", true),
            (Kind::Switch, "maybe", false),
            (Kind::OneOf(&["text", "json"]), "json", true),
            (Kind::OneOf(&["text", "json"]), "xml", false),
            (Kind::DatabaseUrl, "postgres://localhost/orgsweep", true),
            (Kind::DatabaseUrl, "mysql://localhost/orgsweep", false),
            (Kind::Text, "", false),
        ] {
            assert_eq!(
                Value::from_text(kind, text).is_ok(),
                fits,
                "{kind:?} {text}"
            );
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            (
                "postgres://me:secret@db:5432/orgsweep",
                "postgres://me:***@db:5432/orgsweep",
            ),
            (
                "postgres://me:s@cr:et@db/orgsweep",
                "postgres://me:***@db/orgsweep",
            ),
            ("postgres://me@db/orgsweep", "postgres://me@db/orgsweep"),
            (
                "postgres:///orgsweep?host=/run&password=secret",
                "postgres:///orgsweep?host=/run&password=***",
            ),
        ] {
            let value = Value::Text(url.to_owned());
            assert_eq!(value.shown(Kind::DatabaseUrl), format!("\"{shown}\""));
        }
        assert!(
            !Value::Text("secret".to_owned())
                .shown(Kind::Secret)
                .contains("secret")
        );
    }
}
