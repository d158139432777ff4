# SPDX-License-Identifier: MIT
"""verify_objects_compare() against real servers: what is not a row. Nothing where both sides are equal; every planted
difference found and named, whatever kinds the other tests run on."""

import pytest

from tests.integration import awkward, programs
from tests.lab.lab import Lab
from tests.lab.servers import Absent

# On both sides; the controller may not make them.
ACCOUNTS = """
SET sql_log_bin = 0;
CREATE USER reader@'%' IDENTIFIED BY 'Secret-1'; GRANT SELECT, INSERT ON blog.* TO reader@'%';
CREATE USER gone@'%' IDENTIFIED BY 'Secret-1'; GRANT SELECT ON blog.* TO gone@'%';
CREATE USER elsewhere@'%' IDENTIFIED BY 'Secret-1';
CREATE ROLE staff; GRANT SELECT ON blog.* TO staff; CREATE USER member@'%' IDENTIFIED BY 'Secret-1'; GRANT staff TO member@'%';
SET sql_log_bin = 1;
"""

# On OLD before the seed. What only one flavour has is further down.
OBJECTS = """
USE blog;
CREATE TABLE watched (id INT AUTO_INCREMENT PRIMARY KEY, n INT, at DATE NOT NULL DEFAULT '2020-01-01', hidden INT,
                      CONSTRAINT small CHECK (n < 10), KEY by_n (n));
CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT) AUTO_INCREMENT = 500;
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT belongs FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE cut (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (20));
CREATE TABLE lettered (id INT PRIMARY KEY, title VARCHAR(20), price DECIMAL(8,2), a INT, b INT);
CREATE DEFINER = 'app'@'127.%' TRIGGER timed BEFORE INSERT ON watched FOR EACH ROW SET NEW.hidden = 1;
CREATE DEFINER = 'app'@'127.%' TRIGGER bodied BEFORE UPDATE ON watched FOR EACH ROW SET NEW.hidden = 2;
CREATE DEFINER = 'app'@'127.%' TRIGGER dropped BEFORE DELETE ON watched FOR EACH ROW SET @x = 1;
CREATE DEFINER = 'app'@'127.%' SQL SECURITY INVOKER VIEW narrow AS SELECT id FROM watched WHERE n = 1;
CREATE ALGORITHM = MERGE DEFINER = 'app'@'127.%' VIEW merged AS SELECT id FROM watched;
CREATE DEFINER = 'app'@'127.%' FUNCTION shout(t VARCHAR(20)) RETURNS VARCHAR(20) DETERMINISTIC RETURN UPPER(t);
CREATE DEFINER = 'app'@'127.%' PROCEDURE tidy(IN a INT) DELETE FROM watched WHERE id = a;
CREATE DEFINER = 'app'@'127.%' EVENT `both` ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00' DO DELETE FROM watched WHERE id < 0;
CREATE DEFINER = 'app'@'127.%' EVENT shifted ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00' DO DELETE FROM watched WHERE id < 0;
"""
OBJECTS_OF = {  # once the link runs: a seed refuses sequences
    "mariadb": "USE blog; CREATE SEQUENCE numbers START WITH 100 CACHE 10;", "mysql": "DO 0"}

# On NEW, unlogged, and what has to be said: (table, key, column).
PLANTED = [
    ("DROP TRIGGER timed; CREATE DEFINER = 'app'@'127.%' TRIGGER timed AFTER INSERT ON watched FOR EACH ROW SET @x = 1",
     [("blog.watched", "trigger timed", "timing"), ("blog.watched", "trigger timed", "body")]),
    ("DROP TRIGGER bodied; CREATE DEFINER = 'nobody'@'%' TRIGGER bodied BEFORE UPDATE ON watched FOR EACH ROW SET NEW.hidden = 3",
     [("blog.watched", "trigger bodied", "body"), ("blog.watched", "trigger bodied", "definer")]),
    ("DROP TRIGGER dropped", [("blog.watched", "trigger dropped", "trigger")]),
    ("CREATE OR REPLACE DEFINER = 'app'@'127.%' SQL SECURITY DEFINER VIEW narrow AS SELECT id FROM watched WHERE n = 2",
     [("blog.narrow", "view", "definition"), ("blog.narrow", "view", "security")]),
    ("CREATE OR REPLACE ALGORITHM = TEMPTABLE DEFINER = 'app'@'127.%' VIEW merged AS SELECT id FROM watched",
     [("blog.merged", "view", "algorithm")]),
    ("DROP FUNCTION shout; CREATE DEFINER = 'app'@'127.%' FUNCTION shout(t VARCHAR(30)) RETURNS VARCHAR(20) DETERMINISTIC RETURN LOWER(t)",
     [("blog.shout", "function", "body"), ("blog.shout", "function parameter 1", "type")]),
    ("DROP PROCEDURE tidy", [("blog.tidy", "procedure", "procedure")]),
    ("ALTER DEFINER = 'app'@'127.%' EVENT `both` ENABLE", [("blog.both", "event", "status")]),
    ("ALTER DEFINER = 'app'@'127.%' EVENT shifted ON SCHEDULE EVERY 2 DAY STARTS '2035-01-01 00:00:00' DISABLE ON SLAVE",
     [("blog.shifted", "event", "interval")]),
    ("ALTER TABLE child DROP FOREIGN KEY belongs; ALTER TABLE child ADD CONSTRAINT belongs FOREIGN KEY (parent) REFERENCES parent (id)",
     [("blog.child", "foreign key belongs", "delete rule")]),
    ("ALTER TABLE cut DROP PARTITION high; ALTER TABLE cut ADD PARTITION (PARTITION high VALUES LESS THAN (30))",
     [("blog.cut", "partition high", "values")]),
    ("ALTER TABLE counted AUTO_INCREMENT = 100", []),  # told, see below: no row has an id from there on
    ("REVOKE INSERT ON blog.* FROM reader@'%'", [("accounts", "account 'reader'@'%', database blog", "privileges")]),
    ("DROP USER gone@'%'", [("accounts", "account 'gone'@'%'", "account")]),
    ("ALTER USER member@'%' ACCOUNT LOCK", [("accounts", "account 'member'@'%'", "lock")]),
    ("ALTER USER app@'127.%' REQUIRE SSL", [("accounts", "account 'app'@'127.%'", "TLS requirement")]),
    # the last one: what is made after it takes over the collation
    ("ALTER DATABASE blog COLLATE utf8mb4_general_ci", [("blog", "database", "collation")]),
]
PLANTED_IN = {
    "mariadb": [
        ("ALTER TABLE watched DROP CONSTRAINT small; ALTER TABLE watched ADD CONSTRAINT small CHECK (n < 11)",
         [("blog.watched", "check small", "condition")]),
        ("ALTER SEQUENCE numbers RESTART 50", [("blog.numbers", "sequence", "next value")]),
        ("ALTER USER reader@'%' IDENTIFIED BY 'Secret-2'", [("accounts", "account 'reader'@'%'", "password")]),
        ("REVOKE staff FROM member@'%'", [("accounts", "account 'member'@'%', role staff", "privileges")]),
    ],
    "mysql": [
        ("ALTER TABLE watched DROP CHECK small; ALTER TABLE watched ADD CONSTRAINT small CHECK (n < 11)",
         [("blog.watched", "check small", "condition")]),
        ("REVOKE staff FROM member@'%'", [("accounts", "account 'member'@'%', role staff@%", "privileges")]),
        ("CREATE USER extra@'%' IDENTIFIED BY 'Secret-1'; GRANT SELECT ON *.* TO extra@'%'",
         [("accounts", "account 'extra'@'%'", "account")]),
    ],
}
DISABLED_ON_REPLICA = {"mariadb": "DISABLE ON SLAVE", "mysql": "DISABLE ON REPLICA"}


@pytest.fixture(scope="module")
def compare():
    program = programs.build("objects_check")
    return lambda lab, *args: programs.run(program, lab.cfg_path, "old", *args)


def started(old, new, plant):
    try:
        lab = Lab(mb=2, replicas=0, dns=False, cloudflare=False, site=False, old=old, new=new)
    except Absent as absent:
        pytest.skip(str(absent))
    seed = programs.build("seed_check")
    lab.start()
    try:
        plant(lab)
        programs.follow(lab, programs.run(seed, lab.cfg_path, "copy", "old")["position"])
    except BaseException:
        lab.stop()
        raise
    return lab


@pytest.fixture(scope="module", params=["mariadb-10.11", "mysql"], name="lab")
def one_flavour(request):
    def plant(lab):
        lab.new.primary.query(ACCOUNTS)
        lab.old.primary.query(ACCOUNTS + OBJECTS)
    lab = started(request.param, request.param, plant)
    lab.old.primary.query(OBJECTS_OF[lab.old.kind.flavour])
    programs.caught_up(lab)
    yield lab
    lab.stop()


def names(outcome):
    return sorted(tuple(difference[:3]) for difference in outcome["differences"])


def test_equal_sides_have_no_difference(lab, compare):
    done = compare(lab)
    assert done["differences"] == []
    assert [warning for warning in done["warnings"] if "password" not in warning] == []


def test_every_planted_difference_is_found_and_named(lab, compare):
    flavour = lab.old.kind.flavour
    planted = PLANTED + PLANTED_IN[flavour]
    with lab.new.primary.connect(database="blog") as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_log_bin = 0, foreign_key_checks = 0")
        for statements, _ in planted:
            for statement in statements.split("; "):
                cursor.execute(statement.replace("DISABLE ON SLAVE", DISABLED_ON_REPLICA[flavour]))
    done = compare(lab)
    expected = {name for _, names_of in planted for name in names_of}
    found = names(done)
    assert sorted(set(found) ^ expected) == []
    assert len(found) == len(expected)  # none twice
    assert "Secret" not in str(done.answer)
    assert [warning for warning in done["warnings"] if "counter" in warning] == [
        'behind, but above every id in use: next id of blog.counted counter: "500 (step 1)" and "100 (step 1)"']
    [neither] = [warning for warning in done["warnings"] if "neither" in warning]
    assert "nobody@%" in neither


def test_what_is_accepted_is_told_apart(lab, compare):
    with open(lab.cfg_path, encoding="utf-8") as file:
        before = file.read()
    with open(lab.cfg_path, "a", encoding="utf-8") as file:
        file.write('verify = { accept = ( { what = "collation"; of = "blog database"; by = "Jane"; why = "new default";'
                   ' until = "2099-01-01T00:00:00Z"; } ); };\n')
    try:
        done = compare(lab)
    finally:
        with open(lab.cfg_path, "w", encoding="utf-8") as file:
            file.write(before)
    assert done["accepted"][0][:3] == ["blog", "database", "collation"]
    assert done["accepted"][1] == "new default"
    assert ("blog", "database", "collation") not in names(done)


@pytest.mark.parametrize(("old", "new"), [("mariadb-10.11", "mariadb-11.8"), ("mariadb-10.5", "mariadb-10.11")])
def test_another_version_is_no_difference(old, new, compare):
    lab = started(old, new, awkward.plant)
    try:
        done = compare(lab)
    finally:
        lab.stop()
    assert done["differences"] == []
    assert done["warnings"] == []
