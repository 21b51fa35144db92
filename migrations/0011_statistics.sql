-- What the planner knows of accounts that could not be read. Almost all are read on almost all
-- nights; without this it takes every one for unread, and looks at all findings before it looks at
-- accounts (a question for unread ones took 121 ms at ten thousand accounts).
create statistics account_not_read on ((case when last_outcome <> 'done' then last_reason end))
    from account;
analyze account;
