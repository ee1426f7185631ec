# SPDX-License-Identifier: GPL-2.0
# gnuplot -c cost.gp DIR: draws as SVG what bench has left in DIR: instructions, in parts of the
# pages, against the number of these, on stock (lines) and after (dots).
load 'lab/views/svg.gp'
set title 'Instructions / pages, on stock (lines) and after (dots)'
set xlabel 'pages'
set logscale x 2
set logscale y 10
set xrange [180:90000]
set format x '2^{%L}'
set key outside right
array what = ['swapin', 'fault', 'fork', 'fork', 'uffd-wp', 'mprotect', 'mprotect']
array lost = [0, 0, 0, 1, 0, 0, 1]
of(kernel, i) = sprintf('< grep "^%s [0-9]* %d " %s/%s-1', what[i], lost[i], ARG1, kernel)
plot for [i = 1:7] of('stock', i) using 2:($4 / $2) with lines lc i notitle, \
	for [i = 1:7] of('after', i) using 2:($4 / $2) with points pt 7 ps 0.6 lc i \
	title what[i] . (lost[i] ? ', lost' : '')
