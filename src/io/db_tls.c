/* SPDX-License-Identifier: MIT */
/* What the client library has no option for, asked of the TLS library beneath it. */
#include "io/db_tls.h"

#ifdef LIBMARIADB
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

/* What Connector/C's MARIADB_TLS is: its header ma_tls.h does not compile outside of it. */
struct tls_layer {
    void *data;
    MARIADB_PVIO *pvio;
    void *session;
};

/* Connector/C is built with one of three libraries, and a session means something else to each. */
static bool is_our_openssl(MYSQL *mysql)
{
    const char *library = NULL;
    char wanted[32];

    (void)snprintf(wanted, sizeof wanted, "OpenSSL %d.", OPENSSL_VERSION_MAJOR);
    return mariadb_get_infov(mysql, MARIADB_TLS_LIBRARY, &library) == 0 && library != NULL &&
           strncmp(library, wanted, strlen(wanted)) == 0;
}

void db_tls_thin(MYSQL *mysql)
{
    const MARIADB_PVIO *pvio = mysql->net.pvio;

    const struct tls_layer *layer = pvio != NULL ? pvio->ctls : NULL;

    if (layer == NULL || layer->pvio != pvio || layer->session == NULL || !is_our_openssl(mysql))
        return;
    SSL *session = layer->session;
    (void)SSL_set_mode(session, SSL_MODE_RELEASE_BUFFERS); /* returns what is set now */
    SSL_set_read_ahead(session, 1);
}
#else
void db_tls_thin(MYSQL *mysql UNUSED)
{
    /* Oracle's library shows nothing of it */
}
#endif
