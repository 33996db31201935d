# Written by bootsman (step ssh) at each start: the container's environment.
[ -z "${BOOTSMAN_BOOT-}" ] || return 0
[ -n "${JOB_PREFIX+x}" ] || export JOB_PREFIX='s3://b/数据'
[ -n "${LANG+x}" ] || export LANG='zh_CN.UTF-8'
[ -n "${LINES2+x}" ] || export LINES2='a
b'
[ -n "${QUOTES+x}" ] || export QUOTES='it'\''s "$HOME" `x` \'
case ":$PATH:" in
  *:'/opt/conda/bin:/usr/sbin:/usr/bin':*) ;;
  *) export PATH='/opt/conda/bin:/usr/sbin:/usr/bin'"${PATH:+:$PATH}" ;;
esac
