-- Purpose:  what outlives a run, such as a record's TTL before it was lowered; parameters: service, name, value.
INSERT INTO memory (service, name, value) VALUES (?1, ?2, ?3)
ON CONFLICT (service, name) DO UPDATE SET value = excluded.value;
