"""Private servers for the suite: temporary folders, free ports, gone when the run ends."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pymysql
import redis

PASSWORD = "suite"


# Debian package of each program the suite runs; any of the programs will do.
PROGRAMS = {
	"mariadb-server": ("mariadbd",),
	"redis-server": ("redis-server",),
	"chromium": ("chromium", "google-chrome", "chromium-browser"),
}


def program(package: str) -> str | None:
	"""Path of a package's program, where it is installed."""
	paths = os.environ["PATH"] + ":/usr/sbin"
	return next(filter(None, (shutil.which(name, path=paths) for name in PROGRAMS[package])), None)


def install_missing() -> None:
	"""Installs the Debian packages the suite lacks when root. Raises RuntimeError naming those still missing, at once."""
	missing = [package for package in PROGRAMS if not program(package)]
	if missing and os.geteuid() == 0 and shutil.which("apt-get"):
		environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
		subprocess.run(["apt-get", "update", "-qq"], check=False)
		subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=False, env=environment)
		missing = [package for package in missing if not program(package)]
	if missing:
		raise RuntimeError(
			f"The suite needs Debian packages that are not installed: apt install {' '.join(missing)}"
		)


def need(package: str) -> str:
	"""Path of a package's program. Raises RuntimeError naming the package."""
	found = program(package)
	if not found:
		raise RuntimeError(f"The suite needs the Debian package {package}: apt install {package}")
	return found


def free_port() -> int:
	"""A port nobody listens on."""
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return int(probe.getsockname()[1])


def dying_with_us() -> list[str]:
	"""What to put before a server's command, so that it goes when we do, even when we are killed."""
	setpriv = shutil.which("setpriv")
	return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


# Tests make thousands of tables, and most of their time was waiting for a disk that nothing of theirs needs to outlive.
FORGETFUL = ("--innodb-flush-method=nosync", "--sync-frm=0")


class MariaServer:
	"""A private MariaDB. `durable`: writes reach the disk as on any server; False where only the time of tests matters."""

	def __init__(self, *, durable: bool = True) -> None:
		self.durable = durable
		self.server = need("mariadb-server")
		self.folder = Path(tempfile.mkdtemp(prefix="verenigingen-mariadb-"))
		self.port = free_port()
		self.process: subprocess.Popen[bytes] | None = None
		atexit.register(self.close)
		user = ["--user=root"] if os.geteuid() == 0 else []
		install = str(shutil.which("mariadb-install-db"))
		options = [
			"--no-defaults",
			f"--datadir={self.folder}/data",
			"--auth-root-authentication-method=normal",
		]
		made = subprocess.run([install, *options, *user], capture_output=True, text=True, check=False)
		if made.returncode:
			raise RuntimeError(f"mariadb-install-db failed:\n{made.stdout[-3000:]}\n{made.stderr[-3000:]}")
		(self.folder / "init.sql").write_text(f"SET PASSWORD FOR root@localhost = PASSWORD('{PASSWORD}');")
		self.start()

	def start(self) -> None:
		"""Starts the server, or starts it again, and waits until it answers."""
		user = ["--user=root"] if os.geteuid() == 0 else []
		command = [
			*dying_with_us(),
			self.server,
			"--no-defaults",
			f"--datadir={self.folder}/data",
			f"--port={self.port}",
			"--bind-address=127.0.0.1",
			f"--socket={self.folder}/s.sock",
			f"--init-file={self.folder}/init.sql",
			"--innodb-flush-log-at-trx-commit=0",
			"--character-set-server=utf8mb4",
			*(() if self.durable else FORGETFUL),
			*user,
		]
		with open(self.folder / "log", "ab") as out:
			self.process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
		for _ in range(300):
			try:
				self.connect().close()
				return
			except pymysql.Error:
				time.sleep(0.1)
		raise RuntimeError(f"MariaDB did not start: {(self.folder / 'log').read_text()[-2000:]}")

	def connect(self, database: str | None = None, **more: Any) -> pymysql.Connection:
		"""A connection as root; `more` as PyMySQL has it."""
		return pymysql.connect(
			host="127.0.0.1",
			port=self.port,
			user="root",
			password=PASSWORD,
			database=database,
			autocommit=True,
			**more,
		)

	def execute(self, sql: str) -> None:
		"""Runs one statement as root."""
		with self.connect() as connection, connection.cursor() as cursor:
			cursor.execute(sql)

	def stop(self) -> None:
		"""Stops the server and keeps its data."""
		if self.process and self.process.poll() is None:
			os.killpg(self.process.pid, signal.SIGTERM)
			self.process.wait(30)

	def close(self) -> None:
		"""Stops the server and removes its data."""
		self.stop()
		shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer:
	"""A private Redis that keeps nothing on disk: what was in it is gone after a stop."""

	def __init__(self) -> None:
		self.server = need("redis-server")
		self.folder = Path(tempfile.mkdtemp(prefix="verenigingen-redis-"))
		self.port = free_port()
		self.url = f"redis://127.0.0.1:{self.port}"
		self.process: subprocess.Popen[bytes] | None = None
		atexit.register(self.close)
		self.start()

	def start(self) -> None:
		"""Starts the server, or starts it again, and waits until it answers."""
		options = f"--port {self.port} --bind 127.0.0.1 --appendonly no --dir {self.folder}".split()
		command = [*dying_with_us(), self.server, *options, "--save", ""]
		with open(self.folder / "log", "ab") as out:
			self.process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
		for _ in range(100):
			try:
				self.connect().ping()
				return
			except redis.ConnectionError:
				time.sleep(0.1)
		raise RuntimeError(f"Redis did not start: {(self.folder / 'log').read_text()[-2000:]}")

	def connect(self) -> redis.Redis:
		"""A client."""
		return redis.Redis.from_url(self.url)

	def stop(self) -> None:
		"""Stops the server at once."""
		if self.process and self.process.poll() is None:
			os.killpg(self.process.pid, signal.SIGKILL)
			self.process.wait(30)

	def close(self) -> None:
		"""Stops the server and removes its folder."""
		self.stop()
		shutil.rmtree(self.folder, ignore_errors=True)
