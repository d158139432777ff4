-- Says nothing, at length. A server writes its answers in pieces as large as the largest statement that the session has
-- sent (16 KiB before): large ones cost a stream of rows a fifth less. Source: net_realloc() in sql/net_serv.cc.
-- Versions:   all          Privileges: none
-- Parameters: padding      Columns: none
DO LENGTH(:{padding})
