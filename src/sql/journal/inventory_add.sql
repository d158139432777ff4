-- Purpose:  an inventory that was taken; parameters: service, taken_us, body.
INSERT INTO inventory (service, taken_us, body) VALUES (?1, ?2, ?3);
