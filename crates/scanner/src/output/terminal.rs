//! The two streams: results on stdout, everything else on stderr. Colours are
//! taken out where the stream or `NO_COLOR` does not want them.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether lines for people go into the log.
static INTO_THE_LOG: AtomicBool = AtomicBool::new(false);

/// Writes a result to stdout.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// From now on, lines for people go into the log: a service has nobody at its terminal.
pub(crate) fn into_the_log() {
    INTO_THE_LOG.store(true, Ordering::Relaxed);
}

/// Writes a line for people to stderr; a closed stderr is no reason to stop.
pub(crate) fn tell(line: &str) {
    if INTO_THE_LOG.load(Ordering::Relaxed) {
        tracing::info!("{}", anstream::adapter::strip_str(line));
        return;
    }
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Whether stderr is a terminal, so that a moving line makes sense there.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The width to which tables on stdout are fitted; `None` when it is no terminal.
pub(crate) fn width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| width.0.max(40))
}

/// The width of the terminal that stderr is.
pub(crate) fn stderr_width() -> Option<u16> {
    terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0)
}

/// Whether an error means that the reader of stdout went away (`| head`).
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
