-- Point a channel at its source. What the replica's own cluster wrote comes back in master/master; the replica knows its
-- GTIDs and leaves it out, so that nothing has to be ignored. The source sends a sign of life every 2 s, so that a dead
-- connection shows.
-- Privileges: SUPER; the channel must be stopped (3021).  Repeat: safe
-- Parameters: channel, host, port#, user, password, tls# (0, 1), verify# (0, 1: the source's certificate must name its host),
--             ca: path of the CA file ON THE REPLICA'S HOST, readable by the server; '' unless certificates are verified
CHANGE MASTER TO MASTER_HOST = :{host}, MASTER_PORT = :{port#}, MASTER_USER = :{user}, MASTER_PASSWORD = :{password},
    MASTER_SSL = :{tls#}, MASTER_SSL_VERIFY_SERVER_CERT = :{verify#}, MASTER_SSL_CA = :{ca},
    MASTER_CONNECT_RETRY = 1, MASTER_RETRY_COUNT = 86400, MASTER_HEARTBEAT_PERIOD = 2, MASTER_AUTO_POSITION = 1
    FOR CHANNEL :{channel};
