import { installOnVm } from '../e2e/support/debian-packages.ts';
import { mysqlArgv, seedRatings } from '../e2e/support/ratings.ts';
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

/** Redis and PostgreSQL with what Debian 12's image lacks of their dependencies; libatomic1 is also what the agent needs. */
const PACKAGES = [
  ...['libatomic1', 'liblzf1', 'redis-tools', 'redis-server'],
  ...['libjson-perl', 'postgresql-client-common', 'ssl-cert', 'postgresql-common', 'libc-l10n', 'locales', 'libz3-4'],
  ...['libllvm14', 'libpq5', 'libxslt1.1', 'postgresql-client-15', 'postgresql-15'],
];

const OPEN = [
  'echo "bind 0.0.0.0\nprotected-mode no" >>/etc/redis/redis.conf',
  'echo "listen_addresses = \'*\'" >/etc/postgresql/15/main/conf.d/lab.conf',
  'echo "host all all 0.0.0.0/0 trust" >>/etc/postgresql/15/main/pg_hba.conf',
  'systemctl restart redis-server postgresql@15-main',
  'systemctl enable --now lab-http@8080',
].join(' && ');

/** Installs and starts the servers on a VM of Debian 12. */
export async function installServices(lab: Lab, vm: string): Promise<void> {
  await installOnVm(lab, vm, 'bookworm', PACKAGES);
  await lab.mustSsh(vm, OPEN);
  await seedRatings(lab, vm);
}

/** The agent asks each server in its own protocol. */
export async function setProbes(lab: Lab, vm: string): Promise<void> {
  for (const [name, { probe }] of Object.entries(SERVICES))
    if (probe !== undefined) await lab.mustSsh(vm, `echo '${probe}' >>/etc/meshx/services.d/${name}.yaml`);
}
