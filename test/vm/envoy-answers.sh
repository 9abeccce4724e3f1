#!/bin/sh
# curl, as Envoy's administration answers: counters grow with each look, so that each connection is seen to be counted.
for url; do :; done
case $url in
  *clusters)
    echo x >>"$TMPDIR/../looks"
    n=$(wc -l <"$TMPDIR/../looks")
    for i in $(seq 20); do
      echo "outbound|80||s$i.vm.svc.cluster.local::[2001:db8::1]:80::cx_total::$n"
    done
    ;;
  *reopen_logs) ;;
  *) printf 'HTTP/1.1 200 OK\r\nserver: envoy\r\n\r\nbody' ;;
esac
