-- Sweeps that several processes share: who has claimed an account, the facts that all of them judge others by,
-- and what each may take of the budgets that they have in common. The queue itself is another
-- program's and lives in a schema of its own.

alter table sweep_account add column claim uuid;
comment on column sweep_account.claim is 'The worker that has claimed the account; its outcome is recorded by this claim alone. Null in sweeps of one process.';

create table shared_snapshot (
    sweep_no integer not null references sweep on delete cascade,
    account_id text not null check (account_id ~ '^[0-9]{12}$'),
    content bytea not null,
    content_size integer not null,
    calls integer not null,
    throttles integer not null,
    primary key (sweep_no, account_id)
);
alter table shared_snapshot alter column content set storage external;
comment on table shared_snapshot is 'One row per account that others are judged by in a sweep that is shared and under way; empty otherwise.';
comment on column shared_snapshot.sweep_no is 'The sweep.';
comment on column shared_snapshot.account_id is 'AWS account number.';
comment on column shared_snapshot.content is 'The facts: JSON, compressed with zstd.';
comment on column shared_snapshot.content_size is 'Bytes of the JSON before compression.';
comment on column shared_snapshot.calls is 'AWS calls that reading them took.';
comment on column shared_snapshot.throttles is 'Calls of these that were throttled.';

create table budget_lease (
    budget text not null,
    holder uuid not null,
    share double precision not null check (share between 0 and 1),
    expires_at timestamptz not null,
    primary key (budget, holder)
);
comment on table budget_lease is 'One row per budget that workers have in common and process that may use a share of it now.';
comment on column budget_lease.budget is 'The budget, for example sts.';
comment on column budget_lease.holder is 'The process.';
comment on column budget_lease.share is 'Share of the budget; those of all holders together are at most 1.';
comment on column budget_lease.expires_at is 'When the share ends unless it is renewed.';

do $$
begin
    if exists (select from pg_roles where rolname = 'orgsweep_scanner') then
        grant select, insert, update, delete on shared_snapshot, budget_lease to orgsweep_scanner;
    end if;
    if exists (select from pg_roles where rolname = 'orgsweep_remediator') then
        grant select on shared_snapshot, budget_lease to orgsweep_remediator;
    end if;
end
$$;
