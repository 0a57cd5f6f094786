package probes

import "callbyname/internal/metrics/scrape"

var (
	interval = scrape.Gauge("interval_seconds", "The time between two rounds of a target.")
	timeout  = scrape.Gauge("timeout_seconds", "The deadline of each probe.")
	voids    = scrape.Counter("void_probes_total", "Probes that the prober itself could not make: neither success nor failure.", "reason")

	rounds      = scrape.Counter("rounds_total", "Rounds: all approaches of a target, probed in the same instant.", "target")
	pauses      = scrape.Counter("pauses_total", "Times in which nobody looked: the prober was stopped, starved, or held up by its log.", "target")
	paused      = scrape.Counter("paused_seconds_total", "For how long nobody looked.", "target")
	recreations = scrape.Counter("recreations_total", "Recreations of the pod: by another one, or by itself at another IP.", "target")
	withdrawn   = scrape.Counter("withdrawn_recreations_total", "Recreations that were none: the old pod answered again, or the successor was a stranger.", "target")
	restarts    = scrape.Counter("restarts_total", "Restarts in place: another process in the same pod.", "target")
	dnsChanges  = scrape.Counter("dns_changes_total", "How often a name's addresses changed.", "target")

	outcomes = scrape.Counter("probes_total", "Probes by what they came to: ok, pending, void, or a failure class.", "approach", "outcome", "target")
	lost     = scrape.Counter("lost_probes_total", "Probes of any failure class.", "approach", "target")
	up       = scrape.Gauge("up", "1 if the last probe that counts succeeded, 0 if it was lost.", "approach", "target")
	outages  = scrape.Counter("outages_total", "Outages: runs of lost probes.", "approach", "target")
	out      = scrape.Counter("outage_seconds_total", "How long outages lasted, from the first lost probe to the next success.", "approach", "target")
	ttl      = scrape.Gauge("dns_ttl_seconds", "For how long the last DNS answer may be kept.", "approach", "target")

	corrected        = scrape.Counter("corrected_probes_total", "Probes counted as wrong_pod, by what they turned out to be.", "approach", "outcome", "target")
	correctedOutages = scrape.Counter("corrected_outages_total", "Outages that were none, since the pod was not the wrong one.", "approach", "target")
	correctedOut     = scrape.Counter("corrected_outage_seconds_total", "How much shorter outages were, since the pod was not the wrong one.", "approach", "target")
)

// families are those of which each target has some.
var families = []scrape.Family{
	rounds, pauses, paused, recreations, withdrawn, restarts, dnsChanges,
	outcomes, lost, up, outages, out, ttl, corrected, correctedOutages, correctedOut,
}
