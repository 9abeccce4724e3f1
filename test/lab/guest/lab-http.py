#!/usr/bin/env python3
"""A small JSON service: lab-http.py PORT [MYSQL_HOST]

Answers /api/v1/products/0/ratings with two ratings; with MYSQL_HOST they come from `test.ratings` of that database,
through the mysql client. /headers answers the request's headers. Anything else is "ok".
"""
import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(sys.argv[1])
MYSQL_HOST = sys.argv[2] if len(sys.argv) > 2 else ""


def ratings():
    if not MYSQL_HOST:
        return {"Reviewer2": 4, "Reviewer1": 5}
    query = "select reviewid, rating from ratings order by reviewid desc"
    argv = ["mysql", "-h", MYSQL_HOST, "-u", "root", "-ppassword", "-N", "-B", "--connect-timeout=5", "test", "-e", query]
    rows = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True).stdout.split("\n")
    pairs = [row.split("\t") for row in rows if row]
    return {"Reviewer" + number: int(stars) for number, stars in pairs}


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, body = 200, "ok"
        try:
            if self.path == "/api/v1/products/0/ratings":
                body = json.dumps({"ratings": ratings(), "id": 0})
            elif self.path == "/headers":
                body = json.dumps(dict(self.headers.items()))
        except (subprocess.SubprocessError, ValueError) as error:
            status, body = 500, json.dumps({"error": type(error).__name__})
        data = body.encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


ThreadingHTTPServer(("0.0.0.0", PORT), Service).serve_forever()
