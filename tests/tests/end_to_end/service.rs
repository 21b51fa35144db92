//! `orgsweep serve`: sweeps when it is time and when it is asked to, one at a time across all
//! instances, makes up for what was missed, and stops cleanly.

use orgsweep_tests::service::NEVER;
use orgsweep_tests::{Installation, Service, Webhook, until};
use serde_json::Value;

use crate::simulated::{Simulated, assert_same_rows, settled_anywhere};

const TOKEN: &str = "MarkedServiceToken83aa";
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_begins_when_it_is_asked_for_and_the_figures_tell_of_it() {
    let simulated = Simulated::demo().await;
    let webhook = Webhook::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_SERVE_TOKEN", TOKEN);
    installation.set("ORGSWEEP_NOTIFICATIONS_WEBHOOK_URL", &webhook.url());
    let service = Service::start(&installation, NEVER).await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(service.ask("GET", path, &[]).await.0, 200, "{path}");
    }
    assert_eq!(service.ask("POST", "/sweeps", &[]).await.0, 401);
    let wrong = [("Authorization", "Bearer not-the-token-at-all")];
    assert_eq!(service.ask("POST", "/sweeps", &wrong).await.0, 401);
    assert_eq!(service.figure("orgsweep_sweep_running").await, Some(0.0));

    simulated.slow_down(20);
    let bearer = format!("Bearer {TOKEN}");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let traceparent = format!("00-{trace}-b7ad6b7169203331-01");
    let right = [
        ("Authorization", bearer.as_str()),
        ("traceparent", &traceparent),
    ];
    let (status, body) = service.ask("POST", "/sweeps", &right).await;
    assert_eq!(status, 202, "{body}");
    assert!(body.contains(trace), "{body}");
    assert_eq!(
        service.ask("POST", "/sweeps", &right).await.0,
        409,
        "one at a time"
    );
    let (status, body) = service.ask("GET", "/sweeps/current", &right[..1]).await;
    assert_eq!(
        (status, body.contains("\"sweeping\":true")),
        (200, true),
        "{body}"
    );
    service
        .has("orgsweep_sweep_accounts{state=\"ended\"}", 1.0)
        .await;
    simulated.slow_down(0);

    service
        .has(
            "orgsweep_sweeps_total{trigger=\"api\",result=\"finished\"}",
            1.0,
        )
        .await;
    for (line, at_least) in [
        ("orgsweep_accounts{outcome=\"done\",reason=\"\"}", 57.0),
        (
            "orgsweep_accounts{outcome=\"failed\",reason=\"role_not_assumable\"}",
            1.0,
        ),
        (
            "orgsweep_findings{control=\"root-usage\",verdict=\"fail\"}",
            20.0,
        ),
        ("orgsweep_finding_changes{change=\"new\"}", 200.0),
        ("orgsweep_aws_calls_total", 400.0),
        ("orgsweep_aws_budget_speed_ratio{budget=\"sts\"}", 1.0),
        ("orgsweep_sweep_duration_seconds_count", 1.0),
        ("orgsweep_notifications{state=\"sent\"}", 1.0),
        ("orgsweep_database_up", 1.0),
    ] {
        service.has(line, at_least).await;
    }
    assert_eq!(webhook.requests().len(), 1);
    simulated.assert_found_as_expected(&installation).await;

    let log = service.stop().await;
    let of_the_sweep: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .filter(|line: &Value| line.to_string().contains(trace))
        .collect();
    let finished = of_the_sweep
        .iter()
        .any(|line| line.to_string().contains("has finished"));
    assert!(finished, "{log}");
    assert!(!log.contains(TOKEN) && !log.contains("MarkedHookPath61c0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_services_do_one_sweep_when_its_time_has_come() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["migrate"]).await.with_code(0);
    // Its time came within the last twelve hours, and nobody was there.
    let schedule = format!("{} * * * *", chrono::Utc::now().format("%M"));
    let (one, other) = tokio::join!(
        Service::start(&installation, &schedule),
        Service::start(&installation, &schedule),
    );
    for service in [&one, &other] {
        // Both see its figures, whichever of them did it.
        service
            .has("orgsweep_accounts{outcome=\"done\",reason=\"\"}", 57.0)
            .await;
    }
    let database = installation.database();
    assert_eq!(database.number("select count(*) from sweep").await, Some(1));
    assert_eq!(
        database
            .number("select count(*) from sweep where triggered_by = 'schedule'")
            .await,
        Some(1)
    );
    let entered = simulated.accounts_entered().len();
    one.stop().await;
    other.stop().await;
    // A later start finds nothing to make up for.
    simulated.forget_calls();
    let third = Service::start(&installation, &schedule).await;
    third.has("orgsweep_database_up", 1.0).await;
    third.stop().await;
    assert!(entered > 50 && simulated.accounts_entered().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_service_leaves_a_sweep_that_the_next_one_goes_on_with() {
    let simulated = Simulated::demo().await;
    let undisturbed = simulated.installation(Installation::on_server().await);
    undisturbed.run(&["sweep"]).await.with_code(0);

    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    simulated.slow_down(25);
    simulated.forget_calls();
    let service = Service::start(&installation, NEVER).await;
    assert_eq!(service.ask("POST", "/sweeps", &[]).await.0, 202);
    until("some accounts are read", || {
        let entered = simulated.accounts_entered().len();
        async move { (entered > 5).then_some(()) }
    })
    .await;
    let log = service.stop().await;
    assert!(log.contains("can be resumed"), "{log}");
    simulated.slow_down(0);

    let next = Service::start(&installation, NEVER).await;
    next.has(
        "orgsweep_sweeps_total{trigger=\"resume\",result=\"finished\"}",
        1.0,
    )
    .await;
    next.stop().await;
    let database = installation.database();
    assert_eq!(database.number("select count(*) from sweep").await, Some(1));
    assert_same_rows(
        &settled_anywhere(&installation).await,
        &settled_anywhere(&undisturbed).await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_on_the_embedded_database_sweeps_as_well() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::embedded());
    let service = Service::start(&installation, NEVER).await;
    assert_eq!(service.ask("POST", "/sweeps", &[]).await.0, 202);
    service
        .has(
            "orgsweep_sweeps_total{trigger=\"api\",result=\"finished\"}",
            1.0,
        )
        .await;
    let page = [("Origin", "https://example.com")];
    assert_eq!(
        service.ask("POST", "/sweeps", &page).await.0,
        403,
        "no page begins a sweep"
    );
    service.stop().await;
    simulated.assert_found_as_expected(&installation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_service_is_alive_but_not_ready_and_recovers() {
    let simulated = Simulated::demo().await;
    let database = orgsweep_tests::Database::new().await;
    let connection = orgsweep_tests::CuttableConnection::to(database.listens()).await;
    let url = database.url_through(connection.address(), "MarkedPassword5b30");
    let mut installation = simulated.installation(Installation::embedded().keeping_in(database));
    installation.set("DATABASE_URL", &url);
    let service = Service::start(&installation, NEVER).await;
    assert_eq!(service.ask("GET", "/readyz", &[]).await.0, 200);
    connection.cut();
    until("it is not ready", || async {
        (service.ask("GET", "/readyz", &[]).await.0 == 503).then_some(())
    })
    .await;
    assert_eq!(service.ask("GET", "/healthz", &[]).await.0, 200);
    assert_eq!(service.figure("orgsweep_database_up").await, Some(0.0));
    connection.mend();
    until("it is ready again", || async {
        (service.ask("GET", "/readyz", &[]).await.0 == 200).then_some(())
    })
    .await;
    let log = service.stop().await;
    assert!(!log.contains("MarkedPassword5b30"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_at_the_start() {
    let mut installation = Installation::embedded();
    for (arguments, words) in [
        (&["serve", "--listen", "0.0.0.0:0"][..], "a token is needed"),
        (&["serve", "--schedule", "every night"], "serve.schedule"),
        (&["serve", "--time-zone", "Mars/Olympus"], "serve.time_zone"),
    ] {
        installation
            .run(arguments)
            .await
            .with_code(2)
            .saying(&[words]);
    }
    installation.set("ORGSWEEP_SERVE_TOKEN", "short");
    installation
        .run(&["serve", "--listen", "127.0.0.1:0"])
        .await
        .with_code(2)
        .saying(&["16 characters"]);
}
