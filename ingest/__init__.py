"""From a source to frames on the topic: guard, download, sandboxed decoding, sampling, leases, sweeper."""
