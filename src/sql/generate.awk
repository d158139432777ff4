# SPDX-License-Identifier: MIT
# Turns the statements in src/sql into C: the ids (-v ids=FILE) and their texts (-v catalog=FILE).
#
# NAME.VARIANT.sql   -> SQL_NAME, one text for each variant; the statement on one line
# journal/NAME.sql   -> SQL_JOURNAL_NAME, variant "journal"; line breaks are kept, it may hold several statements
#
# The leading comment of a file is for people and is left out; so is the last semicolon. A file without a leading
# comment or without a statement is an error: what a statement is for must be said where it stands.
#
# Two lines of the comment go into the program:
#   -- Reads: key=Column, key=Column    what we call a column and what the server does; "key=" when it has none. May go
#   --        on in lines that begin like this one
#   -- Only: mariadb (why)              the other flavour has no such statement

function fail(message) {
    print "generate.awk: " path ": " message > "/dev/stderr"
    failed = 1
    exit 1
}

function end_of_file() {
    if (path == "")
        return
    if (!commented)
        fail("must open with a comment that says what it is for")
    sub(/[ \t\n]*;?[ \t\n]*$/, "", text)
    if (text == "")
        fail("holds no statement")
    names[count] = name
    variants[count] = variant
    texts[count] = text
    reads[count] = reads_line
    onlys[count] = only
    count++
}

function c_reads(list,    pairs, pair, i, n, out) {
    if (list == "")
        return ""
    n = split(list, pairs, /,[ \t]*/)
    out = "      .reads = (const struct sql_read[]){\n"
    for (i = 1; i <= n; i++) {
        if (pairs[i] !~ /^[a-z_0-9]+=[A-Za-z_0-9 ]*$/)
            fail("Reads: \"" pairs[i] "\" is not key=Column")
        split(pairs[i], pair, "=")
        out = out sprintf("          { \"%s\", \"%s\" },\n", pair[1], pair[2])
    }
    return out "          { NULL, NULL } },\n"
}

function header_line(line) {
    if (line ~ /^-- Reads:/) {
        in_reads = 1
        sub(/^-- Reads:[ \t]*/, "", line)
    } else if (in_reads && line ~ /^--        /) {
        sub(/^--[ \t]*/, "", line)
        reads_line = reads_line " "
    } else {
        in_reads = 0
        if (line ~ /^-- Only:/) {
            if (line !~ /^-- Only: (mariadb|mysql) \(.*\)/)
                fail("Only: names a flavour, mariadb or mysql, and (why)")
            only = line ~ /^-- Only: mariadb/ ? "mariadb" : "mysql"
        }
        return
    }
    sub(/[ \t]+$/, "", line)
    reads_line = reads_line line
}

function start_of_file(    base, parts) {
    path = FILENAME
    base = path
    sub(/.*\//, "", base)
    if (split(base, parts, ".") > 3 || base !~ /^[a-z0-9_]+(\.[a-z0-9]+)?\.sql$/)
        fail("name is not NAME.VARIANT.sql in lower case")
    name = parts[1]
    variant = parts[2]
    if (path ~ /\/journal\//) {
        name = "journal_" name
        variant = "journal"
    } else if (variant == "sql") {
        fail("name lacks the variant: NAME.VARIANT.sql")
    }
    if ((name, variant) in seen)
        fail("a second text for the same variant")
    seen[name, variant] = 1
    text = ""
    reads_line = only = ""
    commented = in_reads = 0
}

function c_literal(line) {
    gsub(/\\/, "&&", line)
    gsub(/"/, "\\\"", line)
    gsub(/\t/, "    ", line)
    return line
}

BEGIN { count = 0 }

FNR == 1 { end_of_file(); start_of_file() }

text == "" && /^[ \t]*(--.*)?$/ { if (/--/) { commented = 1; header_line($0) } next }

variant == "journal" { text = text $0 "\n"; next }

{
    if (/--/)
        fail("a comment inside the statement would swallow the rest of its line: put it at the top")
    sub(/^[ \t]+/, "")
    sub(/[ \t]+$/, "")
    text = text (text == "" ? "" : " ") $0
}

END {
    if (failed)
        exit 1
    end_of_file()
    print "/* Generated from src/sql by generate.awk. */" > ids
    print "#ifndef CUTOVER_GEN_SQL_IDS_H\n#define CUTOVER_GEN_SQL_IDS_H\n\nenum sql_id {" > ids
    for (i = 0; i < count; i++)
        if (!(names[i] in declared)) {
            declared[names[i]] = 1
            print "    SQL_" toupper(names[i]) "," > ids
        }
    print "    SQL_ID_COUNT\n};\n\n#endif" > ids

    print "/* Generated from src/sql by generate.awk. */" > catalog
    print "#include \"sql/variants.h\"\n\nconst struct sql_variant sql_variants[] = {" > catalog
    for (i = 0; i < count; i++) {
        printf "    { .id = SQL_%s, .name = \"%s\", .variant = \"%s\",\n", toupper(names[i]), names[i], variants[i] > catalog
        if (onlys[i] != "")
            printf "      .only = \"%s\",\n", onlys[i] > catalog
        path = names[i] "." variants[i] ".sql"
        printf "%s      .text = ", c_reads(reads[i]) > catalog
        lines = split(texts[i], line, "\n")
        for (n = 1; n <= lines; n++)
            printf "%s\"%s%s\"", (n > 1 ? "\n              " : ""), c_literal(line[n]),
                   (n < lines ? "\\n" : "") > catalog
        print " }," > catalog
    }
    print "};\n\nconst size_t sql_variant_count = sizeof(sql_variants) / sizeof(sql_variants[0]);" > catalog
}
