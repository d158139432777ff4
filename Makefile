# SPDX-License-Identifier: MIT
# cutover - `make help` lists what there is. Output goes to build/ only.
# Knobs: CC, CFLAGS, LDFLAGS, BUILD (folder), V=1 (show commands), WERROR=1 (CI), SANITIZE=address|thread,
#        CLIENT=mariadb|mysql (which client library; mysql builds in build/client-mysql), PREFIX, DESTDIR,
#        MODE=shared|fenced (demo), OLD= NEW= mariadb|mariadb-10.5|mariadb-11.8|mysql (demo), SEED=copy|clone|physical (demo),
#        MINUTES SEED CROWD FAULT (soak), SERVERS (folder of fetched servers), FUZZ_SECONDS, SKIP_DEPS=1 (not a Debian system).

.DEFAULT_GOAL := all
MAKEFLAGS     += --no-builtin-rules
SHELL         := /bin/bash
CLIENTS       := mariadb mysql
BUILD         ?= $(if $(filter mysql,$(CLIENT)),build/client-mysql,build)
ifndef CLIENT # a build folder keeps the client library that it was made with
CLIENT        := $(or $(strip $(file <$(BUILD)/client/name)),$(shell pkg-config --exists libmariadb || \
                 ! pkg-config --exists mysqlclient && echo mariadb || echo mysql))
endif
$(if $(filter $(CLIENTS),$(CLIENT)),,$(error CLIENT=$(CLIENT): there are $(CLIENTS)))
CC            := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS        ?= -O2 -g
PYTHON        ?= /usr/bin/python3
PREFIX        ?= /usr/local
VERSION       := 0.1.0
MODE          ?= shared
OLD           ?= mariadb
NEW           ?= mariadb
SERVERS       ?= build/servers
FUZZ_SECONDS  ?= 60
MINUTES       ?= 60
CROWD         ?= 8
Q             := $(if $(V),,@)

LIBRARIES := libcurl libconfig libssh2 sqlite3 jansson libcares libmicrohttpd libxxhash ncursesw libssl libcrypto zlib libzstd

# The database client library: this host's (pkg-config), or Oracle's as `make deps-mysql` unpacks it. Such a program
# starts with the loader and the libc of that folder, and takes from it every library that is there: all users of
# OpenSSL (curl, ssh2, mysqlclient) therefore share one. Libraries that are only here fit, being older than that libc.
# The headers include each other as mysql/NAME.h; beside them lie those of a libc that this compiler must not see.
ifeq ($(CLIENT)$(findstring -lmysqlclient,$(shell pkg-config --libs mysqlclient 2>/dev/null)),mysql)
CLIENT_ROOT   := $(abspath $(SERVERS)/mysql)
CLIENT_LOADER  = $(shell eval "$$($(CLIENT_ROOT)/env 2>/dev/null)" && echo $$loader)
CLIENT_FOLDER  = $(shell eval "$$($(CLIENT_ROOT)/env 2>/dev/null)" && echo $$libraries)
CLIENT_LIBS    = $(CLIENT_FOLDER)/libmysqlclient.so -Wl,--allow-shlib-undefined \
                 -Wl,--dynamic-linker=$(CLIENT_LOADER) -Wl,--disable-new-dtags,-rpath,$(CLIENT_FOLDER)
CLIENT_CFLAGS := -isystem $(BUILD)/client -isystem $(BUILD)/client/mysql \
                 -DCUTOVER_CLIENT_PLUGINS='"$(CLIENT_ROOT)/usr/lib/mysql/plugin"'
CLIENT_CHECK  := test -e $(CLIENT_ROOT)/usr/include/mysql/mysql.h || { \
                 echo "no libmysqlclient here, nor in $(CLIENT_ROOT): run make deps-mysql" >&2; exit 1; }; \
                 ln -sfn $(CLIENT_ROOT)/usr/include/mysql $(BUILD)/client/mysql
else
CLIENT_PC     := $(if $(filter mysql,$(CLIENT)),mysqlclient,libmariadb)
CLIENT_LIBS    = $(shell pkg-config --libs $(CLIENT_PC) 2>/dev/null)
CLIENT_CFLAGS  = $(shell pkg-config --cflags $(CLIENT_PC) 2>/dev/null)
CLIENT_CHECK  := :
endif
# Asked for once, by the first recipe that needs them: `deps` may just have installed what they name.
PC_CFLAGS = $(eval PC_CFLAGS := $(CLIENT_CFLAGS) $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null))$(PC_CFLAGS)
PC_LIBS   = $(eval PC_LIBS := $(CLIENT_LIBS) $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null) -lm)$(PC_LIBS)

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla \
            -Wpointer-arith -Wwrite-strings -Wundef
HARDEN   := -fPIE -fstack-protector-strong $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DCUTOVER_VERSION='"$(VERSION)"' \
             -Iinclude -I$(BUILD)/gen $(PC_CFLAGS) $(WARNINGS) $(if $(WERROR),-Werror) $(HARDEN) \
             $(if $(SANITIZE),-fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined) -fno-omit-frame-pointer) \
             -pthread $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) \
              $(if $(SANITIZE),-fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined))
comma := ,

SOURCES   := $(sort $(wildcard src/*/*.c))
SQL_FILES := $(sort $(wildcard src/sql/*.sql src/sql/journal/*.sql))
OBJECTS   := $(SOURCES:src/%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/sql_catalog.o $(BUILD)/obj/gen/www.o $(BUILD)/obj/gen/remote.o
LIBRARY   := $(BUILD)/libcutover.a
PROGRAM   := $(BUILD)/cutover
UNITS     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

.PHONY: all
all: $(PROGRAM) ## build build/cutover

# --- build ---------------------------------------------------------------------------------------------------
# A statement that is gone must be gone from the catalog as well: the list of files counts, too.
$(BUILD)/gen/files: FORCE
	$(shell mkdir -p $(@D))$(file >$@.new,$(SQL_FILES))
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

$(BUILD)/gen/stamp: $(SQL_FILES) $(BUILD)/gen/files src/sql/generate.awk
	@mkdir -p $(BUILD)/gen
	$(Q)awk -v ids=$(BUILD)/gen/sql_ids.h.new -v catalog=$(BUILD)/gen/sql_catalog.c.new -f src/sql/generate.awk $(SQL_FILES)
	$(Q)cmp -s $(BUILD)/gen/sql_ids.h.new $(BUILD)/gen/sql_ids.h || cp $(BUILD)/gen/sql_ids.h.new $(BUILD)/gen/sql_ids.h
	$(Q)mv $(BUILD)/gen/sql_catalog.c.new $(BUILD)/gen/sql_catalog.c
	$(Q)rm -f $(BUILD)/gen/sql_ids.h.new; touch $@

# The header keeps its time when a statement changed but no id did: then only the catalog is compiled again.
$(BUILD)/gen/sql_ids.h $(BUILD)/gen/sql_catalog.c: $(BUILD)/gen/stamp
	@:

# The files of the dashboard, as they are, in the program.
DYGRAPHS  := /usr/share/javascript/dygraphs
WWW_FILES := $(sort $(wildcard src/ctl/www/*.*)) etc/schema/openapi.json $(DYGRAPHS)/dygraph.min.js $(DYGRAPHS)/dygraph.min.css
$(BUILD)/obj/gen/www.o: $(WWW_FILES) src/ctl/www/embed.sh $(BUILD)/flags
	@mkdir -p $(@D) $(BUILD)/gen
	$(Q)src/ctl/www/embed.sh $(WWW_FILES) >$(BUILD)/gen/www.c
	$(Q)$(CC) $(ALL_CFLAGS) -c $(BUILD)/gen/www.c -o $@

# What hosts run, as it is, in the program: NAME.sh is script_NAME.
REMOTE_FILES := $(sort $(wildcard src/remote/*.sh))
$(BUILD)/obj/gen/remote.o: $(REMOTE_FILES) $(BUILD)/flags
	@mkdir -p $(@D) $(BUILD)/gen
	$(Q)for file in $(REMOTE_FILES:src/remote/%.sh=%); do \
		printf '__asm__(".section .rodata\\n.global script_%s\\nscript_%s: .incbin \\"%s\\"\\n.byte 0\\n.previous\\n");\n' \
		$$file $$file $(CURDIR)/src/remote/$$file.sh; done >$(BUILD)/gen/remote.c
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-pedantic -c $(BUILD)/gen/remote.c -o $@

# Other flags, other objects.
.PHONY: FORCE
$(BUILD)/flags: FORCE
	$(shell mkdir -p $(@D)/client)$(file >$@.new,$(CC) $(ALL_CFLAGS) $(PC_LIBS))
	@$(CLIENT_CHECK)
	@echo $(CLIENT) >$(BUILD)/client/name
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags | $(BUILD)/gen/sql_ids.h
	@mkdir -p $(@D)
	@$(if $(V),,echo "CC   $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/gen/sql_catalog.o: $(BUILD)/gen/sql_catalog.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(LIBRARY): $(OBJECTS)
	@$(if $(V),,echo "AR   $@")
	$(Q)rm -f $@ && ar rcs $@ $^

$(PROGRAM): $(BUILD)/obj/main.o $(LIBRARY)
	@$(if $(V),,echo "LD   $@")
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(PC_LIBS) -o $@

$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@$(if $(V),,echo "TEST $@")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -Itests/unit $< $(LIBRARY) $(ALL_LDFLAGS) -lcmocka $(PC_LIBS) -o $@

# Small programs that tests/integration/*.py run against real servers.
$(BUILD)/integration/%: tests/integration/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@$(if $(V),,echo "TEST $@")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(LIBRARY) $(ALL_LDFLAGS) $(PC_LIBS) -o $@

.PHONY: units
units: $(UNITS)

-include $(OBJECTS:.o=.d) $(UNITS:=.d) $(BUILD)/obj/main.d

.PHONY: deps
deps: ## install the Debian packages that are missing (etc/packages.txt); nothing when all are there
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build test lint model)

# Servers that this release of Debian does not have, unpacked into $(SERVERS) whatever BUILD is; nothing is installed.
.PHONY: deps-mysql deps-mariadb11 deps-mariadb105 deps-prometheus clean-servers
deps-mysql: ## fetch MySQL and its client library into build/servers (Debian sid; 60 MB, 400 MB on disk, no root)
	$(Q)etc/servers.sh $(SERVERS) mysql

deps-mariadb11: ## the same for MariaDB 11.8 (Debian trixie; 30 MB)
	$(Q)etc/servers.sh $(SERVERS) mariadb-11.8

deps-mariadb105: ## the same for MariaDB 10.5 (Debian bullseye; 20 MB)
	$(Q)etc/servers.sh $(SERVERS) mariadb-10.5

deps-prometheus: ## the same for Prometheus, whose promtool checks metrics and alerts (Debian bookworm; 20 MB)
	$(Q)etc/servers.sh $(SERVERS) prometheus

# What tests want beyond this host's own servers. The archive may lack one of them: then its tests are skipped, loudly.
.PHONY: deps-servers
deps-servers:
	$(Q)for kind in mysql mariadb-11.8 mariadb-10.5 prometheus; do \
	    etc/servers.sh $(SERVERS) $$kind || [ $$? = 69 ] || exit 1; \
	done
	$(Q)etc/axe.sh $(SERVERS) || [ $$? = 69 ]

clean-servers: ## remove the fetched servers; deps-... fetches them again
	rm -rf $(SERVERS)

# --- tests: every suite is run by tests/run.py, which ends with one line 'N passed, N failed' ----------------
export BUILD CLIENT CC PYTHON SERVERS
RUN_SUITES = $(Q)MAKE='$(MAKE)' $(PYTHON) tests/run.py

.PHONY: test check-fast test-unit test-golden test-integration test-mysql test-matrix test-verify-full test-fault test-seed-full asan tsan \
        integration-asan integration-tsan test-contract golden-update
test: deps deps-servers ## everything CI runs: lint, unit (plain, ASan+UBSan, TSan), golden, MariaDB, MySQL, faults
	$(RUN_SUITES) lint model unit asan tsan golden integration browser mysql fault-quick

check-fast: ## build, unit, golden, the quick part of lint: below 30 s
	$(RUN_SUITES) unit golden lint-quick

test-unit: ## unit tests
	$(RUN_SUITES) unit

test-golden: ## help, man page, completion and diagram, word for word
	$(RUN_SUITES) golden

test-integration: deps deps-servers ## real MariaDB servers, name servers and a stand-in for Cloudflare, on loopback
	$(RUN_SUITES) integration

test-mysql: deps deps-servers ## the same tests with MySQL on both sides
	$(RUN_SUITES) mysql

test-matrix: deps deps-servers ## the same over four pairs of servers and two client libraries; takes an hour and a half
	$(Q)MAKE='$(MAKE)' $(PYTHON) tests/matrix.py

test-verify-full: deps deps-servers ## every planted difference in every mode, a thousand comparisons without a false alarm; takes half an hour
	$(RUN_SUITES) verify-full

test-seed-full: deps deps-servers ## whoever dies, at ten points of each way to seed: done, or clean; takes an hour or two; CUTOVER_SEED_CELLS=
	$(RUN_SUITES) seed-full

test-fault: deps ## break every part of every playbook in every way; takes days: CELLS, FAULTS and SEED choose, see tests/fault/README.md
	$(RUN_SUITES) fault

asan: ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(RUN_SUITES) asan

tsan: ## unit tests under ThreadSanitizer
	$(RUN_SUITES) tsan

integration-asan: deps deps-servers ## tests/integration under AddressSanitizer and UndefinedBehaviorSanitizer
	$(RUN_SUITES) integration-asan

integration-tsan: deps deps-servers ## commands with many threads on real servers under ThreadSanitizer
	$(RUN_SUITES) integration-tsan

test-contract: ## the stand-in for Cloudflare against the published schema and the official client (needs npm)
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build test contract)
	$(Q)tests/contract/run.sh

golden-update: $(PROGRAM) ## accept what the program prints now as the golden texts
	$(Q)CUTOVER_GOLDEN_UPDATE=1 $(PYTHON) -m pytest -q -p no:cacheprovider tests/golden

.PHONY: coverage
coverage: ## unit test coverage as HTML in build/coverage/html
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build test coverage)
	$(Q)$(MAKE) BUILD=$(BUILD)/coverage CFLAGS='-Og -g --coverage' LDFLAGS='--coverage' test-unit
	$(Q)lcov --quiet --capture --directory $(BUILD)/coverage/obj --output-file $(BUILD)/coverage/lcov.info
	$(Q)genhtml --quiet --output-directory $(BUILD)/coverage/html $(BUILD)/coverage/lcov.info
	@lcov --summary $(BUILD)/coverage/lcov.info 2>&1 | grep -E 'lines|functions'

.PHONY: deps-bench bench-verify bench-cutover bench-monitor bench-seed
deps-bench: ## what the benches compare with: percona-toolkit, sysbench, perf, mydumper
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build test bench)

bench-verify: deps-bench $(if $(findstring mysql,$(or $(BENCH_KINDS),mysql)),deps-mysql) $(PROGRAM) ## how fast the comparison is, beside others, and what it costs; BENCH_MB= BENCH_ROUNDS= BENCH_KINDS= BENCH_PARTS=
	$(Q)$(PYTHON) -m tests.bench.verify

bench-seed: deps-bench $(if $(findstring mysql,$(or $(BENCH_KINDS),mysql)),deps-mysql) $(PROGRAM) ## MB/s of each way to seed, beside the tools by hand and plain copies; BENCH_MB= BENCH_ROUNDS= BENCH_KINDS= BENCH_WORKERS=
	$(Q)$(PYTHON) -m tests.bench.seed

# Programs of the benches; the client library and nothing of ours.
$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(if $(V),,echo "BENCH $@")
	$(Q)$(CC) $(ALL_CFLAGS) $< $(ALL_LDFLAGS) $(CLIENT_LIBS) -o $@

# These use our own code: the one is about it.
$(BUILD)/bench/monitor $(BUILD)/bench/replay: $(BUILD)/bench/%: tests/bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@$(if $(V),,echo "BENCH $@")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $< $(LIBRARY) $(ALL_LDFLAGS) $(PC_LIBS) -o $@

bench-monitor: deps $(PROGRAM) $(BUILD)/bench/monitor $(BUILD)/bench/replay ## what watching 10, 100 and 1,000 nodes costs, and how soon a page shows it; BENCH_NODES= BENCH_INTERVALS= BENCH_SECONDS= BENCH_LOOKS=
	$(Q)$(PYTHON) -m tests.bench.monitor
	$(Q)$(PYTHON) -m tests.bench.page

bench-cutover: deps $(if $(findstring mysql,$(or $(BENCH_KINDS),mysql)),deps-mysql) $(PROGRAM) $(BUILD)/bench/pause_client ## how long nobody's write is accepted, there and back; BENCH_CROSSINGS= BENCH_KINDS= BENCH_CLIENTS= BENCH_LOADS= ORCHESTRATOR=
	$(Q)$(PYTHON) -m tests.bench.cutover

.PHONY: model
model: ## prove the protocol of a cutover (spin), and that each guard is needed; MODEL_ARGS="--faults 2": half an hour more
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build model)
	$(Q)$(PYTHON) tests/model/run.py $(MODEL_ARGS)

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
.PHONY: fuzz fuzzers
fuzzers: $(addprefix $(BUILD)/fuzzers/,$(FUZZERS))

$(BUILD)/fuzzers/%: tests/fuzz/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -MMD -MP $< $(LIBRARY) $(ALL_LDFLAGS) $(PC_LIBS) -o $@

fuzz: ## libFuzzer on every parser of untrusted text, FUZZ_SECONDS (or SECONDS=) each
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build fuzz)
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=clang SANITIZE=address CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzzers
	$(Q)tests/fuzz/run.sh $(BUILD)/fuzz/fuzzers $(or $(SECONDS),$(FUZZ_SECONDS))

# What the demo's two kinds of servers need fetched.
DEPS_OF_mysql        := deps-mysql
DEPS_OF_mariadb-11.8 := deps-mariadb11
DEPS_OF_mariadb-10.5 := deps-mariadb105

.PHONY: demo
demo: deps $(sort $(DEPS_OF_$(OLD)) $(DEPS_OF_$(NEW))) $(PROGRAM) ## migrate there, back and there again between throw-away servers; MODE= OLD= NEW= SEED=copy|clone|physical
	$(Q)$(PYTHON) -m tests.lab.demo --mode $(MODE) --old $(OLD) --new $(NEW) $(if $(SEED),--seed $(SEED))

.PHONY: soak demo-valgrind
# MODE= is the demo's: a soak that was not told otherwise does both.
soak: deps $(sort $(DEPS_OF_$(OLD)) $(DEPS_OF_$(NEW))) $(PROGRAM) ## there and back, over and over, with random faults; MINUTES= SEED= MODE=shared|fenced|both OLD= NEW= CROWD= FAULT=
	$(Q)$(PYTHON) -m tests.soak --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) --crowd $(CROWD) --old $(OLD) --new $(NEW) \
	    --mode $(if $(filter file,$(origin MODE)),both,$(MODE)) $(if $(FAULT),--fault $(FAULT))

demo-valgrind: deps $(sort $(DEPS_OF_$(OLD)) $(DEPS_OF_$(NEW))) $(PROGRAM) ## the demo with each call of the program under valgrind: no error, no leak
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build test valgrind)
	$(Q)$(PYTHON) -m tests.lab.demo --mode $(MODE) --old $(OLD) --new $(NEW) --valgrind

# --- lint and documents --------------------------------------------------------------------------------------
export LINT_CFLAGS = -std=c17 -D_GNU_SOURCE -Iinclude -I$(BUILD)/gen $(PC_CFLAGS) $(WARNINGS)
C_FILES := $(sort $(wildcard src/*.c src/*/*.c include/*/*.h tests/unit/*.[ch] tests/fuzz/*.[ch] tests/bench/*.c))

.PHONY: lint tidy format docs
lint: $(PROGRAM) ## layers, includers, headers, banned words, sizes, format, cppcheck, shellcheck, docs in sync
	$(Q)etc/lint/run.sh

tidy: $(BUILD)/gen/sql_ids.h ## clang-tidy (slow, not part of lint)
	$(Q)$(if $(SKIP_DEPS),:,etc/deps.sh build tidy)
	$(Q)printf '%s\n' $(filter src/%.c,$(C_FILES)) | \
	    xargs -P 2 -I {} clang-tidy --quiet {} -- $(ALL_CFLAGS)

format: ## clang-format over all C files
	$(Q)clang-format -i $(C_FILES)

docs: $(PROGRAM) ## write the generated parts of docs/
	$(Q)etc/docs.sh $(PROGRAM)

# --- install -------------------------------------------------------------------------------------------------
INSTALL_DIR   = $(DESTDIR)$(PREFIX)
DOC_DIR       = $(INSTALL_DIR)/share/doc/cutover
PLAYBOOKS    := $(sort $(wildcard playbooks/*.cfg))

.PHONY: install uninstall dist clean help
install: $(PROGRAM) ## program, playbooks, samples, man page, completion, service; PREFIX= DESTDIR=
	install -D -m 755 $(PROGRAM) $(INSTALL_DIR)/bin/cutover
	install -d $(INSTALL_DIR)/share/cutover/playbooks $(INSTALL_DIR)/share/man/man1 \
	           $(INSTALL_DIR)/share/bash-completion/completions $(INSTALL_DIR)/lib/systemd/system
	$(if $(PLAYBOOKS),install -m 644 $(PLAYBOOKS) $(INSTALL_DIR)/share/cutover/playbooks/)
	install -D -m 644 -t $(DOC_DIR)/examples etc/cutover.cfg etc/grants-mariadb.sql etc/grants-mysql.sql
	install -m 644 $(wildcard README.md CHANGELOG.md LICENSE) $(DOC_DIR)/
	$(PROGRAM) generate man >$(INSTALL_DIR)/share/man/man1/cutover.1
	$(PROGRAM) generate completion >$(INSTALL_DIR)/share/bash-completion/completions/cutover
	for unit in cutover cutover-serve; do \
	    sed 's|@PREFIX@|$(PREFIX)|g' etc/$$unit.service >$(INSTALL_DIR)/lib/systemd/system/$$unit.service || exit; done
	install -D -m 644 -t $(DOC_DIR)/prometheus etc/prometheus/alerts.yml etc/prometheus/alerts_test.yml
	install -D -m 644 -t $(DOC_DIR)/grafana etc/grafana/cutover.json

uninstall: ## remove what install put there; /etc/cutover and the journal stay
	rm -f $(INSTALL_DIR)/bin/cutover $(INSTALL_DIR)/share/man/man1/cutover.1 \
	      $(INSTALL_DIR)/share/bash-completion/completions/cutover $(INSTALL_DIR)/lib/systemd/system/cutover.service \
	      $(INSTALL_DIR)/lib/systemd/system/cutover-serve.service
	rm -rf $(INSTALL_DIR)/share/cutover $(DOC_DIR)

dist: ## build/cutover-VERSION.tar.gz from what is committed
	@mkdir -p $(BUILD)
	git archive --prefix=cutover-$(VERSION)/ --format=tar.gz -o $(BUILD)/cutover-$(VERSION).tar.gz HEAD

clean: ## remove build/ but for the fetched servers (clean-servers)
	$(Q)if [ -d $(BUILD) ]; then find $(BUILD) -mindepth 1 -maxdepth 1 ! -path $(SERVERS) -exec rm -rf {} +; fi

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@sed -n '/^# Knobs/,/^$$/s/^# */  /p' $(firstword $(MAKEFILE_LIST))
