-- Purpose:  parameters: service, name.
SELECT value FROM memory WHERE service = ?1 AND name = ?2;
