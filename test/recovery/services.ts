import { installOnVm } from '../e2e/support/debian-packages.ts';
import { mysqlArgv, seedRatings } from '../e2e/support/ratings.ts';
import type { Suite } from '../lab/build/root-file-system.ts';
import type { Lab } from '../lab/lab.ts';

export const NAMESPACE = 'recovery';
export const ALL = ['mysqldb', 'postgres', 'redis', 'web'] as const;
export type Service = (typeof ALL)[number];

interface ServiceFacts {
  /** As `--service` takes it. */
  readonly option: string;
  readonly port: number;
  /** One request of a client, and its answer. */
  readonly request: readonly string[];
  readonly answer: string;
  /** Appended to the service's file on the VM. */
  readonly probe?: string;
}

/** The services of the VM: real servers. */
export const SERVICES: Readonly<Record<Service, ServiceFacts>> = {
  mysqldb: {
    ...{ option: 'mysqldb:3306', port: 3306, answer: '42' },
    request: mysqlArgv(hostOf('mysqldb'), 'select 41 + 1'),
  },
  postgres: {
    ...{ option: 'postgres:tcp:5432', port: 5432, answer: '42', probe: 'probe: {postgresql: {}}' },
    request: [
      ...['timeout', '6', 'psql', '-At', '-c', 'select 41 + 1'],
      `host=${hostOf('postgres')} user=postgres dbname=postgres connect_timeout=5`,
    ],
  },
  redis: {
    ...{ option: 'redis:tcp:6379', port: 6379, answer: 'PONG', probe: 'probe: {redis: {}}' },
    request: ['timeout', '6', 'redis-cli', '-h', hostOf('redis'), 'ping'],
  },
  web: {
    ...{ option: 'web:http:8080', port: 8080, answer: 'ok' },
    request: ['curl', '-sf', '--max-time', '4', `http://${hostOf('web')}:8080/`],
  },
};

/** Name of a service in the mesh. */
export function hostOf(service: Service): string {
  return `${service}.${NAMESPACE}.svc.cluster.local`;
}

/** PostgreSQL's version in each suite. */
const POSTGRES = { bookworm: 15, trixie: 17 } as const satisfies Readonly<Record<Suite, number>>;

/** Redis and PostgreSQL with what the images lack of their dependencies. */
const BOOKWORM = [
  ...['libatomic1', 'liblzf1', 'redis-tools', 'redis-server'],
  ...['libjson-perl', 'postgresql-client-common', 'ssl-cert', 'postgresql-common', 'libc-l10n', 'locales', 'libz3-4'],
  ...['libllvm14', 'libpq5', 'libxslt1.1', 'postgresql-client-15', 'postgresql-15'],
];
const TRIXIE = [
  ...['libjson-perl', 'postgresql-client-common', 'libio-pty-perl', 'libipc-run-perl', 'postgresql-common-dev'],
  ...['ssl-cert', 'postgresql-common', 'liblzf1', 'redis-tools', 'redis-server', 'libc-l10n', 'locales'],
  ...['libgpg-error0', 'libgcrypt20', 'libicu76', 'libz3-4', 'libllvm19', 'libpq5', 'libxslt1.1'],
  ...['postgresql-client-17', 'postgresql-17'],
];
const PACKAGES: Readonly<Record<Suite, readonly string[]>> = { bookworm: BOOKWORM, trixie: TRIXIE };

const open = (version: number): string =>
  [
    'echo "bind 0.0.0.0\nprotected-mode no" >>/etc/redis/redis.conf',
    `echo "listen_addresses = '*'" >/etc/postgresql/${version}/main/conf.d/lab.conf`,
    `echo "host all all 0.0.0.0/0 trust" >>/etc/postgresql/${version}/main/pg_hba.conf`,
    `systemctl restart redis-server postgresql@${version}-main`,
    'systemctl enable --now lab-http@8080',
  ].join(' && ');

/** Installs and starts the servers on a VM. */
export async function installServices(lab: Lab, vm: string, suite: Suite): Promise<void> {
  await installOnVm(lab, vm, suite, PACKAGES[suite]);
  await lab.mustSsh(vm, open(POSTGRES[suite]));
  await seedRatings(lab, vm);
}

/** The agent asks each server in its own protocol. */
export async function setProbes(lab: Lab, vm: string): Promise<void> {
  for (const [name, { probe }] of Object.entries(SERVICES))
    if (probe !== undefined) await lab.mustSsh(vm, `echo '${probe}' >>/etc/meshx/services.d/${name}.yaml`);
}
