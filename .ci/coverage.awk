# Prints the statement coverage of each package in a Go cover profile, and fails if
# one lies below 90 %. A profile made with -coverpkg lists a block once for each test
# binary; it is covered if one of them has run it.
NR == 1 { next } # the mode
{
	statements[$1] = $2
	if ($3 > 0) covered[$1] = 1
}
END {
	for (block in statements) {
		package = block
		sub(/\/[^\/]*:.*$/, "", package)
		all[package] += statements[block]
		if (block in covered) run[package] += statements[block]
	}
	for (package in all) {
		share = 100 * run[package] / all[package]
		printf "%5.1f %% of %5d statements  %s\n", share, all[package], package
		if (share < 90) low = 1
	}
	if (NR < 2 || low) exit 1
}
