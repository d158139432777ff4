-- Purpose:  forget all proofs: the data of one side was replaced; parameter: service.
DELETE FROM verified WHERE service = ?1;
