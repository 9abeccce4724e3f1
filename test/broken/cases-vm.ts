import { type BrokenCase, person, typed } from './case.ts';
import { NAMESPACE, VM } from './mesh.ts';

/** A command line of root on the VM. */
const on = (line: string): string => `ssh ${VM} "${line}"`;
const OF_VM = [VM, '-n', NAMESPACE];
const SIDECAR_ENV = '/var/lib/istio/envoy/sidecar.env';

/** The VM itself, which `meshx check VM` asks over SSH. */
export const VM_CASES: readonly BrokenCase[] = [
  {
    name: 'login-refused',
    what: 'the VM has no user of the given name',
    break: [],
    words: [...OF_VM, '--user', 'nosuchuser'],
    expected: ['vm-login'],
    remedy: person('the name of a user of the VM is known to the operator'),
  },
  {
    name: 'rules-flushed',
    what: 'another program removed the rules of capture, and nothing watches them',
    break: [on('systemctl stop meshx-watch; iptables -t nat -F; iptables -t nat -X')],
    words: OF_VM,
    expected: ['capture-loaded'],
    remedy: typed('capture-loaded', { then: [on('systemctl start meshx-watch')] }),
    restore: [on('systemctl restart meshx-capture; systemctl start meshx-watch')],
  },
  {
    name: 'rules-of-another-backend',
    what: 'iptables-legacy has rules of Istio, too',
    break: [
      on(
        'iptables-legacy -t nat -N ISTIO_OUTPUT; iptables-legacy -t nat -A ISTIO_OUTPUT -p tcp --dport 9 -j REDIRECT --to-ports 15001; iptables-legacy -t nat -A OUTPUT -j ISTIO_OUTPUT',
      ),
    ],
    words: OF_VM,
    expected: ['capture-backend'],
    remedy: person('which backend the machine uses is known to its owner'),
    restore: [on('iptables-legacy -t nat -F; iptables-legacy -t nat -X')],
  },
  {
    name: 'docker-comes-first',
    what: 'a published port of Docker is translated before capture sees it',
    break: [
      on(
        'iptables -t nat -N DOCKER; iptables -t nat -A DOCKER -p tcp --dport 9999 -j DNAT --to-destination 172.17.0.2:80; iptables -t nat -I PREROUTING -j DOCKER',
      ),
    ],
    words: OF_VM,
    expected: ['capture-first'],
    remedy: person('whether containers may publish ports on a VM of the mesh is a decision'),
    restore: [on('iptables -t nat -D PREROUTING -j DOCKER; iptables -t nat -F DOCKER; iptables -t nat -X DOCKER')],
  },
  {
    name: 'sidecar-not-at-boot',
    what: 'the sidecar does not start at boot',
    break: [on('systemctl disable istio')],
    words: OF_VM,
    expected: ['units-boot'],
    remedy: typed('units-boot'),
    restore: [on('systemctl enable istio')],
  },
  {
    name: 'env-files-disagree',
    what: 'sidecar.env and cluster.env set one key to different values',
    break: [
      on(
        `printf 'ISTIO_SVC_IP=10.9.9.9\\n' >>/var/lib/istio/envoy/cluster.env; printf 'ISTIO_SVC_IP=10.9.9.8\\n' >>${SIDECAR_ENV}`,
      ),
    ],
    words: OF_VM,
    expected: ['env-conflict', 'env-applied'],
    remedy: person('which of the two values is meant is known to the operator'),
    restore: [on(`sed -i /ISTIO_SVC_IP=10.9.9/d /var/lib/istio/envoy/cluster.env ${SIDECAR_ENV}`)],
  },
  {
    name: 'root-missing-on-the-vm',
    what: 'the roots of the mesh are gone from the VM',
    break: [on('rm -f /etc/certs/root-cert.pem')],
    words: OF_VM,
    expected: ['vm-root', 'istiod-certificate', 'sidecar-ready', 'agent-machine'],
    remedy: person('the command of the hint restarts the sidecar, which ends connections: it asks for --restart'),
    restore: [`meshx rejoin ${VM} -n ${NAMESPACE} --restart`],
  },
  {
    name: 'older-sidecar-left',
    what: 'the unit of a sidecar before istiod is enabled',
    break: [
      on(
        "printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/istio-auth-node-agent.service; systemctl daemon-reload; systemctl enable istio-auth-node-agent",
      ),
    ],
    words: OF_VM,
    expected: ['sidecar-older'],
    remedy: typed('sidecar-older'),
    restore: [
      on(
        'systemctl disable istio-auth-node-agent; rm -f /etc/systemd/system/istio-auth-node-agent.service; systemctl daemon-reload',
      ),
    ],
  },
];
