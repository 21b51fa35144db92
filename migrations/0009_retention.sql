-- Nights: what `orgsweep prune` has dropped of one is remembered, so that nobody takes what is
-- left of it for the whole; nor is a sweep of a few named accounts taken for a night.

alter table sweep add column pruned_at timestamptz;
comment on column sweep.pruned_at is 'When its accounts'' rows and facts were dropped; null while they are there. Totals and findings'' periods stay.';

alter table sweep add column is_partial boolean not null default false;
comment on column sweep.is_partial is 'Whether only accounts that somebody named were to be read, as after a repair; such a sweep is no night.';
update sweep set is_partial = true where triggered_by = 'repair';

create or replace view coverage_of_sweep as
select
    s.sweep_id,
    s.sweep_no,
    s.organization_id,
    s.triggered_by,
    s.state,
    s.started_at,
    s.finished_at,
    coalesce(live.listed, s.accounts_listed) as listed,
    coalesce(live.done, s.accounts_done) as done,
    coalesce(live.failed, s.accounts_failed) as failed,
    coalesce(live.skipped, s.accounts_skipped) as skipped,
    coalesce(live.pending, 0) as pending,
    round(
        100.0 * coalesce(live.done, s.accounts_done) / nullif(coalesce(live.listed, s.accounts_listed), 0), 1
    ) as done_percent,
    coalesce(live.oldest_observed_at, s.oldest_observed_at) as oldest_observed_at,
    s.calls,
    s.throttles,
    s.program_version,
    s.pruned_at,
    s.is_partial
from sweep s
left join lateral (
    select
        count(*)::integer as listed,
        count(*) filter (where sa.outcome = 'done')::integer as done,
        count(*) filter (where sa.outcome = 'failed')::integer as failed,
        count(*) filter (where sa.outcome = 'skipped')::integer as skipped,
        count(*) filter (where sa.outcome is null)::integer as pending,
        (select min(a.observed_at) from account a where a.closed_at is null) as oldest_observed_at
    from sweep_account sa
    where sa.sweep_no = s.sweep_no
) live on s.finished_at is null;
comment on view coverage_of_sweep is 'One row per sweep: accounts read of accounts listed. Counted live while it runs.';
comment on column coverage_of_sweep.sweep_id is 'Id of the sweep.';
comment on column coverage_of_sweep.sweep_no is 'Number of the sweep; later sweeps have larger numbers.';
comment on column coverage_of_sweep.organization_id is 'The organization; null when accounts were named by hand.';
comment on column coverage_of_sweep.triggered_by is 'What started it.';
comment on column coverage_of_sweep.state is 'running, interrupted, finished or abandoned.';
comment on column coverage_of_sweep.started_at is 'When it started.';
comment on column coverage_of_sweep.finished_at is 'When it ended; null while it can go on.';
comment on column coverage_of_sweep.listed is 'Accounts that were listed.';
comment on column coverage_of_sweep.done is 'Accounts that were read.';
comment on column coverage_of_sweep.failed is 'Accounts that could not be read.';
comment on column coverage_of_sweep.skipped is 'Accounts that were left out: suspended, closed, not selected.';
comment on column coverage_of_sweep.pending is 'Accounts that are still to be read.';
comment on column coverage_of_sweep.done_percent is 'Accounts read, per cent of accounts listed.';
comment on column coverage_of_sweep.oldest_observed_at is 'Age of the oldest facts that verdicts rested on when it ended.';
comment on column coverage_of_sweep.calls is 'AWS calls made.';
comment on column coverage_of_sweep.throttles is 'AWS calls that were throttled.';
comment on column coverage_of_sweep.program_version is 'Version of orgsweep.';
comment on column coverage_of_sweep.pruned_at is 'When `orgsweep prune` dropped its accounts'' rows and facts; null while they are there.';
comment on column coverage_of_sweep.is_partial is 'Whether only accounts that somebody named were to be read, as after a repair; such a sweep is no night.';

-- A snapshot that is dropped is looked for in the nights of its own account, by the index that
-- there is (sweep_account_by_account), not in every night of everybody. It also keeps an account
-- from referring to another one's facts.
alter table snapshot add constraint snapshot_of_account unique (account_no, snapshot_no);
alter table sweep_account add constraint sweep_account_snapshot
    foreign key (account_no, snapshot_no) references snapshot (account_no, snapshot_no);
alter table sweep_account drop constraint sweep_account_snapshot_no_fkey;
