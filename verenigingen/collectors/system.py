"""The machine the site runs on, each minute: processors, memory, disks, network, open files."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from verenigingen.core.gauges import Age, GaugeSource, Item, Missing, Reading, Share
from verenigingen.core.measures import MINUTE
from verenigingen.core.metrics import SYSTEM
from verenigingen.exceptions import SourceAbsent
from verenigingen.host.port import Host

NAME = "System"
LOOPBACK = "lo"
IDLE = ("idle", "iowait")
COUNTED_TWICE = ("guest", "guest_nice")  # within user and nice


def read(host: Host) -> Iterable[Item]:
	"""The machine now. Raises SourceAbsent where the site is on another one."""
	if host.folder is None:
		raise SourceAbsent(NAME, "The site is only audited: this machine need not be the one it runs on.")
	yield Age(time.time() - psutil.boot_time())
	yield from _processors()
	yield from _memory()
	yield from _disks(host, host.folder)
	yield from _traffic()
	yield from _open_files()


def _processors() -> Iterable[Item]:
	spent = psutil.cpu_times()._asdict()
	whole = sum(seconds for kind, seconds in spent.items() if kind not in COUNTED_TWICE)
	idle = sum(spent.get(kind, 0.0) for kind in IDLE)
	yield Share("cpu_ratio", whole - idle, whole)
	for metric, kind in (("cpu_waiting_ratio", "iowait"), ("cpu_stolen_ratio", "steal")):
		if kind in spent:
			yield Share(metric, spent[kind], whole)
		else:
			yield Missing(metric, "This operating system does not tell.")
	yield Reading("cpu_count", psutil.cpu_count() or 1)
	yield Reading("load_average", psutil.getloadavg()[0])


def _memory() -> Iterable[Item]:
	memory, swap = psutil.virtual_memory(), psutil.swap_memory()
	used = memory.total - memory.available
	yield Reading("memory_ratio", used / memory.total)
	yield Reading("memory_used_bytes", used)
	yield Reading("memory_total_bytes", memory.total)
	yield Reading("swap_used_bytes", swap.used)
	yield Reading("swap_total_bytes", swap.total)


def _disks(host: Host, folder: Path) -> Iterable[Item]:
	for mount in sorted({mount_of(path) for path in (folder, _database_folder(host)) if path}):
		disk = psutil.disk_usage(mount)
		# without what is kept for root, which a site cannot use
		usable = disk.used + disk.free
		yield Reading("disk_used_bytes", disk.used, mount)
		yield Reading("disk_free_bytes", disk.free, mount)
		yield Reading("disk_total_bytes", usable, mount)
		if usable:
			yield Reading("disk_used_ratio", disk.used / usable, mount)


def _database_folder(host: Host) -> Path | None:
	"""Where the database keeps its files, if on this machine and to be seen."""
	if host.db.dialect != "mariadb":
		return None
	[(folder, machine)] = host.db.query("SELECT @@datadir, @@hostname")
	path = Path(str(folder))
	return path if machine == socket.gethostname() and path.exists() else None


def mount_of(path: Path) -> str:
	"""The mount that holds a path."""
	path = path.resolve()
	while not os.path.ismount(path):
		path = path.parent
	return str(path)


def _traffic() -> Iterable[Item]:
	cards = [card for name, card in psutil.net_io_counters(pernic=True).items() if name != LOOPBACK]
	yield Reading("network_received_bytes", sum(card.bytes_recv for card in cards))
	yield Reading("network_sent_bytes", sum(card.bytes_sent for card in cards))
	disks = psutil.disk_io_counters()
	for metric in ("disk_read_bytes", "disk_written_bytes"):
		if disks is None:
			yield Missing(metric, "This machine shows no disks of its own.")
		else:
			yield Reading(metric, disks.read_bytes if metric == "disk_read_bytes" else disks.write_bytes)


def _open_files() -> Iterable[Item]:
	yield Reading("process_open_files", psutil.Process().num_fds())
	yield Reading("process_open_files_limit", resource.getrlimit(resource.RLIMIT_NOFILE)[0])


SOURCE = GaugeSource(NAME, MINUTE, read, SYSTEM)
