# Faults and crashes: a driver that fails every operation of every scenario, one after the other.

comma := ,
FAULT_SOURCES := $(sort $(wildcard tests/fault/*.c))

# Of libraries without a table to be replaced.
FAULT_WRAPS := $(patsubst %,-Wl$(comma)--wrap=%,pthread_create ZSTD_createCCtx ZSTD_createDCtx \
                 ZSTD_compress2 ZSTD_decompressStream sqlite3_vfs_register)

define fault_rules
$(call home,$(1))/bin/fault: $(call objects,$(1),$(FAULT_SOURCES)) $(patsubst %,build/$(1)/lib/%.a,$(below_sql))
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) $(FAULT_WRAPS) -o $$@ $$(filter %.o,$$^) \
	  -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) $$(SQLITE)
endef
$(foreach v,$(VARIANTS),$(eval $(call fault_rules,$(v))))

programs: build/bin/fault
every-program: build/$(VARIANT)/bin/fault

.PHONY: fault crash lost
fault: build/bin/fault ## every operation of every scenario fails once and for good (hours)
	@build/bin/fault

crash: build/bin/fault ## the process dies at every system call and database operation, and at any time
	@build/bin/fault --crash

lost: build/bin/fault ## the power fails: what was not synced is there, lost, torn or garbled
	@build/bin/fault --lost

.PHONY: torture
torture: build/bin/fault ## the long versions of the failure families, one after the other (hours)
	@build/bin/fault --points $(or $(POINTS),1000)
	@$(MAKE) --no-print-directory crash lost damage hostile race race-tsan
	@$(MAKE) --no-print-directory fuzz SECONDS=$(or $(SECONDS),600)
