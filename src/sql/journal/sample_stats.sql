-- Purpose:  lag of a run by node: samples, known, worst and median apply lag; parameter: run_id.
WITH known AS (
    SELECT node, apply_ms, ROW_NUMBER() OVER (PARTITION BY node ORDER BY apply_ms) AS place,
           COUNT(*) OVER (PARTITION BY node) AS total
    FROM sample WHERE run_id = ?1 AND apply_ms IS NOT NULL)
SELECT s.node, COUNT(*), COUNT(s.apply_ms), MAX(s.apply_ms),
       (SELECT k.apply_ms FROM known k WHERE k.node = s.node AND k.place = (k.total + 1) / 2)
FROM sample s WHERE s.run_id = ?1 GROUP BY s.node ORDER BY s.node;
