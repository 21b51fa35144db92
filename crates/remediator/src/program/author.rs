//! Who makes a plan or a run when nobody is named: the user, also where no variable says who
//! that is, as under cron and in containers.

/// The user that this process belongs to.
pub(super) fn user() -> String {
    let variable = |name: &str| std::env::var(name).ok();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(&variable, own_uid(), &users)
}

fn named(variable: &dyn Fn(&str) -> Option<String>, uid: Option<u32>, users: &str) -> String {
    ["USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| variable(name).filter(|text| !text.is_empty()))
        .or_else(|| {
            let uid = uid?;
            Some(of_uid(uid, users).map_or_else(|| format!("uid {uid}"), str::to_owned))
        })
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The name of a user in `/etc/passwd`: `name:password:uid:…`, a line each.
fn of_uid(uid: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(unix)]
fn own_uid() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Some(std::fs::metadata("/proc/self").ok()?.uid())
}

#[cfg(not(unix))]
fn own_uid() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\n\
                         # a comment\n\
                         petra:x:1000:1000::/home/petra:/bin/sh\n";

    #[test]
    #[rustfmt::skip]
    fn the_author_is_named_by_a_variable_else_by_the_user_of_the_process() {
        for (variables, uid, expected) in [
            (&[("USER", "anna"), ("LOGNAME", "paul")][..], Some(1000), "anna"),
            (&[("USER", ""), ("LOGNAME", "paul")],         Some(1000), "paul"),
            (&[("USERNAME", "Petra")],                     None,       "Petra"),
            (&[],                                          Some(1000), "petra"),
            (&[],                                          Some(0),    "root"),
            (&[],                                          Some(4711), "uid 4711"),
            (&[],                                          None,       "unknown"),
        ] {
            let variable = |name: &str| {
                let set = variables.iter().find(|(variable, _)| *variable == name);
                set.map(|(_, text)| (*text).to_owned())
            };
            assert_eq!(named(&variable, uid, USERS), expected);
        }
    }
}
