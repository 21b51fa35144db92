-- A stored night can be judged again and compared with another: what broke is kept with each
-- period, and the facts of accounts that others rely on are kept where a sweep did not select them.

alter table finding_history add column cause text;
comment on column finding_history.cause is 'What broke when the period began; null when nothing did, or when the period is older than this column.';

create table relied_on_snapshot (
    sweep_no integer not null references sweep on delete cascade,
    account_id text not null check (account_id ~ '^[0-9]{12}$'),
    content bytea not null,
    content_size integer not null,
    observed_at timestamptz not null,
    primary key (sweep_no, account_id)
);
alter table relied_on_snapshot alter column content set storage external;
comment on table relied_on_snapshot is 'One row per account that a sweep read only because others are judged by it: the owner of an organization trail that was not selected.';
comment on column relied_on_snapshot.sweep_no is 'The sweep.';
comment on column relied_on_snapshot.account_id is 'AWS account number.';
comment on column relied_on_snapshot.content is 'The facts: JSON, compressed with zstd.';
comment on column relied_on_snapshot.content_size is 'Bytes of the JSON before compression.';
comment on column relied_on_snapshot.observed_at is 'When the facts were complete.';

do $$
begin
    if exists (select from pg_roles where rolname = 'orgsweep_scanner') then
        grant select, insert, update, delete on relied_on_snapshot to orgsweep_scanner;
    end if;
    if exists (select from pg_roles where rolname = 'orgsweep_remediator') then
        grant select on relied_on_snapshot to orgsweep_remediator;
    end if;
end
$$;
