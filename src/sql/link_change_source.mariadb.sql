-- Point a channel at its source. The domain of the replica's own cluster is ignored: its transactions come back in
-- master/master and are here already. The source sends a sign of life every 2 s, so that a dead connection shows.
-- Privileges: REPLICATION SLAVE ADMIN; the channel must be stopped (1198).  Repeat: safe
-- Parameters: channel, host, port#, user, password, ignore# (a gtid domain),
--             tls# (0, 1), verify# (0, 1: the source's certificate must name its host; MariaDB 11.4 and newer default to 1),
--             ca: path of the CA file ON THE REPLICA'S HOST, readable by the server; '' unless certificates are verified
CHANGE MASTER :{channel} TO MASTER_HOST = :{host}, MASTER_PORT = :{port#}, MASTER_USER = :{user},
    MASTER_PASSWORD = :{password}, MASTER_SSL = :{tls#}, MASTER_SSL_VERIFY_SERVER_CERT = :{verify#},
    MASTER_SSL_CA = :{ca}, MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 2,
    IGNORE_DOMAIN_IDS = (:{ignore#});
