-- Which server is this? The first statement on every connection; needs no privilege.
-- Column: version
SELECT VERSION() AS version;
