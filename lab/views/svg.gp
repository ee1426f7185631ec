# SPDX-License-Identifier: GPL-2.0
# What all plots have: SVG without a background, in colours that can be read on white and on black.
set terminal svg size 640,360 font 'sans-serif,12'
grey = '#808a94'
set border lc rgb grey
set tics textcolor rgb grey nomirror
set title textcolor rgb grey
set xlabel textcolor rgb grey
set ylabel textcolor rgb grey
set key textcolor rgb grey
set linetype 1 lc rgb '#d62828'
set linetype 2 lc rgb '#2a7de1'
set linetype 3 lc rgb '#2e9e5b'
set linetype 4 lc rgb '#8fbf3f'
set linetype 5 lc rgb '#9b6dd6'
set linetype 6 lc rgb '#e08a1e'
set linetype 7 lc rgb '#d4b02a'
