-- The tables: what orgsweep knows. Programs write them; people read the views of 0002.
--
-- Needs no extension and no superuser. Rows refer to each other by small
-- numbers (`…_no`); what people see (account numbers, control names, sweep ids) is in the views.
--
-- Only sweep_account has a foreign key to sweep. From the other tables it would make every
-- account's transaction lock the one row of the running sweep.

create table sweep (
    sweep_no integer generated always as identity primary key,
    sweep_id uuid not null unique,
    triggered_by text not null,
    organization_id text,
    management_account_id text,
    catalog_digest text not null,
    config_digest text not null,
    program_version text not null,
    state text not null default 'running'
        check (state in ('running', 'interrupted', 'finished', 'abandoned')),
    state_reason text,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    inventory_read_at timestamptz,
    inventory_complete boolean not null default false,
    accounts_listed integer not null default 0,
    accounts_done integer not null default 0,
    accounts_failed integer not null default 0,
    accounts_skipped integer not null default 0,
    oldest_observed_at timestamptz,
    calls bigint not null default 0,
    throttles bigint not null default 0,
    check ((state in ('finished', 'abandoned')) = (finished_at is not null))
);
comment on table sweep is 'One row per sweep: one pass over the organization.';
comment on column sweep.sweep_no is 'Number of the sweep in this database; later sweeps have larger numbers.';
comment on column sweep.sweep_id is 'Id of the sweep (UUID, version 7: ordered by time).';
comment on column sweep.triggered_by is 'What started it: manual, schedule, resume, demo.';
comment on column sweep.organization_id is 'The organization; null when only named accounts were swept.';
comment on column sweep.management_account_id is 'Management account of the organization, when known.';
comment on column sweep.catalog_digest is 'SHA-256 of the control catalog that decided.';
comment on column sweep.config_digest is 'SHA-256 of the configuration, without secrets.';
comment on column sweep.program_version is 'Version of orgsweep.';
comment on column sweep.state is 'running, interrupted (can be resumed), finished or abandoned.';
comment on column sweep.state_reason is 'Why it was abandoned.';
comment on column sweep.started_at is 'When it started.';
comment on column sweep.finished_at is 'When it ended; null while it can go on.';
comment on column sweep.inventory_read_at is 'When the list of accounts was read; null before it is stored.';
comment on column sweep.inventory_complete is 'Whether the list named every account of the organization, so that others have left.';
comment on column sweep.accounts_listed is 'Accounts that were listed, counted at the end.';
comment on column sweep.accounts_done is 'Accounts that were read, counted at the end.';
comment on column sweep.accounts_failed is 'Accounts that could not be read, counted at the end.';
comment on column sweep.accounts_skipped is 'Accounts that were left out, counted at the end.';
comment on column sweep.oldest_observed_at is 'Age of the oldest facts that verdicts rested on when it ended.';
comment on column sweep.calls is 'AWS calls made.';
comment on column sweep.throttles is 'AWS calls that were throttled.';

-- Updated once or twice a night per account; half of each page is left free, so that
-- the new version of a row finds room beside the old one and no index is touched.
create table account (
    account_no integer generated always as identity primary key,
    account_id text not null unique check (account_id ~ '^[0-9]{12}$'),
    organization_id text,
    name text not null,
    email text,
    ou_path text[],
    ou_ids text[] not null default '{}',
    tags jsonb,
    state text not null
        check (state in ('active', 'pending_activation', 'suspended', 'pending_closure', 'closed', 'left')),
    joined_at timestamptz,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    closed_at timestamptz,
    listed_in integer,
    observed_at timestamptz,
    observed_in integer,
    last_sweep integer,
    last_outcome text check (last_outcome in ('done', 'failed', 'skipped')),
    last_reason text,
    last_message text
) with (fillfactor = 50);
comment on table account is 'One row per account ever seen.';
comment on column account.account_no is 'Number of the account in this database.';
comment on column account.account_id is 'AWS account number, twelve digits.';
comment on column account.organization_id is 'Organization that last listed it; null when none did.';
comment on column account.name is 'Name; the account number when no name is known.';
comment on column account.email is 'E-mail address of the root user.';
comment on column account.ou_path is 'Names of the OUs from the root downwards; null when they were not read.';
comment on column account.ou_ids is 'Ids of the root and the OUs on that path.';
comment on column account.tags is 'Tags as an object; null when they were not read.';
comment on column account.state is 'active, pending_activation, suspended, pending_closure, closed, or left (no longer in the organization).';
comment on column account.joined_at is 'When it joined the organization.';
comment on column account.first_seen_at is 'When a sweep first listed it.';
comment on column account.last_seen_at is 'When a sweep last listed it.';
comment on column account.closed_at is 'Since when it is not swept any more, because it left, was suspended or closed; null while it is swept.';
comment on column account.listed_in is 'Last sweep whose complete list named it.';
comment on column account.observed_at is 'When its facts were last read.';
comment on column account.observed_in is 'Last sweep that read it.';
comment on column account.last_sweep is 'Last sweep that listed it and gave it an outcome.';
comment on column account.last_outcome is 'Outcome in that sweep: done, failed or skipped.';
comment on column account.last_reason is 'Reason code, when it failed or was skipped.';
comment on column account.last_message is 'The reason in words, when it failed.';

create table snapshot (
    snapshot_no bigint generated always as identity primary key,
    account_no integer not null references account,
    digest bytea not null check (octet_length(digest) = 32),
    content bytea not null,
    content_size integer not null,
    first_sweep integer not null,
    taken_at timestamptz not null,
    unique (account_no, digest)
);
-- zstd has compressed it already; a second try would cost time for nothing.
alter table snapshot alter column content set storage external;
comment on table snapshot is 'One row per account and distinct content of its facts; a night without change adds none.';
comment on column snapshot.snapshot_no is 'Number of the snapshot in this database.';
comment on column snapshot.account_no is 'The account.';
comment on column snapshot.digest is 'SHA-256 of the uncompressed content.';
comment on column snapshot.content is 'The facts: JSON, compressed with zstd.';
comment on column snapshot.content_size is 'Bytes of the JSON before compression.';
comment on column snapshot.first_sweep is 'First sweep that found this content.';
comment on column snapshot.taken_at is 'When it was first found.';

create table sweep_account (
    sweep_no integer not null references sweep on delete cascade,
    account_no integer not null references account,
    outcome text check (outcome in ('done', 'failed', 'skipped')),
    reason text,
    message text,
    snapshot_no bigint references snapshot,
    calls integer not null default 0,
    throttles integer not null default 0,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (sweep_no, account_no),
    check (outcome is distinct from 'done' or (snapshot_no is not null and reason is null)),
    check (outcome is null or outcome = 'done' or reason is not null)
);
-- Finds the nights that still refer to a snapshot, and the nights of one account.
create index sweep_account_by_account on sweep_account (account_no, sweep_no);
comment on table sweep_account is 'One row per account in a sweep, with its one outcome.';
comment on column sweep_account.sweep_no is 'The sweep.';
comment on column sweep_account.account_no is 'The account.';
comment on column sweep_account.outcome is 'done, failed or skipped; null until the account was dealt with.';
comment on column sweep_account.reason is 'Reason code, when it failed or was skipped.';
comment on column sweep_account.message is 'The reason in words, when it failed.';
comment on column sweep_account.snapshot_no is 'The facts that were found.';
comment on column sweep_account.calls is 'AWS calls made for it.';
comment on column sweep_account.throttles is 'Calls of these that were throttled.';
comment on column sweep_account.started_at is 'When work on it started.';
comment on column sweep_account.finished_at is 'When its facts were complete, or it was given up.';

create table control (
    control_no integer generated always as identity primary key,
    control_id text not null unique,
    number integer not null,
    title text not null,
    description text not null default '',
    cis jsonb not null default '{}',
    security_hub text[] not null default '{}'
);
comment on table control is 'One row per control of the catalog, kept so that views carry titles.';
comment on column control.control_no is 'Number of the control in this database.';
comment on column control.control_id is 'Name of the control, for example s3-bucket-policy-changes.';
comment on column control.number is 'Place in the catalog.';
comment on column control.title is 'Title.';
comment on column control.description is 'What it asks for.';
comment on column control.cis is 'CIS benchmark version → number of the recommendation.';
comment on column control.security_hub is 'Security Hub control ids.';

create table region_set (
    region_set_no integer generated always as identity primary key,
    digest bytea not null unique,
    regions text[] not null
);
comment on table region_set is 'One row per distinct set of Regions; thousands of findings share a few.';
comment on column region_set.region_set_no is 'Number of the set in this database.';
comment on column region_set.digest is 'SHA-256 of the names.';
comment on column region_set.regions is 'The Regions, sorted.';

-- Narrow, so that a count over all findings reads few pages; what is wide is in finding_detail.
create table finding (
    account_no integer not null references account,
    control_no integer not null references control,
    verdict text not null check (verdict in ('pass', 'fail', 'unknown', 'not_applicable')),
    reason text not null,
    cause text,
    covered_set integer not null references region_set,
    uncovered_set integer not null references region_set,
    since timestamptz not null,
    failing_since timestamptz,
    changed_in integer not null,
    primary key (account_no, control_no)
);
-- What people ask first: what fails, what is not known.
create index finding_open on finding (control_no, verdict) where verdict in ('fail', 'unknown');
comment on table finding is 'One row per account and control: the verdict now.';
comment on column finding.account_no is 'The account.';
comment on column finding.control_no is 'The control.';
comment on column finding.verdict is 'pass, fail, unknown or not_applicable.';
comment on column finding.reason is 'Reason code.';
comment on column finding.cause is 'What broke, the same for every finding that one repair would mend; null when nothing did.';
comment on column finding.covered_set is 'Enabled Regions whose events are noticed.';
comment on column finding.uncovered_set is 'Enabled Regions whose events go unnoticed.';
comment on column finding.since is 'Since when verdict and reason are what they are.';
comment on column finding.failing_since is 'Since when it has failed, through changes of reason and nights on which it was not known; null when it passes.';
comment on column finding.changed_in is 'Sweep in which verdict or reason last changed.';

create table finding_detail (
    account_no integer not null,
    control_no integer not null,
    digest bytea not null,
    summary text not null,
    evidence jsonb not null,
    primary key (account_no, control_no),
    foreign key (account_no, control_no) references finding on delete cascade
);
comment on table finding_detail is 'One row per finding: what proves it.';
comment on column finding_detail.account_no is 'The account.';
comment on column finding_detail.control_no is 'The control.';
comment on column finding_detail.digest is 'SHA-256 of the finding, by which a change is noticed.';
comment on column finding_detail.summary is 'One sentence.';
comment on column finding_detail.evidence is 'Chains, witness event, missing permissions, fix.';

create table finding_history (
    account_no integer not null references account,
    control_no integer not null references control,
    verdict text not null check (verdict in ('pass', 'fail', 'unknown', 'not_applicable')),
    reason text not null,
    failing_since timestamptz,
    valid_from timestamptz not null,
    valid_until timestamptz,
    opened_in integer not null,
    closed_in integer,
    primary key (account_no, control_no, valid_from),
    check (valid_until > valid_from),
    check ((valid_until is null) = (closed_in is null)),
    -- Periods of a finding never overlap, so at most one is open. Scalars are written as
    -- ranges, which core GiST can index; that spares the btree_gist extension.
    constraint finding_history_without_overlap exclude using gist (
        int8range(account_no, account_no, '[]') with &&,
        int4range(control_no, control_no, '[]') with &&,
        tstzrange(valid_from, valid_until) with &&
    )
);
-- What changed in or after a sweep: change_since, the summary of a sweep.
create index finding_history_opened on finding_history (opened_in);
create index finding_history_closed on finding_history (closed_in) where closed_in is not null;
-- Repairs: mean_time_to_fix.
create index finding_history_fixed on finding_history (control_no)
    where verdict = 'pass' and failing_since is not null;
comment on table finding_history is 'One row per period during which a finding kept verdict and reason.';
comment on column finding_history.account_no is 'The account.';
comment on column finding_history.control_no is 'The control.';
comment on column finding_history.verdict is 'Verdict in the period.';
comment on column finding_history.reason is 'Reason code in the period.';
comment on column finding_history.failing_since is 'When the failure began that lasts in the period or, for a pass, that the period ended.';
comment on column finding_history.valid_from is 'Start of the period.';
comment on column finding_history.valid_until is 'End of the period; null while it lasts.';
comment on column finding_history.opened_in is 'Sweep that found the change to it.';
comment on column finding_history.closed_in is 'Sweep that found the change from it.';

create table exception (
    exception_id uuid primary key,
    control_id text,
    account_id text,
    ou_id text,
    selector jsonb not null default '{}',
    reason text not null check (reason <> ''),
    author text not null check (author <> ''),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    withdrawn_at timestamptz,
    check (expires_at > created_at)
);
comment on table exception is 'One row per recorded, expiring decision to accept failing findings.';
comment on column exception.exception_id is 'Id of the exception.';
comment on column exception.control_id is 'Only this control; null for all.';
comment on column exception.account_id is 'Only this account; null for all.';
comment on column exception.ou_id is 'Only accounts at or below this OU; null for all.';
comment on column exception.selector is 'Further conditions, for example tags.';
comment on column exception.reason is 'Why it is accepted.';
comment on column exception.author is 'Who decided.';
comment on column exception.created_at is 'When it was recorded.';
comment on column exception.expires_at is 'When it ends by itself.';
comment on column exception.withdrawn_at is 'When it was taken back; null while it stands.';

create table plan (
    plan_id uuid primary key,
    digest text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    author text not null,
    reason text not null,
    document jsonb not null,
    check (expires_at > created_at)
);
comment on table plan is 'One row per repair plan. Plans never change.';
comment on column plan.plan_id is 'Id of the plan.';
comment on column plan.digest is 'SHA-256 of the document; what an approval names.';
comment on column plan.created_at is 'When it was made.';
comment on column plan.expires_at is 'After this it cannot be applied.';
comment on column plan.author is 'Who made it.';
comment on column plan.reason is 'Why.';
comment on column plan.document is 'The plan: its steps, account by account.';

create table run (
    run_id uuid primary key,
    plan_id uuid not null references plan,
    undoes uuid references run,
    author text not null,
    state text not null default 'running'
        check (state in ('running', 'interrupted', 'finished', 'failed')),
    started_at timestamptz not null default now(),
    finished_at timestamptz
);
comment on table run is 'One row per execution of a plan, or of the undoing of one.';
comment on column run.run_id is 'Id of the run.';
comment on column run.plan_id is 'The plan.';
comment on column run.undoes is 'The run that this one takes back; null for an apply.';
comment on column run.author is 'Who started it.';
comment on column run.state is 'running, interrupted, finished or failed.';
comment on column run.started_at is 'When it started.';
comment on column run.finished_at is 'When it ended.';

create table run_action (
    run_id uuid not null references run,
    action_no integer not null,
    account_id text not null,
    kind text not null,
    resource text not null,
    state text not null default 'pending'
        check (state in ('pending', 'started', 'done', 'drifted', 'failed', 'undone', 'skipped')),
    before jsonb,
    after jsonb,
    message text,
    started_at timestamptz,
    finished_at timestamptz,
    primary key (run_id, action_no)
);
comment on table run_action is 'One row per step of a run, written before it starts and after it ends.';
comment on column run_action.run_id is 'The run.';
comment on column run_action.action_no is 'Place of the step in the plan.';
comment on column run_action.account_id is 'The account that it changes.';
comment on column run_action.kind is 'What it does.';
comment on column run_action.resource is 'ARN or name of what it changes.';
comment on column run_action.state is 'pending, started, done, drifted, failed, undone or skipped.';
comment on column run_action.before is 'What was there before, as far as undoing needs it.';
comment on column run_action.after is 'What is there afterwards.';
comment on column run_action.message is 'What went wrong, in words.';
comment on column run_action.started_at is 'When it started.';
comment on column run_action.finished_at is 'When it ended.';
