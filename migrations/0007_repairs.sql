-- Repairs: runs of plans with the accounts and findings that they are about, what became of
-- them, and a trail of what was done that nobody can change.

alter table run
    add column caller text,
    add column message text,
    add column program_version text;
comment on column run.caller is 'ARN of the AWS principal that made the calls.';
comment on column run.message is 'Why it was interrupted or failed, in words.';
comment on column run.program_version is 'Version of orgsweep.';
create index run_of_plan on run (plan_id, started_at);

comment on column run_action.before is 'What was there before, read again just before the change; null before that.';
comment on column run_action.after is 'What is there afterwards; null until it is done.';
comment on column run_action.message is 'What went wrong, or why nothing had to be done, in words.';

create table run_account (
    run_id uuid not null references run,
    account_id text not null,
    wave integer not null check (wave >= 1),
    state text not null default 'pending'
        check (state in ('pending', 'running', 'done', 'drifted', 'failed', 'interrupted')),
    message text,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (run_id, account_id)
);
comment on table run_account is 'One row per account that a run changes.';
comment on column run_account.run_id is 'The run.';
comment on column run_account.account_id is 'AWS account number.';
comment on column run_account.wave is 'Its wave: 1 is the first.';
comment on column run_account.state is 'pending, running, done, drifted (somebody changed something since the plan), failed or interrupted.';
comment on column run_account.message is 'Why it stopped, in words.';
comment on column run_account.started_at is 'When work on it started.';
comment on column run_account.finished_at is 'When work on it ended.';

create table run_finding (
    run_id uuid not null references run,
    account_id text not null,
    control_id text not null,
    reason text not null,
    steps integer[] not null,
    human_steps integer not null,
    primary key (run_id, account_id, control_id)
);
comment on table run_finding is 'One row per finding that a run is to make pass.';
comment on column run_finding.run_id is 'The run.';
comment on column run_finding.account_id is 'AWS account number.';
comment on column run_finding.control_id is 'The control.';
comment on column run_finding.reason is 'Reason code for which it failed when it was planned.';
comment on column run_finding.steps is 'Numbers of the steps that it needs.';
comment on column run_finding.human_steps is 'How many things people have to do for it.';

create table audit_event (
    event_no bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp(),
    run_id uuid not null,
    action_no integer,
    account_id text,
    event text not null,
    actor text not null,
    database_user text not null default session_user,
    message text
);
create index audit_event_of_run on audit_event (run_id, event_no);
comment on table audit_event is 'What runs did, one row per change of a state. Rows can be added and never changed.';
comment on column audit_event.event_no is 'Number of the event; later ones have larger numbers.';
comment on column audit_event.at is 'When it was recorded.';
comment on column audit_event.run_id is 'The run.';
comment on column audit_event.action_no is 'The step; null for what concerns the whole run.';
comment on column audit_event.account_id is 'The account of the step.';
comment on column audit_event.event is 'What began or ended, with its state: `run running`, `create_topic started`, `create_topic done` …';
comment on column audit_event.actor is 'Who started the run.';
comment on column audit_event.database_user is 'Who was connected to the database.';
comment on column audit_event.message is 'What went wrong, in words.';

create function audit_event_is_final() returns trigger language plpgsql as $$
begin
    raise exception 'the audit trail cannot be changed'
        using errcode = 'integrity_constraint_violation';
end
$$;
comment on function audit_event_is_final() is 'Refuses every change of the audit trail but an addition.';
create trigger audit_event_is_final before update or delete or truncate on audit_event
    for each statement execute function audit_event_is_final();

create function run_is_audited() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'what was done stays recorded: runs cannot be deleted'
            using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'INSERT' or new.state is distinct from old.state then
        insert into audit_event (run_id, event, actor, message)
        values (
            new.run_id,
            case when new.undoes is null then 'run ' else 'undoing ' end || new.state,
            new.author,
            new.message
        );
    end if;
    return new;
end
$$;
comment on function run_is_audited() is 'Adds each state of a run to the audit trail, and keeps runs from being deleted.';
create trigger run_is_audited before insert or update or delete on run
    for each row execute function run_is_audited();

create function run_action_is_audited() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'what was done stays recorded: steps of runs cannot be deleted'
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.state in ('done', 'undone') and not (
        old.state = 'done' and new.state = 'undone'
        and (new.before, new.after, new.kind, new.resource, new.account_id, new.started_at, new.finished_at)
            is not distinct from
            (old.before, old.after, old.kind, old.resource, old.account_id, old.started_at, old.finished_at)
    ) then
        raise exception 'step % of run % is done and cannot be changed', old.action_no, old.run_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.state is distinct from old.state then
        insert into audit_event (run_id, action_no, account_id, event, actor, message)
        select new.run_id, new.action_no, new.account_id, new.kind || ' ' || new.state, r.author, new.message
        from run r
        where r.run_id = new.run_id;
    end if;
    return new;
end
$$;
comment on function run_action_is_audited() is 'Adds each state of a step to the audit trail; what is done can only become undone.';
create trigger run_action_is_audited before update or delete on run_action
    for each row execute function run_action_is_audited();

create view repair_step as
select
    r.run_id,
    r.plan_id,
    case when r.undoes is null then 'apply' else 'undo' end as direction,
    ra.action_no as step,
    ra.account_id,
    a.name as account_name,
    ra.kind,
    ra.resource,
    ra.state,
    ra.message,
    r.author,
    r.caller,
    ra.started_at,
    ra.finished_at,
    ra.before,
    ra.after
from run_action ra
join run r using (run_id)
left join account a on a.account_id = ra.account_id;
comment on view repair_step is 'One row per step of a run: what was done where, by whom, when, with before and after.';
comment on column repair_step.run_id is 'The run.';
comment on column repair_step.plan_id is 'The plan.';
comment on column repair_step.direction is 'apply, or undo for a run that takes another one back.';
comment on column repair_step.step is 'Place of the step in the plan.';
comment on column repair_step.account_id is 'AWS account number.';
comment on column repair_step.account_name is 'Name of the account.';
comment on column repair_step.kind is 'What it does.';
comment on column repair_step.resource is 'ARN or name of what it changes.';
comment on column repair_step.state is 'pending, started, done, drifted, failed, undone or skipped.';
comment on column repair_step.message is 'What went wrong, or why nothing had to be done.';
comment on column repair_step.author is 'Who started the run.';
comment on column repair_step.caller is 'ARN of the AWS principal that made the calls.';
comment on column repair_step.started_at is 'When it started.';
comment on column repair_step.finished_at is 'When it ended.';
comment on column repair_step.before is 'What was there before.';
comment on column repair_step.after is 'What was there afterwards.';

create view repair_status as
select
    r.run_id,
    r.plan_id,
    rf.account_id,
    a.name as account_name,
    rf.control_id as control,
    rf.reason as reason_before,
    case
        when s.undone > 0 then 'undone'
        when s.open > 0 then 'not_applied'
        when exists (
            select
            from finding_history h
            where h.account_no = a.account_no
                and h.control_no = c.control_no
                and h.verdict = 'pass'
                and coalesce(h.valid_until, 'infinity') > s.applied_at
                and a.observed_at > s.applied_at
        ) then 'verified'
        when a.observed_at is null or a.observed_at <= s.applied_at then 'not_judged'
        when f.verdict = 'fail' and f.reason = 'subscription_pending' then 'waiting_for_confirmation'
        when rf.human_steps > 0 then 'waiting_for_person'
        else 'still_failing'
    end as state,
    f.verdict,
    f.reason,
    s.applied_at,
    a.observed_at
from run_finding rf
join run r using (run_id)
cross join lateral (
    select
        count(*) filter (where ra.state = 'undone') as undone,
        count(*) filter (where ra.state not in ('done', 'skipped', 'undone')) as open,
        coalesce(max(ra.finished_at), r.started_at) as applied_at
    from run_action ra
    where ra.run_id = rf.run_id and ra.action_no = any (rf.steps)
) s
left join account a on a.account_id = rf.account_id
left join control c on c.control_id = rf.control_id
left join finding f on f.account_no = a.account_no and f.control_no = c.control_no
where r.undoes is null;
comment on view repair_status is 'One row per finding that a run was to make pass: whether a sweep has seen it pass since. Every sweep brings it up to date by itself.';
comment on column repair_status.run_id is 'The run.';
comment on column repair_status.plan_id is 'The plan.';
comment on column repair_status.account_id is 'AWS account number.';
comment on column repair_status.account_name is 'Name of the account.';
comment on column repair_status.control is 'Name of the control.';
comment on column repair_status.reason_before is 'Reason code for which it failed when it was planned.';
comment on column repair_status.state is 'not_applied, not_judged (not swept since), verified (seen to pass since), waiting_for_confirmation, waiting_for_person, still_failing or undone.';
comment on column repair_status.verdict is 'Verdict now.';
comment on column repair_status.reason is 'Reason code now.';
comment on column repair_status.applied_at is 'When the last of its steps was done.';
comment on column repair_status.observed_at is 'When the account was last read.';

do $$
declare
    wanted text;
begin
    foreach wanted in array array['orgsweep_reader', 'orgsweep_scanner', 'orgsweep_remediator'] loop
        if exists (select from pg_roles where rolname = wanted) then
            execute format('grant select on repair_step, repair_status to %I', wanted);
        end if;
    end loop;
    foreach wanted in array array['orgsweep_scanner', 'orgsweep_remediator'] loop
        if exists (select from pg_roles where rolname = wanted) then
            execute format('grant select on run_account, run_finding, audit_event to %I', wanted);
        end if;
    end loop;
    if exists (select from pg_roles where rolname = 'orgsweep_remediator') then
        grant insert, update on run_account to orgsweep_remediator;
        grant insert on run_finding, audit_event to orgsweep_remediator;
    end if;
end
$$;
