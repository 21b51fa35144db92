//! A program's processor time, memory and wall time, as Linux tells them in
//! `/proc`. Programs that it starts count with it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Ticks of a second in `/proc`, on every kind of machine that Linux runs on today.
const TICKS: f64 = 100.0;

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What a program took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) wall_s: f64,
    /// Processor time in user and system mode.
    pub(super) cpu_s: f64,
    pub(super) peak_rss_mib: f64,
}

/// What a measured program printed, how it ended and what it took.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) stdout: String,
    pub(super) code: Option<i32>,
    pub(super) usage: Usage,
}

impl Measured {
    /// Itself, when the program ended with 0.
    pub(super) fn fine(self, what: &str) -> Result<Self> {
        match self.code {
            Some(0) => Ok(self),
            code => bail!("{what} ended with {code:?}: {}", self.stdout.trim()),
        }
    }
}

/// Runs a program to its end; its standard error is this one's.
pub(super) fn measured(command: &mut Command) -> Result<Measured> {
    let shown = workspace::shown(command);
    eprintln!("$ {shown}");
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run `{shown}`"))?;
    let mut pipe = child.stdout.take().context("no standard output")?;
    let reading = thread::spawn(move || {
        let mut printed = Vec::new();
        pipe.read_to_end(&mut printed).map(|_| printed)
    });
    let mut usage = Usage::default();
    watch(child.id(), &mut usage);
    usage.wall_s = begun.elapsed().as_secs_f64();
    let status = child.wait()?;
    let printed = reading.join().expect("reading does not panic")?;
    Ok(Measured {
        stdout: String::from_utf8_lossy(&printed).into_owned(),
        code: status.code(),
        usage,
    })
}

/// Looks at a program until it has ended and nobody has waited for it yet: then
/// its times are final.
fn watch(process: u32, usage: &mut Usage) {
    while let Some(stat) = Stat::of(process) {
        usage.cpu_s = stat.cpu_s();
        if stat.ended {
            return;
        }
        let now = tree(process).into_iter().map(memory_mib).sum();
        // Of one process the kernel remembers the peak; of several only the sum is seen.
        let peak = high_water_mib(process);
        usage.peak_rss_mib = usage.peak_rss_mib.max(now).max(peak);
        thread::sleep(LOOK);
    }
}

/// Processor time of a program that still runs, in seconds.
pub(super) fn cpu_s(child: &Child) -> f64 {
    Stat::of(child.id()).map_or(0.0, |stat| stat.cpu_s())
}

/// Processor time of a program and of all that descend from it and still run, in seconds.
pub(super) fn cpu_s_with_descendants(process: u32) -> f64 {
    tree(process)
        .into_iter()
        .filter_map(Stat::of)
        .map(|stat| stat.cpu_s())
        .sum()
}

/// Line `stat` of a process.
struct Stat {
    ended: bool,
    /// Its own, and that of children that were waited for.
    ticks: u64,
}

impl Stat {
    fn of(process: u32) -> Option<Self> {
        let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name is in parentheses and may hold blanks.
        let (_, rest) = line.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = fields.get(11..15)?.iter().map(|ticks| ticks.parse::<u64>());
        Some(Self {
            ended: matches!(*fields.first()?, "Z" | "X"),
            ticks: ticks.sum::<Result<u64, _>>().ok()?,
        })
    }

    fn cpu_s(&self) -> f64 {
        self.ticks as f64 / TICKS
    }
}

/// A process and all that descend from it.
fn tree(root: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::from([root]);
    let mut ahead = vec![root];
    while let Some(process) = ahead.pop() {
        let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else {
            continue;
        };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|id| id.parse().ok());
            ahead.extend(children.filter(|child| found.insert(*child)));
        }
    }
    found
}

fn memory_mib(process: u32) -> f64 {
    status_mib(process, "VmRSS:")
}

fn high_water_mib(process: u32) -> f64 {
    status_mib(process, "VmHWM:")
}

fn status_mib(process: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// The load average of the last minute, which says how much else ran.
pub(super) fn load() -> Option<f64> {
    let line = fs::read_to_string("/proc/loadavg").ok()?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_of_a_program_and_its_children_are_seen() {
        let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo done";
        let nested = format!("sh -c '{script}'; exit 3");
        let measured = measured(Command::new("sh").args(["-c", &nested])).unwrap();
        assert_eq!(
            (measured.stdout.as_str(), measured.code),
            ("done\n", Some(3))
        );
        assert!(measured.usage.peak_rss_mib > 0.1);
        assert!(measured.usage.wall_s > 0.0);
    }
}
