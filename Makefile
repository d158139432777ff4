# SPDX-License-Identifier: MIT
# cutover - `make help` lists what there is. Output goes to build/ only.
# Knobs: CC, CFLAGS, BUILD (folder), V=1 (show commands), WERROR=1 (CI), SANITIZE=address|thread.

.DEFAULT_GOAL := all
MAKEFLAGS     += --no-builtin-rules
SHELL         := /bin/bash
BUILD         ?= build
CC            := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS        ?= -O2 -g
PYTHON        ?= /usr/bin/python3
PREFIX        ?= /usr/local
VERSION       := 0.1.0
Q             := $(if $(V),,@)

LIBRARIES := libcurl libconfig libssh2 sqlite3 jansson libcares libmicrohttpd libxxhash ncurses libcrypto
MYSQL_PC  := $(shell pkg-config --exists mysqlclient && echo mysqlclient || echo libmariadb)
PC_CFLAGS  = $(shell pkg-config --cflags $(MYSQL_PC) $(LIBRARIES) 2>/dev/null)
PC_LIBS    = $(shell pkg-config --libs $(MYSQL_PC) $(LIBRARIES) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla \
            -Wpointer-arith -Wwrite-strings -Wundef
HARDEN   := -fPIE -fstack-protector-strong $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
ALL_CFLAGS = -std=c17 -D_GNU_SOURCE -DCUTOVER_VERSION='"$(VERSION)"' -DCUTOVER_PREFIX='"$(PREFIX)"' \
             -Iinclude -I$(BUILD)/gen $(PC_CFLAGS) $(WARNINGS) $(if $(WERROR),-Werror) $(HARDEN) \
             $(if $(SANITIZE),-fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined) -fno-omit-frame-pointer) \
             -pthread $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(LDFLAGS) \
              $(if $(SANITIZE),-fsanitize=$(SANITIZE)$(if $(filter address,$(SANITIZE)),$(comma)undefined))
comma := ,

SOURCES   := $(sort $(wildcard src/*/*.c))
SQL_FILES := $(sort $(wildcard src/sql/*.sql src/sql/journal/*.sql))
OBJECTS   := $(SOURCES:src/%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/sql_catalog.o
LIBRARY   := $(BUILD)/libcutover.a
PROGRAM   := $(BUILD)/cutover
UNITS     := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

.PHONY: all
all: $(PROGRAM) ## build build/cutover

# --- build ---------------------------------------------------------------------------------------------------
$(BUILD)/gen/sql_ids.h $(BUILD)/gen/sql_catalog.c &: $(SQL_FILES) src/sql/generate.awk
	@mkdir -p $(BUILD)/gen
	$(Q)awk -v ids=$(BUILD)/gen/sql_ids.h.new -v catalog=$(BUILD)/gen/sql_catalog.c.new -f src/sql/generate.awk $(SQL_FILES)
	$(Q)cmp -s $(BUILD)/gen/sql_ids.h.new $(BUILD)/gen/sql_ids.h || cp $(BUILD)/gen/sql_ids.h.new $(BUILD)/gen/sql_ids.h
	$(Q)mv $(BUILD)/gen/sql_catalog.c.new $(BUILD)/gen/sql_catalog.c
	$(Q)rm -f $(BUILD)/gen/sql_ids.h.new; touch $(BUILD)/gen/sql_ids.h

$(BUILD)/obj/%.o: src/%.c $(BUILD)/gen/sql_ids.h
	@mkdir -p $(@D)
	@$(if $(V),,echo "CC   $<")
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/gen/sql_catalog.o: $(BUILD)/gen/sql_catalog.c
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

-include $(OBJECTS:.o=.d) $(UNITS:=.d) $(BUILD)/obj/main.d

.PHONY: clean
clean: ## remove build/
	rm -rf $(BUILD)
