import type { UnitState } from '../../vm/picture/picture.ts';
import type { Seen } from '../check.ts';
import { isBypassed, SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

/** Whether systemd runs what the VM needs, now and after a boot. */
export const unitChecks: readonly VmCheck[] = [
  {
    ...{ id: 'sidecar-unit', category: 'sidecar', severity: 'error' },
    title: 'the unit of the sidecar runs',
    needs: [...SUBJECT, 'units', 'isJoined', 'capture'],
    judge: sidecarUnit,
  },
  {
    ...{ id: 'units-active', category: 'capture', severity: 'error' },
    title: "meshx's other units on the VM run",
    needs: [...SUBJECT, 'units', 'isJoined', 'dnsCapture'],
    judge: otherUnits,
  },
  {
    ...{ id: 'units-boot', category: 'vm', severity: 'warning' },
    title: 'a boot of the VM starts all units',
    needs: [...SUBJECT, 'units', 'isJoined', 'agent', 'capture'],
    judge: boot,
  },
  {
    ...{ id: 'units-loaded', category: 'vm', severity: 'warning' },
    title: 'systemd has the present files of the units',
    needs: [...SUBJECT, 'units'],
    judge: changed,
  },
];

const SIDECAR = 'istio.service';
const CAPTURE = 'meshx-capture.service';
/** Units whose state a join compares. */
const RUN = [SIDECAR, CAPTURE, 'meshx-agent.service'];
/** Units that a join enables, besides the sidecar. Those that are not there belong to no part of this join. */
const OTHERS = [CAPTURE, 'meshx-resolver.service', 'meshx-watch.service', 'meshx-guard.service'];

function sidecarUnit(facts: VmFacts): readonly Seen[] {
  const unit = facts.units.find(({ name }) => name === SIDECAR);
  if (!unit || unit.load === 'not-found')
    return [
      wrongOn(facts, `${SIDECAR} is not installed, so the VM has no sidecar`, {
        hint: `Join the VM: ${facts.meshx('up')}`,
      }),
    ];
  if (unit.load === 'masked')
    return [
      wrongOn(facts, `${SIDECAR} is masked, so nothing can start the sidecar`, {
        hint: `If that was not meant to stay: ${facts.ssh('systemctl', 'unmask', SIDECAR)}; and start it: ${afterMask(facts)}`,
      }),
    ];
  return unit.active === 'active' || isBypassed(facts) ? [] : [{ ...stopped(facts, unit), repair: 'join' }];
}

/** The mask takes the place of the unit file of meshx, so `unmask` leaves the one of the package. */
function afterMask(facts: VmFacts): string {
  return facts.isJoined ? facts.meshx('up') : facts.ssh('systemctl', 'start', SIDECAR);
}

function stopped(facts: VmFacts, { name, active, result, restarts }: UnitState): Seen {
  const why = result === '' || result === 'success' ? '' : `: ${result}`;
  const often = restarts > 0 ? `, started again ${restarts} times` : '';
  const hint = `Start it: ${facts.ssh('systemctl', 'restart', name)}; read why: ${facts.ssh('journalctl', '-u', name, '-n', '20', '--no-pager')}`;
  return wrongOn(facts, `${name} is ${active}${why}${often}`, { hint });
}

/** Without a running sidecar these stop, too. */
function otherUnits(facts: VmFacts): readonly Seen[] {
  const isUp = facts.units.find(({ name }) => name === SIDECAR)?.active === 'active';
  if (!facts.isJoined || !isUp) return [];
  const own = facts.units.filter(({ name, load }) => OTHERS.includes(name) && load !== 'not-found');
  return own
    .filter(
      ({ name, active, file, load }) =>
        active !== 'active' &&
        (file === 'enabled' || load === 'masked' || active === 'failed' || isPulledIn(facts, name)),
    )
    .map((unit) => {
      const seen = stopped(facts, unit);
      // The others start with it.
      return unit.name === CAPTURE ? { ...seen, repair: 'join' } : seen;
    });
}

/** Units without an [Install] section that run as long as capture does. */
function isPulledIn({ units, dnsCapture }: VmFacts, name: string): boolean {
  if (units.find((unit) => unit.name === CAPTURE)?.active !== 'active') return false;
  return name === 'meshx-watch.service' || (name === 'meshx-resolver.service' && dnsCapture);
}

function boot(facts: VmFacts): readonly Seen[] {
  const agent = facts.agent === null ? [] : ['meshx-agent.service'];
  const wanted = facts.isJoined ? [SIDECAR, CAPTURE, ...agent] : [SIDECAR];
  const found = facts.units.filter(({ name, load }) => wanted.includes(name) && load !== 'not-found');
  return found.flatMap(({ name, file, load }): readonly Seen[] => {
    if (load === 'masked' || file === 'masked')
      return [
        wrongOn(facts, `${name} is masked, so no boot starts it`, {
          hint: `If that was not meant to stay: ${facts.ssh('systemctl', 'unmask', name)}`,
        }),
      ];
    if (file !== 'disabled' || isBypassed(facts)) return [];
    return [
      wrongOn(
        facts,
        `${name} is disabled, so ${agent.includes(name) ? 'nothing reports the health of the services' : 'the VM is outside the mesh'} after a boot`,
        {
          hint: `Enable it: ${facts.ssh('systemctl', 'enable', name)}`,
          repair: 'join',
        },
      ),
    ];
  });
}

function changed(facts: VmFacts): readonly Seen[] {
  const found = facts.units.filter(({ changed: isChanged }) => isChanged).map(({ name }) => name);
  if (found.length === 0) return [];
  const isOfJoin = found.some((name) => RUN.includes(name));
  const hint = `Load them: ${facts.ssh('systemctl', 'daemon-reload')}; a running unit follows after its next restart`;
  return [
    wrongOn(facts, `files of ${found.join(', ')} changed after systemd read them`, {
      hint,
      ...(isOfJoin && { repair: 'join' }),
    }),
  ];
}
