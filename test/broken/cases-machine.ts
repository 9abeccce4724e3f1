import { type BrokenCase, person, typed } from './case.ts';
import { NAMESPACE, VM } from './mesh.ts';

/** A command line of root on the VM. */
const on = (line: string): string => `ssh ${VM} "${line}"`;
const words = [VM, '-n', NAMESPACE];
const MARIADB = '/etc/mysql/mariadb.conf.d/zz-broken.cnf';
const mariadb = (setting: string): string =>
  on(`printf '[mysqld]\\n${setting}\\n' >${MARIADB}; systemctl restart mariadb`);
const MARIADB_AGAIN = on(`rm -f ${MARIADB}; systemctl restart mariadb`);
const servers = (text: string): string =>
  on(`cp -a /etc/resolv.conf /root/resolv.before; rm -f /etc/resolv.conf; printf '${text}' >/etc/resolv.conf`);
const SERVERS_AGAIN = on('rm -f /etc/resolv.conf; cp -a /root/resolv.before /etc/resolv.conf');

/** What operators and other programs do to a machine. */
export const MACHINE_CASES: readonly BrokenCase[] = [
  {
    name: 'clock-ahead',
    what: 'the clock of the VM is 10 minutes ahead (its program date says so: a VM of the lab shares the clock of its host)',
    break: [
      on(
        `printf '#!/bin/sh\\nexec /usr/bin/date -d +10min \\"\\$@\\"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date`,
      ),
    ],
    words,
    expected: ['clock-skew'],
    remedy: person('which of the two clocks is wrong is known to the operator'),
    restore: [on('rm -f /usr/local/bin/date')],
  },
  {
    name: 'way-too-narrow',
    what: 'packets of 1300 bytes and more do not leave the VM, as in a tunnel that is narrower than the interface',
    break: [on('iptables -I OUTPUT -p icmp -m length --length 1300:65535 -j DROP')],
    words,
    expected: ['path-mtu'],
    remedy: typed('path-mtu'),
    restore: [on('iptables -D OUTPUT -p icmp -m length --length 1300:65535 -j DROP; ip link set eth0 mtu 1400')],
  },
  {
    name: 'port-published-by-docker',
    what: 'Docker publishes a port that the VM serves',
    break: [
      on(
        'iptables -t nat -N DOCKER; iptables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80; iptables -t nat -I PREROUTING -j DOCKER',
      ),
    ],
    words,
    expected: ['capture-first', 'capture-ports'],
    remedy: person('whether containers may publish ports on a VM of the mesh is a decision'),
    restore: [on('iptables -t nat -D PREROUTING -j DOCKER; iptables -t nat -F DOCKER; iptables -t nat -X DOCKER')],
  },
  {
    name: 'kube-proxy-comes-first',
    what: 'rules of kube-proxy come before those of capture',
    break: [
      on(
        'iptables -t nat -N KUBE-SERVICES; iptables -t nat -I OUTPUT -j KUBE-SERVICES; iptables -t nat -I PREROUTING -j KUBE-SERVICES',
      ),
    ],
    words,
    expected: ['kubernetes-node', 'capture-first'],
    remedy: person('whether the machine is to be a node of a cluster is a decision'),
    restore: [
      on(
        'iptables -t nat -D OUTPUT -j KUBE-SERVICES; iptables -t nat -D PREROUTING -j KUBE-SERVICES; iptables -t nat -X KUBE-SERVICES',
      ),
    ],
  },
  {
    name: 'port-let-past-the-sidecar',
    what: 'a rule accepts a port of the VM before capture',
    break: [on('iptables -t nat -I PREROUTING -p tcp --dport 8080 -j ACCEPT')],
    words,
    expected: ['capture-ports'],
    remedy: person('who made the rule knows whether it is needed'),
    restore: [on('iptables -t nat -D PREROUTING -p tcp --dport 8080 -j ACCEPT')],
  },
  {
    name: 'programs-let-past-the-sidecar',
    what: 'a rule lets connections of programs go past the sidecar',
    break: [on('iptables -t nat -I OUTPUT -p tcp -m owner --uid-owner nobody -j RETURN')],
    words,
    expected: ['capture-out'],
    remedy: person('who made the rule knows whether it is needed'),
    restore: [on('iptables -t nat -D OUTPUT -p tcp -m owner --uid-owner nobody -j RETURN')],
  },
  {
    name: 'sidecar-port-dropped',
    what: 'a rule of the VM drops connections to the port of the sidecar',
    break: [on('iptables -I INPUT -p tcp --dport 15006 -j DROP')],
    words,
    expected: ['port-firewall'],
    remedy: person('who keeps the firewall of the VM knows why the rule is there'),
    restore: [on('iptables -D INPUT -p tcp --dport 15006 -j DROP')],
  },
  {
    name: 'firewall-closed',
    what: 'the firewall of the VM drops what no rule accepts, and accepts SSH only',
    break: [
      on(
        'iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -A INPUT -p icmp -j ACCEPT; iptables -P INPUT DROP',
      ),
    ],
    words,
    expected: ['port-firewall'],
    remedy: person('which ports are open is a decision'),
    restore: [
      on(
        'iptables -P INPUT ACCEPT; iptables -D INPUT -i lo -j ACCEPT; iptables -D INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT; iptables -D INPUT -p tcp --dport 22 -j ACCEPT; iptables -D INPUT -p icmp -j ACCEPT',
      ),
    ],
  },
  {
    name: 'log-disk-full',
    what: 'the disk of the logs of the sidecar is full',
    break: [
      on(
        'mount -t tmpfs -o size=1m,mode=0755,uid=\\$(id -u istio-proxy) tmpfs /var/log/istio; head -c 2m /dev/zero >/var/log/istio/filler || true',
      ),
    ],
    words,
    expected: ['disk-space'],
    remedy: person('what may be removed is known to the owner of the files'),
    restore: [on('umount -l /var/log/istio')],
  },
  {
    name: 'inodes-used-up',
    what: 'a filesystem of the VM has no inodes left',
    break: [on('mount -t tmpfs -o nr_inodes=20 tmpfs /tmp; for i in \\$(seq 30); do : >/tmp/\\$i || true; done')],
    words,
    expected: ['disk-space'],
    remedy: person('what may be removed is known to the owner of the files'),
    restore: [on('umount -l /tmp')],
  },
  {
    name: 'logs-read-only',
    what: 'the filesystem of the logs is mounted read-only',
    break: [on('mount --bind /var/log/istio /var/log/istio; mount -o remount,ro,bind /var/log/istio')],
    words,
    expected: ['sidecar-files'],
    remedy: person('why a filesystem became read-only is in the log of the kernel'),
    restore: [on('umount -l /var/log/istio')],
  },
  {
    name: 'certificates-of-root',
    what: 'the certificates of the sidecar were copied by root, and are for root only',
    break: [on('chown -R root:root /etc/certs; chmod 600 /etc/certs/*')],
    words,
    expected: ['sidecar-files'],
    remedy: typed('sidecar-files'),
    restore: [on('chown -R istio-proxy:istio-proxy /etc/certs')],
  },
  {
    name: 'watch-stopped',
    what: 'the watch of the rules is stopped',
    break: [on('systemctl stop meshx-watch')],
    words,
    expected: ['units-active'],
    remedy: typed('units-active'),
    restore: [on('systemctl start meshx-watch')],
  },
  {
    name: 'agent-stopped',
    what: 'the agent of the VM and the socket that starts it are stopped',
    break: [on('systemctl stop meshx-agent.socket meshx-agent.service')],
    words,
    expected: ['agent-runs'],
    remedy: typed('agent-runs'),
    restore: [on('systemctl start meshx-agent.socket meshx-agent.service')],
  },
  {
    name: 'agent-not-at-boot',
    what: 'the agent of the VM does not start at boot',
    break: [on('systemctl disable meshx-agent.service')],
    words,
    expected: ['units-boot'],
    remedy: typed('units-boot'),
    restore: [on('systemctl enable meshx-agent.service')],
  },
  {
    name: 'unit-changed',
    what: 'a drop-in of the sidecar was written, and systemd has not read it',
    break: [
      on(
        `mkdir -p /etc/systemd/system/istio.service.d; printf '[Service]\\nNice=1\\n' >/etc/systemd/system/istio.service.d/zz.conf`,
      ),
    ],
    words,
    expected: ['units-loaded'],
    remedy: typed('units-loaded'),
    restore: [on('rm -f /etc/systemd/system/istio.service.d/zz.conf; systemctl daemon-reload')],
  },
  {
    name: 'service-file-invalid',
    what: 'the file of a service for the agent cannot be read',
    break: [on(`echo 'port: many' >/etc/meshx/services.d/zz.yaml`)],
    words,
    expected: ['agent-machine'],
    remedy: person('what the file was to say is known to its author'),
    restore: [on('rm -f /etc/meshx/services.d/zz.yaml')],
  },
  {
    name: 'envoy-frozen',
    what: 'Envoy is stopped by a signal, and its unit still runs',
    break: [on('kill -STOP \\$(pidof envoy)')],
    words,
    expected: ['sidecar-ready'],
    remedy: person('who stopped the process, such as a debugger, knows when it may go on'),
    restore: [on('kill -CONT \\$(pidof envoy)')],
  },
  {
    name: 'capture-turned-off',
    what: 'an operator turned capture off',
    break: [`meshx capture ${VM} off`],
    words,
    expected: ['capture-loaded', 'vm-registered'],
    remedy: typed('capture-loaded'),
    restore: [`meshx capture ${VM} on`],
  },
  {
    name: 'hosts-line-of-another-machine',
    what: 'the line of istiod in /etc/hosts names another machine',
    break: [on('cp /etc/hosts /root/hosts.before; sed -i s/^.*istiod/10.150.0.250\\\\ istiod/ /etc/hosts')],
    words,
    expected: ['istiod-way'],
    remedy: typed('istiod-way'),
    restore: [on('cat /root/hosts.before >/etc/hosts')],
  },
  {
    name: 'names-from-files-only',
    what: 'programs of the VM resolve names by /etc/hosts only',
    break: [on('cp /etc/nsswitch.conf /root/nsswitch.before; sed -i s/^hosts:.*/hosts:\\\\ files/ /etc/nsswitch.conf')],
    words,
    expected: ['mesh-names'],
    remedy: person('why the order was changed is known to its author'),
    restore: [on('cat /root/nsswitch.before >/etc/nsswitch.conf')],
  },
  {
    name: 'name-server-dead',
    what: 'another program wrote a name server that does not answer, and the resolver followed',
    break: [servers('nameserver 10.150.0.251\\n')],
    words,
    expected: ['name-servers'],
    remedy: person('which name server is right is known to the operator'),
    restore: [SERVERS_AGAIN],
  },
  {
    name: 'second-name-server-dead',
    what: 'the second of two name servers does not answer',
    break: [servers('nameserver 10.150.0.2\\nnameserver 10.150.0.251\\n')],
    words,
    expected: ['name-servers'],
    remedy: person('which name server is right is known to the operator'),
    restore: [SERVERS_AGAIN],
  },
  {
    name: 'no-name-server',
    what: '/etc/resolv.conf is empty',
    break: [servers('')],
    words,
    expected: ['name-servers', 'mesh-names'],
    remedy: person('which name server is right is known to the operator'),
    restore: [SERVERS_AGAIN],
  },
  {
    name: 'database-without-network',
    what: 'the database listens on no port',
    break: [mariadb('skip-networking')],
    words,
    expected: ['port-listens', 'service-down', 'service-health'],
    remedy: person('whether the database may be reached by network is a decision of its owner'),
    restore: [MARIADB_AGAIN],
  },
  {
    name: 'database-on-another-port',
    what: 'the database moved to another port',
    break: [mariadb('port=3307')],
    words,
    expected: ['port-listens', 'service-down', 'service-health'],
    remedy: person('which port is right is known to the owner of the database'),
    restore: [MARIADB_AGAIN],
  },
  {
    name: 'database-on-loopback-of-ipv6',
    what: 'the database listens on ::1 only',
    break: [mariadb('bind-address=::1')],
    words,
    expected: ['port-loopback', 'service-down', 'service-health'],
    remedy: person('on which addresses a database listens is a decision of its owner'),
    restore: [MARIADB_AGAIN],
  },
  {
    name: 'package-replaced',
    what: 'the installed package is of another version than istiod supports',
    break: [
      on(
        'cp /var/lib/dpkg/status /root/dpkg.before; sed -i /^Package:\\\\ istio-sidecar/,/^Version/s/^Version:.*/Version:\\\\ 1.31.0/ /var/lib/dpkg/status',
      ),
    ],
    words,
    expected: ['package-version'],
    remedy: person('which version is to run is a decision'),
    restore: [on('cp /root/dpkg.before /var/lib/dpkg/status')],
  },
  {
    name: 'user-without-sudo',
    what: 'the user of the login may not become root',
    break: [
      on(
        'useradd -m -s /bin/sh plain; mkdir -p /home/plain/.ssh; cp /root/.ssh/authorized_keys /home/plain/.ssh/; chown -R plain /home/plain/.ssh; chmod 700 /home/plain/.ssh',
      ),
    ],
    words: [...words, '--user', 'plain'],
    expected: ['vm-login'],
    remedy: person('who may become root on the VM is a decision'),
    restore: [on('userdel -rf plain')],
  },
];
