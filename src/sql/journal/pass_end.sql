-- Purpose:  a pass is complete; parameters: service, scope, ended_us.
UPDATE pass SET ended_us = ?3 WHERE service = ?1 AND scope = ?2;
