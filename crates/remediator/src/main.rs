//! `orgsweep-remediate`: plans repairs of what somebody selected, does what a plan
//! says, and takes it back. It reads the database that `orgsweep sweep` filled, and
//! writes plans and runs into it.

mod program;

use std::process::ExitCode;

use clap::Parser as _;

use program::arguments::Arguments;
use program::output;

/// A run allocates and frees small texts on every thread, as a sweep does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(program::BAD_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    output::start_logging(&arguments.common);
    orgsweep_aws_access::allow_many_connections();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return program::failed(
                &anyhow::Error::new(error).context("the program could not start its threads"),
            );
        }
    };
    match runtime.block_on(program::run(arguments)) {
        Ok(exit) => exit.into(),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => program::failed(&error),
    }
}
