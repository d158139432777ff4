-- Let an empty binary log say where it begins: gtid_adopt has said it.
-- Privileges: none.  Parameter: position, which is not used
DO 0;
