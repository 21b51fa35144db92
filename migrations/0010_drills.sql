-- Drills: alarms that were made to ring on purpose, and what came of it. They are evidence
-- beside a verdict and never turn one.

create table drill (
    drill_id uuid primary key,
    kind text not null check (kind in ('drill', 'heartbeat')),
    account_id text not null check (account_id ~ '^[0-9]{12}$'),
    region text not null,
    alarm_arn text not null,
    author text not null,
    reason text not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    state_before text not null,
    outcome text not null default 'ringing'
        check (outcome in ('ringing', 'rang', 'failed', 'silent', 'interrupted')),
    actions jsonb not null default '[]'::jsonb,
    put_back boolean not null default false,
    message text,
    check ((finished_at is null) = (outcome = 'ringing'))
);
-- One alarm rings once at a time, whoever asks.
create unique index drill_that_rings on drill (alarm_arn) where outcome = 'ringing';
create index drill_of_alarm on drill (alarm_arn, started_at desc);
comment on table drill is 'One row per alarm that was made to ring on purpose.';
comment on column drill.drill_id is 'Its id; the alarm''s history names it.';
comment on column drill.kind is 'drill (somebody asked for this alarm) or heartbeat (its turn had come).';
comment on column drill.account_id is 'AWS account number.';
comment on column drill.region is 'Region of the alarm.';
comment on column drill.alarm_arn is 'The alarm.';
comment on column drill.author is 'Who rang it.';
comment on column drill.reason is 'Why.';
comment on column drill.started_at is 'When it was made to ring; recorded before the call.';
comment on column drill.finished_at is 'When its outcome was known; null until then.';
comment on column drill.state_before is 'State of the alarm before: OK or INSUFFICIENT_DATA.';
comment on column drill.outcome is 'ringing (not finished), rang (every action succeeded), failed (it could not be rung, or an action failed), silent (an action left no trace in time) or interrupted.';
comment on column drill.actions is 'One object per action of the alarm: `action` (ARN), `succeeded` (null when it left no trace), `words` (of the alarm''s history).';
comment on column drill.put_back is 'Whether the alarm has its state of before again.';
comment on column drill.message is 'What went wrong, in words.';

create view drill_result as
select
    drill_id, kind, account_id, region, alarm_arn, author, reason, started_at, finished_at,
    state_before, outcome, actions, put_back, message
from drill;
comment on view drill_result is 'One row per alarm that was made to ring on purpose, and each time that it was.';
comment on column drill_result.drill_id is 'Its id; the alarm''s history names it.';
comment on column drill_result.kind is 'drill (somebody asked for this alarm) or heartbeat (its turn had come).';
comment on column drill_result.account_id is 'AWS account number.';
comment on column drill_result.region is 'Region of the alarm.';
comment on column drill_result.alarm_arn is 'The alarm.';
comment on column drill_result.author is 'Who rang it.';
comment on column drill_result.reason is 'Why.';
comment on column drill_result.started_at is 'When it was made to ring.';
comment on column drill_result.finished_at is 'When its outcome was known; null until then.';
comment on column drill_result.state_before is 'State of the alarm before: OK or INSUFFICIENT_DATA.';
comment on column drill_result.outcome is 'ringing (not finished), rang (every action succeeded), failed (it could not be rung, or an action failed), silent (an action left no trace in time) or interrupted.';
comment on column drill_result.actions is 'One object per action of the alarm: `action` (ARN), `succeeded` (null when it left no trace), `words` (of the alarm''s history).';
comment on column drill_result.put_back is 'Whether the alarm has its state of before again.';
comment on column drill_result.message is 'What went wrong, in words.';

create view last_rung as
select
    d.account_id,
    d.region,
    d.alarm_arn,
    max(d.started_at) filter (where d.outcome = 'rang') as last_rang_at,
    max(d.started_at) as last_tried_at,
    (array_agg(d.outcome order by d.started_at desc, d.drill_id desc))[1] as last_outcome,
    (array_agg(d.drill_id order by d.started_at desc, d.drill_id desc))[1] as last_drill_id
from drill d
group by d.account_id, d.region, d.alarm_arn;
comment on view last_rung is 'One row per alarm that was ever made to ring: when it was last seen to ring.';
comment on column last_rung.account_id is 'AWS account number.';
comment on column last_rung.region is 'Region of the alarm.';
comment on column last_rung.alarm_arn is 'The alarm.';
comment on column last_rung.last_rang_at is 'When all of its actions last succeeded; null for never.';
comment on column last_rung.last_tried_at is 'When it was last made to ring.';
comment on column last_rung.last_outcome is 'What came of the last time.';
comment on column last_rung.last_drill_id is 'The drill of the last time.';

create view last_seen_end_to_end as
select distinct on (d.account_id, d.region, action ->> 'action')
    d.account_id,
    d.region,
    action ->> 'action' as action_arn,
    d.alarm_arn,
    d.started_at as last_seen_at,
    d.drill_id
from drill d
cross join jsonb_array_elements(d.actions) as action
where (action ->> 'succeeded')::boolean
order by d.account_id, d.region, action ->> 'action', d.started_at desc, d.drill_id desc;
comment on view last_seen_end_to_end is 'One row per topic (or other action) through which an alarm was seen to get out: when it last was, and by which alarm.';
comment on column last_seen_end_to_end.account_id is 'AWS account number of the alarm.';
comment on column last_seen_end_to_end.region is 'Region of the alarm.';
comment on column last_seen_end_to_end.action_arn is 'The topic or other action.';
comment on column last_seen_end_to_end.alarm_arn is 'The alarm that was made to ring.';
comment on column last_seen_end_to_end.last_seen_at is 'When the message was last seen to leave.';
comment on column last_seen_end_to_end.drill_id is 'The drill.';

do $$
declare
    wanted text;
begin
    foreach wanted in array array['orgsweep_reader', 'orgsweep_scanner', 'orgsweep_remediator'] loop
        if exists (select from pg_roles where rolname = wanted) then
            execute format('grant select on drill_result, last_rung, last_seen_end_to_end to %I', wanted);
        end if;
    end loop;
    if exists (select from pg_roles where rolname = 'orgsweep_remediator') then
        grant select, insert, update on drill to orgsweep_remediator;
    end if;
end
$$;
