# SPDX-License-Identifier: GPL-2.0
# gnuplot -c time.gp FILE: draws as SVG how long each stage took of a cold make, from what timed()
# has left in FILE.
load 'lab/views/svg.gp'
set title 'Seconds that each stage of a cold make takes'
set style fill solid
set boxwidth 0.6
set yrange [*:*] reverse
set offsets 0, 0, 0.3, 0.3
set xrange [0:*]
unset key
stages = sprintf('< awk -f lab/views/time.awk %s %s', ARG1, ARG1)
plot stages using ($2 / 2):0:($2 / 2):(0.3):yticlabels(1) with boxxyerror lc 2, \
	stages using 2:0:(' ' . strcol(2)) with labels left textcolor rgb grey
