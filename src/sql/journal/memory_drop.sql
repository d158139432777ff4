-- Purpose:  parameters: service, name.
DELETE FROM memory WHERE service = ?1 AND name = ?2;
