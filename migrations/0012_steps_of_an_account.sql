-- The steps of a run are asked for account by account, when its turn comes and when it goes on
-- after a crash. By the primary key each of a thousand accounts would read all thirty thousand
-- steps.
create index run_action_by_account on run_action (run_id, account_id, action_no);
