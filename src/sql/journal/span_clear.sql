-- Purpose:  a pass begins anew; parameters: service, scope.
DELETE FROM span WHERE service = ?1 AND scope = ?2;
