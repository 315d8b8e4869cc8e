"""Which commit an app's folder has checked out, in the shapes git leaves on disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

from verenigingen.host.digest import commit_of, value_digests


def git(folder: Path, *arguments: str) -> str:
	command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
	return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path) -> str:
	folder.mkdir()
	git(folder, "init", "-q")
	git(folder, "commit", "-q", "--allow-empty", "-m", "one")
	return git(folder, "rev-parse", "HEAD")[:12]


def test_branch_packed_branch_detached_head_and_worktree(tmp_path: Path) -> None:
	folder = tmp_path / "app"
	head = repository(folder)
	assert commit_of(folder) == head
	git(folder, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
	assert commit_of(tmp_path / "tree") == head
	git(folder, "pack-refs", "--all")
	assert commit_of(folder) == head
	assert commit_of(tmp_path / "tree") == head
	git(folder, "checkout", "-q", "--detach")
	assert commit_of(folder) == head


def test_what_is_no_checkout_has_no_commit(tmp_path: Path) -> None:
	assert commit_of(tmp_path) is None
	(tmp_path / ".git").write_text("gitdir: nowhere")
	assert commit_of(tmp_path) is None


def test_a_key_that_is_made_while_values_are_digested() -> None:
	values: dict[str, object] = {"db_name": "x", "developer_mode": 1}

	def keyed(text: str) -> str:
		values["encryption_key"] = "made on first use"
		return text

	assert value_digests(values, keyed) == {"db_name": '"x"', "developer_mode": "1"}
