# Faults and crashes: a driver that fails every operation of every scenario, one after the other.

FAULT_SOURCES := $(sort $(wildcard tests/fault/*.c))

define fault_rules
$(call home,$(1))/bin/fault: $(call objects,$(1),$(FAULT_SOURCES)) $(patsubst %,build/$(1)/lib/%.a,$(below_sql))
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -Wl,--wrap=pthread_create -o $$@ $$(filter %.o,$$^) \
	  -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) $$(SQLITE)
endef
$(foreach v,$(VARIANTS),$(eval $(call fault_rules,$(v))))

programs: build/bin/fault
coverage-programs: build/coverage/bin/fault

.PHONY: fault crash
fault: build/bin/fault ## every operation of every scenario fails once and for good (hours)
	@build/bin/fault

crash: build/bin/fault ## the process dies at every system call and database operation
	@build/bin/fault --crash

.PHONY: torture
torture: build/bin/fault ## the long version of everything: faults, crashes, damage, hostile files
	@build/bin/fault --points $(or $(POINTS),1000)
	@$(MAKE) --no-print-directory crash damage hostile
