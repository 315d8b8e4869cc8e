"""The watchdog: what is silent on a site, found from evidence. Values in, findings out; no clock, no I/O."""
