-- Decisions: the framework that a sweep judged by, and exceptions: recorded, expiring decisions
-- to accept failing findings. An exception never turns a verdict; it stands beside it.

alter table sweep add column framework text;
comment on column sweep.framework is 'Framework whose requirements decided, for example cis-7.0.0; null for sweeps older than this column.';

alter table exception
    add column reason_code text,
    add column renews uuid references exception,
    add column withdrawn_by text,
    add check ((withdrawn_at is null) = (withdrawn_by is null));
comment on column exception.control_id is 'Only this control; null for all.';
comment on column exception.ou_id is 'Only accounts at or below this OU, by its id or by its names joined by slashes; null for all.';
comment on column exception.selector is 'Tags that the account must have: an object `tags` of keys with values, an array `tag_keys` of keys with any value.';
comment on column exception.reason_code is 'Only findings that fail for this reason; null for all.';
comment on column exception.renews is 'The exception that this one goes on with; null for a new one.';
comment on column exception.withdrawn_by is 'Who took it back, or renewed it; null while it stands.';

create view excepted_finding as
select
    a.organization_id,
    a.account_id,
    a.name as account_name,
    array_to_string(a.ou_path, '/') as ou_path,
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    f.reason,
    f.failing_since,
    e.exception_id,
    e.reason as exception_reason,
    e.author as exception_author,
    e.created_at as excepted_since,
    e.expires_at as excepted_until
from exception e
join finding f on f.verdict = 'fail' and (e.reason_code is null or e.reason_code = f.reason)
join account a using (account_no)
join control c using (control_no)
where e.withdrawn_at is null
    and e.expires_at > now()
    and (e.control_id is null or e.control_id = c.control_id)
    and (e.account_id is null or e.account_id = a.account_id)
    and (
        e.ou_id is null
        or e.ou_id = any (a.ou_ids)
        or array_to_string(a.ou_path, '/') = e.ou_id
        or starts_with(array_to_string(a.ou_path, '/'), e.ou_id || '/')
    )
    and (not e.selector ? 'tags' or a.tags @> (e.selector -> 'tags'))
    and (
        not e.selector ? 'tag_keys'
        or a.tags ?& array(select jsonb_array_elements_text(e.selector -> 'tag_keys'))
    );
comment on view excepted_finding is 'One row per failing finding and exception in force that accepts it. The finding goes on to fail.';
comment on column excepted_finding.organization_id is 'The organization.';
comment on column excepted_finding.account_id is 'AWS account number.';
comment on column excepted_finding.account_name is 'Name of the account.';
comment on column excepted_finding.ou_path is 'Names of its OUs, joined by slashes.';
comment on column excepted_finding.control is 'Name of the control.';
comment on column excepted_finding.control_number is 'Place of the control in the catalog.';
comment on column excepted_finding.control_title is 'Title of the control.';
comment on column excepted_finding.reason is 'Reason code of the finding.';
comment on column excepted_finding.failing_since is 'Since when it has failed for any reason.';
comment on column excepted_finding.exception_id is 'Id of the exception.';
comment on column excepted_finding.exception_reason is 'Why the finding is accepted.';
comment on column excepted_finding.exception_author is 'Who decided.';
comment on column excepted_finding.excepted_since is 'When the exception was recorded.';
comment on column excepted_finding.excepted_until is 'When the exception ends by itself.';

create view exception_status as
select
    e.exception_id,
    case
        when e.withdrawn_at is not null then 'withdrawn'
        when e.expires_at <= now() then 'expired'
        when e.expires_at <= now() + interval '30 days' then 'ends_soon'
        else 'in_force'
    end as state,
    e.control_id as control,
    e.account_id,
    e.ou_id as ou,
    e.selector -> 'tags' as tags,
    e.selector -> 'tag_keys' as tag_keys,
    e.reason_code,
    e.reason,
    e.author,
    e.created_at,
    e.expires_at,
    e.withdrawn_at,
    e.withdrawn_by,
    e.renews,
    (select count(*) from excepted_finding x where x.exception_id = e.exception_id) as findings
from exception e;
comment on view exception_status is 'One row per exception ever recorded: who accepted what, why, until when, and how many failing findings it accepts now.';
comment on column exception_status.exception_id is 'Id of the exception.';
comment on column exception_status.state is 'in_force, ends_soon (within 30 days), expired or withdrawn.';
comment on column exception_status.control is 'Only this control; null for all.';
comment on column exception_status.account_id is 'Only this account; null for all.';
comment on column exception_status.ou is 'Only accounts at or below this OU, by id or names; null for all.';
comment on column exception_status.tags is 'Only accounts with these tags; null for all.';
comment on column exception_status.tag_keys is 'Only accounts with tags of these keys, whatever their value; null for all.';
comment on column exception_status.reason_code is 'Only findings that fail for this reason; null for all.';
comment on column exception_status.reason is 'Why it is accepted.';
comment on column exception_status.author is 'Who decided.';
comment on column exception_status.created_at is 'When it was recorded.';
comment on column exception_status.expires_at is 'When it ends by itself.';
comment on column exception_status.withdrawn_at is 'When it was taken back or renewed; null while it stands.';
comment on column exception_status.withdrawn_by is 'Who took it back or renewed it.';
comment on column exception_status.renews is 'The exception that this one goes on with.';
comment on column exception_status.findings is 'Failing findings that it accepts now.';

-- The columns about exceptions are subqueries, so that a query that does not name them does not
-- pay for them.
create or replace view posture as
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
    s.sweep_id,
    s.framework,
    (
        select x.exception_id
        from excepted_finding x
        where f.verdict = 'fail' and x.account_id = a.account_id and x.control = c.control_id
        order by x.excepted_until desc, x.exception_id
        limit 1
    ) as exception_id,
    (
        select x.exception_reason
        from excepted_finding x
        where f.verdict = 'fail' and x.account_id = a.account_id and x.control = c.control_id
        order by x.excepted_until desc, x.exception_id
        limit 1
    ) as exception_reason,
    (
        select x.excepted_until
        from excepted_finding x
        where f.verdict = 'fail' and x.account_id = a.account_id and x.control = c.control_id
        order by x.excepted_until desc, x.exception_id
        limit 1
    ) as excepted_until
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
comment on column posture.framework is 'Framework whose requirements decided, for example cis-7.0.0.';
comment on column posture.exception_id is 'Exception in force that accepts the failing finding; null when there is none. The verdict stays fail.';
comment on column posture.exception_reason is 'Why that exception accepts it.';
comment on column posture.excepted_until is 'When that exception ends.';

create or replace view failing as
select
    urn, organization_id, account_id, account_name, account_email, ou_path, ou_ids, tags,
    control, control_number, control_title, cis, security_hub, reason, summary, cause,
    since, failing_since, now() - failing_since as failing_for, observed_at, age, not_read_reason,
    uncovered_regions, evidence ->> 'fix' as fix, evidence, sweep_id,
    framework, exception_id, exception_reason, excepted_until
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
comment on column failing.framework is 'Framework whose requirements decided.';
comment on column failing.exception_id is 'Exception in force that accepts it; null when there is none: `where exception_id is null` leaves the accepted ones out.';
comment on column failing.exception_reason is 'Why that exception accepts it.';
comment on column failing.excepted_until is 'When that exception ends.';

create or replace view control_posture as
select
    c.control_id as control,
    c.number as control_number,
    c.title as control_title,
    coalesce(f.passing, 0) as passing,
    coalesce(f.failing, 0) as failing,
    coalesce(f.unknown, 0) as unknown,
    coalesce(f.not_applicable, 0) as not_applicable,
    f.longest_failing_since,
    (
        select count(distinct x.account_id)
        from excepted_finding x
        where x.control = c.control_id
    ) as excepted
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
comment on column control_posture.excepted is 'Accounts of the failing ones that an exception in force accepts.';

do $$
declare
    wanted text;
begin
    foreach wanted in array array['orgsweep_reader', 'orgsweep_scanner', 'orgsweep_remediator'] loop
        if exists (select from pg_roles where rolname = wanted) then
            execute format('grant select on excepted_finding, exception_status to %I', wanted);
        end if;
    end loop;
end
$$;
