-- Purpose:  the data of one side was replaced: no pass can be gone on with; parameter: service.
DELETE FROM pass WHERE service = ?1;
