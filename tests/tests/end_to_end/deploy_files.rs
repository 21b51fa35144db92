//! The examples of `config/deploy`: what they name exists, and what they run is accepted.

use std::process::Command;

use orgsweep_tests::{Installation, python, workspace};
use serde_json::Value;

/// The documents of a YAML file.
fn documents(file: &str) -> Vec<Value> {
    let output = Command::new(python())
        .arg(workspace().join("tests/deploy/documents.py"))
        .arg(workspace().join("config/deploy").join(file))
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{file}: {errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn of_kind<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    let found = documents.iter().find(|document| document["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}"))
}

#[tokio::test]
async fn the_kubernetes_examples_run_what_the_program_takes() {
    for (file, kind, pod) in [
        (
            "kubernetes-cronjob.yaml",
            "CronJob",
            "/spec/jobTemplate/spec/template/spec",
        ),
        (
            "kubernetes-deployment.yaml",
            "Deployment",
            "/spec/template/spec",
        ),
    ] {
        let documents = documents(file);
        let pod = of_kind(&documents, kind).pointer(pod).expect("a pod");
        let config = &of_kind(&documents, "ConfigMap")["data"]["orgsweep.toml"];
        let container = &pod["containers"][0];
        let mounted: Vec<&str> = container["volumeMounts"]
            .as_array()
            .expect("mounts")
            .iter()
            .filter_map(|mount| mount["name"].as_str())
            .collect();
        let volumes: Vec<&str> = pod["volumes"]
            .as_array()
            .expect("volumes")
            .iter()
            .filter_map(|volume| volume["name"].as_str())
            .collect();
        assert_eq!(mounted, volumes, "{file}");

        // The configuration and the variables are settings.
        let mut installation =
            Installation::embedded().with_configuration(config.as_str().expect("a configuration"));
        installation.write(
            "secret",
            "postgres://me:secret-of-some-length@localhost/orgsweep",
        );
        for variable in container["env"].as_array().expect("variables") {
            installation.set(variable["name"].as_str().expect("a name"), "secret");
        }
        let shown = installation.run(&["config", "show"]).await.with_code(0);
        assert!(!shown.stderr.contains("sets nothing"), "{file}: {shown}");
        assert!(!shown.stdout.contains("secret-of-some-length"), "{shown}");

        // And so are the arguments.
        let mut arguments: Vec<&str> = container["args"]
            .as_array()
            .expect("arguments")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        arguments.push("--help");
        installation.run(&arguments).await.with_code(0);
    }
}

#[tokio::test]
async fn the_units_run_what_the_program_takes() {
    for unit in ["orgsweep.service", "orgsweep-heartbeat.service"] {
        runs_what_the_program_takes(unit).await;
    }
}

async fn runs_what_the_program_takes(name: &str) {
    let unit = workspace().join("config/deploy").join(name);
    let text = std::fs::read_to_string(&unit).expect("there is one");
    let command = text
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/orgsweep "))
        .expect("a command");
    let mut arguments: Vec<&str> = command.split_whitespace().collect();
    arguments.push("--help");
    Installation::embedded().run(&arguments).await.with_code(0);
    if let Ok(verified) = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&unit)
        .output()
    {
        let said = String::from_utf8_lossy(&verified.stderr);
        let about_us: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(name))
            // The program and its user are not installed here.
            .filter(|line| !line.contains("not executable") && !line.contains("User"))
            .collect();
        assert!(about_us.is_empty(), "{}", about_us.join("\n"));
    }
}
