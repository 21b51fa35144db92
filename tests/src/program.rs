//! Running a built program: where it is, how it ended, what it printed.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::waiting::{PATIENCE, until};

/// Where cargo put a program of the workspace: beside this one, or above a test.
///
/// # Panics
/// When it has not been built.
pub fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("a program knows where it lies");
    let folder = this.parent().expect("programs lie in folders");
    let profile = if folder.ends_with("deps") {
        folder.parent().expect("`deps` lies in a profile's folder")
    } else {
        folder
    };
    let program = profile.join(name);
    assert!(
        program.exists(),
        "`{name}` has not been built: run the end-to-end tests with `cargo xtask test`"
    );
    program
}

/// How a program ended and what it printed.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed to standard output.
    pub stdout: String,
    /// What it printed to standard error.
    pub stderr: String,
}

impl Ended {
    /// Itself, when it ended with `code`.
    ///
    /// # Panics
    /// When it ended otherwise; shows what it printed.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Itself, when all that is listed is found in what it printed to standard error.
    ///
    /// # Panics
    /// When something is missing; shows what it printed.
    #[track_caller]
    pub fn saying(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is missing in:\n{self}"
            );
        }
        self
    }

    /// Itself, when all that is listed is found in what it printed to standard output.
    ///
    /// # Panics
    /// When something is missing; shows what it printed.
    #[track_caller]
    pub fn printing(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stdout.contains(word),
                "`{word}` is missing in:\n{self}"
            );
        }
        self
    }

    /// What it printed to standard output, as JSON.
    ///
    /// # Panics
    /// When that is no JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }

    /// The objects of the JSON array that it printed.
    ///
    /// # Panics
    /// When it printed anything else.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        match self.json() {
            Value::Array(rows) => rows,
            other => panic!("not an array: {other}"),
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "exit code {:?}", self.code)?;
        writeln!(f, "--- standard output\n{}", self.stdout)?;
        writeln!(f, "--- standard error\n{}", self.stderr)
    }
}

/// A program that is running; killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    /// Its program and arguments, for whoever reads why a test failed.
    command: String,
    process: Child,
    stdout: Printed,
    stderr: Printed,
}

/// What a program prints to one stream: so far, and a task that ends with it.
#[derive(Debug)]
struct Printed {
    so_far: Arc<Mutex<String>>,
    reading: JoinHandle<()>,
}

impl Printed {
    fn so_far(&self) -> String {
        self.so_far
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn whole(self) -> String {
        self.reading.await.expect("reading does not panic");
        self.so_far
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Running {
    /// Starts it, with nothing to read from standard input.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let stdout = collect(process.stdout.take().expect("piped"));
        let stderr = collect(process.stderr.take().expect("piped"));
        let mut words = vec![command.as_std().get_program()];
        words.extend(command.as_std().get_args());
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        Self {
            command: words.join(" "),
            process,
            stdout,
            stderr,
        }
    }

    /// Its process id.
    ///
    /// # Panics
    /// When it has ended and that was noticed.
    pub fn id(&self) -> u32 {
        self.process.id().expect("it has not been waited for")
    }

    /// Sends it a signal, by name: `INT`, `KILL`, `TERM`.
    ///
    /// # Panics
    /// When it has ended already.
    pub async fn signal(&self, signal: &str) {
        let id = self.id();
        // Through the shell: `kill` as a program is not everywhere.
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {id}")])
            .status()
            .await
            .expect("there is a shell");
        assert!(
            status.success(),
            "process {id} has ended before it was sent {signal}"
        );
    }

    /// The first line that it prints to standard output.
    ///
    /// # Panics
    /// When it prints none in time.
    pub async fn first_line(&self) -> String {
        until("a first line", || async {
            let printed = self.stdout.so_far();
            printed.split_once('\n').map(|(line, _)| line.to_owned())
        })
        .await
    }

    /// Waits until it has said something on standard error.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn has_said(&self, words: &str) {
        until(words, || async {
            self.stderr.so_far().contains(words).then_some(())
        })
        .await;
    }

    /// Whether it has ended by now.
    ///
    /// # Panics
    /// When the operating system does not know it.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().expect("it is a child").is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn end(mut self) -> Ended {
        let Ok(status) = tokio::time::timeout(PATIENCE, self.process.wait()).await else {
            self.process.kill().await.expect("it can be killed");
            panic!(
                "`{}` did not end in time\n--- standard output\n{}\n--- standard error\n{}",
                self.command,
                self.stdout.whole().await,
                self.stderr.whole().await,
            );
        };
        let status = status.expect("it is a child");
        Ended {
            code: status.code(),
            stdout: self.stdout.whole().await,
            stderr: self.stderr.whole().await,
        }
    }
}

/// Reads what a program prints, as it comes, so that it is never held up.
fn collect(stream: impl AsyncRead + Unpin + Send + 'static) -> Printed {
    let so_far = Arc::new(Mutex::new(String::new()));
    let text = Arc::clone(&so_far);
    let reading = tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .await
            .is_ok_and(|read| read > 0)
        {
            let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    Printed { so_far, reading }
}
