-- Each table is exchanged atomically; one that is exchanged and another that is not yet fit together, because both stand
-- at the same commits.
EXCHANGE TABLES visitors AND visitors_rebuilt, orders AND orders_rebuilt, visits AND visits_rebuilt
