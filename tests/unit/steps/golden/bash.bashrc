PS1='# '
# >>> bootsman motd >>>
case $- in *i*) [ ! -r '/etc/matrixdc-motd' ] || . '/etc/matrixdc-motd' ;; esac
# <<< bootsman motd <<<
