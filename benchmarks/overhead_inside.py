"""Run by the Python of a bench: the same requests through Frappe's WSGI application, with and without our hooks.

Prints JSON: by side the processor time (µs) of each request of this thread, pair by pair, each pair in random order.
Arguments: site, folder of sites, path, number of pairs, and the two lists of hooks as files.
"""

import json
import os
import random
import sys
import time
from pathlib import Path


def main() -> None:
	"""Asks in turn."""
	site, folder, path, pairs, key, *files = sys.argv[1:]
	os.chdir(folder)
	import frappe
	import redis
	from frappe.app import application
	from werkzeug.test import Client

	frappe.init(site=site, sites_path=".")
	cache = redis.Redis.from_url(frappe.conf.redis_cache)
	frappe.destroy()
	lists = {side: Path(file).read_bytes() for side, file in zip(("on", "off"), files, strict=True)}
	client, took = Client(application), {"on": [], "off": []}
	for number in range(-30, int(pairs)):
		for side in random.sample(["on", "off"], 2):
			cache.set(key, lists[side])
			began = time.thread_time()
			response = client.get(path, headers={"X-Frappe-Site-Name": site})
			response.get_data()
			response.close()  # what Frappe does after an answer is part of its cost
			if number >= 0:
				took[side].append(1e6 * (time.thread_time() - began))
	print(json.dumps(took))


if __name__ == "__main__":
	main()
