"""What Frappe and the stand-alone program are told about this app. Plain data, no imports."""

app_name = "verenigingen"
app_title = "Verenigingen Monitoring"
app_publisher = "Verenigingen Monitoring contributors"
app_description = "Monitoring, analytics, compliance and optimisation for membership associations"
app_email = "monitoring@example.org"
app_license = "mit"

after_install = "verenigingen.install.after_install"
after_migrate = "verenigingen.install.after_migrate"
before_uninstall = "verenigingen.install.before_uninstall"
after_uninstall = "verenigingen.install.after_uninstall"

scheduler_events = {"cron": {"* * * * *": ["verenigingen.services.monitoring.collect_now"]}}

# Other apps may add sources of their own under the same name.
# Error Log comes last: what it holds of a failure is the least exact, and joins what the others have told.
monitoring_collectors = [
	"verenigingen.collectors.site_changes.collect",
	"verenigingen.collectors.failed_requests.collect",
	"verenigingen.collectors.scheduled_jobs.collect",
	"verenigingen.collectors.rq_failures.collect",
	"verenigingen.collectors.email_queue.collect",
	"verenigingen.collectors.integrations.collect_integrations",
	"verenigingen.collectors.integrations.collect_webhooks",
	"verenigingen.collectors.error_log.collect",
	"verenigingen.collectors.requests.collect",
	"verenigingen.collectors.jobs.collect",
	"verenigingen.collectors.statements.collect",
	"verenigingen.collectors.monitor_log.collect",  # after requests and jobs: it leaves out what they have
	"verenigingen.services.anomalies.judge",  # of what was measured
]

before_request = ["verenigingen.host.frappe_measure.before_request"]
after_request = ["verenigingen.host.frappe_measure.after_request"]
before_job = ["verenigingen.host.frappe_measure.before_job"]
after_job = ["verenigingen.host.frappe_measure.after_job"]
# Likewise: each is a `verenigingen.core.gauges.GaugeSource`.
monitoring_gauges = [
	"verenigingen.collectors.system.SOURCE",
	"verenigingen.collectors.database.SOURCE",
	"verenigingen.collectors.database_tables.SOURCE",
	"verenigingen.collectors.database_statements.SOURCE",
	"verenigingen.collectors.cache.SOURCE",
	"verenigingen.collectors.queues.SOURCE",
	"verenigingen.collectors.scheduler.SOURCE",
	"verenigingen.collectors.mail.SOURCE",
	"verenigingen.collectors.business.SOURCE",
	"verenigingen.collectors.business_days.SOURCE",
]

update_website_context = ["verenigingen.host.frappe_hooks.note_page_error"]

doctype_list_js = {"Error Issue": "public/js/error_issue_merge.js"}

default_log_clearing_doctypes = {
	"Error Issue": 90,
	"Error Issue Day": 90,
	"Error Issue User": 90,
	"Error User Day": 90,
	"Error Issue Facet": 90,
	"Site Change": 90,
	"Request Failure Hour": 90,
	"Request Rollup": 730,
	"Job Rollup": 730,
	"Statement Rollup": 730,
	"Metric Rollup": 90,
	"Anomaly": 90,
}

# Personal data is taken out of errors before they are written; the setting redact_error_log turns it off.
override_doctype_class = {"Error Log": "verenigingen.host.frappe_error_log.RedactedErrorLog"}

user_data_fields = [
	{
		"doctype": "Member",
		"filter_by": "email",
		"redact_fields": ["full_name", "first_name", "last_name"],
		"partial": 1,
	},
]

persistent_cache_keys = ["monitoring_*"]

export_python_type_annotations = True
