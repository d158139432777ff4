-- Purpose:  one inventory of a service; parameters: service, id.
SELECT body FROM inventory WHERE service = ?1 AND id = ?2;
