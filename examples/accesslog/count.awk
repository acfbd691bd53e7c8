# What summary.dump prints, from the same log. Run it with LC_ALL=C, so that length counts bytes.
NF == 10 && $9 ~ /^[1-5][0-9][0-9]$/ && $10 ~ /^(-|[0-9]+)$/ && length($10) <= 15 && length($0) <= 16384 {
	class = substr($9, 1, 1)
	lines[class]++
	bytes[class] += $10
	hits[$7]++
	sent[$7] += $10
	next
}
{ malformed++ }
END {
	for (class in lines) printf "class %s %.0f %.0f\n", class, lines[class], bytes[class]
	for (path in hits) printf "path %s %.0f %.0f\n", path, hits[path], sent[path]
	printf "malformed %.0f\n", malformed
}
