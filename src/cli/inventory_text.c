/* SPDX-License-Identifier: MIT */
/* Inventories as text and as Markdown. */
#include "cli/inventory_text.h"

#include <inttypes.h>
#include <string.h>

#include "domain/inventory.h"

/* --- values ----------------------------------------------------------------------------------- */

static void put_bytes(struct buf *out, double bytes)
{
    const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t unit = 0;

    while ((bytes >= 1000 || bytes <= -1000) && unit + 1 < ARRAY_LEN(units)) {
        bytes /= 1000;
        unit++;
    }
    buf_printf(out, "%.*f %s", unit == 0 ? 0 : 1, bytes, units[unit]);
}

/* "-" for what is absent; in a cell of Markdown neither a bar nor a new line may stand. */
static void put_value(struct buf *out, const json_t *value, bool is_cell)
{
    if (json_is_integer(value)) {
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return;
    }
    for (const char *c = json_is_string(value) ? json_string_value(value) : "-"; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\r')
            buf_putc(out, ' ');
        else if (is_cell && *c == '|')
            buf_puts(out, "\\|");
        else
            buf_putc(out, *c);
    }
}

/* --- one inventory ---------------------------------------------------------------------------- */

/* One line for each reason, with all that it kept us from. */
static void unread_of(const json_t *document, enum side side, const char *indent, struct buf *out)
{
    size_t count;
    const struct inventory_section *sections = inventory_sections(&count);
    const char *told = "";

    for (size_t i = 0; i < count; i++) {
        const char *why = inventory_unread(document, side, sections[i].name);
        if (why == NULL)
            continue;
        if (strcmp(why, told) == 0)
            buf_printf(out, "; %s", sections[i].title);
        else
            buf_printf(out, "%s%sNot known (%s): %s", told[0] != '\0' ? "\n" : "", indent, why,
                       sections[i].title);
        told = why;
    }
    if (told[0] != '\0')
        buf_putc(out, '\n');
}

static void summary_of(const json_t *document, enum side side, struct buf *out)
{
    size_t count;
    const struct inventory_section *sections = inventory_sections(&count);

    buf_printf(out, "\n%s\n", side_title(side));
    if (!inventory_is_read(document, side)) {
        buf_printf(out, "  not read: %s\n",
                   json_text_or(inventory_side(document, side), "error", "?"));
        return;
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)inventory_section_of(document, side, "nodes"), name, value)
        buf_printf(out, "  %s  %s\n", name, json_string_value(value));
    for (size_t i = 0; i < count; i++) {
        const struct inventory_section *section = &sections[i];
        if (!section->is_size && strcmp(section->name, "nodes") != 0 &&
            inventory_unread(document, side, section->name) == NULL)
            buf_printf(out, "  %6zu  %s\n",
                       json_object_size(inventory_section_of(document, side, section->name)),
                       section->title);
    }
    unread_of(document, side, "  ", out);
    json_object_foreach((json_t *)inventory_section_of(document, side, "paths"), name, value)
    {
        buf_printf(out, "  %s  ", name);
        put_value(out, value, false);
        buf_putc(out, '\n');
    }
    buf_puts(out, "  Tables hold ");
    put_bytes(out, (double)inventory_bytes(document, side));
    buf_puts(out, ", as the engine estimates\n");
}

void inventory_text(const json_t *document, struct buf *out)
{
    buf_printf(out, "Inventory %" JSON_INTEGER_FORMAT " of %s, taken %s\n",
               json_int_or(document, "id", 0), json_text_or(document, "service", "?"),
               json_text_or(document, "taken", "?"));
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        summary_of(document, side, out);
    buf_puts(out, "\n--format markdown or --json prints all of it, --diff what differs.\n");
}

static void section_markdown(const json_t *document, enum side side,
                             const struct inventory_section *section, struct buf *out)
{
    const json_t *names = inventory_section_of(document, side, section->name);
    const char *name;
    json_t *value;

    if (json_object_size(names) == 0)
        return;
    buf_printf(out, "\n### %s\n\n| name | |\n|---|---|\n", section->title);
    json_object_foreach((json_t *)names, name, value)
    {
        json_t *text = json_string(name); /* a name may hold a bar, too */
        buf_puts(out, "| ");
        put_value(out, text, true);
        buf_puts(out, " | ");
        put_value(out, value, true);
        buf_puts(out, " |\n");
        json_decref(text);
    }
}

void inventory_markdown(const json_t *document, struct buf *out)
{
    size_t count;
    const struct inventory_section *sections = inventory_sections(&count);

    buf_printf(out, "# Inventory %" JSON_INTEGER_FORMAT " of %s\n\nTaken %s.\n",
               json_int_or(document, "id", 0), json_text_or(document, "service", "?"),
               json_text_or(document, "taken", "?"));
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        buf_printf(out, "\n## %s\n", side_title(side));
        if (!inventory_is_read(document, side))
            buf_printf(out, "\nNot read: %s\n",
                       json_text_or(inventory_side(document, side), "error", "?"));
        buf_putc(out, '\n');
        unread_of(document, side, "", out);
        for (size_t i = 0; i < count; i++)
            section_markdown(document, side, &sections[i], out);
    }
}

/* --- the list --------------------------------------------------------------------------------- */

static void put_size(struct buf *out, const json_t *bytes)
{
    if (json_is_integer(bytes))
        put_bytes(out, (double)json_integer_value(bytes));
    else
        buf_puts(out, "not read");
}

static void put_list(const json_t *value, struct buf *out, const char *row_begin,
                     const char *between, const char *row_end)
{
    const json_t *items = json_object_get(value, "inventories");
    size_t i;
    json_t *item;

    json_array_foreach((json_t *)items, i, item)
    {
        buf_printf(out, "%s%" JSON_INTEGER_FORMAT "%s%s%s", row_begin, json_int_or(item, "id", 0),
                   between, json_text_or(item, "taken", "?"), between);
        put_size(out, json_object_get(item, "old_bytes"));
        buf_puts(out, between);
        put_size(out, json_object_get(item, "new_bytes"));
        buf_puts(out, row_end);
    }
}

void inventory_list_text(const json_t *value, struct buf *out)
{
    if (json_array_size(json_object_get(value, "inventories")) == 0)
        buf_puts(out, "No inventory was recorded yet: \"cutover inventory\" takes one.\n");
    else
        buf_puts(out, "number, taken, size of OLD, size of NEW\n");
    put_list(value, out, "", ", ", "\n");
}

void inventory_list_markdown(const json_t *value, struct buf *out)
{
    buf_puts(out, "| number | taken | OLD | NEW |\n|---|---|---|---|\n");
    put_list(value, out, "| ", " | ", " |\n");
}

/* --- what differs ----------------------------------------------------------------------------- */

static const char *title_of(const char *section)
{
    size_t count;
    const struct inventory_section *sections = inventory_sections(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(sections[i].name, section) == 0)
            return sections[i].title;
    return section;
}

static const char *side_of(const json_t *change)
{
    const char *side = json_text_or(change, "side", "");
    return side[0] == '\0' ? "" : strcmp(side, "old") == 0 ? "OLD: " : "NEW: ";
}

static void put_unread(const json_t *value, struct buf *out)
{
    const char *told = "";
    size_t i;
    json_t *note;

    json_array_foreach(json_object_get(value, "unread"), i, note)
    {
        const char *why = json_text_or(note, "why", "?");
        const char *title = title_of(json_text_or(note, "section", "?"));
        if (strcmp(why, told) == 0)
            buf_printf(out, "; %s", title);
        else
            buf_printf(out, "\nNot compared (%s: %s): %s",
                       strcmp(json_text_or(note, "side", ""), "old") == 0 ? "OLD" : "NEW", why,
                       title);
        told = why;
    }
    if (told[0] != '\0')
        buf_putc(out, '\n');
}

static void put_disks(const json_t *disks, struct buf *out)
{
    const char *name;
    json_t *disk;

    json_object_foreach((json_t *)disks, name, disk) /* reads only */
    {
        const json_t *rate = json_object_get(disk, "lost_per_day");
        const json_t *days = json_object_get(disk, "full_in_days");
        buf_printf(out, "  disk of the %s: ", name);
        put_bytes(out, (double)json_int_or(disk, "free_after", 0));
        buf_puts(out, " free");
        if (json_is_integer(rate) && json_integer_value(rate) > 0) {
            buf_puts(out, ", loses ");
            put_bytes(out, (double)json_integer_value(rate));
            buf_puts(out, " a day");
        }
        if (json_is_integer(days))
            buf_printf(out, ": full in %" JSON_INTEGER_FORMAT " days if that goes on",
                       json_integer_value(days));
        buf_putc(out, '\n');
    }
}

static void put_growth(const json_t *value, struct buf *out)
{
    const char *side;
    json_t *growth;

    json_object_foreach(json_object_get(value, "growth"), side, growth)
    {
        const json_t *rate = json_object_get(growth, "bytes_per_day");
        buf_printf(out, "\n%s: ", strcmp(side, "old") == 0 ? "OLD" : "NEW");
        put_bytes(out, (double)json_int_or(growth, "before", 0));
        buf_puts(out, " became ");
        put_bytes(out, (double)json_int_or(growth, "after", 0));
        if (json_is_integer(rate)) {
            buf_puts(out, ", a day ");
            put_bytes(out, (double)json_integer_value(rate));
        }
        buf_putc(out, '\n');
        put_disks(json_object_get(growth, "disks"), out);
    }
}

static void put_paths(const json_t *value, struct buf *out)
{
    const char *side, *name, *title = "\nWays between hosts, measured both times\n";
    json_t *paths, *path;

    json_object_foreach(json_object_get(value, "paths"), side, paths)
    {
        json_object_foreach(paths, name, path)
        {
            buf_printf(out, "%s  %s: ", title, name);
            put_value(out, json_object_get(path, "before"), false);
            buf_puts(out, " became ");
            put_value(out, json_object_get(path, "after"), false);
            buf_putc(out, '\n');
            title = "";
        }
    }
}

static bool is_between_sides(const json_t *value)
{
    return json_is_string(json_array_get(json_object_get(value, "between"), 0));
}

static void put_between(const json_t *value, struct buf *out)
{
    const json_t *between = json_object_get(value, "between");
    if (is_between_sides(value))
        buf_puts(out, "Between OLD and NEW");
    else
        buf_printf(out, "From inventory %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT,
                   json_integer_value(json_array_get(between, 0)),
                   json_integer_value(json_array_get(between, 1)));
    buf_printf(out, ": %zu differences\n", json_array_size(json_object_get(value, "changes")));
}

void inventory_diff_text(const json_t *value, struct buf *out)
{
    const char *section = "", *first = "before: ", *second = "after:  ";
    size_t i;
    json_t *change;

    if (is_between_sides(value)) {
        first = "OLD: ";
        second = "NEW: ";
    }
    put_between(value, out);
    json_array_foreach(json_object_get(value, "changes"), i, change)
    {
        const char *here = json_text_or(change, "section", "");
        if (strcmp(here, section) != 0)
            buf_printf(out, "\n%s\n", title_of(here));
        section = here;
        buf_printf(out, "  %s%s\n    %s", side_of(change), json_text_or(change, "name", "?"),
                   first);
        put_value(out, json_object_get(change, "before"), false);
        buf_printf(out, "\n    %s", second);
        put_value(out, json_object_get(change, "after"), false);
        buf_putc(out, '\n');
    }
    put_unread(value, out);
    put_growth(value, out);
    put_paths(value, out);
}

void inventory_diff_markdown(const json_t *value, struct buf *out)
{
    size_t i;
    json_t *change;

    put_between(value, out);
    buf_printf(out, "\n| what | name | %s |\n|---|---|---|---|\n",
               is_between_sides(value) ? "OLD | NEW" : "before | after");
    json_array_foreach(json_object_get(value, "changes"), i, change)
    {
        buf_printf(out, "| %s%s | ", side_of(change),
                   title_of(json_text_or(change, "section", "")));
        put_value(out, json_object_get(change, "name"), true);
        buf_puts(out, " | ");
        put_value(out, json_object_get(change, "before"), true);
        buf_puts(out, " | ");
        put_value(out, json_object_get(change, "after"), true);
        buf_puts(out, " |\n");
    }
    put_unread(value, out);
    put_growth(value, out);
    put_paths(value, out);
}
