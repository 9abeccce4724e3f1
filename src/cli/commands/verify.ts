import type { CommandSpec } from '../command.ts';
import { LIVE_CLUSTER_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const verify: CommandSpec = {
  name: 'verify',
  summary: 'send real requests, and show what answered, through which proxies, and whether by mutual TLS',
  args: [
    ['[what]', 'a URL, or mesh, vm, service, gateway, injection or telemetry (mesh)'],
    ['[name]', 'the VM (vm, telemetry), the Service (service) or the Gateway (gateway)'],
  ],
  options: [
    ['--from <place>', 'who sends the URL: here, the name of a VM, or pod:NAME.NAMESPACE (here)'],
    ['--vm <vm>', 'VM that serves and whose sidecar is watched (for a service: the one of its group)'],
    ['-X, --method <method>', 'method of the request (GET; POST with -d)'],
    ['-d, --data <text>', 'body of the request'],
    ['-H, --header <field...>', 'header field, NAME: VALUE'],
    ['--path <path>', 'path of the request to a service or gateway'],
    ['--expect-status <status>', 'status of the answer (below 500)'],
    ['--expect-body <text>', 'body of the answer; JSON is compared by its content'],
    ['--expect-title <text>', 'title of the page'],
    ['--limit <seconds>', 'how long an answer may take (10)'],
    ['-l, --selector <labels>', 'pods of which injection is verified, KEY=VALUE'],
    ['--mesh-service <name:port>', 'mesh service that the VM must reach: NAME[.NAMESPACE]:PORT[/PATH]'],
    ['--probe-client <vm>', "VM that calls the services of the VM (default: the VM's own sidecar)"],
    ['--prometheus <url>', "telemetry: Prometheus to ask (default: the mesh's own, by a forwarded port)"],
    ['--print-scrape', "telemetry: print the jobs by which Prometheus scrapes the namespace's VMs"],
    ['--istiod-address <ip>', 'where VMs reach istiod, IP or IP:PORT (default: read from the cluster)'],
    ['--wait', 'injection: wait until all pods are ready; telemetry: until Prometheus has counted the requests'],
    ['--timeout <seconds>', 'how long to wait (300)'],
  ],
  common: [...LIVE_CLUSTER_OPTIONS, 'namespace', ...LIVE_VM_OPTIONS, 'output'],
  examples: [
    'verify',
    'verify vm istio-vm',
    'verify service mysqldb -n vm',
    'verify service etcd -n vm --path /v2/keys/message -X PUT -d value=Hello --expect-status 201',
    'verify gateway -n default --path /productpage --expect-title Bookinfo',
    'verify injection -n default -l app=ratings',
    'verify telemetry istio-vm',
    'verify http://productpage.default.svc.cluster.local:9080/api/v1/products/0/ratings --from istio-vm',
  ],
  run: async (call) => (await import('../actions/verify.ts')).verify(call),
};
