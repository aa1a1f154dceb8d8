# Connections and threads at the same time; `make tsan` has it under the thread sanitizer.

define race_rules
$(addprefix $(call home,$(1))/bin/,race interrupt): $(call home,$(1))/bin/%: build/$(1)/tests/concurrency/%.o $(patsubst %,build/$(1)/lib/%.a,$(below_sql))
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) \
	  -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) $$(SQLITE)

$(call home,$(1))/bin/reload: $(call objects,$(1),tests/concurrency/reload.c)
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -o $$@ $$^ $$(SQLITE) -lpthread
endef
$(foreach v,$(VARIANTS),$(eval $(call race_rules,$(v))))

RACE_PROGRAMS := race interrupt reload
programs: $(addprefix build/bin/,$(RACE_PROGRAMS))
every-program: $(addprefix build/$(VARIANT)/bin/,$(RACE_PROGRAMS))

.PHONY: race race-tsan interrupts
race: build/bin/race build/bin/reload adcp.so ## writers, restores, readers and interrupts at the same time, for minutes
	@dir=$$(mktemp -d) && TMPDIR=$$dir build/bin/race --rounds 100 && \
	  ADCP_SO=./adcp.so TMPDIR=$$dir build/bin/reload --rounds 300; \
	  rc=$$?; rm -rf "$$dir"; exit $$rc

race-tsan: build/tsan/bin/race build/tsan/bin/reload build/tsan/adcp.so ## the same under the thread sanitizer
	@dir=$$(mktemp -d) && TMPDIR=$$dir build/tsan/bin/race --rounds 5 && \
	  ADCP_SO=build/tsan/adcp.so TMPDIR=$$dir build/tsan/bin/reload --rounds 5; \
	  rc=$$?; rm -rf "$$dir"; exit $$rc

interrupts: build/bin/interrupt ## how long a restore of 2 million rows goes on after an interrupt
	@dir=$$(mktemp -d) && TMPDIR=$$dir build/bin/interrupt --rows 2000000 --rounds 40; rc=$$?; rm -rf "$$dir"; exit $$rc
