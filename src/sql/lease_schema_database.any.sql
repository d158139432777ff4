-- The schema of our own tables. Run unlogged on every node, before the first logged write into it.
-- Privileges: CREATE on the schema cutover.  Repeat: safe
CREATE DATABASE IF NOT EXISTS cutover CHARACTER SET utf8mb4;
