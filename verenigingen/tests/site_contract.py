"""What every host tells of its site's configuration and code; part of the host contract."""

from verenigingen.host.port import Host


class SiteContract:
	"""Mixed into HostContract."""

	host: Host

	def test_the_site_config_tells_what_changed_and_no_value(self):
		name, secret = "contract_probe", "Tulp7-geheim"
		self.set_site_config(name, secret)
		first = self.host.config.digests()
		self.assertNotIn(secret, str(first))
		self.assertEqual(first, self.host.config.digests())
		self.set_site_config(name, {"b": secret, "a": 1})
		second = self.host.config.digests()
		self.assertEqual({key for key in second if second[key] != first.get(key)}, {name})
		self.set_site_config(name, {"a": 1, "b": secret})
		self.assertEqual(second, self.host.config.digests(), "the order of keys is no change")
		self.set_site_config(name, None)
		self.assertNotIn(name, self.host.config.digests())

	def test_apps_have_versions_where_code_runs(self):
		apps = {app.name: app for app in self.host.hooks.apps()}
		if self.host.kind == "frappe":
			self.assertRegex(apps["frappe"].version, r"\A[0-9]+\.")
			self.assertRegex(apps["verenigingen"].commit or "", r"\A([0-9a-f]{12})?\Z")
		else:
			self.assertEqual(apps, {})
