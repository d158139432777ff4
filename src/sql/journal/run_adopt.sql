-- Purpose:  another process goes on with the run; parameters: id, holder, epoch.
UPDATE run SET state = 'running', ended_us = NULL, holder = ?2, epoch = ?3 WHERE id = ?1;
