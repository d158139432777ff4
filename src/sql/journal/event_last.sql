-- Purpose:  the end of the hash chain.
SELECT hash FROM event ORDER BY seq DESC LIMIT 1;
