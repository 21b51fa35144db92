//! The scenario of an organization whose facts were exported: who is in it, and
//! that the contents of its accounts are those of the export.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::document::{Carried, Exported, ExportedError, Fact};

impl Exported {
    /// The scenario as TOML. `file` is how the scenario names the export.
    pub(crate) fn scenario(&self, file: &str) -> Result<String, ExportedError> {
        let management = self.head.management_account.as_deref();
        let management = management.ok_or(ExportedError::NoManagementAccount)?;
        let mut toml = String::new();
        let line = |toml: &mut String, text: &str| {
            toml.push_str(text);
            toml.push('\n');
        };
        line(
            &mut toml,
            "# What was read of an organization; see `orgsim from-snapshot --help`.",
        );
        for comment in self.left_out(management) {
            line(&mut toml, &format!("# {comment}"));
        }
        line(&mut toml, &format!("exported = {}", quoted(file)));
        line(&mut toml, "\n[organization]");
        if let Some(id) = &self.head.organization {
            line(&mut toml, &format!("id = {}", quoted(id)));
        }
        let partition = self.accounts.values().next();
        let partition = partition.map_or("aws", |it| it.snapshot.partition.as_str());
        line(&mut toml, &format!("partition = {}", quoted(partition)));
        let regions: Vec<String> = self.common_regions().iter().map(|it| quoted(it)).collect();
        if !regions.is_empty() {
            line(&mut toml, &format!("regions = [{}]", regions.join(", ")));
        }
        line(&mut toml, "\n[management]");
        line(&mut toml, &format!("number = {}", quoted(management)));
        match self.accounts.get(management) {
            Some(carried) => {
                line(&mut toml, "chain = \"exported\"");
                describe(carried, true, &mut toml);
            }
            // It was not read: its own chain is not known, so that it has none here.
            None => line(&mut toml, "chain = \"no_trail\""),
        }
        let mut names = BTreeMap::new();
        for (number, carried) in self.accounts.iter().filter(|(id, _)| *id != management) {
            let name = unused(&carried.account.name, &mut names);
            line(&mut toml, "\n[[group]]");
            line(&mut toml, &format!("name = {}", quoted(&name)));
            line(&mut toml, &format!("numbers = [{}]", quoted(number)));
            line(&mut toml, "chain = \"exported\"");
            describe(carried, false, &mut toml);
            for denied in &self.denied[number] {
                line(&mut toml, "\n[[fault]]");
                line(&mut toml, &format!("group = {}", quoted(&name)));
                line(&mut toml, &format!("call = {}", quoted(&denied.call)));
                if let Some(region) = &denied.region {
                    line(&mut toml, &format!("region = {}", quoted(region)));
                }
                line(&mut toml, &format!("kind = {}", quoted(denied.kind)));
            }
        }
        Ok(toml)
    }

    /// Regions that every account has enabled.
    fn common_regions(&self) -> BTreeSet<&String> {
        let read = self.accounts.values();
        let mut sets = read.filter_map(|carried| {
            let regions = carried.snapshot.regions.value()?;
            Some(regions.iter().collect::<BTreeSet<_>>())
        });
        let first = sets.next().unwrap_or_default();
        sets.fold(first, |common, set| {
            common.intersection(&set).copied().collect()
        })
    }

    /// What the scenario cannot show, in words.
    fn left_out(&self, management: &str) -> Vec<String> {
        let mut comments = Vec::new();
        for account in self.head.unread.keys() {
            comments.push(format!(
                "Account {account} was not read when others relied on it."
            ));
        }
        if !self.accounts.contains_key(management) {
            comments.push(format!(
                "Nothing is known of the management account {management}."
            ));
        }
        let denied = self.denied.get(management).into_iter().flatten();
        for call in denied {
            comments.push(format!(
                "{} was denied in the management account; here it is not.",
                call.call
            ));
        }
        let mut unseen = BTreeSet::new();
        for carried in self.accounts.values() {
            let trails = carried.snapshot.trails.values().filter_map(Fact::value);
            for trail in trails.flatten().filter(|trail| trail.organization) {
                let owner = trail.arn.split(':').nth(4).unwrap_or_default();
                if !self.accounts.contains_key(owner) {
                    unseen.insert((trail.arn.clone(), owner.to_owned()));
                }
            }
        }
        comments.extend(unseen.into_iter().map(|(trail, owner)| {
            format!("Trail {trail} is missing: account {owner} is not in the export.")
        }));
        comments
    }
}

/// Where an account is, its tags, and its state.
fn describe(carried: &Carried, named: bool, toml: &mut String) {
    let account = &carried.account;
    if named {
        let _ = writeln!(toml, "name = {}", quoted(&account.name));
    }
    let unit = account.ou_path.as_deref().unwrap_or_default().join("/");
    if !unit.is_empty() {
        let _ = writeln!(toml, "unit = {}", quoted(&unit));
    }
    if !named && account.state != "active" {
        let _ = writeln!(toml, "state = {}", quoted(&account.state));
    }
    let tags = account.tags.iter().flatten();
    let tags: Vec<String> = tags
        .map(|(key, value)| format!("{} = {}", quoted(key), quoted(value)))
        .collect();
    if !tags.is_empty() {
        let _ = writeln!(toml, "tags = {{ {} }}", tags.join(", "));
    }
}

/// `name`, with a number when another account has it.
fn unused(name: &str, names: &mut BTreeMap<String, usize>) -> String {
    let times = names.entry(name.to_owned()).or_insert(0);
    *times += 1;
    if *times == 1 {
        name.to_owned()
    } else {
        format!("{name} ({times})")
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
