-- Purpose:  the last pass over these tables; parameters: service, scope.
SELECT p.run_id, p.source, p.mode, p.began_us, p.ended_us,
       (SELECT COUNT(*) FROM span s WHERE s.service = p.service AND s.scope = p.scope),
       (SELECT COUNT(*) FROM span s WHERE s.service = p.service AND s.scope = p.scope AND s.is_done),
       (SELECT COALESCE(SUM(s.row_count), 0) FROM span s WHERE s.service = p.service AND s.scope = p.scope),
       (SELECT COALESCE(MAX(s.at_us), p.began_us) FROM span s WHERE s.service = p.service AND s.scope = p.scope)
FROM pass p WHERE p.service = ?1 AND p.scope = ?2;
