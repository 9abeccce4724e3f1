import type { Lab } from '../lab/lab.ts';

export const NAMESPACE = 'platforms';
export const VM = 'platform1';
export const IP = '10.150.0.150';
export const CLIENT = 'platform-client';
export const STRANGER = 'platform-stranger';
const PLACE = ['-n', NAMESPACE];
const SERVICE = 'platformweb';
/** For one command; a join on a machine with other work takes minutes. */
const LIMIT_MS = 400_000;

/** The VM that joins, with the executable that its agent gets. */
export interface Member {
  readonly lab: Lab;
  readonly executable: string;
}

/** Steps by their names for people, in order. */
export type Steps = Readonly<Record<string, () => Promise<void>>>;

/** The life of a member that gets Debian's package. */
export function steps(member: Member): Steps {
  return {
    join: async () => await join(member, ['--package', member.lab.deb]),
    reboot: async () => await reboot(member),
    leave: async () => await leave(member),
  };
}

/** Joins, or changes a member; the next plan is empty. */
export async function join({ lab, executable }: Member, options: readonly string[]): Promise<void> {
  const common = ['--istiod-address', '10.150.0.1', '--agent-executable', executable, '--yes'];
  const up = ['up', VM, ...PLACE, '--service', `${SERVICE}:http:8080`, ...options, ...common];
  await mustMeshx(lab, up);
  await expectMember(lab);
  await mustMeshx(lab, [...up, '--dry-run', '--exit-code']);
}

export async function reboot({ lab }: Member): Promise<void> {
  await lab.reboot(VM);
  await expectMember(lab);
}

/** Installs the package that the member had before. */
export async function rollBack({ lab }: Member): Promise<void> {
  await mustMeshx(lab, ['rollback', VM, ...PLACE, '--restart', '--yes']);
  await expectMember(lab);
}

/** Leaves, and the machine is as it was. */
export async function leave({ lab }: Member): Promise<void> {
  const ran = await mustMeshx(lab, ['down', VM, ...PLACE, '--yes', '--verify']);
  if (!ran.includes('the difference is empty')) throw new Error(`down --verify says: ${ran}`);
}

/** The service answers through the mesh, and no check finds an error. */
async function expectMember(lab: Lab): Promise<void> {
  const ask = ['curl', '-sf', '--max-time', '2', `http://${SERVICE}.${NAMESPACE}.svc.cluster.local:8080/headers`];
  const answers = async (): Promise<boolean> => (await lab.in(CLIENT, ask)).exitCode === 0;
  await lab.waitFor('an answer through the mesh', answers, { timeoutMs: 60_000 });
  const isSound = async (): Promise<boolean> => (await lab.meshx(['check', VM, ...PLACE])).exitCode === 0;
  await lab.waitFor('checks without an error', isSound, { timeoutMs: 60_000, everyMs: 500 });
}

async function mustMeshx(lab: Lab, words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.meshx(words, { timeoutMs: LIMIT_MS });
  if (exitCode !== 0) throw new Error(`meshx ${words.join(' ')} exited with ${exitCode}: ${stderr}${stdout}`);
  return stderr + stdout;
}
