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
    expected: ['capture-loaded', 'units-active'],
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
    remedy: typed('vm-root'),
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
  {
    name: 'sidecar-stopped',
    what: 'the sidecar is stopped',
    break: [on('systemctl stop istio')],
    words: OF_VM,
    expected: ['sidecar-unit', 'entry-connected'],
    remedy: typed('sidecar-unit'),
    restore: [on('systemctl start istio')],
  },
  {
    name: 'sidecar-masked',
    what: 'the unit of the sidecar is masked',
    break: [
      on(
        'systemctl stop istio; cp /etc/systemd/system/istio.service /root/istio.unit; ln -sf /dev/null /etc/systemd/system/istio.service; systemctl daemon-reload',
      ),
    ],
    words: OF_VM,
    expected: ['sidecar-unit', 'units-boot', 'agent-machine', 'vm-registered'],
    remedy: typed('sidecar-unit', { command: 'all' }),
    restore: [
      on(
        'systemctl unmask istio; cp /root/istio.unit /etc/systemd/system/istio.service; systemctl daemon-reload; systemctl enable istio; systemctl start istio',
      ),
    ],
  },
  {
    name: 'database-on-loopback',
    what: 'the database listens on loopback only',
    break: [
      on(
        "printf '[mysqld]\\nbind-address=127.0.0.1\\n' >/etc/mysql/mariadb.conf.d/zz-loopback.cnf; systemctl restart mariadb",
      ),
    ],
    words: OF_VM,
    expected: ['port-loopback'],
    remedy: person('on which addresses a database listens is a decision of its owner'),
    restore: [on('rm -f /etc/mysql/mariadb.conf.d/zz-loopback.cnf; systemctl restart mariadb')],
  },
  {
    name: 'web-server-stopped',
    what: 'the web server of the VM is stopped',
    break: [on('systemctl stop lab-http@8080')],
    words: OF_VM,
    expected: ['port-listens', 'service-down'],
    remedy: person('which program serves the port, and whether it was stopped on purpose, is known to its owner'),
    restore: [on('systemctl start lab-http@8080')],
  },
  {
    name: 'hosts-line-gone',
    what: 'the line of istiod is gone from /etc/hosts',
    break: [on('cp /etc/hosts /root/hosts.before; sed -i /istiod/d /etc/hosts')],
    words: OF_VM,
    expected: ['istiod-name'],
    remedy: typed('istiod-name'),
    restore: [on('cat /root/hosts.before >/etc/hosts')],
  },
  {
    name: 'resolver-overwritten',
    what: 'another program wrote a dead name server to /etc/resolv.conf, and nothing follows it',
    break: [
      on(
        'systemctl stop meshx-resolver; cp -a /etc/resolv.conf /root/resolv.before; rm -f /etc/resolv.conf; echo nameserver 10.150.0.251 >/etc/resolv.conf',
      ),
    ],
    words: OF_VM,
    expected: ['dns-captured', 'mesh-names', 'name-servers', 'units-active'],
    remedy: typed('dns-captured', {
      then: [on('rm -f /etc/resolv.conf; cp -a /root/resolv.before /etc/resolv.conf')],
    }),
    restore: [on('rm -f /etc/resolv.conf; cp -a /root/resolv.before /etc/resolv.conf; systemctl restart istio')],
  },
  {
    name: 'way-to-istiod-closed',
    what: 'a rule of the VM refuses connections to istiod',
    break: [on('iptables -I OUTPUT -p tcp --dport 15012 -j REJECT')],
    words: OF_VM,
    expected: ['istiod-way'],
    remedy: person('who keeps the firewall of the VM knows why the rule is there'),
    restore: [on('iptables -D OUTPUT -p tcp --dport 15012 -j REJECT')],
  },
  {
    name: 'disk-full',
    what: 'the disk of the temporary files is full',
    break: [on('mount -t tmpfs -o size=1m tmpfs /tmp; head -c 2m /dev/zero >/tmp/filler || true')],
    words: OF_VM,
    expected: ['disk-space'],
    remedy: person('what may be removed is known to the owner of the files'),
    restore: [on('umount -l /tmp')],
  },
];
