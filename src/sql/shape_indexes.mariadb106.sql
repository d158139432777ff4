-- The parts of all indexes of one database's tables, in order. What a server does not have is NULL: expressions, descending
-- parts, indexes that queries may not use.
-- Privileges: any on the tables
-- Parameters: database
-- Columns:    as selected; SUB_PART is NULL when the whole column is indexed
SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, NON_UNIQUE, INDEX_TYPE, COLUMN_NAME, SUB_PART,
       NULL AS EXPRESSION, IF(COLLATION = 'D', 'DESC', NULL) AS DIRECTION,
       IF(IGNORED = 'YES', 'IGNORED', NULL) AS HIDDEN
  FROM information_schema.STATISTICS
 WHERE TABLE_SCHEMA = :{database}
 ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
