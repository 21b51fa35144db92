-- A run of a thousand accounts changes the state of its steps some 60,000 times. Each of them is in the
-- audit trail as before, but those of one statement are added by one insertion; and a row is not checked
-- that may still change.

drop trigger run_action_is_audited on run_action;

create function run_action_is_final() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'what was done stays recorded: steps of runs cannot be deleted'
            using errcode = 'integrity_constraint_violation';
    end if;
    if (new.run_id, new.action_no) is distinct from (old.run_id, old.action_no) then
        raise exception 'step % of run % keeps its number', old.action_no, old.run_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if not (
        old.state = 'done' and new.state = 'undone'
        and (new.before, new.after, new.kind, new.resource, new.account_id, new.started_at, new.finished_at)
            is not distinct from
            (old.before, old.after, old.kind, old.resource, old.account_id, old.started_at, old.finished_at)
    ) then
        raise exception 'step % of run % is done and cannot be changed', old.action_no, old.run_id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
comment on function run_action_is_final() is 'Keeps steps from being deleted or numbered anew; what is done can only become undone.';
create trigger run_action_stays before delete on run_action
    for each row execute function run_action_is_final();
create trigger run_action_is_final before update on run_action
    for each row when (old.state in ('done', 'undone')) execute function run_action_is_final();
create trigger run_action_keeps_its_number before update on run_action
    for each row when ((new.run_id, new.action_no) is distinct from (old.run_id, old.action_no))
    execute function run_action_is_final();

create or replace function run_action_is_audited() returns trigger language plpgsql as $$
begin
    insert into audit_event (run_id, action_no, account_id, event, actor, message)
    select step.run_id, step.action_no, step.account_id, step.kind || ' ' || step.state, run.author, step.message
    from step_after step
    join step_before earlier using (run_id, action_no)
    join run on run.run_id = step.run_id
    where step.state is distinct from earlier.state
    order by step.run_id, step.action_no;
    return null;
end
$$;
comment on function run_action_is_audited() is 'Adds each new state of a step to the audit trail.';
create trigger run_action_is_audited after update on run_action
    referencing old table as step_before new table as step_after
    for each statement execute function run_action_is_audited();

-- Each step is written twice after it was put down: room for that beside it leaves its indexes alone.
alter table run_action set (fillfactor = 40);
