//! Replacing what is nobody else's business in a document: account numbers, ids of the
//! organization, names of accounts, OUs, users and roles, tags, addresses, URLs and whatever
//! looks like a secret. Equal texts become equal ones, so that the facts still fit together.
//!
//! Names of resources (log groups, filters, alarms, topics, trails) stay: a verdict is about them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use orgsweep_controls::ids::AccountId;
use serde_json::Value;

use crate::stored::document::Document;

/// Fields whose text is replaced as a whole, with the word that it becomes.
const WHOLE_FIELDS: [(&str, &str); 1] = [("email", "address")];

/// The document with everything replaced.
pub(crate) fn redacted(document: &Document) -> anyhow::Result<Document> {
    let mut redactor = Redactor::default();
    let head = serde_json::to_value(&document.head)?;
    let accounts = document
        .accounts
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<Vec<_>, _>>()?;
    for value in accounts.iter().chain([&head]) {
        redactor.learn(value);
    }
    let mut redacted = Document {
        head: serde_json::from_value(redactor.value(None, &head))?,
        accounts: Vec::new(),
    };
    redacted.head.redacted = true;
    for (value, carried) in accounts.iter().zip(&document.accounts) {
        let mut replaced: crate::stored::document::Carried =
            serde_json::from_value(redactor.value(None, value))?;
        let listed = &mut replaced.account;
        listed.name = redactor.named("account", &carried.account.name);
        for name in listed.ou_path.iter_mut().flatten() {
            *name = redactor.named("ou", name);
        }
        if let Some(tags) = &carried.account.tags {
            listed.tags = Some(
                tags.iter()
                    .map(|(key, value)| {
                        (redactor.named("key", key), redactor.named("value", value))
                    })
                    .collect(),
            );
        }
        redacted.accounts.push(replaced);
    }
    Ok(redacted)
}

/// What each text becomes, by kind.
#[derive(Default)]
struct Redactor {
    replacements: BTreeMap<(&'static str, String), String>,
    /// Names of users and roles, wherever they stand as a word.
    names: BTreeMap<String, String>,
}

impl Redactor {
    /// The replacement of a text: the kind and a number.
    fn named(&mut self, kind: &'static str, text: &str) -> String {
        self.numbered(kind, text, |number| format!("{kind}-{number}"))
    }

    fn numbered(
        &mut self,
        kind: &'static str,
        text: &str,
        form: impl Fn(usize) -> String,
    ) -> String {
        if let Some(known) = self.replacements.get(&(kind, text.to_owned())) {
            return known.clone();
        }
        let number = self.replacements.keys().filter(|(k, _)| *k == kind).count() + 1;
        let new = form(number);
        self.replacements
            .insert((kind, text.to_owned()), new.clone());
        new
    }

    /// Finds the names of users, roles and buckets: in ARNs, and where a pattern asks for one.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.learn_names(text),
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(fields) => {
                for (key, field) in fields {
                    self.learn_names(key);
                    self.learn(field);
                }
            }
            _ => {}
        }
    }

    fn learn_names(&mut self, text: &str) {
        for bucket in text.split(":s3:::").skip(1) {
            let name: String = bucket.chars().take_while(|c| is_of_word(*c)).collect();
            self.learn_name(&name);
        }
        for marker in [":user/", ":role/", ":assumed-role/"] {
            for rest in text.split(marker).skip(1) {
                let path: String = rest
                    .chars()
                    .take_while(|c| is_of_word(*c) || *c == '/')
                    .collect();
                path.split('/').for_each(|name| self.learn_name(name));
            }
        }
        for marker in [
            "userName",
            "principalId",
            "sessionContext.sessionIssuer.arn",
        ] {
            for rest in text.split(marker).skip(1) {
                let value: String = rest
                    .trim_start_matches([' ', '=', '!', '"', '*', '\\'])
                    .chars()
                    .take_while(|c| is_of_word(*c))
                    .collect();
                if value != "NOT" && value != "IS" {
                    self.learn_name(&value);
                }
            }
        }
    }

    fn learn_name(&mut self, name: &str) {
        let plain = name.len() >= 3 && !name.chars().all(|c| c.is_ascii_digit());
        if plain && !name.contains('@') && !name.ends_with(".amazonaws.com") {
            let new = self.named("name", name);
            self.names.insert(name.to_owned(), new);
        }
    }

    fn value(&mut self, field: Option<&str>, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.field(field, text)),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(field, item)).collect())
            }
            Value::Object(fields) => {
                let subscribes = fields.contains_key("protocol") && fields.contains_key("endpoint");
                fields
                    .iter()
                    .map(|(key, value)| {
                        let name = if subscribes && key == "endpoint" {
                            "endpoint"
                        } else {
                            key
                        };
                        // Names of fields stay; keys of maps are ARNs, numbers and the like.
                        let is_field = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
                        let new = if is_field {
                            key.clone()
                        } else {
                            self.text(key)
                        };
                        (new, self.value(Some(name), value))
                    })
                    .collect()
            }
            other => other.clone(),
        }
    }

    fn field(&mut self, field: Option<&str>, text: &str) -> String {
        let whole = WHOLE_FIELDS
            .iter()
            .find(|(name, _)| field == Some(name))
            .map(|(_, word)| *word);
        match (whole, field) {
            (Some(_), _) => self.address(text),
            // An address, a telephone number, a URL; ARNs stay what they are.
            (None, Some("endpoint")) if !text.starts_with("arn:") => self.endpoint(text),
            _ => self.text(text),
        }
    }

    fn endpoint(&mut self, text: &str) -> String {
        match text.split_once("://") {
            Some((scheme, _)) => self.url(scheme, text),
            None if text.contains('@') => self.address(text),
            None => self.named("endpoint", text),
        }
    }

    fn address(&mut self, text: &str) -> String {
        self.numbered("address", text, |number| {
            format!("address-{number}@redacted.invalid")
        })
    }

    fn url(&mut self, scheme: &str, text: &str) -> String {
        let scheme = scheme.to_owned();
        self.numbered("url", text, |number| {
            format!("{scheme}://redacted-{number}.invalid/")
        })
    }

    /// A text with everything in it replaced, word by word.
    fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let at_url = ["https://", "http://"]
                .into_iter()
                .find(|scheme| rest.starts_with(scheme));
            if let Some(scheme) = at_url {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '<' | '>'))
                    .unwrap_or(rest.len());
                out.push_str(&self.url(scheme.trim_end_matches("://"), &rest[..end]));
                rest = &rest[end..];
                continue;
            }
            let end = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
            if end == 0 {
                let other = rest.chars().next().map_or(rest.len(), char::len_utf8);
                out.push_str(&rest[..other]);
                rest = &rest[other..];
                continue;
            }
            out.push_str(&self.word(&rest[..end]));
            rest = &rest[end..];
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        if let Some(name) = self.names.get(word) {
            return name.clone();
        }
        if is_address(word) {
            return self.address(word);
        }
        if word.parse::<Ipv4Addr>().is_ok() {
            return self.ip_address(word);
        }
        if is_secret(word) {
            return self.named("secret", word);
        }
        if let Some(id) = self.id_of_the_organization(word) {
            return id;
        }
        self.account_numbers(word)
    }

    /// One of the network that is set aside for benchmarks (RFC 2544).
    fn ip_address(&mut self, text: &str) -> String {
        self.numbered("ip", text, |number| {
            let [.., high, low] = number.to_be_bytes();
            format!("198.18.{high}.{low}")
        })
    }

    fn id_of_the_organization(&mut self, word: &str) -> Option<String> {
        let parts: Vec<&str> = word.split('-').collect();
        let is_id = |part: &&str, lengths: std::ops::RangeInclusive<usize>| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            lengths.contains(&part.len()) && part.chars().all(plain)
        };
        match parts.as_slice() {
            ["o", id] if is_id(id, 10..=32) => {
                Some(self.numbered("organization", word, |number| format!("o-{number:010}")))
            }
            ["r", id] if is_id(id, 4..=32) => {
                Some(self.numbered("root", word, |number| format!("r-{number:04}")))
            }
            ["ou", root, id] if is_id(root, 4..=32) && is_id(id, 8..=32) => {
                Some(self.numbered("unit", word, |number| format!("ou-0001-{number:08}")))
            }
            _ => None,
        }
    }

    /// A word with the account numbers in it replaced: runs of exactly twelve digits.
    fn account_numbers(&mut self, word: &str) -> String {
        let mut out = String::with_capacity(word.len());
        let mut digits = String::new();
        for c in word.chars().map(Some).chain([None]) {
            if let Some(digit) = c.filter(char::is_ascii_digit) {
                digits.push(digit);
                continue;
            }
            if digits.parse::<AccountId>().is_ok() {
                let run = std::mem::take(&mut digits);
                out.push_str(&self.numbered("number", &run, |number| format!("{number:012}")));
            } else {
                out.push_str(&std::mem::take(&mut digits));
            }
            out.extend(c);
        }
        out
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '+' | '%')
}

fn is_address(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
}

/// Access keys, and long words of mixed letters and digits, as tokens are.
fn is_secret(word: &str) -> bool {
    let access_key = word.len() == 20
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let has = |kind: fn(&char) -> bool| word.chars().any(|c| kind(&c));
    let token = word.len() >= 32
        && !word.contains(['-', '_', '.'])
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit);
    access_key || token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_replaced_word_by_word_and_alike_everywhere() {
        let mut redactor = Redactor::default();
        redactor.learn(&Value::from(
            "arn:aws:iam::111122223333:role/admin/jane.doe { $.userIdentity.userName != \"bob\" }",
        ));
        #[rustfmt::skip]
        let cases = [
            ("arn:aws:sns:eu-west-1:111122223333:alerts", "arn:aws:sns:eu-west-1:000000000001:alerts"),
            ("CloudTrail/444455556666-logs",              "CloudTrail/000000000002-logs"),
            ("{ $.recipientAccountId = 111122223333 }",   "{ $.recipientAccountId = 000000000001 }"),
            ("1234567890123 is no account",               "1234567890123 is no account"),
            ("{ $.sourceIPAddress != 203.0.113.7 }",      "{ $.sourceIPAddress != 198.18.0.1 }"),
            ("203.0.113.7/32",                            "198.18.0.1/32"),
            ("mail jane@example.com now",                 "mail address-1@redacted.invalid now"),
            ("see https://hooks.example.com/T0/secret.",  "see https://redacted-1.invalid/"),
            ("o-a1b2c3d4e5/r-ab12/ou-ab12-cdef3456",      "o-0000000001/r-0001/ou-0001-00000001"),
            ("role/admin/jane.doe",                       "role/name-1/name-2"),
            ("not bob, bobby",                            "not name-3, bobby"),
            ("AKIAIOSFODNN7EXAMPLE",                      "secret-1"),
            ("ec2.amazonaws.com eu-central-1",            "ec2.amazonaws.com eu-central-1"),
        ];
        for (text, expected) in cases {
            assert_eq!(redactor.text(text), expected);
        }
    }
}
