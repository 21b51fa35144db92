//! The embedded database: PostgreSQL 17 inside this process, one connection, data in a
//! directory. Starting, stopping, and telling apart what went wrong with the directory.
//! Nothing here knows a table.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use pglite_oxide::PgliteServer;
use sqlx::postgres::PgConnectOptions;

use crate::error::{StoreError, is_disk_full};

/// Path of a Unix socket that every system accepts (macOS has 104 bytes, Linux 108).
#[cfg(unix)]
const LONGEST_SOCKET_PATH: usize = 100;

#[cfg(unix)]
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The running database of one directory.
pub(crate) struct Embedded {
    directory: PathBuf,
    options: PgConnectOptions,
    server: Mutex<Option<PgliteServer>>,
    /// Why it has stopped. It does not start again in this process.
    ended: OnceLock<StoreError>,
    #[cfg(unix)]
    _socket_directory: Option<RemovedDirectory>,
}

impl Embedded {
    /// Starts the database in `directory`, making it when there is none.
    pub(crate) async fn start(directory: &Path) -> Result<Self, StoreError> {
        let directory = directory.to_owned();
        tokio::task::spawn_blocking(move || Self::start_blocking(directory))
            .await
            .unwrap_or_else(|_| {
                Err(StoreError::Embedded {
                    path: String::new(),
                    message: "does not start: it ended in a panic".to_owned(),
                })
            })
    }

    fn start_blocking(directory: PathBuf) -> Result<Self, StoreError> {
        make_private(&directory).map_err(|error| startup_error(&directory, &error, None))?;
        let builder = PgliteServer::builder()
            .path(&directory)
            .database("template1")
            // Commits reach the operating system before they are answered, so that the end of
            // this process loses nothing. A power cut may: the runtime can't sync directories,
            // so `fsync` has to stay off. Whoever needs that much names a server.
            .postgres_config("synchronous_commit", "on")
            .postgres_config("full_page_writes", "on");
        #[cfg(unix)]
        let (socket, socket_directory) =
            socket_place(&directory).map_err(|error| startup_error(&directory, &error, None))?;
        #[cfg(unix)]
        let builder = builder.unix(socket.join(SOCKET_NAME));
        let server = builder.start().map_err(|error| {
            let cause = error
                .chain()
                .find_map(|cause| cause.downcast_ref::<std::io::Error>());
            let message = format!("{error:#}");
            match cause {
                Some(cause) => startup_error(&directory, cause, Some(message)),
                None => described_error(&directory, &message),
            }
        })?;
        let options = PgConnectOptions::new_without_pgpass()
            .username("postgres")
            .database("template1")
            .ssl_mode(sqlx::postgres::PgSslMode::Disable);
        #[cfg(unix)]
        let options = options.socket(&socket).port(5432);
        #[cfg(not(unix))]
        let options = match server.tcp_addr() {
            Some(address) => options.host(&address.ip().to_string()).port(address.port()),
            None => options,
        };
        Ok(Self {
            directory,
            options,
            server: Mutex::new(Some(server)),
            ended: OnceLock::new(),
            #[cfg(unix)]
            _socket_directory: socket_directory,
        })
    }

    /// How to connect to it. One connection at a time.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// How other programs connect to it, in libpq's form; `None` once it has stopped.
    pub(crate) fn url(&self) -> Option<String> {
        let server = self.server.lock().ok()?;
        let url = server.as_ref()?.connection_uri();
        // A host, for clients that refuse a URL without one; the socket's directory wins over it.
        Some(url.replacen("@/", "@localhost/", 1))
    }

    /// Stops it, or leaves it to its fate when that takes too long: what was committed is
    /// safe. A thread of its own, because the runtime waits for its blocking tasks for ever.
    pub(crate) async fn stop(&self, patience: Duration) {
        let Some(server) = self.take() else { return };
        let (stopped, waiting) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let outcome = server.shutdown().map_err(|error| format!("{error:#}"));
            // Nobody waits any more when it took too long.
            let _ = stopped.send(outcome);
        });
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(Err(error))) => {
                // Usually an answer that the closed connection no longer takes.
                tracing::debug!(error, "the embedded database did not stop cleanly");
            }
            Err(_) => tracing::warn!("the embedded database is still busy and was left"),
            Ok(_) => {}
        }
    }

    fn take(&self) -> Option<PgliteServer> {
        self.server.lock().ok().and_then(|mut server| server.take())
    }

    /// Why it has stopped, if it has.
    pub(crate) fn ended(&self) -> Option<StoreError> {
        self.ended.get().cloned()
    }

    /// The error with what the directory tells about it: a write that fails for want of
    /// space ends the database, and all that a connection sees of it is its end.
    pub(crate) fn explain(&self, error: StoreError) -> StoreError {
        let path = self.directory.display().to_string();
        match error {
            StoreError::Unreachable { message, .. } => self
                .ended
                .get_or_init(|| {
                    if has_no_space(&self.directory) {
                        StoreError::DiskFull { location: path }
                    } else {
                        let message = format!("has stopped: {message}");
                        StoreError::Embedded { path, message }
                    }
                })
                .clone(),
            other => other.located(&path),
        }
    }
}

impl Drop for Embedded {
    /// A connection that is still open would keep the server from stopping, and this
    /// process from ending. What was committed is safe without a clean stop.
    fn drop(&mut self) {
        if let Some(server) = self.take() {
            std::thread::spawn(move || drop(server));
        }
    }
}

/// The directory with access for its owner alone: the server asks for no password.
fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(directory)
}

/// Where the socket goes: beside the data, or, when that path is too long, in a new private
/// directory that goes away again.
#[cfg(unix)]
fn socket_place(directory: &Path) -> std::io::Result<(PathBuf, Option<RemovedDirectory>)> {
    let length = directory.as_os_str().len() + 1 + SOCKET_NAME.len();
    if directory.is_absolute() && length <= LONGEST_SOCKET_PATH {
        return Ok((directory.to_owned(), None));
    }
    let private = std::env::temp_dir().join(format!("orgsweep-{}", uuid::Uuid::now_v7().simple()));
    make_private(&private)?;
    Ok((private.clone(), Some(RemovedDirectory(private))))
}

/// A directory that is removed when it is no longer needed.
#[cfg(unix)]
struct RemovedDirectory(PathBuf);

#[cfg(unix)]
impl Drop for RemovedDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn startup_error(directory: &Path, cause: &std::io::Error, message: Option<String>) -> StoreError {
    if is_disk_full(cause) {
        return StoreError::DiskFull {
            location: directory.display().to_string(),
        };
    }
    described_error(directory, &message.unwrap_or_else(|| cause.to_string()))
}

fn described_error(directory: &Path, message: &str) -> StoreError {
    let path = directory.display().to_string();
    if has_no_space(directory) {
        return StoreError::DiskFull { location: path };
    }
    if message.contains("already in use") && !message.contains("or unavailable") {
        return StoreError::Locked { path };
    }
    StoreError::Embedded {
        path,
        message: format!("does not start: {message}"),
    }
}

/// Whether what the database writes next, a segment of its log, can't be written for want of space.
fn has_no_space(directory: &Path) -> bool {
    const SEGMENT: usize = 16 * 1024 * 1024;
    let probe = directory.join(".space");
    let written = std::fs::File::create(&probe).and_then(|mut file| {
        file.write_all(&vec![0; SEGMENT])?;
        file.sync_all()
    });
    let _ = std::fs::remove_file(&probe);
    written.is_err_and(|error| is_disk_full(&error))
}
