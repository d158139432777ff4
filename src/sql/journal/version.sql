-- Purpose:  a number that changes when somebody else has written to the file.
PRAGMA data_version;
