/* SPDX-License-Identifier: MIT */
/* Checks of those who use the databases: can they log in from where they are? */
#include "domain/preflight_rows.h"

static void check_one(const struct check_row *row, const struct survey_login *login,
                      struct findings *out)
{
    const char *answer = login->answer[0] != '\0' ? login->answer : "nobody has tried";
    char subject[300];

    (void)snprintf(subject, sizeof subject, "%.60s (%.100s)", login->application->name,
                   login->application->account.user);
    if (login->works == TRI_YES)
        return;
    if (login->works == TRI_NO)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, subject,
                                "cannot log in from %.60s to %.60s, of %s: %.220s",
                                login->from->name, login->to->name, side_title(login->to->side),
                                answer),
                    "on %.100s make the account for the address that it sees, with the password "
                    "that the application has; or correct applications",
                    login->to->name);
    else
        finding_fix(
            finding_add(out, row, SEVERITY_WARN, subject,
                        "not known whether it can log in from %.60s to %.60s, of %s: %.210s",
                        login->from->name, login->to->name, side_title(login->to->side), answer),
            "let it be tried from there (docs/hosts.md), or log in there by hand");
}

LOOK(look_application_login)
{
    size_t before = out->count;

    for (size_t i = 0; i < survey->login_count; i++)
        check_one(row, &survey->logins[i], out);
    if (survey->login_count == 0 && service->application_count > 0)
        finding_fix(finding_add(out, row, SEVERITY_WARN, service->applications[0].name,
                                "not known: no login of an application was tried"),
                    "%s", row->how);
    finding_well(out, row, before,
                 service->application_count > 0 ? "each logs in from each of its hosts"
                                                : "no applications are named");
}

static const struct check_row rows[] = {
    {.id = "account.application_login",
     .why = "an account that is missing on the other side, or not for that host, is found by users",
     .how = "list who uses the databases in applications, and make each account on both sides for "
            "the addresses of its hosts",
     .source = "MySQL Reference Manual, Access Control, Stage 1: Connection Verification; "
               "docs/hosts.md",
     .worst = SEVERITY_BLOCK,
     .look = look_application_login},
};

const struct check_section preflight_applications = {"The accounts of applications", rows,
                                                     ARRAY_LEN(rows)};
