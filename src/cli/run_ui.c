/* SPDX-License-Identifier: MIT */
/* What run, rollback, abort and plan have in common. */
#include "cli/run_ui.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/signals.h"
#include "cli/exit_code.h"
#include "engine/compile.h"
#include "engine/journal.h"
#include "engine/observe.h"
#include "playbook/read.h"

/* --- finding ---------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/*
 * Folders of playbooks, nearest first: the one here, then what was installed with this program,
 * wherever that was put: PREFIX/bin/cutover has PREFIX/share/cutover/playbooks. False when there is
 * no such folder.
 */
static bool playbook_folder(size_t index, char out[PATH_MAX])
{
    static const char installed[] = "/share/cutover/playbooks";

    if (index == 0) {
        (void)snprintf(out, PATH_MAX, "playbooks");
        return true;
    }
    ssize_t len = index == 1 ? readlink("/proc/self/exe", out, PATH_MAX - sizeof installed) : -1;
    if (len <= 0)
        return false;
    out[len] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(out, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    memcpy(out + strlen(out), installed, sizeof installed);
    return true;
}

static void list_shipped(char *out, size_t out_size)
{
    char folder[PATH_MAX];
    struct dirent **names = NULL;
    size_t len = 0;

    out[0] = '\0';
    for (size_t f = 0; len == 0 && playbook_folder(f, folder); f++) {
        int count = scandir(folder, &names, NULL, alphasort);
        for (int i = 0; i < count; i++) {
            const char *dot = strrchr(names[i]->d_name, '.');
            if (dot && strcmp(dot, ".cfg") == 0 && len < out_size)
                len += (size_t)snprintf(out + len, out_size - len, "%s%.*s", len ? ", " : "",
                                        (int)(dot - names[i]->d_name), names[i]->d_name);
            free(names[i]);
        }
        if (count >= 0)
            free(names);
    }
}

int playbook_locate(const char *word, char *out, size_t out_size, struct err *err)
{
    char folder[PATH_MAX], shipped[256];

    (void)snprintf(out, out_size, "%s", word);
    if (is_file(out))
        return 0;
    for (size_t i = 0; !strchr(word, '/') && playbook_folder(i, folder); i++) {
        (void)snprintf(out, out_size, "%s/%s.cfg", folder, word);
        if (is_file(out))
            return 0;
    }
    err_set(err, ERR_USAGE, EFFECT_NONE, "there is no playbook \"%s\"", word);
    list_shipped(shipped, sizeof shipped);
    return shipped[0] ? err_hint(err, "shipped ones: %s", shipped)
                      : err_hint(err, "give the path of a playbook file");
}

/* --- compiling -------------------------------------------------------------------------------- */

int compile_read_playbook(const struct service *service, const struct playbook *playbook,
                          const char *from_step, struct plan *out, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    CLEANUP(dns_freep) struct dns *dns = NULL;
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct err none = {0};

    int rc = observe(service, &facts, NULL, err);
    if (!rc && service->dns.is_configured)
        rc = dns_open(service, &dns, err);
    if (rc)
        return rc;
    rc = journal_open_reader(service->journal_path, &journal, &none);
    if (rc && rc != ERR_REFUSED) { /* no journal yet is fine; a broken one is not */
        *err = none;
        return rc;
    }
    struct compile_input input = {.service = service,
                                  .playbook = playbook,
                                  .facts = &facts,
                                  .dns = dns,
                                  .journal = journal,
                                  .from_step = from_step};
    return compile_plan(&input, out, err);
}

int compile_playbook(const struct service *service, const char *path, const char *from_step,
                     struct plan *out, struct err *err)
{
    struct playbook playbook = {0};
    int rc = playbook_read(path, service, &playbook, err);

    if (!rc)
        rc = compile_read_playbook(service, &playbook, from_step, out, err);
    playbook_release(&playbook);
    return rc;
}

/* --- executing -------------------------------------------------------------------------------- */

static void show_progress(void *context, const char *text)
{
    struct render *render = context;

    if (text)
        progress_show(render, "%s", text);
    else
        progress_clear(render);
}

static int check_terminal(struct err *err)
{
    if (isatty(STDIN_FILENO))
        return 0;
    err_set(err, ERR_REFUSED, EFFECT_NONE, "nobody can be asked: standard input is no terminal");
    return err_hint(err, "answer beforehand with --yes");
}

/* A line was typed. A terminal hands out one at a time, so that what was typed ahead is kept. */
static int read_answer(const char *question, struct err *err)
{
    char answer[64];

    if (!fgets(answer, sizeof answer, stdin) || signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "no answer to: %s", question);
    if (answer[0] == 'y' || answer[0] == 'Y')
        return 1;
    if (answer[0] == 'n' || answer[0] == 'N')
        return 0;
    (void)fprintf(stderr, "Please type y or n.");
    return RUN_UI_OPEN;
}

int ask_yes(void *context, const char *question, struct err *err)
{
    int rc = check_terminal(err);

    if (rc)
        return rc;
    do {
        prompt_show(context, question);
        rc = read_answer(question, err);
        prompt_answered(context);
    } while (rc == RUN_UI_OPEN);
    return rc;
}

int ask_look(void *context, const char *question, int64_t wait_ms, struct err *err)
{
    struct pollfd typed[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = signals_wait_fd(), .events = POLLIN}};
    int rc = check_terminal(err);

    if (rc)
        return rc;
    prompt_show(context, question);
    if (poll(typed, ARRAY_LEN(typed), (int)wait_ms) <= 0 || !typed[0].revents)
        return RUN_UI_OPEN; /* a stop is seen by who called */
    rc = read_answer(question, err);
    prompt_answered(context);
    return rc;
}

void person_here(char out[64])
{
    const char *behind = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *user = getpwuid(geteuid());

    if (behind && *behind)
        (void)snprintf(out, 64, "%s", behind);
    else if (user)
        (void)snprintf(out, 64, "%s", user->pw_name);
    else
        (void)snprintf(out, 64, "uid %u", (unsigned)geteuid());
}

int ask_word(struct render *render, const char *question, char *out, size_t out_size,
             struct err *err)
{
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "nobody can be asked: standard input is no terminal");
    progress_clear(render);
    (void)fprintf(stderr, "\n%s ", question);
    if (!fgets(out, (int)out_size, stdin) || signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "no answer to: %s", question);
    out[strcspn(out, "\r\n")] = '\0';
    return 0;
}

static void who_we_are(char out[160])
{
    const struct passwd *user = getpwuid(geteuid());
    char host[64] = "localhost";

    (void)gethostname(host, sizeof host - 1); /* a name for messages: the default will do */
    (void)snprintf(out, 160, "%.60s@%.60s pid %ld", user ? user->pw_name : "uid", host,
                   (long)getpid());
}

void run_options_init(struct run_options *out, const struct service *service,
                      const struct cli_options *options, struct render *render, char holder[160])
{
    who_we_are(holder);
    *out = (struct run_options){
        .service = service,
        .holder = holder,
        .is_yes = options->is_yes,
        .is_ttl_wait_skipped = options->is_ttl_wait_skipped,
        .workers = options->workers,
        .ui = {.context = render, .progress = show_progress, .ask = ask_yes, .ask_look = ask_look}};
}

/* --- telling ---------------------------------------------------------------------------------- */

int run_exit_code(enum run_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_DONE:
        return EXIT_DONE;
    case OUTCOME_REFUSED:
        return EXIT_REFUSED;
    case OUTCOME_UNDONE:
        return EXIT_UNDONE;
    case OUTCOME_STUCK:
    case OUTCOME_ROLLBACK:
        return EXIT_PERSON;
    case OUTCOME_STOPPED:
        return EXIT_ABORTED;
    case OUTCOME_TAKEN:
        return EXIT_BUSY;
    }
    return EXIT_PERSON;
}

static const char *const outcome_names[] = {
    [OUTCOME_DONE] = "done",   [OUTCOME_REFUSED] = "refused", [OUTCOME_UNDONE] = "undone",
    [OUTCOME_STUCK] = "stuck", [OUTCOME_STOPPED] = "stopped", [OUTCOME_ROLLBACK] = "rollback",
    [OUTCOME_TAKEN] = "taken"};

static const char *const outcome_sentences[] = {
    [OUTCOME_DONE] = "is done",
    [OUTCOME_REFUSED] = "stopped at a check: nothing of that step was changed",
    [OUTCOME_UNDONE] = "failed; the step was undone",
    [OUTCOME_STUCK] = "needs a person",
    [OUTCOME_STOPPED] = "was stopped",
    [OUTCOME_ROLLBACK] = "says: go back",
    [OUTCOME_TAKEN] = "belongs to another controller by now: this one has ended"};

static int tell_json(const struct run_result *result, const struct err *failure, struct err *err)
{
    CLEANUP(json_release)
    json_t *json = json_pack("{s:s,s:s,s:b,s:s,s:s,s:s,s:s,s:f}", "run", result->run_id, "outcome",
                             outcome_names[result->outcome], "committed", (int)result->is_committed,
                             "situation", situation_name(result->verdict.situation), "because",
                             result->verdict.because, "next", result->verdict.next, "way_back",
                             result->verdict.way_back, "write_pause_ms", result->write_pause_ms);

    if (failure->code && json)
        (void)json_object_set_new(json, "error",
                                  json_pack("{s:s,s:s,s:s,s:s}", "code",
                                            err_code_name(failure->code), "effect",
                                            err_effect_name(failure->effect), "message",
                                            failure->msg, "hint", failure->hint));
    return render_json(json, err);
}

static void tell_text(const struct run_result *result)
{
    (void)printf("\nRun %s %s.\n", result->run_id, outcome_sentences[result->outcome]);
    (void)printf("Situation  %s: %s\n", situation_name(result->verdict.situation),
                 result->verdict.because);
    if (result->write_pause_ms >= 0)
        (void)printf("Writes     were refused for %.1f ms\n", result->write_pause_ms);
    if (result->verdict.way_back[0])
        (void)printf("Way back   %s\n", result->verdict.way_back);
    if (result->verdict.next[0])
        (void)printf("Next       %s\n", result->verdict.next);
}

int conclude(const struct cli_options *options, const struct run_result *result, int rc,
             struct err *err)
{
    if (!result->run_id[0])
        return rc; /* no run began: main says why and maps the code */

    struct err failure = rc ? *err : (struct err){0};
    if (options->is_json) {
        struct err output = {0};
        if (tell_json(result, &failure, &output))
            *err = output;
    } else {
        tell_text(result);
        (void)fflush(
            stdout); /* before the failure is logged on standard error; main asks the stream */
    }
    return run_exit_code(result->outcome);
}
