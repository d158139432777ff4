/* SPDX-License-Identifier: MIT */
/*
 * Clients of a service while it changes sides: each keeps a connection to both primaries, inserts
 * one row after the other, and goes to the other side when it is refused. What was acknowledged,
 * where and when, is written down; tests/bench/gaps.py makes the pause out of that.
 *
 *   pause_client CLIENTS PERIOD_US FIRST OLD_HOST:PORT NEW_HOST:PORT USER TABLE
 *
 * CLIENTS   so many threads, with two connections each
 * PERIOD_US a client begins a write this often; 0: as soon as the one before it was acknowledged
 * FIRST     old or new: where to begin
 * TABLE     DATABASE.TABLE with columns token BIGINT UNSIGNED, side TINYINT, pad CHAR(60)
 *
 * The password is in PAUSE_CLIENT_PASSWORD. Commands on standard input, one a line:
 *   take FILE  write what happened since the last take, and answer with a line of JSON
 *   hold       begin no write until told to go; answers "held" when those under way were answered
 *   go         answers "gone"
 *   stop FILE  as hold and take; ends the program
 * FILE is made of records of three 64-bit numbers: when (CLOCK_MONOTONIC, microseconds), token, and
 * what: 0 acknowledged by OLD, 1 by NEW, 2 the answer was lost: it may be written or not.
 * A token is never sent again once it may have been written.
 */
#include <errmsg.h>
#include <errno.h>
#include <inttypes.h>
#include <mysql.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLIENT_CAP 256
#define ERROR_CAP 24
#define BACK_OFF_US 1000
#define RECONNECT_US 100000 /* a client that has one side left looks after the other this often */
#define EAGER_CLIENTS 8     /* more than that ask as often as these together, not as often each */
#define CONNECT_TIMEOUT_S 2
#define ANSWER_TIMEOUT_S 30
#define REFUSED_AT_LOGIN UINT32_C(0x10000000) /* added to the number of an error */

enum { SIDE_OLD, SIDE_NEW, SIDE_COUNT };
enum { ACKNOWLEDGED_BY_OLD, ACKNOWLEDGED_BY_NEW, ANSWER_LOST };

struct record {
    int64_t at_us;
    uint64_t token;
    int64_t what;
};

struct error_count {
    unsigned code;
    uint64_t count;
};

struct client {
    unsigned number;
    unsigned side;
    uint32_t sequence;
    MYSQL *connections[SIDE_COUNT];
    int64_t tried_us[SIDE_COUNT]; /* when a connection was last tried */
    pthread_t thread;
    pthread_mutex_t mutex; /* of what follows */
    struct record *records;
    size_t count, cap;
    struct error_count errors[ERROR_CAP];
};

struct side_address {
    char host[64];
    unsigned port;
};

static struct side_address sides[SIDE_COUNT];
static const char *user, *password, *table;
static int64_t period_us;
static unsigned client_count;
static atomic_bool is_over;
static atomic_uint ready_count;
static bool is_held;
static unsigned held_count;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* of the two above */
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static struct client clients[CLIENT_CAP];

static void die(const char *what, const char *why)
{
    fprintf(stderr, "pause_client: %s: %s\n", what, why);
    exit(1);
}

/*
 * They share the machine with the servers: 64 that all ask every millisecond while they are refused
 * leave those nothing to work with, and it would be the asking that is measured.
 */
static int64_t eased(int64_t us)
{
    return client_count > EAGER_CLIENTS ? us * client_count / EAGER_CLIENTS : us;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void rest_until(int64_t when_us)
{
    struct timespec until = {.tv_sec = when_us / 1000000, .tv_nsec = when_us % 1000000 * 1000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

static void note(struct client *client, uint64_t token, int64_t what)
{
    pthread_mutex_lock(&client->mutex);
    if (client->count == client->cap) {
        client->cap = client->cap ? client->cap * 2 : 4096;
        client->records = realloc(client->records, client->cap * sizeof *client->records);
        if (!client->records)
            die("records", "no memory");
    }
    client->records[client->count++] =
        (struct record){.at_us = now_us(), .token = token, .what = what};
    pthread_mutex_unlock(&client->mutex);
}

static void note_error(struct client *client, unsigned code)
{
    pthread_mutex_lock(&client->mutex);
    for (size_t i = 0; i < ERROR_CAP; i++) {
        struct error_count *entry = &client->errors[i];

        if (!entry->count || entry->code == code || i == ERROR_CAP - 1) {
            entry->code = code;
            entry->count++;
            break;
        }
    }
    pthread_mutex_unlock(&client->mutex);
}

/* Was the write certainly not done? What is neither this nor acknowledged is a lost answer. */
static bool is_refusal(unsigned code)
{
    return code == 1290 /* read_only */ || code == 1836 /* the server is in read-only mode */ ||
           code == 1205 /* lock wait timeout */ || code == 1213 /* deadlock */ ||
           code == 1223 /* read lock of its own */;
}

static bool is_connection_dead(unsigned code)
{
    return (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR) || code == 1053 || code == 1927 ||
           code == 3169 || code == 1152 || code == 1158 || code == 1159 || code == 1160 ||
           code == 1161;
}

/* The side that is closed locks accounts; keep_other_side() tries again. */
static bool is_locked_out(bool is_first, unsigned code)
{
    return !is_first && (code == 4151 /* MariaDB */ || code == 3118 /* MySQL */);
}

static bool connect_to(struct client *client, unsigned side)
{
    unsigned connect_s = CONNECT_TIMEOUT_S, answer_s = ANSWER_TIMEOUT_S;
    MYSQL *mysql = mysql_init(NULL);

    if (!mysql)
        die("connection", "no memory");
    client->tried_us[side] = now_us();
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
    if (!mysql_real_connect(mysql, sides[side].host, user, password, NULL, sides[side].port, NULL,
                            0)) {
        unsigned code = mysql_errno(mysql);

        note_error(client, REFUSED_AT_LOGIN + code);
        if (atomic_load(&ready_count) < client_count && !is_locked_out(side == client->side, code))
            die("connection", mysql_error(mysql));
        mysql_close(mysql);
        return false;
    }
    client->connections[side] = mysql;
    return true;
}

static void drop(struct client *client, unsigned side)
{
    mysql_close(client->connections[side]);
    client->connections[side] = NULL;
}

/* Both doors are kept at hand: a pool does not wait for the moment when it needs the other one. */
static void keep_other_side(struct client *client)
{
    unsigned other = !client->side;

    if (!client->connections[other] && now_us() - client->tried_us[other] >= eased(RECONNECT_US))
        (void)connect_to(client, other); /* counted; tried again later */
}

static uint64_t next_token(struct client *client)
{
    return (uint64_t)client->number << 32 | ++client->sequence;
}

/* One attempt on the side it is on: was it acknowledged? A lost token is replaced. */
static bool try_once(struct client *client, uint64_t *token)
{
    char statement[256];
    MYSQL *mysql = client->connections[client->side];

    if (!mysql) {
        if (!connect_to(client, client->side))
            return false;
        mysql = client->connections[client->side];
    }
    int length = snprintf(statement, sizeof statement,
                          "INSERT INTO %s (token, side, pad) VALUES (%" PRIu64 ", %u, "
                          "'............................................................')",
                          table, *token, client->side);
    if (mysql_real_query(mysql, statement, (unsigned long)length) == 0) {
        note(client, *token, client->side == SIDE_OLD ? ACKNOWLEDGED_BY_OLD : ACKNOWLEDGED_BY_NEW);
        return true;
    }
    unsigned code = mysql_errno(mysql);
    note_error(client, code);
    if (!is_refusal(code)) {
        note(client, *token, ANSWER_LOST);
        *token = next_token(client);
    }
    if (is_connection_dead(code))
        drop(client, client->side);
    return false;
}

/* Wait here while writers are held. Returns whether they were. */
static bool pass_gate(void)
{
    pthread_mutex_lock(&gate);
    bool was_held = is_held;
    if (was_held) {
        held_count++;
        pthread_cond_broadcast(&gate_moved);
        while (is_held)
            pthread_cond_wait(&gate_moved, &gate);
        held_count--;
    }
    pthread_mutex_unlock(&gate);
    return was_held;
}

/* The clients' writes are spread over the period. */
static int64_t first_write_us(const struct client *client)
{
    return now_us() + period_us * client->number / client_count;
}

static void *write_rows(void *arg)
{
    struct client *client = arg;

    mysql_thread_init();
    for (unsigned side = 0; side < SIDE_COUNT; side++)
        (void)connect_to(client, side); /* ends the program if it cannot, unless it is locked out */
    atomic_fetch_add(&ready_count, 1);

    int64_t next_us = first_write_us(client);
    while (!atomic_load(&is_over)) {
        if (pass_gate())
            next_us = first_write_us(client);
        if (period_us) {
            rest_until(next_us);
            next_us += period_us;
            if (next_us < now_us()) /* a write that could not be begun is not made up for */
                next_us = now_us();
        }
        uint64_t token = next_token(client);
        while (!atomic_load(&is_over) && !try_once(client, &token)) {
            client->side = !client->side;
            rest_until(now_us() + eased(BACK_OFF_US));
        }
        keep_other_side(client);
    }
    for (unsigned side = 0; side < SIDE_COUNT; side++)
        if (client->connections[side])
            drop(client, side);
    mysql_thread_end();
    return NULL;
}

/* --- what is told ----------------------------------------------------------------------------- */

static void add_errors(struct error_count *sum, const struct client *client)
{
    for (size_t i = 0; i < ERROR_CAP && client->errors[i].count; i++)
        for (size_t j = 0; j < ERROR_CAP; j++)
            if (!sum[j].count || sum[j].code == client->errors[i].code || j == ERROR_CAP - 1) {
                sum[j].code = client->errors[i].code;
                sum[j].count += client->errors[i].count;
                break;
            }
}

static void tell(uint64_t record_count, const struct error_count *errors)
{
    printf("{\"records\": %" PRIu64 ", \"errors\": {", record_count);
    for (size_t i = 0; i < ERROR_CAP && errors[i].count; i++) {
        bool is_login = errors[i].code >= REFUSED_AT_LOGIN;

        printf("%s\"%s%u\": %" PRIu64, i ? ", " : "", is_login ? "login " : "",
               is_login ? errors[i].code - REFUSED_AT_LOGIN : errors[i].code, errors[i].count);
    }
    printf("}}\n");
    fflush(stdout);
}

static void take(const char *path)
{
    struct error_count errors[ERROR_CAP] = {0};
    uint64_t count = 0;
    FILE *file = fopen(path, "wb");

    if (!file)
        die(path, strerror(errno));
    for (unsigned i = 0; i < client_count; i++) {
        struct client *client = &clients[i];

        pthread_mutex_lock(&client->mutex);
        struct record *records = client->records;
        size_t taken = client->count;
        client->records = NULL;
        client->count = client->cap = 0;
        add_errors(errors, client);
        memset(client->errors, 0, sizeof client->errors);
        pthread_mutex_unlock(&client->mutex);
        if (taken && fwrite(records, sizeof *records, taken, file) != taken)
            die(path, strerror(errno));
        free(records);
        count += taken;
    }
    if (fclose(file) != 0)
        die(path, strerror(errno));
    tell(count, errors);
}

static void hold(bool is_wanted)
{
    pthread_mutex_lock(&gate);
    is_held = is_wanted;
    pthread_cond_broadcast(&gate_moved);
    while (is_held && held_count < client_count)
        pthread_cond_wait(&gate_moved, &gate);
    pthread_mutex_unlock(&gate);
}

static void answer(const char *text)
{
    puts(text);
    fflush(stdout);
}

static void obey(void)
{
    char line[4200];
    static const char ending[] = "stop ", taking[] = "take ";

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, taking, strlen(taking)) == 0) {
            take(line + strlen(taking));
        } else if (strncmp(line, ending, strlen(ending)) == 0) {
            atomic_store(&is_over, true);
            hold(false);
            for (unsigned i = 0; i < client_count; i++)
                pthread_join(clients[i].thread, NULL);
            take(line + strlen(ending));
            return;
        } else if (strcmp(line, "hold") == 0) {
            hold(true);
            answer("held");
        } else if (strcmp(line, "go") == 0) {
            hold(false);
            answer("gone");
        } else {
            die(line, "there are take FILE, hold, go and stop FILE");
        }
    }
    exit(1); /* whoever measures is gone */
}

static void parse_side(const char *text, struct side_address *side)
{
    if (sscanf(text, "%63[^:]:%u", side->host, &side->port) != 2)
        die(text, "is not HOST:PORT");
}

int main(int argc, char **argv)
{
    password = getenv("PAUSE_CLIENT_PASSWORD");
    if (argc != 8 || !password)
        die("usage", "CLIENTS PERIOD_US old|new OLD_HOST:PORT NEW_HOST:PORT USER TABLE");
    client_count = (unsigned)strtoul(argv[1], NULL, 10);
    period_us = strtoll(argv[2], NULL, 10);
    if (client_count < 1 || client_count > CLIENT_CAP)
        die(argv[1], "is not a number of clients");
    unsigned first = strcmp(argv[3], "new") == 0 ? SIDE_NEW : SIDE_OLD;
    parse_side(argv[4], &sides[SIDE_OLD]);
    parse_side(argv[5], &sides[SIDE_NEW]);
    user = argv[6];
    table = argv[7];
    if (mysql_library_init(0, NULL, NULL))
        die("client library", "does not start");
    for (unsigned i = 0; i < client_count; i++) {
        clients[i].number = i + 1;
        clients[i].side = first;
        pthread_mutex_init(&clients[i].mutex, NULL);
        if (pthread_create(&clients[i].thread, NULL, write_rows, &clients[i]))
            die("thread", "cannot be started");
    }
    while (atomic_load(&ready_count) < client_count)
        rest_until(now_us() + eased(BACK_OFF_US));
    answer("ready");
    obey();
    return 0;
}
