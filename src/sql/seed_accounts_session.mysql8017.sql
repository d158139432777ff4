-- Before seed_show_account: hashes are shown as hexadecimal digits. Those of caching_sha2_password hold any bytes.
-- Privileges: none
SET SESSION print_identified_with_as_hex = 1
