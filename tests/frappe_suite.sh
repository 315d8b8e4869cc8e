#!/usr/bin/env bash
# Runs the app's own Frappe tests in a bench, on this very checkout, whatever checkout the bench has installed.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd -P)
bench_dir=${FRAPPE_BENCH:-$HOME/frappe-bench}
site=test_site

skip() { echo "Frappe suite NOT RUN: $1"; exit 0; }

[ -d "$bench_dir/sites/$site" ] || skip "no bench with $site at $bench_dir (set FRAPPE_BENCH)."
command -v bench >/dev/null || skip "there is a bench at $bench_dir, but no 'bench' command on PATH."
start=${FRAPPE_BENCH_START:-$HOME/bench-services/start.sh}
if [ -x "$start" ]; then "$start" >/dev/null; fi
(cd "$bench_dir" && bench --site "$site" list-apps >/dev/null 2>&1) || skip "the services of $bench_dir do not answer."
app=$bench_dir/apps/verenigingen

exec 9>"/tmp/verenigingen-frappe-suite.lock"
flock 9
link() {
	ln -sfn "$1" "$app"
	local said
	# pip's warnings would drown the suite's own words; they are shown when it fails
	said=$("$bench_dir/env/bin/pip" install --quiet --disable-pip-version-check -e "$1" 2>&1) || { echo "$said"; return 1; }
}
if [ -e "$app" ] && [ ! -L "$app" ]; then
	# the bench has a checkout of its own, which is left alone: ours goes before it on Python's path
	export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}"
	restore() { (unset PYTHONPATH; cd "$bench_dir" && bench --site "$site" migrate >/dev/null) || true; }
else
	before=$(readlink "$app" || true)
	restore() { if [ -n "$before" ] && [ -d "$before" ]; then link "$before" || true; fi; }
	link "$here"
fi
trap restore EXIT
cd "$bench_dir"
grep -qx verenigingen sites/apps.txt || printf '\nverenigingen\n' >> sites/apps.txt
bench --site "$site" list-apps | grep -q '^verenigingen' || bench --site "$site" install-app verenigingen
bench --site "$site" migrate >/dev/null
found=$(env/bin/python -c "import verenigingen; print(verenigingen.__file__)")
[ "$found" = "$here/verenigingen/__init__.py" ] || { echo "the bench imports $found, not $here"; exit 1; }
# without CI in the environment bench ends with success whatever failed
CI=1 bench --site "$site" run-tests --app verenigingen
