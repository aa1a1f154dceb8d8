# Every byte, every length, every forged edit: minutes.

.PHONY: damage
damage: adcp.so ## damaged backups, all of them: every byte in eight ways, every length, forged edits
	@ADCP_SO=$(CURDIR)/adcp.so /usr/bin/python3 tests/damage/test_damage.py --all
