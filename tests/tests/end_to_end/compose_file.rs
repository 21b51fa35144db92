//! `docker-compose.yml` and the `Dockerfile`: accepted, and run as an ordinary user.

use std::fs;
use std::process::Command;

use orgsweep_tests::{python, workspace};

#[test]
fn docker_compose_accepts_the_compose_file() {
    let file = workspace().join("docker-compose.yml");
    let plugin = Command::new("docker")
        .args(["compose", "version"])
        .output()
        .is_ok_and(|output| output.status.success());
    let mut check = if plugin {
        let mut compose = Command::new("docker");
        compose
            .args(["compose", "--file"])
            .arg(&file)
            .args(["config", "--quiet"]);
        compose
    } else {
        let mut check = Command::new(python());
        check
            .arg(workspace().join("tests/compose/check.py"))
            .arg(&file);
        check
    };
    let output = check.output().expect("it runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_compose_file_with_mistakes_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("docker-compose.yml");
    fs::write(
        &file,
        "services:\n  a:\n    imagine: x\n    depends_on: [b]\n    volumes: [data:/data]\n",
    )
    .expect("written");
    let output = Command::new(python())
        .arg(workspace().join("tests/compose/check.py"))
        .arg(&file)
        .output()
        .expect("it runs");
    assert!(!output.status.success());
    let printed = String::from_utf8_lossy(&output.stderr);
    for mistake in [
        "`imagine`",
        "neither image nor build",
        "depends on b",
        "volume data",
    ] {
        assert!(
            printed.contains(mistake),
            "{mistake} is missing in {printed}"
        );
    }
}

#[test]
fn the_image_runs_as_an_ordinary_user() {
    let dockerfile = fs::read_to_string(workspace().join("Dockerfile")).expect("there is one");
    let last_stage = dockerfile.rsplit("\nFROM ").next().expect("a stage");
    let user = last_stage
        .lines()
        .find_map(|line| line.strip_prefix("USER "))
        .expect("the last stage names a user");
    assert!(!["root", "0"].contains(&user.trim()), "{user}");
}
