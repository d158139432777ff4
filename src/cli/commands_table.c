/* SPDX-License-Identifier: MIT */
/* Every command of the program, one row each. */
#include <string.h>

#include "cli/commands.h"
#include "io/conffile.h"

static const struct cli_command rows[] = {
    {.id = CLI_CHECK,
     .name = "check",
     .args = "[ID]",
     .max_args = 1,
     .summary = "look for everything that would stop a migration, there or back",
     .about = "Reads both clusters, all nodes of them, and the DNS records, and runs every\n"
              "check over what it found, for both directions. Each finding tells its evidence\n"
              "and how to mend it. Nothing is changed: neither on the servers nor at the DNS\n"
              "provider.\n"
              "\n"
              "With an ID, such as binlog.format, only the findings of that check are shown.\n"
              "--explain tells what it is, or without an ID what all of them are, and needs\n"
              "no configuration; docs/checks.md has the same. --measure-paths measures round\n"
              "trip, throughput and loss between the hosts, which puts load on the network.\n"
              "\n"
              "Exits with 3 when a finding that is shown blocks.",
     .example = "cutover check binlog.format --explain",
     .handler = cmd_check},
    {.id = CLI_STATUS,
     .name = "status",
     .args = "",
     .summary = "where the migration stands, and whether you can go back now",
     .about = "Asks the servers and the DNS what is true now and names the situation: apart,\n"
              "following, rehearsing, mirrored, shared, fenced, switched, retired, or unsafe\n"
              "with the reason. Then the links with their lag, which primary is open, the\n"
              "replicas, what the DNS answers, who holds the lease, and what going back would\n"
              "cost.\n"
              "\n"
              "Lag is measured: how long the other side needs to reach this side's position\n"
              "of now. Lag that cannot be measured is unknown, never zero. Nothing is\n"
              "changed.",
     .example = "cutover status --json",
     .handler = cmd_status},
    {.id = CLI_PLAN,
     .name = "plan",
     .args = "PLAYBOOK",
     .min_args = 1,
     .max_args = 1,
     .summary = "print every statement and API call a playbook would make; touch nothing",
     .about = "Compiles the playbook against the situation of now and prints the plan:\n"
              "numbered steps, each with its statements, API calls and what abort would do,\n"
              "then warnings, the forecast of the write pause, and the plan's hash.\n"
              "\n"
              "With --out the plan is written to a file that another person can review and\n"
              "that run --plan executes unchanged, or refuses when the world is no longer\n"
              "what it was compiled against.\n"
              "\n"
              "PLAYBOOK is a file, or the name of a shipped one such as 4-migration-day.",
     .example = "cutover plan 4-migration-day --out migration-day.plan",
     .handler = cmd_plan},
    {.id = CLI_RUN,
     .name = "run",
     .args = "[PLAYBOOK]",
     .max_args = 1,
     .summary = "execute a playbook, a reviewed plan, or the rest of an interrupted run",
     .about = "Compiles the playbook, shows the plan, asks, and executes it step by step.\n"
              "What is going to be done is on disk before it is done, so a run that was\n"
              "killed at any point goes on with --resume or is undone with \"cutover abort\".\n"
              "\n"
              "A failure before the commit step undoes everything by itself and exits with 4.\n"
              "A failure after it stops, says what is true now and what to type, and exits\n"
              "with 5. Ctrl-C asks for an orderly stop at the next safe point.\n"
              "\n"
              "Give exactly one of PLAYBOOK, --plan FILE and --resume. PLAYBOOK is a file, or\n"
              "the name of a shipped one such as 4-migration-day.",
     .example = "cutover run 4-migration-day",
     .handler = cmd_run},
    {.id = CLI_VERIFY,
     .name = "verify",
     .args = "[pause|resume]",
     .max_args = 1,
     .summary = "compare the data of both primaries, row by row, while writes go on",
     .about = "Reads every table chunk by chunk on the primary that is open, and on the other\n"
              "one as soon as it has reached the same position. A chunk that differs is\n"
              "looked at again, so the answer is never \"probably\". Differences are printed\n"
              "with table, key, column and both values.\n"
              "\n"
              "Mode stream reads all rows over the network; in mode remote the servers hash\n"
              "them; mode fast takes the servers' own checksums of tables, which are weaker.\n"
              "\n"
              "It is a guest on the servers: it waits while the replica lags, while a server\n"
              "is busy, and while somebody wants a pause (\"verify pause\", \"verify resume\").\n"
              "What was compared is kept: a comparison that was stopped or killed is gone on\n"
              "with when it is started again with the same options.\n"
              "\n"
              "Exits with 0 when both sides are equal and with 3 when they differ.",
     .example = "cutover verify --table blog.posts --table blog.users",
     .handler = cmd_verify},
    {.id = CLI_ROLLBACK,
     .name = "rollback",
     .args = "",
     .summary = "go back: a cutover in the other direction, under the same gates and proof",
     .about = "After the commit step the way back is not an undo but a second cutover, from\n"
              "NEW to OLD: OLD applies everything that was written on NEW before it opens, so\n"
              "nothing is lost. It takes the same gates, fence and verification as the way\n"
              "there.\n"
              "\n"
              "In mode shared both sides are open while DNS converges, in mode fenced only one\n"
              "side is at any time. Without --mode it is the one that fits: fenced when the\n"
              "move was fenced or a side is closed already, and it says which and why.\n"
              "\n"
              "When the reverse link has stopped for good, or NEW is gone, only --lose-writes\n"
              "leads back. It lists the transactions that OLD has not received, and does nothing\n"
              "before their number was typed: at the question, or as --lose N. Where NEW cannot\n"
              "be asked the number is \"unknown\". NEW is closed first, what is lost is kept in\n"
              "a file beside the journal, and the two sides are parted for good.",
     .example = "cutover rollback --mode shared",
     .handler = cmd_rollback},
    {.id = CLI_ABORT,
     .name = "abort",
     .args = "[RUN]",
     .max_args = 1,
     .summary = "undo the steps of an interrupted run that has not committed",
     .about = "Undoes, last step first, what a run did that was killed or stopped. A run that\n"
              "has passed its commit step cannot be aborted: abort then says so and names\n"
              "rollback. Without RUN it takes the unfinished one.",
     .example = "cutover abort",
     .handler = cmd_abort},
    {.id = CLI_REPORT,
     .name = "report",
     .args = "[RUN]",
     .max_args = 1,
     .summary = "the story of a run, from the journal",
     .about = "Each step with its time and outcome, the write pause, lag before the flip,\n"
              "rows verified, what the DNS did, and what went wrong. Without RUN it tells of\n"
              "the latest one. Reads the journal only: no server is asked.\n"
              "\n"
              "As html it is one file to keep or to attach: charts of the lag and the pause,\n"
              "who said yes, every statement; no script, and nothing is fetched.",
     .example = "cutover report --html --out migration-day.html",
     .handler = cmd_report},
    {.id = CLI_DRILL,
     .name = "drill",
     .args = "[PLAYBOOK]",
     .max_args = 1,
     .summary = "rehearse a playbook there and back, with faults, and score it",
     .about =
         "Performs the playbook and its way back, as often as asked. Each way is a run like\n"
         "any other, by a controller of its own, which this command watches. Meanwhile it\n"
         "writes rows as a client would, and looks for every acknowledged one afterwards.\n"
         "The score: each step's time now, last time, at best and at worst; the write\n"
         "pause; lost writes; how long it took to recover from a fault and whether a\n"
         "person was needed; what is different from the last drill.\n"
         "\n"
         "Faults, each with @STEP or @STEP/PART to say where (otherwise in the step that\n"
         "commits):\n"
         "\n"
         "  kill-controller  kill -9 the controller, and go on with run --resume\n"
         "  cut-link         the side that is moved to stops receiving for 3 s\n"
         "  stall-apply      the side that is moved to stops applying for 3 s\n"
         "  dns-429          the provider answers a flip with 429, too many requests\n"
         "  lost-answer      a flip is made and the provider's answer is lost\n"
         "\n"
         "With several, each round has one of them, in turn.\n"
         "\n"
         "Nobody has said what the service is (environment = \"staging\" or \"lab\"): then it\n"
         "is production. There only the canary record is flipped, steps that would close\n"
         "the side of the users are left out, and faults and a fence need a waiver.\n"
         "\n"
         "However it ends, what was broken is mended and the service is brought back to\n"
         "where it was. Ctrl-C stops the drill at the next safe point and goes back.\n"
         "\n"
         "Exits with 0 when all rounds were good, with 4 when one was not and the service\n"
         "is as it was before, with 5 when it is not or a write was lost.",
     .example = "cutover drill 4-migration-day-fenced --times 3 --fault kill-controller@cut-over",
     .handler = cmd_drill},
    {.id = CLI_INVENTORY,
     .name = "inventory",
     .args = "[A [B]]",
     .max_args = 2,
     .summary = "record what both sides are made of; tell what differs or has changed",
     .about = "Reads from both primaries every variable, the tables, views, triggers,\n"
              "routines and events with a digest of each, the accounts and what they may,\n"
              "what is loaded, the replication channels with their filters, and the sizes;\n"
              "where ssh is configured, from their hosts: system, packages, disks, limits,\n"
              "clock, ports, firewall, what touches a database at times, certificates and\n"
              "option files. It is kept in the journal under a number. Secrets are not read\n"
              "or not kept. Nothing is changed on the servers. --measure-paths also keeps\n"
              "what the ways between the hosts are worth, as \"check\" measures it.\n"
              "\n"
              "--diff compares OLD with NEW, as they are now. --diff A says what has changed\n"
              "since inventory A was recorded, --diff A B what changed between the two:\n"
              "\"what is different since the rehearsal?\" Without --diff, A is printed again.\n"
              "\n"
              "Exits with 3 when it cannot be known, because a side was not read.",
     .example = "cutover inventory --diff 3 --format markdown",
     .handler = cmd_inventory},
    {.id = CLI_SERVE,
     .name = "serve",
     .args = "",
     .summary = "show the migration in a browser: lag, links, the runbook, the way back",
     .about = "Serves one page, its API and the metrics for Prometheus from this process: the\n"
              "situation in a sentence, the lag of both links ten times a second, who is open,\n"
              "the steps of the run that is under way with the statements of the current one,\n"
              "what was compared, what the name servers answer, and whether there is a way\n"
              "back. It reads the servers and the journal, and changes nothing; the run goes\n"
              "on without it.\n"
              "\n"
              "On this host anybody may look. To let others look, or to tell them apart, name\n"
              "a file of tokens: serve = { tokens = \"file:tokens\"; } with a line for each,\n"
              "NAME ROLE TOKEN, the role is watch or operate. An address that other hosts\n"
              "reach needs tokens and TLS.",
     .example = "cutover serve --listen 127.0.0.1:8306",
     .handler = cmd_serve},
    {.id = CLI_WATCH,
     .name = "watch",
     .args = "",
     .summary = "show the migration in this terminal: lag, links, the runbook, the way back",
     .about =
         "The page of \"cutover serve\" for a terminal of 80x24 or larger: the situation in a\n"
         "sentence and what comes next, who takes writes and for how long nobody does, the\n"
         "lag of both links, nodes, the run that is under way with the statements of its\n"
         "current step, what was compared, the names, the way back, and what happened.\n"
         "\n"
         "It asks the servers and reads the journal itself, as a run on the same host writes\n"
         "it. With --url it shows what a \"cutover serve\" elsewhere knows, and asks no server;\n"
         "then it needs no configuration. The token, where one is wanted, is read from\n"
         "--auth-file or from CUTOVER_TOKEN in the environment.\n"
         "\n"
         "It changes nothing by itself; a asks the run for something (approve, hold, go on,\n"
         "abort, roll back), after it has said what will follow and the word was typed. q or\n"
         "Ctrl-C ends the screen and nothing else. With --once it prints all of it as text,\n"
         "once: for a ticket, a pipe, or a terminal without a cursor.",
     .example = "cutover watch --url https://controller.example.com:8306",
     .handler = cmd_watch},
    {.id = CLI_ASK,
     .name = "ask",
     .args = "WHAT [STEP]",
     .min_args = 1,
     .max_args = 2,
     .summary = "ask the run that goes on to hold, go on, abort, go back, or approve a step",
     .about = "Says what will follow, asks whether that is wanted, and hands the wish to the\n"
              "run, which is the only one that acts. WHAT is one of\n"
              "\n"
              "  approve    say yes to the approve step that waits; STEP is its name\n"
              "  hold       wait before the next step of the playbook\n"
              "  go-on      end a hold\n"
              "  abort      stop at the next safe place, undo what was begun (before users move)\n"
              "  rollback   stop at the next safe place, go back (after users have moved)\n"
              "\n"
              "What is not possible now is refused at once. The run looks at it within a second,\n"
              "but not while writes are refused. Who asked, for what, and what became of it is in\n"
              "the journal and in the report. The same can be asked on the dashboard.",
     .example = "cutover ask hold",
     .handler = cmd_ask},
    {.id = CLI_ACTIONS,
     .name = "actions",
     .args = "[ACTION]",
     .max_args = 1,
     .summary = "what a playbook's steps may do, with their parameters",
     .about = "Lists the actions a playbook may name: what each does, what abort does to it,\n"
              "the situations it may start from and the one it ends in, and its parameters\n"
              "with their defaults.",
     .example = "cutover actions cutover",
     .handler = cmd_actions},
    {.id = CLI_VERSION,
     .name = "version",
     .args = "",
     .summary = "say which version this is",
     .about = "Prints the version of the program.",
     .example = "cutover version",
     .handler = cmd_version},
    {.id = CLI_HELP,
     .name = "help",
     .args = "[COMMAND]",
     .max_args = 1,
     .summary = "say what a command does and which options it takes",
     .about = "Without COMMAND it lists the commands. \"cutover COMMAND --help\" is the same.",
     .example = "cutover help run",
     .handler = cmd_help},
    {.id = CLI_GENERATE,
     .name = "generate",
     .args = "WHAT [NAME]",
     .min_args = 1,
     .max_args = 2,
     .summary = "print texts that are made from the program's tables",
     .about = "For the build: checks, man, completion, mermaid, metrics, playbook-reference,\n"
              "reference [COMMAND], servers.",
     .example = "cutover generate man | man -l -",
     .handler = cmd_generate,
     .is_hidden = true},
    {.id = CLI_DRILL_LEG,
     .name = "drill-leg",
     .args = "WHAT [PLAYBOOK]",
     .min_args = 1,
     .max_args = 2,
     .summary = "one way of a drill",
     .about =
         "For \"cutover drill\", which starts it: there PLAYBOOK, back PLAYBOOK, resume, abort.",
     .example = "cutover drill 4-migration-day",
     .handler = cmd_drill_leg,
     .is_hidden = true},
};
_Static_assert(ARRAY_LEN(rows) == CLI_COMMAND_COUNT, "every command has a row");

const struct cli_command *cli_command_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

const struct cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

const char *cli_command_suggest(const char *word)
{
    const char *known[CLI_COMMAND_COUNT + 1] = {0};
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!rows[i].is_hidden)
            known[count++] = rows[i].name;
    return conf_suggest(word, known);
}
