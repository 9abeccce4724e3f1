import { rpmFiles, sidecarRpmRecipe } from '../lab/build/sidecar-rpm.ts';
import { built } from '../lab/cache.ts';
import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import type { Lab } from '../lab/lab.ts';
import { join, leave, type Member, reboot, rollBack, type Steps, VM } from './member.ts';

const FIRST = '1.29.1-1';
const NEWER = '1.29.1-2';

/** The life of a member that gets Istio's .rpm: found by itself, another version and back, and given as a file. */
export async function rpmSteps(member: Member): Promise<Steps> {
  const { lab } = member;
  const folder = await built(lab.names, sidecarRpmRecipe(lab.parts.sidecar), () => undefined);
  const found = async (...options: readonly string[]): Promise<void> => {
    // The Deployment says which version istiod has.
    await writeInstallation(lab);
    try {
      await join(member, ['--package-source', folder, ...options]);
    } finally {
      await removeInstallation(lab);
    }
  };
  const gone = async (): Promise<void> => {
    await whileRpmIsBusy(lab, async () => await leave(member));
    await expectFormerDatabase(lab);
  };
  return {
    join: async () => {
      await whileRpmIsBusy(lab, async () => await found());
      await expectInstalled(lab, FIRST);
    },
    reboot: async () => await reboot(member),
    upgrade: async () => {
      await join(member, ['--package', rpmFiles.newerRpm(folder), '--restart']);
      await expectInstalled(lab, NEWER);
    },
    'upgrade to the version of istiod': async () => {
      await found('--upgrade', '--restart');
      await expectInstalled(lab, FIRST);
    },
    rollback: async () => {
      await rollBack(member);
      await expectInstalled(lab, NEWER);
    },
    leave: gone,
    'join with a file': async () => {
      await join(member, ['--package', rpmFiles.rpm(folder)]);
      await expectInstalled(lab, FIRST);
    },
    'leave again': gone,
  };
}

/** Another program holds rpm's lock for some seconds, as a timer that installs updates does. */
async function whileRpmIsBusy(lab: Lab, act: () => Promise<void>): Promise<void> {
  const hold =
    'import fcntl, time; lock = open("/var/lib/rpm/.rpm.lock", "a"); fcntl.lockf(lock, fcntl.LOCK_EX); time.sleep(12)';
  await lab.mustSsh(VM, `setsid python3 -c '${hold}' </dev/null >/dev/null 2>&1 &`);
  await act();
}

/** What a package's own scripts and meshx change of its files: nothing else may differ. */
const CHANGED = ['/usr/local/bin/envoy', '/usr/local/bin/pilot-agent', '/var/lib/istio/envoy/sidecar.env'];

async function expectInstalled(lab: Lab, version: string): Promise<void> {
  const ran = await lab.mustSsh(
    VM,
    "rpm -q --qf '%{VERSION}-%{RELEASE}\\n' istio-sidecar; rpm -V istio-sidecar || true",
  );
  const [found = '', ...lines] = ran.trim().split('\n');
  if (found !== version) throw new Error(`rpm has version ${found} of the sidecar, not ${version}`);
  const odd = lines.filter((line) => !CHANGED.some((path) => line.endsWith(path)));
  if (odd.length > 0) throw new Error(`rpm --verify finds: ${odd.join(', ')}`);
}

/** rpm knows the packages that it knew before, and each file of theirs is whole. */
async function expectFormerDatabase(lab: Lab): Promise<void> {
  const different = await lab.mustSsh(
    VM,
    '{ rpm -qa | sort; rpm -Va || true; } > /run/rpm-now; diff /root/rpm-before /run/rpm-now || true; rm /run/rpm-now',
  );
  if (different !== '') throw new Error(`rpm does not know what it knew before:\n${different}`);
}
