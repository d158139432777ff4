-- Purpose:  the latest openings of a side of a service, the newest first; parameters: service, how many.
SELECT event.detail FROM event JOIN run ON run.id = event.run_id
WHERE run.service = ?1 AND event.name = 'side.opened' ORDER BY event.seq DESC LIMIT ?2;
