use std::collections::BTreeMap;

use orgsweep_controls::Arn;
use uuid::Uuid;

use super::*;
use crate::export::cli::command;
use crate::steps::{Cost, Metric, Repairs, TopicStatement};
use crate::write::log_group::LogGroup;
use crate::write::role::Role;
use crate::write::subscription::Subscription;
use crate::write::topic::Topic;
use crate::write::trail::Trail;

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

fn topic() -> Arn {
    arn("arn:aws:sns:eu-west-1:111122223333:alarms")
}

fn alarm() -> Arn {
    arn("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root")
}

fn trail_arn() -> Arn {
    arn("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main")
}

fn group() -> orgsweep_controls::LogGroupArn {
    "arn:aws:logs:eu-west-1:111122223333:log-group:trail"
        .parse()
        .unwrap()
}

fn metric() -> Metric {
    Metric {
        namespace: "CISBenchmark".to_owned(),
        name: "root".to_owned(),
    }
}

fn marks() -> Marks {
    Marks {
        plan: Uuid::from_u128(1),
        control: None,
        others: BTreeMap::new(),
    }
}

fn step(action: Action, preconditions: Vec<Precondition>) -> Step {
    Step {
        number: 1,
        account_id: action.account(),
        region: action.region(),
        resource: action.resource(),
        preconditions,
        effect: action.effect(),
        inverse: action.inverse(),
        permissions: Vec::new(),
        command: command(&action, &BTreeMap::new()),
        monthly_cost_usd: Cost::NONE,
        risky: false,
        repairs: Repairs::default(),
        owner: None,
        action,
    }
}

fn judged(action: Action, preconditions: Vec<Precondition>, seen: &Seen) -> Readiness {
    readiness(&step(action, preconditions), seen, &marks())
}

fn trail(logging: bool, group: Option<&str>) -> Seen {
    Seen::Trail(Trail {
        logging,
        multi_region: false,
        global_service_events: true,
        log_group: group.map(str::to_owned),
        log_role: group.map(|_| "arn:aws:iam::111122223333:role/r".to_owned()),
    })
}

fn kind(readiness: &Readiness) -> &'static str {
    match readiness {
        Ready => "ready",
        There => "there",
        Readiness::Shared => "shared",
        Taken(_) => "taken",
        Changed(_) => "changed",
    }
}

#[test]
fn a_name_that_is_free_is_ready_and_one_that_is_taken_is_never_overwritten() {
    let put_filter = || Action::PutMetricFilter {
        log_group: group(),
        filter: "root".to_owned(),
        pattern: "{ $.a = 1 }".to_owned(),
        metric: metric(),
    };
    let put_alarm = || Action::PutAlarm {
        alarm: alarm(),
        metric: metric(),
        topic: topic(),
        control: "root-usage".parse().unwrap(),
    };
    let create_topic = || Action::CreateTopic { topic: topic() };
    let create_group = || Action::CreateLogGroup { log_group: group() };
    let same_filter = Seen::Filter(MetricFilter::counting("{ $.a = 1 }", &metric()));
    let other_filter = Seen::Filter(MetricFilter::counting("{ $.a = 2 }", &metric()));
    let same_alarm = Alarm::on(&metric(), &topic(), &"root-usage".parse().unwrap());
    let other_alarm = Alarm {
        actions_enabled: false,
        ..same_alarm.clone()
    };
    for (action, seen, expected) in [
        (put_filter(), Seen::Nothing, "ready"),
        (put_filter(), same_filter, "there"),
        (put_filter(), other_filter, "changed"),
        (put_alarm(), Seen::Nothing, "ready"),
        (put_alarm(), Seen::Alarm(same_alarm), "there"),
        (put_alarm(), Seen::Alarm(other_alarm), "taken"),
        (create_topic(), Seen::Nothing, "ready"),
        (create_topic(), Seen::Topic(Topic::default()), "taken"),
        (create_group(), Seen::Nothing, "ready"),
        (create_group(), Seen::LogGroup(LogGroup::plain()), "taken"),
    ] {
        let found = judged(action.clone(), Vec::new(), &seen);
        assert_eq!(
            kind(&found),
            expected,
            "{action:?} with {seen:?}: {found:?}"
        );
    }
}

#[test]
fn a_trail_is_changed_only_as_the_plan_found_it() {
    let start = || Action::StartLogging { trail: trail_arn() };
    let connect = || Action::ConnectLogGroup {
        trail: trail_arn(),
        log_group: group(),
        role: arn("arn:aws:iam::111122223333:role/r"),
    };
    let none = vec![Precondition::TrailDeliversTo {
        trail: trail_arn(),
        log_group: None,
    }];
    let ours = format!("{}:*", group());
    for (action, preconditions, seen, expected) in [
        (start(), vec![], trail(false, None), "ready"),
        (start(), vec![], trail(true, None), "there"),
        (start(), vec![], Seen::Nothing, "changed"),
        (connect(), none.clone(), trail(true, None), "ready"),
        (connect(), none.clone(), trail(true, Some(&ours)), "there"),
        (connect(), none, trail(true, Some("arn:other")), "changed"),
    ] {
        let found = judged(action.clone(), preconditions, &seen);
        assert_eq!(
            kind(&found),
            expected,
            "{action:?} with {seen:?}: {found:?}"
        );
    }
}

#[test]
fn a_policy_is_extended_only_as_it_was_read() {
    let statement = TopicStatement {
        sid: "OrgsweepAllowAlarms".to_owned(),
        alarm_account: "111122223333".parse().unwrap(),
    };
    let read = r#"{"Statement":[]}"#;
    let with_ours = crate::simulate::policy_with(Some(read), statement.to_json(&topic()));
    let precondition = || Precondition::TopicPolicyIs {
        topic: topic(),
        sha256: hex::encode(Sha256::digest(read)),
    };
    for (policy, expected) in [
        (read, "ready"),
        (with_ours.as_str(), "there"),
        (r#"{"Statement":[{"Sid":"new"}]}"#, "changed"),
    ] {
        let action = Action::AllowCloudWatch {
            topic: topic(),
            statement: statement.clone(),
        };
        let seen = Seen::Topic(Topic {
            policy: Some(policy.to_owned()),
            attributes: BTreeMap::new(),
        });
        let found = judged(action, vec![precondition()], &seen);
        assert_eq!(kind(&found), expected, "{policy}");
    }
}

#[test]
fn an_alarm_of_somebody_else_gets_an_action_more_only_as_it_was_read() {
    let seen = |actions: &[&str]| {
        Seen::Alarm(Alarm {
            actions_enabled: true,
            alarm_actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            configuration: BTreeMap::new(),
        })
    };
    for (actions, expected) in [
        (vec!["arn:old"], "ready"),
        (vec!["arn:old", topic().as_str()], "there"),
        (vec!["arn:new"], "changed"),
    ] {
        let action = Action::AddAlarmAction {
            alarm: alarm(),
            topic: topic(),
        };
        let precondition = Precondition::AlarmActionsAre {
            alarm: alarm(),
            actions: vec!["arn:old".to_owned()],
        };
        let found = judged(action, vec![precondition], &seen(&actions));
        assert_eq!(kind(&found), expected, "{actions:?}");
    }
}

#[test]
fn a_role_without_its_policy_is_gone_on_with_when_the_plan_made_it() {
    let create = || Action::CreateDeliveryRole {
        role: arn("arn:aws:iam::111122223333:role/r"),
        log_group: group(),
        organization: None,
    };
    let role = |policy: Option<serde_json::Value>, ours: bool| {
        Seen::Role(Role {
            trust: role::trust(),
            policy,
            tags: if ours {
                marks().tags()
            } else {
                BTreeMap::new()
            },
        })
    };
    let wanted = role::policy(&group(), None);
    for (seen, expected) in [
        (Seen::Nothing, "ready"),
        (role(None, true), "ready"),
        (role(None, false), "changed"),
        (role(Some(wanted.clone()), true), "there"),
        (role(Some(wanted), false), "changed"),
        (role(Some(serde_json::json!({})), true), "changed"),
    ] {
        let found = judged(create(), Vec::new(), &seen);
        assert_eq!(kind(&found), expected, "{seen:?}");
    }
}

#[test]
fn a_subscription_that_is_there_is_not_made_twice() {
    let subscribe = Action::Subscribe {
        topic: topic(),
        endpoint: "email:a@example.com".parse().unwrap(),
    };
    let seen = Seen::Subscription(Subscription {
        arn: None,
        confirmed: false,
    });
    assert_eq!(judged(subscribe, Vec::new(), &seen), There);
}

#[test]
fn what_was_made_is_taken_away_only_as_it_was_left() {
    let made = Action::CreateTopic { topic: topic() };
    let with = |policy: &str| {
        Seen::Topic(Topic {
            policy: Some(policy.to_owned()),
            attributes: BTreeMap::new(),
        })
    };
    let (left, changed) = (with("{\"Statement\": []}"), with("{\"Statement\": [1]}"));
    let remove = || Action::Remove {
        made: Box::new(made.clone()),
        plan: Uuid::from_u128(1),
        control: None,
        subscribed: Vec::new(),
    };
    let recorded = || {
        vec![Precondition::IsAsLeft {
            resource: topic().to_string(),
            run: Uuid::from_u128(2),
            left: serde_json::to_value(&left).unwrap(),
        }]
    };
    for (preconditions, seen, expected) in [
        (recorded(), &left, "ready"),
        (recorded(), &changed, "changed"),
        (recorded(), &Seen::Nothing, "there"),
        (Vec::new(), &left, "changed"),
    ] {
        let judged = judged(remove(), preconditions, seen);
        assert_eq!(kind(&judged), expected, "{judged:?}");
    }
}
