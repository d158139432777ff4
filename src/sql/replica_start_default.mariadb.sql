-- Start the default channel: a replica follows its cluster's primary.
-- Privileges: REPLICATION SLAVE ADMIN.  Repeat: safe
START SLAVE '';
