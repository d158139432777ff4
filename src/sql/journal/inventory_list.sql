-- Purpose:  the inventories of a service, oldest first; parameter: service.
SELECT id, body FROM inventory WHERE service = ?1 ORDER BY id;
