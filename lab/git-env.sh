# Sourced where commits are made.  All are made by nobody at no time, so the same
# input gives the same commit, and what was built from it is still good.
# shellcheck shell=sh
export GIT_AUTHOR_NAME=lab GIT_AUTHOR_EMAIL=lab@localhost GIT_AUTHOR_DATE='946684800 +0000'
export GIT_COMMITTER_NAME=lab GIT_COMMITTER_EMAIL=lab@localhost GIT_COMMITTER_DATE='946684800 +0000'
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
