-- What decides whether a table can be compared by its checksum.
-- Privileges: any on the table.  Parameters: schema, name
-- Columns: engine, is_partitioned
SELECT ENGINE AS engine, IFNULL(CREATE_OPTIONS, '') LIKE '%partitioned%' AS is_partitioned
  FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = :{schema} AND TABLE_NAME = :{name}
