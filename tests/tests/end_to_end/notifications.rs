//! What a sweep changed is told by every channel, once, whatever happens to the sender and to
//! the receivers in between.

use orgsim::{Confirmation, Queue, Subscription, Topic};
use orgsweep_tests::{Installation, MailServer, Webhook, until};
use serde_json::Value;

use crate::simulated::Simulated;

const WEBHOOK: &str = "ORGSWEEP_NOTIFICATIONS_WEBHOOK_URL";
const TOKEN: &str = "MarkedHookToken2b9a";

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_gets_one_message_grouped_by_cause() {
    tells_by_each_channel(Installation::on_server().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_gets_one_message_from_the_embedded_database() {
    tells_by_each_channel(Installation::embedded()).await;
}

async fn tells_by_each_channel(installation: Installation) {
    let simulated = Simulated::demo().await;
    let (webhook, slack, mail) = (
        Webhook::start().await,
        Webhook::start().await,
        MailServer::start().await,
    );
    let topic = topic_with_queue(&simulated);
    let mut installation = simulated.installation(installation);
    installation.set(WEBHOOK, &webhook.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_WEBHOOK_TOKEN", TOKEN);
    installation.set("ORGSWEEP_NOTIFICATIONS_SLACK_URL", &slack.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_SNS_TOPIC", &topic);
    installation.set("ORGSWEEP_NOTIFICATIONS_SMTP_URL", &mail.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_EMAIL_FROM", "orgsweep@example.com");
    installation.set(
        "ORGSWEEP_NOTIFICATIONS_EMAIL_TO",
        "ops@example.com sec@example.com",
    );

    let sweep = installation.run(&["sweep", "-vvv"]).await.with_code(0);
    for secret in [TOKEN, "MarkedHookPath61c0"] {
        assert!(!sweep.stderr.contains(secret), "{secret} in\n{sweep}");
    }
    let [told] = &webhook.requests()[..] else {
        panic!("{:?}", webhook.requests());
    };
    assert_eq!(told.headers["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(told.headers["idempotency-key"], text(&told.body["id"]));
    assert_eq!(told.body["first"], true);
    assert_eq!(told.body["accounts"]["failed"], 1);
    let broken = groups(&told.body, "new");
    let shared = broken
        .iter()
        .find(|group| group["reason"] == "alarm_actions_disabled")
        .expect("one switched-off alarm of the organization's chain concerns many accounts");
    assert!(shared["accounts"].as_u64() > Some(5), "{shared}");

    let [slack_told] = &slack.requests()[..] else {
        panic!("{:?}", slack.requests());
    };
    let sentence = text(&told.body["sentence"]);
    assert!(text(&slack_told.body["text"]).contains(&format!("*{sentence}*")));
    let [queued] = &queued(&simulated)[..] else {
        panic!("one message in the queue");
    };
    assert_eq!(queued["sentence"], told.body["sentence"]);
    let [mailed] = &mail.mails()[..] else {
        panic!("one mail");
    };
    assert_eq!(mailed["to"].as_array().map(Vec::len), Some(2));
    assert!(text(&mailed["content"]).contains("first sweep"), "{mailed}");

    // A second night: what is new is one cause, however many accounts it concerns.
    simulated.silence_every_alarm();
    installation.run(&["sweep"]).await.with_code(0);
    let second = webhook.requests().pop().expect("it was told").body;
    assert_eq!(webhook.requests().len(), 2);
    assert_eq!(second["first"], false);
    assert!(second["new"].as_u64() > Some(100), "{second}");
    let groups = second["groups"].as_array().expect("groups");
    assert!(groups.len() <= 40 && second["more_groups"].as_u64().is_some());

    let rows = installation
        .run(&["notifications", "list", "--format", "json"])
        .await
        .with_code(0)
        .rows();
    assert_eq!(rows.len(), 8);
    for row in &rows {
        assert_eq!(
            (&row["state"], &row["attempts"]),
            (&"sent".into(), &1.into()),
            "{row}"
        );
    }
    installation
        .run(&["notifications", "send"])
        .await
        .with_code(0);
    assert_eq!(
        webhook.requests().len(),
        2,
        "what was sent is not sent again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_killed_between_sending_and_noting_that_repeats_with_the_same_id() {
    let simulated = Simulated::demo().await;
    let webhook = Webhook::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set(WEBHOOK, &webhook.url());
    webhook.hold();
    let sweep = installation.start(&["sweep"]);
    until("the message arrives", || {
        let arrived = !webhook.requests().is_empty();
        async move { arrived.then_some(()) }
    })
    .await;
    sweep.signal("KILL").await;
    sweep.end().await;
    webhook.answer_with(200);

    installation
        .run(&["notifications", "send"])
        .await
        .with_code(0);
    let requests = webhook.requests();
    let [first, second] = &requests[..] else {
        panic!("{requests:?}");
    };
    assert_eq!(
        first.headers["idempotency-key"],
        second.headers["idempotency-key"]
    );
    assert_eq!(
        (&first.body["repeated"], &second.body["repeated"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        first.body["groups"], second.body["groups"],
        "the same message"
    );

    installation
        .run(&["notifications", "send"])
        .await
        .with_code(0);
    assert_eq!(webhook.requests().len(), 2, "it is sent now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_in_doubt_is_held_for_a_person_where_that_is_asked_for() {
    let simulated = Simulated::demo().await;
    let mail = MailServer::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set("ORGSWEEP_NOTIFICATIONS_SMTP_URL", &mail.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_EMAIL_FROM", "orgsweep@example.com");
    installation.set("ORGSWEEP_NOTIFICATIONS_EMAIL_TO", "ops@example.com");
    installation.set("ORGSWEEP_NOTIFICATIONS_WHEN_IN_DOUBT", "hold");
    mail.hold();
    let sweep = installation.start(&["sweep"]);
    until("the mail arrives", || {
        let arrived = !mail.mails().is_empty();
        async move { arrived.then_some(()) }
    })
    .await;
    sweep.signal("KILL").await;
    sweep.end().await;
    mail.release();

    installation
        .run(&["notifications", "send"])
        .await
        .with_code(1)
        .saying(&["may have arrived"]);
    assert_eq!(mail.mails().len(), 1, "nothing is sent again");
    let rows = installation
        .run(&[
            "notifications",
            "list",
            "--state",
            "held",
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    let [held] = &rows[..] else {
        panic!("{rows:?}");
    };
    let id = text(&held["notification_id"]);
    installation
        .run(&["notifications", "send", &id])
        .await
        .with_code(0);
    let mails = mail.mails();
    assert_eq!(mails.len(), 2, "a person has decided");
    for mail in &mails {
        let header = format!("Message-ID: <{id}@example.com>");
        assert!(text(&mail["content"]).contains(&header), "{mail}");
    }
    assert!(text(&mails[1]["content"]).contains("Repeated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_does_not_accept_is_kept_and_tried_again() {
    let simulated = Simulated::demo().await;
    let (webhook, mail) = (Webhook::start().await, MailServer::start().await);
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set(WEBHOOK, &webhook.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_SMTP_URL", &mail.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_EMAIL_FROM", "orgsweep@example.com");
    installation.set("ORGSWEEP_NOTIFICATIONS_EMAIL_TO", "ops@example.com");
    webhook.answer_with(503);
    mail.refuse(true);
    installation.run(&["sweep"]).await.with_code(0).saying(&[
        "the notification by webhook is kept",
        "the notification by email is kept",
    ]);
    let tried = webhook.requests();
    assert!(
        tried.len() > 1,
        "it was tried more than once: {}",
        tried.len()
    );
    assert!(
        tried
            .iter()
            .all(|request| request.body["id"] == tried[0].body["id"])
    );

    webhook.answer_with(403);
    mail.refuse(false);
    installation
        .run(&["notifications", "send"])
        .await
        .with_code(1)
        .saying(&["403", "check URL and token"]);
    assert_eq!(mail.mails().len(), 1);
    let rows = installation
        .run(&[
            "notifications",
            "list",
            "--state",
            "failed",
            "--format",
            "json",
        ])
        .await
        .with_code(0)
        .rows();
    let [failed] = &rows[..] else {
        panic!("{rows:?}");
    };
    webhook.answer_with(204);
    let id = text(&failed["notification_id"]);
    installation
        .run(&["notifications", "send", &id])
        .await
        .with_code(0);
    let accepted = webhook.requests().pop().expect("it was sent");
    assert_eq!(text(&accepted.body["id"]), id);
    assert_eq!(accepted.body["repeated"], false, "no attempt was in doubt");
    assert_eq!(mail.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_killed_before_its_end_is_told_once_when_it_has_ended() {
    let simulated = Simulated::demo().await;
    let webhook = Webhook::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set(WEBHOOK, &webhook.url());
    installation.set("ORGSWEEP_SWEEP_CONCURRENCY", "2");
    simulated.slow_down(25);
    let sweep = installation.start(&["sweep"]);
    until("some accounts are read", || {
        let entered = simulated.accounts_entered().len();
        async move { (entered > 5).then_some(()) }
    })
    .await;
    sweep.signal("KILL").await;
    sweep.end().await;
    assert!(webhook.requests().is_empty());
    simulated.slow_down(0);
    installation.run(&["sweep"]).await.with_code(0);
    assert_eq!(webhook.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_night_is_not_told_where_only_changes_are_asked_for() {
    let simulated = Simulated::demo().await;
    let webhook = Webhook::start().await;
    let mut installation = simulated.installation(Installation::on_server().await);
    installation.set(WEBHOOK, &webhook.url());
    installation.set("ORGSWEEP_NOTIFICATIONS_WHEN", "changes");
    installation.run(&["sweep"]).await.with_code(0);
    installation.run(&["sweep"]).await.with_code(0);
    assert_eq!(webhook.requests().len(), 1, "the second night was quiet");
    let healthy = simulated.some_healthy_account();
    simulated.leave(&healthy);
    installation.run(&["sweep"]).await.with_code(0);
    assert_eq!(webhook.requests().len(), 2, "an account has left");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_can_be_tried_and_mistakes_are_told_before_a_sweep() {
    let simulated = Simulated::demo().await;
    let webhook = Webhook::start().await;
    let mut installation = simulated.installation(Installation::embedded());
    installation
        .run(&["notifications", "test"])
        .await
        .with_code(2)
        .saying(&["no channel is configured"]);
    installation.set(WEBHOOK, &webhook.url());
    installation
        .run(&["notifications", "test"])
        .await
        .with_code(0);
    assert_eq!(webhook.requests()[0].body["kind"], "test");
    webhook.answer_with(500);
    installation
        .run(&["notifications", "test"])
        .await
        .with_code(1);
    installation.set(WEBHOOK, "http://hooks.example.com/MarkedHookPath61c0");
    let refused = installation.run(&["sweep"]).await.with_code(2);
    let refused = refused.saying(&["notifications.webhook_url", "https://"]);
    assert!(!refused.stderr.contains("MarkedHookPath61c0"), "{refused}");
    assert!(simulated.accounts_entered().is_empty(), "nothing was swept");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_hears_of_the_end_of_a_sweep() {
    let simulated = Simulated::demo().await;
    let installation = simulated.installation(Installation::on_server().await);
    installation.run(&["migrate"]).await.with_code(0);
    let pool = installation.database().pool().await;
    let mut listener = sqlx::postgres::PgListener::connect_with(&pool)
        .await
        .expect("a session");
    listener.listen("orgsweep_sweep").await.expect("listening");
    installation.run(&["sweep"]).await.with_code(0);
    let heard = listener.recv().await.expect("a notification");
    let told: Value = serde_json::from_str(heard.payload()).expect("JSON");
    assert_eq!(told["state"], "finished");
    assert_eq!(
        (&told["accounts_listed"], &told["accounts_done"]),
        (&60.into(), &57.into())
    );
    assert!(told["new"].as_u64() > Some(100), "{told}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn groups(message: &Value, change: &str) -> Vec<Value> {
    let groups = message["groups"].as_array().expect("groups");
    let of_change = groups.iter().filter(|group| group["change"] == change);
    of_change.cloned().collect()
}

/// A topic in the caller's account, with a queue that subscribes to it.
fn topic_with_queue(simulated: &Simulated) -> String {
    let account = simulated.caller();
    let arn = format!("arn:aws:sns:eu-west-1:{account}:orgsweep");
    let queue_arn = format!("arn:aws:sqs:eu-west-1:{account}:orgsweep");
    let now = chrono::Utc::now();
    simulated.change_region(&account, "eu-west-1", |region| {
        region.topics.insert(arn.clone(), Topic::default());
        region.subscriptions.push(Subscription {
            arn: format!("{arn}:0001"),
            topic_arn: arn.clone(),
            protocol: "sqs".to_owned(),
            endpoint: queue_arn.clone(),
            owner: account.clone(),
            confirmation: Confirmation::Confirmed,
            attributes: [("RawMessageDelivery".to_owned(), "true".to_owned())].into(),
        });
        let mut queue = Queue::new(&queue_arn, now);
        let policy = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "sns.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
            }]
        });
        queue
            .attributes
            .insert("Policy".to_owned(), policy.to_string());
        region.queues.insert("orgsweep".to_owned(), queue);
    });
    arn
}

/// The messages in that queue.
fn queued(simulated: &Simulated) -> Vec<Value> {
    let mut messages = Vec::new();
    simulated.change_region(&simulated.caller(), "eu-west-1", |region| {
        let queue = &region.queues["orgsweep"];
        messages.extend(
            queue
                .messages
                .iter()
                .map(|message| serde_json::from_str(&message.body).expect("JSON")),
        );
    });
    messages
}
