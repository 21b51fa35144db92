-- The roles: who may read and write what. They belong to the whole server, so another
-- database may have made them already, at this very moment even; and the user who migrates
-- may not be allowed to make them. Both are fine: whoever may, does; otherwise an
-- administrator makes the roles and runs this file again by hand.

do $$
declare
    wanted text;
begin
    foreach wanted in array array['orgsweep_reader', 'orgsweep_scanner', 'orgsweep_remediator'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                when insufficient_privilege or duplicate_object or unique_violation then
                    raise notice 'role % was not created: %', wanted, sqlerrm;
            end;
        end if;
    end loop;
end
$$;

do $$
declare
    item record;
    missing text;
begin
    select string_agg(name, ', ') into missing
    from unnest(array['orgsweep_reader', 'orgsweep_scanner', 'orgsweep_remediator']) as name
    where not exists (select from pg_roles where rolname = name);
    if missing is not null then
        raise notice 'no privileges were granted, because these roles do not exist: %', missing;
        return;
    end if;

    execute format(
        'grant usage on schema %I to orgsweep_reader, orgsweep_scanner, orgsweep_remediator', current_schema
    );
    -- Opening the store looks up which migrations there are.
    if to_regclass('_sqlx_migrations') is not null then
        grant select on _sqlx_migrations to orgsweep_reader, orgsweep_scanner, orgsweep_remediator;
    end if;
    for item in
        select c.relname, c.relkind
        from pg_class c
        where c.relnamespace = current_schema::regnamespace
            and c.relkind in ('r', 'v')
            and c.relname = any (array[
                'posture', 'failing', 'uncovered_region', 'account_status', 'control_posture',
                'finding_period', 'coverage_of_sweep', 'sweep_outcome', 'mean_time_to_fix', 'cause',
                'sweep', 'account', 'snapshot', 'sweep_account', 'control', 'region_set', 'finding',
                'finding_detail', 'finding_history', 'exception', 'plan', 'run', 'run_action'
            ])
    loop
        if item.relkind = 'v' then
            execute format(
                'grant select on %I to orgsweep_reader, orgsweep_scanner, orgsweep_remediator', item.relname
            );
        elsif item.relname in ('plan', 'run', 'run_action') then
            execute format('grant select, insert, update on %I to orgsweep_remediator', item.relname);
            execute format('grant select on %I to orgsweep_scanner', item.relname);
        else
            execute format(
                'grant select, insert, update, delete on %I to orgsweep_scanner', item.relname
            );
            execute format('grant select on %I to orgsweep_remediator', item.relname);
        end if;
    end loop;
end
$$;

-- So that `orgsweep query` can give up its own rights for the reader's.
do $$
begin
    if not pg_has_role(current_user, 'orgsweep_reader', 'member') then
        execute format('grant orgsweep_reader to %I', current_user);
    end if;
exception
    when others then
        -- No such role, no right to grant it, or another database of this server is granting
        -- it at this moment. Queries are read-only without it as well.
        raise notice 'orgsweep_reader was not granted to %: %', current_user, sqlerrm;
end
$$;
