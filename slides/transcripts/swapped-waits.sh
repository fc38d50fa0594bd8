# Both give up at the same time, so either may say so first: recorded in one order.
echo '$ build/slides/demos/swapped_waits'
told=$(build/slides/demos/swapped_waits 2>&1)
grep -v 'still waits' <<<"$told"
grep 'still waits' <<<"$told" | sort -r
