//! A plan as one shell script: per account a function with its steps, each
//! guarded by what must still be so. For people who apply with their own
//! credentials and review; an account stops at its first surprise, and the others go on.

use std::collections::BTreeMap;
use std::fmt::Write;

use orgsweep_controls::AccountId;

use super::quote::{on_one_line, quoted};
use crate::document::Plan;
use crate::steps::{Action, Step, alarm_name};

/// The plan as a script for bash. It needs `aws` version 2 and `jq`.
pub fn shell_script(plan: &Plan) -> String {
    let mut accounts: BTreeMap<&AccountId, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        accounts.entry(&step.account_id).or_default().push(step);
    }
    let mut script = header(plan);
    script.push_str(PREAMBLE);
    for (account, steps) in &accounts {
        let _ = write!(script, "\naccount_{account}() {{\n");
        for step in steps {
            write_step(&mut script, step);
        }
        script.push_str("}\n");
    }
    script.push('\n');
    for (account, steps) in &accounts {
        let region = &steps[0].region;
        let partition = steps[0].resource.split(':').nth(1).unwrap_or("aws");
        let _ = writeln!(
            script,
            "in_account {account} {partition} {region} account_{account}"
        );
    }
    script.push_str(CLOSING);
    if !plan.human_steps.is_empty() {
        script.push_str("\n# What people have to do:\n");
        for human in &plan.human_steps {
            let text = on_one_line(&human.text);
            let _ = writeln!(
                script,
                "# {}. account {}: {text}",
                human.number, human.account_id
            );
            if let Some(command) = &human.command {
                for line in command.lines() {
                    let _ = writeln!(script, "#    {}", on_one_line(line));
                }
            }
        }
        let _ = writeln!(
            script,
            "say {}",
            quoted(&format!(
                "{} to do by hand: see the end of this script",
                plan.human_steps.len()
            ))
        );
    }
    script.push_str("\n[[ ${#unfinished[@]} == 0 ]]\n");
    script
}

const CLOSING: &str = r#"
if [[ ${#unfinished[@]} != 0 ]]; then
  say "not everything is done in: ${unfinished[*]}; run this script again when that is mended"
fi
"#;

fn header(plan: &Plan) -> String {
    format!(
        "#!/usr/bin/env bash\n\
         # {id}, digest {digest}\n\
         # made by {author} at {created}, valid until {expires}\n\
         # why: {reason}\n\
         #\n\
         # Runs the steps of the account that the AWS credentials are for. With\n\
         # ORGSWEEP_ROLE_NAME set, assumes that role in every account of the plan.\n\
         #\n\
         # Patterns and names are text, in which nothing is to be expanded:\n\
         # shellcheck disable=SC2016\n\
         set -euo pipefail\n\
         \n\
         expires={expires}\n",
        id = plan.plan_id,
        digest = plan.digest,
        author = on_one_line(&plan.author),
        reason = on_one_line(&plan.reason),
        created = plan.created_at.format("%Y-%m-%dT%H:%M:%SZ"),
        expires = plan.expires_at.format("%Y-%m-%dT%H:%M:%SZ"),
    )
}

fn write_step(script: &mut String, step: &Step) {
    let _ = writeln!(
        script,
        "  say {}",
        quoted(&format!("{}. {}", step.number, on_one_line(&step.effect)))
    );
    if let Action::Remove { .. } = step.action {
        // A script would not read again whether it is as it was left, and whether others use it.
        script.push_str("  say '   left to orgsweep remediate apply'\n");
        return;
    }
    let command = match &step.action {
        // IAM lets a new role be used only after some seconds.
        Action::ConnectLogGroup { .. } => format!("patiently {}", step.command),
        _ => step.command.clone(),
    };
    let guard = guard(&step.action);
    let (open, close) = match &guard {
        Some(guard) => (format!("if {guard}; then"), "fi"),
        None => ("{".to_owned(), "}"),
    };
    let _ = writeln!(script, "  {open}");
    for line in command.lines() {
        let _ = writeln!(script, "    {line}");
    }
    let _ = writeln!(script, "  {close} >/dev/null");
}

/// The condition under which the command runs. Kinds that AWS itself makes
/// idempotent, or that read before they write, need none.
fn guard(action: &Action) -> Option<String> {
    let region = action.region();
    match action {
        Action::PutMetricFilter {
            log_group,
            filter,
            pattern,
            ..
        } => Some(format!(
            "filter_is_absent {region} {} {} {}",
            quoted(log_group.name()),
            quoted(filter),
            quoted(pattern)
        )),
        Action::PutAlarm { alarm, metric, .. } => Some(format!(
            "alarm_is_absent {region} {} {}",
            quoted(alarm_name(alarm)),
            quoted(&format!("{}/{}", metric.namespace, metric.name))
        )),
        Action::CreateLogGroup { log_group } => Some(format!(
            "log_group_is_absent {region} {}",
            quoted(log_group.name())
        )),
        Action::CreateTopic { topic } => Some(format!(
            "topic_is_absent {region} {}",
            quoted(topic.as_str())
        )),
        Action::CreateDeliveryRole { role, .. } => Some(format!(
            "role_is_absent {}",
            quoted(role.resource().rsplit('/').next().unwrap_or_default())
        )),
        _ => None,
    }
}

const PREAMBLE: &str = r#"
say() { printf '%s\n' "$*" >&2; }
stop() { printf 'stopped: %s\n' "$*" >&2; exit 1; }
unfinished=()

command -v aws >/dev/null || stop 'the AWS CLI (aws) is not installed'
command -v jq >/dev/null || stop 'jq is not installed'
[[ "$(date -u +%Y-%m-%dT%H:%M:%SZ)" < "$expires" ]] || stop 'the plan has expired: plan again'

# Runs a function of this script with credentials of an account.
in_account() {
  local account=$1 partition=$2 steps=$4 caller assumed ended
  export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-$3}
  caller=$(aws sts get-caller-identity --query Account --output text)
  # In a condition, bash would go on after a command that fails.
  set +e
  (
    set -e
    if [[ "$caller" != "$account" ]]; then
      if [[ -z "${ORGSWEEP_ROLE_NAME:-}" ]]; then
        say "account $account: left out, the credentials are for $caller (set ORGSWEEP_ROLE_NAME)"
        exit 0
      fi
      assumed=$(aws sts assume-role --role-session-name orgsweep-plan --output text \
        --role-arn "arn:$partition:iam::$account:role/$ORGSWEEP_ROLE_NAME" \
        --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
      read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN <<<"$assumed"
      export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
      unset AWS_PROFILE
    fi
    say "account $account:"
    "$steps"
  )
  ended=$?
  set -e
  if [[ "$ended" != 0 ]]; then
    say "account $account: not everything is done, see above"
    unfinished+=("$account")
  fi
}

# Tries again what fails while a new role spreads.
patiently() {
  local attempt
  for attempt in 1 2 3 4 5 6; do
    "$@" && return 0
    say "   attempt $attempt failed, trying again in ten seconds"
    sleep 10
  done
  stop "$* failed six times"
}

# Succeeds when nothing was found, fails when what was found is as wanted
# (done before), stops otherwise.
is_absent() {
  local what=$1 found=$2 wanted=$3
  [[ -z "$found" ]] && return 0
  [[ "$found" == "$wanted" ]] || stop "$what exists and is another one: plan again"
  say "   $what is there already"
  return 1
}

filter_is_absent() {
  local region=$1 group=$2 filter=$3 pattern=$4 found
  found=$(aws logs describe-metric-filters --region "$region" --log-group-name "$group" \
    --filter-name-prefix "$filter" --output json \
    | jq -r --arg name "$filter" '.metricFilters[] | select(.filterName == $name) | .filterPattern') \
    || stop "the metric filters of $group cannot be read"
  is_absent "metric filter $filter" "$found" "$pattern"
}

alarm_is_absent() {
  local region=$1 alarm=$2 metric=$3 found
  found=$(aws cloudwatch describe-alarms --region "$region" --alarm-names "$alarm" \
    --alarm-types MetricAlarm CompositeAlarm --output json \
    | jq -r '((.MetricAlarms // []) + (.CompositeAlarms // []))[] | "\(.Namespace)/\(.MetricName)"') \
    || stop "alarm $alarm cannot be read"
  is_absent "alarm $alarm" "$found" "$metric"
}

log_group_is_absent() {
  local region=$1 group=$2 found
  found=$(aws logs describe-log-groups --region "$region" --log-group-name-prefix "$group" --output json \
    | jq -r --arg name "$group" '.logGroups[] | select(.logGroupName == $name) | .logGroupName') \
    || stop "log group $group cannot be read"
  is_absent "log group $group" "$found" "$group"
}

topic_is_absent() {
  local region=$1 topic=$2 said
  if said=$(aws sns get-topic-attributes --region "$region" --topic-arn "$topic" 2>&1); then
    is_absent "topic $topic" "$topic" "$topic"
  else
    [[ "$said" == *NotFound* ]] || stop "topic $topic cannot be read: $said"
  fi
}

role_is_absent() {
  local role=$1 said
  if said=$(aws iam get-role --role-name "$role" 2>&1); then
    is_absent "role $role" "$role" "$role"
  else
    [[ "$said" == *NoSuchEntity* ]] || stop "role $role cannot be read: $said"
  fi
}
"#;
