-- The outbox: what is to be told to people after a sweep, one row per sweep and channel. A row is
-- written in the transaction that ends its sweep, so that no crash can end a sweep and forget
-- to tell; it holds no address and no secret.

create table notification (
    notification_id uuid primary key,
    sweep_no integer not null references sweep on delete cascade,
    channel text not null check (channel in ('webhook', 'slack', 'sns', 'email')),
    state text not null default 'pending'
        check (state in ('pending', 'sending', 'sent', 'held', 'failed', 'not_needed')),
    content jsonb,
    attempts integer not null default 0,
    in_doubt boolean not null default false,
    created_at timestamptz not null default now(),
    next_attempt_at timestamptz not null default now(),
    last_attempt_at timestamptz,
    sent_at timestamptz,
    last_error text,
    unique (sweep_no, channel),
    check ((state = 'sent') = (sent_at is not null)),
    check (state <> 'sending' or content is not null)
);
create index notification_open on notification (next_attempt_at) where state in ('pending', 'sending');
comment on table notification is 'One row per sweep and channel: the outbox of notifications.';
comment on column notification.notification_id is 'Id of the notification; the receiver gets it as idempotency key, the same in every attempt.';
comment on column notification.sweep_no is 'The sweep that it tells about.';
comment on column notification.channel is 'webhook, slack, sns or email.';
comment on column notification.state is 'pending, sending, sent, held (in doubt and to be decided by a person), failed (given up) or not_needed (nothing had changed).';
comment on column notification.content is 'What is told; null until it is composed, and the same in every attempt.';
comment on column notification.attempts is 'How often it was handed to the channel.';
comment on column notification.in_doubt is 'Whether a sender ended between handing it over and recording that, so that it may have arrived.';
comment on column notification.created_at is 'When its sweep ended.';
comment on column notification.next_attempt_at is 'When it is tried next, while it is pending.';
comment on column notification.last_attempt_at is 'When it was last tried.';
comment on column notification.sent_at is 'When the channel accepted it.';
comment on column notification.last_error is 'Why the last attempt failed, without addresses and secrets.';

create view notification_status as
select
    n.notification_id,
    s.sweep_id,
    n.channel,
    n.state,
    n.attempts,
    n.in_doubt,
    n.created_at,
    case when n.state in ('pending', 'sending') then n.next_attempt_at end as next_attempt_at,
    n.last_attempt_at,
    n.sent_at,
    n.last_error,
    n.content ->> 'sentence' as sentence
from notification n
join sweep s using (sweep_no);
comment on view notification_status is 'One row per sweep and channel: what was told to people, and what is still to be told.';
comment on column notification_status.notification_id is 'Id of the notification, which its receiver gets as idempotency key.';
comment on column notification_status.sweep_id is 'The sweep that it tells about.';
comment on column notification_status.channel is 'webhook, slack, sns or email.';
comment on column notification_status.state is 'pending, sending, sent, held (in doubt and to be decided by a person), failed (given up) or not_needed (nothing had changed).';
comment on column notification_status.attempts is 'How often it was handed to the channel.';
comment on column notification_status.in_doubt is 'Whether a sender ended between handing it over and recording that, so that it may have arrived.';
comment on column notification_status.created_at is 'When its sweep ended.';
comment on column notification_status.next_attempt_at is 'When it is tried next; null when it is not.';
comment on column notification_status.last_attempt_at is 'When it was last tried.';
comment on column notification_status.sent_at is 'When the channel accepted it.';
comment on column notification_status.last_error is 'Why the last attempt failed.';
comment on column notification_status.sentence is 'The sweep in one sentence, as it is told; null until it is composed.';

do $$
declare
    wanted text;
begin
    foreach wanted in array array['orgsweep_reader', 'orgsweep_scanner', 'orgsweep_remediator'] loop
        if exists (select from pg_roles where rolname = wanted) then
            execute format('grant select on notification_status to %I', wanted);
        end if;
    end loop;
    if exists (select from pg_roles where rolname = 'orgsweep_scanner') then
        grant select, insert, update, delete on notification to orgsweep_scanner;
    end if;
    if exists (select from pg_roles where rolname = 'orgsweep_remediator') then
        grant select on notification to orgsweep_remediator;
    end if;
end
$$;
