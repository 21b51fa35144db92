-- The views: the SQL interface for people and programs. Column names are stable;
-- columns may be added at the end. A later migration that changes one replaces it whole.

create view posture as
select
    'orgsweep:' || coalesce(a.organization_id, '-') || '/' || a.account_id || '/' || c.control_id as urn,
    a.organization_id,
    a.account_id,
    a.name as account_name,
    a.email as account_email,
    array_to_string(a.ou_path, '/') as ou_path,
    a.ou_ids,
    a.tags,
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    c.cis,
    c.security_hub,
    f.verdict,
    f.reason,
    d.summary,
    f.cause,
    f.since,
    f.failing_since,
    a.observed_at,
    now() - a.observed_at as age,
    case when a.last_outcome <> 'done' then a.last_reason end as not_read_reason,
    covered.regions as covered_regions,
    uncovered.regions as uncovered_regions,
    d.evidence,
    s.sweep_id
from finding f
join account a using (account_no)
join control c using (control_no)
left join finding_detail d using (account_no, control_no)
left join region_set covered on covered.region_set_no = f.covered_set
left join region_set uncovered on uncovered.region_set_no = f.uncovered_set
left join sweep s on s.sweep_no = a.observed_in;
comment on view posture is 'One row per account and control: the last verdict, with everything needed to sort and filter it. Accounts that left or were closed are not in it; accounts that the last sweep could not read keep their last verdict and are marked by not_read_reason.';
comment on column posture.urn is 'Stable name of the finding: orgsweep:<organization>/<account>/<control>.';
comment on column posture.organization_id is 'The organization; null when the account was named by hand.';
comment on column posture.account_id is 'AWS account number, twelve digits.';
comment on column posture.account_name is 'Name of the account.';
comment on column posture.account_email is 'E-mail address of its root user.';
comment on column posture.ou_path is 'Names of its OUs, joined by slashes: Workloads/Prod. Empty directly below the root, null when not read.';
comment on column posture.ou_ids is 'Ids of the root and of its OUs.';
comment on column posture.tags is 'Tags of the account as an object; null when not read.';
comment on column posture.control is 'Name of the control, for example s3-bucket-policy-changes.';
comment on column posture.control_number is 'Place of the control in the catalog.';
comment on column posture.control_title is 'Title of the control.';
comment on column posture.cis is 'CIS benchmark version → number of the recommendation.';
comment on column posture.security_hub is 'Security Hub control ids.';
comment on column posture.verdict is 'pass, fail, unknown or not_applicable.';
comment on column posture.reason is 'Reason code: the first broken link, or why it passes or is not known.';
comment on column posture.summary is 'One sentence for a person.';
comment on column posture.cause is 'What broke; the same for every finding that one repair would mend. Null when nothing did.';
comment on column posture.since is 'Since when verdict and reason are what they are.';
comment on column posture.failing_since is 'Since when it has failed, through changes of reason and nights on which it was not known; null when it passes.';
comment on column posture.observed_at is 'When the facts were read.';
comment on column posture.age is 'How long ago that was.';
comment on column posture.not_read_reason is 'Why the last sweep that listed the account did not read it; null when it did.';
comment on column posture.covered_regions is 'Enabled Regions whose events are noticed.';
comment on column posture.uncovered_regions is 'Enabled Regions whose events go unnoticed, or are not known to be noticed.';
comment on column posture.evidence is 'What proves the verdict: chains, witness event, missing permissions, fix.';
comment on column posture.sweep_id is 'Sweep that read the facts.';

create view failing as
select
    urn, organization_id, account_id, account_name, account_email, ou_path, ou_ids, tags,
    control, control_number, control_title, cis, security_hub, reason, summary, cause,
    since, failing_since, now() - failing_since as failing_for, observed_at, age, not_read_reason,
    uncovered_regions, evidence ->> 'fix' as fix, evidence, sweep_id
from posture
where verdict = 'fail';
comment on view failing is 'One row per account and control that fails: somebody could make the change and nobody would be told.';
comment on column failing.urn is 'Stable name of the finding.';
comment on column failing.organization_id is 'The organization.';
comment on column failing.account_id is 'AWS account number.';
comment on column failing.account_name is 'Name of the account.';
comment on column failing.account_email is 'E-mail address of its root user.';
comment on column failing.ou_path is 'Names of its OUs, joined by slashes.';
comment on column failing.ou_ids is 'Ids of the root and of its OUs.';
comment on column failing.tags is 'Tags of the account as an object.';
comment on column failing.control is 'Name of the control.';
comment on column failing.control_number is 'Place of the control in the catalog.';
comment on column failing.control_title is 'Title of the control.';
comment on column failing.cis is 'CIS benchmark version → number of the recommendation.';
comment on column failing.security_hub is 'Security Hub control ids.';
comment on column failing.reason is 'Reason code: the first broken link.';
comment on column failing.summary is 'One sentence for a person.';
comment on column failing.cause is 'What broke; the same for every finding that one repair would mend.';
comment on column failing.since is 'Since when it has failed for this reason.';
comment on column failing.failing_since is 'Since when it has failed for any reason.';
comment on column failing.failing_for is 'How long it has failed for any reason.';
comment on column failing.observed_at is 'When the facts were read.';
comment on column failing.age is 'How long ago that was.';
comment on column failing.not_read_reason is 'Why the last sweep that listed the account did not read it; null when it did.';
comment on column failing.uncovered_regions is 'Enabled Regions whose events go unnoticed.';
comment on column failing.fix is 'What would repair it, in words.';
comment on column failing.evidence is 'What proves the verdict.';
comment on column failing.sweep_id is 'Sweep that read the facts.';

create view uncovered_region as
select
    a.organization_id,
    a.account_id,
    a.name as account_name,
    array_to_string(a.ou_path, '/') as ou_path,
    r.region,
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    f.verdict,
    f.reason,
    f.since,
    a.observed_at
from finding f
join region_set u on u.region_set_no = f.uncovered_set
join account a using (account_no)
join control c using (control_no)
cross join lateral unnest(u.regions) as r (region)
where f.verdict in ('fail', 'unknown');
comment on view uncovered_region is 'One row per account, control and enabled Region in which events go unnoticed (verdict fail) or are not known to be noticed (unknown).';
comment on column uncovered_region.organization_id is 'The organization.';
comment on column uncovered_region.account_id is 'AWS account number.';
comment on column uncovered_region.account_name is 'Name of the account.';
comment on column uncovered_region.ou_path is 'Names of its OUs, joined by slashes.';
comment on column uncovered_region.region is 'The Region.';
comment on column uncovered_region.control is 'Name of the control.';
comment on column uncovered_region.control_number is 'Place of the control in the catalog.';
comment on column uncovered_region.control_title is 'Title of the control.';
comment on column uncovered_region.verdict is 'Verdict of the finding: fail or unknown.';
comment on column uncovered_region.reason is 'Reason code of the finding.';
comment on column uncovered_region.since is 'Since when verdict and reason are what they are.';
comment on column uncovered_region.observed_at is 'When the facts were read.';

create view account_status as
select
    a.organization_id,
    a.account_id,
    a.name as account_name,
    a.email as account_email,
    array_to_string(a.ou_path, '/') as ou_path,
    a.ou_ids,
    a.tags,
    a.state,
    a.joined_at,
    a.first_seen_at,
    a.last_seen_at,
    a.closed_at,
    a.last_outcome,
    a.last_reason,
    a.last_message,
    a.observed_at,
    now() - a.observed_at as age,
    coalesce(f.passing, 0) as passing,
    coalesce(f.failing, 0) as failing,
    coalesce(f.unknown, 0) as unknown,
    coalesce(f.not_applicable, 0) as not_applicable,
    s.sweep_id
from account a
left join (
    select
        account_no,
        count(*) filter (where verdict = 'pass') as passing,
        count(*) filter (where verdict = 'fail') as failing,
        count(*) filter (where verdict = 'unknown') as unknown,
        count(*) filter (where verdict = 'not_applicable') as not_applicable
    from finding
    group by account_no
) f using (account_no)
left join sweep s on s.sweep_no = a.observed_in;
comment on view account_status is 'One row per account ever seen: where it is, whether it was read, how it stands.';
comment on column account_status.organization_id is 'Organization that last listed it.';
comment on column account_status.account_id is 'AWS account number.';
comment on column account_status.account_name is 'Name of the account.';
comment on column account_status.account_email is 'E-mail address of its root user.';
comment on column account_status.ou_path is 'Names of its OUs, joined by slashes.';
comment on column account_status.ou_ids is 'Ids of the root and of its OUs.';
comment on column account_status.tags is 'Tags of the account as an object.';
comment on column account_status.state is 'active, pending_activation, suspended, pending_closure, closed, or left (no longer in the organization).';
comment on column account_status.joined_at is 'When it joined the organization.';
comment on column account_status.first_seen_at is 'When a sweep first listed it.';
comment on column account_status.last_seen_at is 'When a sweep last listed it.';
comment on column account_status.closed_at is 'Since when it is not swept any more; null while it is.';
comment on column account_status.last_outcome is 'Outcome in the last sweep that listed it: done, failed or skipped.';
comment on column account_status.last_reason is 'Reason code, when it failed or was skipped.';
comment on column account_status.last_message is 'The reason in words, when it failed.';
comment on column account_status.observed_at is 'When its facts were last read.';
comment on column account_status.age is 'How long ago that was.';
comment on column account_status.passing is 'Controls that pass.';
comment on column account_status.failing is 'Controls that fail.';
comment on column account_status.unknown is 'Controls whose verdict is not known.';
comment on column account_status.not_applicable is 'Controls that do not concern it.';
comment on column account_status.sweep_id is 'Last sweep that read it.';

create view control_posture as
select
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    coalesce(f.passing, 0) as passing,
    coalesce(f.failing, 0) as failing,
    coalesce(f.unknown, 0) as unknown,
    coalesce(f.not_applicable, 0) as not_applicable,
    f.longest_failing_since
from control c
left join (
    select
        control_no,
        count(*) filter (where verdict = 'pass') as passing,
        count(*) filter (where verdict = 'fail') as failing,
        count(*) filter (where verdict = 'unknown') as unknown,
        count(*) filter (where verdict = 'not_applicable') as not_applicable,
        min(failing_since) filter (where verdict = 'fail') as longest_failing_since
    from finding
    group by control_no
) f using (control_no);
comment on view control_posture is 'One row per control: how many accounts pass and fail.';
comment on column control_posture.control is 'Name of the control.';
comment on column control_posture.control_number is 'Place of the control in the catalog.';
comment on column control_posture.control_title is 'Title of the control.';
comment on column control_posture.passing is 'Accounts that pass.';
comment on column control_posture.failing is 'Accounts that fail.';
comment on column control_posture.unknown is 'Accounts whose verdict is not known.';
comment on column control_posture.not_applicable is 'Accounts that it does not concern.';
comment on column control_posture.longest_failing_since is 'Since when the longest failure has lasted.';

create view finding_period as
select
    a.organization_id,
    a.account_id,
    a.name as account_name,
    array_to_string(a.ou_path, '/') as ou_path,
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    h.verdict,
    h.reason,
    h.valid_from,
    h.valid_until,
    h.failing_since,
    opened.sweep_id as opened_in_sweep,
    closed.sweep_id as closed_in_sweep,
    h.opened_in as opened_in_sweep_no,
    h.closed_in as closed_in_sweep_no
from finding_history h
join account a using (account_no)
join control c using (control_no)
left join sweep opened on opened.sweep_no = h.opened_in
left join sweep closed on closed.sweep_no = h.closed_in;
comment on view finding_period is 'One row per period during which a finding kept verdict and reason. Periods of a finding never overlap.';
comment on column finding_period.organization_id is 'Organization that last listed the account.';
comment on column finding_period.account_id is 'AWS account number.';
comment on column finding_period.account_name is 'Name of the account, today.';
comment on column finding_period.ou_path is 'Names of its OUs, today, joined by slashes.';
comment on column finding_period.control is 'Name of the control.';
comment on column finding_period.control_number is 'Place of the control in the catalog.';
comment on column finding_period.control_title is 'Title of the control.';
comment on column finding_period.verdict is 'Verdict in the period.';
comment on column finding_period.reason is 'Reason code in the period.';
comment on column finding_period.valid_from is 'Start of the period.';
comment on column finding_period.valid_until is 'End of the period; null while it lasts.';
comment on column finding_period.failing_since is 'When the failure began that lasts in the period or, for a pass, that the period ended.';
comment on column finding_period.opened_in_sweep is 'Sweep that found the change to it.';
comment on column finding_period.closed_in_sweep is 'Sweep that found the change from it, or that the account had left.';
comment on column finding_period.opened_in_sweep_no is 'Number of the sweep that found the change to it; later sweeps have larger numbers.';
comment on column finding_period.closed_in_sweep_no is 'Number of the sweep that found the change from it.';

create view coverage_of_sweep as
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
    s.program_version
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

create view sweep_outcome as
select
    s.sweep_id,
    s.sweep_no,
    a.account_id,
    a.name as account_name,
    array_to_string(a.ou_path, '/') as ou_path,
    sa.outcome,
    sa.reason,
    sa.message,
    sa.calls,
    sa.throttles,
    sa.started_at,
    sa.finished_at,
    encode(sn.digest, 'hex') as snapshot_digest
from sweep_account sa
join sweep s using (sweep_no)
join account a using (account_no)
left join snapshot sn on sn.snapshot_no = sa.snapshot_no;
comment on view sweep_outcome is 'One row per account in a sweep, with its one outcome: who was not read, and why.';
comment on column sweep_outcome.sweep_id is 'Id of the sweep.';
comment on column sweep_outcome.sweep_no is 'Number of the sweep; later sweeps have larger numbers.';
comment on column sweep_outcome.account_id is 'AWS account number.';
comment on column sweep_outcome.account_name is 'Name of the account.';
comment on column sweep_outcome.ou_path is 'Names of its OUs, joined by slashes.';
comment on column sweep_outcome.outcome is 'done, failed or skipped; null while it is still to be read.';
comment on column sweep_outcome.reason is 'Reason code, when it failed or was skipped.';
comment on column sweep_outcome.message is 'The reason in words, when it failed.';
comment on column sweep_outcome.calls is 'AWS calls made for it.';
comment on column sweep_outcome.throttles is 'Calls of these that were throttled.';
comment on column sweep_outcome.started_at is 'When work on it started.';
comment on column sweep_outcome.finished_at is 'When its facts were complete, or it was given up.';
comment on column sweep_outcome.snapshot_digest is 'SHA-256 of the facts that were found; the same on two nights means that nothing changed.';

create view mean_time_to_fix as
select
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    coalesce(fixed.repairs, 0) as repairs,
    fixed.mean_time,
    fixed.longest_time,
    coalesce(open.failing, 0) as failing,
    now() - open.failing_since as longest_failing_for
from control c
left join (
    select
        control_no,
        count(*) as repairs,
        avg(valid_from - failing_since) as mean_time,
        max(valid_from - failing_since) as longest_time
    from finding_history
    where verdict = 'pass' and failing_since is not null
    group by control_no
) fixed using (control_no)
left join (
    select control_no, count(*) as failing, min(failing_since) as failing_since
    from finding
    where verdict = 'fail'
    group by control_no
) open using (control_no);
comment on view mean_time_to_fix is 'One row per control: how long failures lasted until they passed.';
comment on column mean_time_to_fix.control is 'Name of the control.';
comment on column mean_time_to_fix.control_number is 'Place of the control in the catalog.';
comment on column mean_time_to_fix.control_title is 'Title of the control.';
comment on column mean_time_to_fix.repairs is 'Failures that ended with a pass.';
comment on column mean_time_to_fix.mean_time is 'Mean time from the first failing sweep to the first passing one; null without repairs.';
comment on column mean_time_to_fix.longest_time is 'The longest such time.';
comment on column mean_time_to_fix.failing is 'Accounts that fail now.';
comment on column mean_time_to_fix.longest_failing_for is 'How long the longest failure has lasted that is not repaired.';

create view cause as
select
    f.cause,
    f.verdict,
    f.reason,
    count(distinct f.account_no) as accounts,
    count(*) as findings,
    array_agg(distinct c.control_id order by c.control_id) as controls,
    min(a.account_id) as example_account_id,
    min(f.failing_since) as failing_since
from finding f
join account a using (account_no)
join control c using (control_no)
where f.verdict in ('fail', 'unknown')
group by f.cause, f.verdict, f.reason;
comment on view cause is 'One row per thing that is broken or could not be read, however many findings it causes: one broken organization chain is one row.';
comment on column cause.cause is 'What broke: reason and resource.';
comment on column cause.verdict is 'fail or unknown.';
comment on column cause.reason is 'Reason code.';
comment on column cause.accounts is 'Accounts that it concerns.';
comment on column cause.findings is 'Findings that it causes.';
comment on column cause.controls is 'Controls that it concerns.';
comment on column cause.example_account_id is 'One of these accounts.';
comment on column cause.failing_since is 'Since when the first of these findings has failed.';

create function as_of(moment timestamptz) returns setof finding_period
language sql stable
as $$
    select *
    from finding_period
    where valid_from <= moment and (valid_until is null or valid_until > moment)
$$;
comment on function as_of(timestamptz) is 'The posture at a moment: the rows of finding_period that held then.';

create function change_since(since_sweep uuid) returns table (
    organization_id text,
    account_id text,
    account_name text,
    ou_path text,
    control text,
    control_title text,
    change text,
    verdict_before text,
    reason_before text,
    verdict text,
    reason text,
    changed_at timestamptz
)
language sql stable
as $$
    with since as (
        select sweep_no from coverage_of_sweep where sweep_id = since_sweep
    ),
    before as (
        select p.*
        from finding_period p, since
        where p.closed_in_sweep_no > since.sweep_no and p.opened_in_sweep_no <= since.sweep_no
    ),
    after as (
        select p.*
        from finding_period p, since
        where p.opened_in_sweep_no > since.sweep_no and p.closed_in_sweep_no is null
    )
    select
        coalesce(after.organization_id, before.organization_id),
        account_id,
        coalesce(after.account_name, before.account_name),
        coalesce(after.ou_path, before.ou_path),
        control,
        coalesce(after.control_title, before.control_title),
        case
            when after.verdict is null then 'gone'
            when after.verdict = 'fail' and before.verdict is distinct from 'fail' then 'new'
            when before.verdict = 'fail' and after.verdict in ('pass', 'not_applicable') then 'fixed'
            when before.verdict is null then 'first'
            else 'changed'
        end,
        before.verdict,
        before.reason,
        after.verdict,
        after.reason,
        coalesce(after.valid_from, before.valid_until)
    from before
    full join after using (account_id, control)
    where (before.verdict, before.reason) is distinct from (after.verdict, after.reason)
$$;
comment on function change_since(uuid) is 'Findings whose verdict or reason now differs from what it was when a sweep ended.
organization_id: The organization.
account_id: AWS account number.
account_name: Name of the account.
ou_path: Names of its OUs, joined by slashes.
control: Name of the control.
control_title: Title of the control.
change: new (fails now, did not before), fixed (failed before, passes now), changed (other verdict or reason), first (judged for the first time), gone (account or control is not judged any more).
verdict_before: Verdict when the sweep ended; null when there was none.
reason_before: Reason code when the sweep ended.
verdict: Verdict now; null when it is gone.
reason: Reason code now.
changed_at: When it became what it is now.';
