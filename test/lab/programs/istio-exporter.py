#!/usr/bin/env python3
"""Counters of Istio for a VM whose Envoy is not Istio's: istio-exporter.py PORT WORKLOAD NAMESPACE

/metrics shows the requests and connections that the inbound clusters of the VM's Envoy counted, by the names that Istio gives them.
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

PORT, WORKLOAD, NAMESPACE = int(sys.argv[1]), sys.argv[2], sys.argv[3]
NAMES = {"rq_total": "istio_requests_total", "cx_total": "istio_tcp_connections_opened_total"}


def metrics():
    with urlopen("http://127.0.0.1:15000/clusters?format=json", timeout=5) as page:
        clusters = json.load(page)["cluster_statuses"]
    lines = []
    for stat, name in NAMES.items():
        hosts = [host for cluster in clusters if cluster["name"].startswith("inbound|") for host in cluster["host_statuses"]]
        total = sum(int(each.get("value", 0)) for host in hosts for each in host["stats"] if each["name"] == stat)
        labels = f'reporter="destination",destination_workload="{WORKLOAD}",destination_workload_namespace="{NAMESPACE}"'
        lines += [f"# TYPE {name} counter", f"{name}{{{labels}}} {total}"]
    return "\n".join(lines) + "\n"


class Service(BaseHTTPRequestHandler):
    def do_GET(self):
        data = metrics().encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer(("0.0.0.0", PORT), Service).serve_forever()
