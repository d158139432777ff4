-- Purpose:  lag of a run by node: samples, known, worst and median apply lag; parameter: run_id.
SELECT node, COUNT(*), COUNT(apply_ms), MAX(apply_ms),
       (SELECT s.apply_ms FROM sample s WHERE s.run_id = ?1 AND s.node = o.node AND s.apply_ms IS NOT NULL
        ORDER BY s.apply_ms LIMIT 1 OFFSET (SELECT COUNT(*) / 2 FROM sample m
                                           WHERE m.run_id = ?1 AND m.node = o.node AND m.apply_ms IS NOT NULL))
FROM sample o WHERE run_id = ?1 GROUP BY node ORDER BY node;
