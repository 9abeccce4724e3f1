#!/usr/bin/env python3
"""Answers the registration query of Pilot 0.2 from the Endpoints of a Kubernetes API: stand-in-pilot.py ADDRESS,ADDRESS KUBECTL...

GET /v1/registration/NAME.NAMESPACE.svc.cluster.local|PORT_NAME  ->  {"hosts": [{"ip_address": "10.60.1.4", "port": 8080}]}
"""
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

ADDRESSES = sys.argv[1].split(",")
KUBECTL = sys.argv[2:]
PREFIX = "/v1/registration/"


def hosts(key):
    service, _, port_name = key.partition("|")
    name, namespace = service.split(".")[:2]
    argv = [*KUBECTL, "-n", namespace, "get", "endpoints", name, "-o", "json", "--ignore-not-found"]
    text = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True).stdout
    subsets = json.loads(text).get("subsets", []) if text else []
    return [
        {"ip_address": address["ip"], "port": port["port"]}
        for subset in subsets
        for port in subset.get("ports", [])
        if not port_name or port.get("name") == port_name
        for address in subset.get("addresses", [])
    ]


class Pilot(BaseHTTPRequestHandler):
    def do_GET(self):
        path = unquote(self.path)
        known = path.startswith(PREFIX) and path.count(".") >= 2
        data = json.dumps({"hosts": hosts(path[len(PREFIX):])} if known else {}).encode()
        self.send_response(200 if known else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


# The load balancer's address and the pod's own: istiod of the other cluster has port 8080 on loopback.
for listen in ADDRESSES:
    threading.Thread(target=ThreadingHTTPServer((listen, 8080), Pilot).serve_forever).start()
