import { visible } from '../../visible.ts';
import { REMEDY } from '../identity/identity-change.ts';
import type { AgentSnapshot, IdentitySnapshot, ServiceSnapshot, SidecarSnapshot } from './snapshot.ts';

/** One line, for `systemctl status`. */
export function summaryOf(snapshot: AgentSnapshot): string {
  const { services, reporter, judged, invalidFiles, identity, deviations, sidecar } = snapshot;
  const up = services.filter(({ inRotation }) => inRotation).length;
  const out = services.filter(({ inRotation }) => !inRotation).map(({ name, state }) => `${name} ${state}`);
  const parts = [
    `${up} of ${services.length} services in rotation`,
    ...out.slice(0, 3),
    ...(judged ? [] : ['not judged yet']),
    ...(invalidFiles.length > 0 ? [`${invalidFiles.length} invalid files`] : []),
    ...(sidecar?.state === 'down' ? ['sidecar down'] : []),
    ...(identity && identity.state !== 'valid' ? [`identity: ${identity.state}`] : []),
    ...deviations.slice(0, 1),
    MODES[reporter.mode],
  ];
  return visible(parts.join('; '));
}

const MODES = {
  api: 'reports to the API server',
  'health-channel': 'reports through the sidecar',
  fenced: 'fenced: another machine has this place',
} as const;

/** The table of `meshx agent status`: a header, and one row per service. */
export function statusRows({ services }: AgentSnapshot, now: Date): readonly (readonly string[])[] {
  const header = ['SERVICE', 'STATE', 'SINCE', 'PORTS', 'PROBE', 'REASON'];
  return [header, ...services.map((service) => row(service, now))];
}

/** What `meshx agent status` says besides the table, one fact per line. */
export function statusLines(
  { agent, mesh, reporter, judged, invalidFiles, deviations, identity, sidecar }: AgentSnapshot,
  now: Date,
): readonly string[] {
  const { server, lastWrite, reason, tokenExpires, unwatched } = reporter;
  const facts = [
    server,
    lastWrite && `last write ${ago(lastWrite, now)} ago`,
    tokenExpires && `token until ${tokenExpires}`,
    reason,
    unwatched,
  ].filter((fact) => fact !== undefined && fact !== '');
  return [
    `Entry     ${mesh.namespace}/${mesh.entry}, generation ${agent.generation}`,
    `Agent     ${MODES[reporter.mode]}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`,
    `Version   meshx ${agent.version}, up ${duration(agent.uptime)}${agent.observe ? ', observing only' : ''}`,
    ...(sidecar ? [`Sidecar   ${sidecarText(sidecar, now)}`] : []),
    ...(identity ? [`Identity  ${identityText(identity)}`] : []),
    ...deviations.map((deviation) => `Machine   ${deviation}`),
    ...(judged ? [] : ['Not every service was judged yet, so nothing was reported.']),
    ...invalidFiles.flatMap(({ file, issues, lastGoodInEffect }) => [
      `${file} cannot be used${lastGoodInEffect ? '; its last good content is in effect' : ''}:`,
      ...issues.map((issue) => `  ${issue}`),
    ]),
  ];
}

function sidecarText({ state, since, reason }: SidecarSnapshot, now: Date): string {
  return `${state} for ${ago(since, now)}${state === 'ready' ? '' : `: ${reason}`}`;
}

function identityText({ state, reason, until, certificateUntil, authority, trust }: IdentitySnapshot): string {
  const { kind, place } = authority ?? { kind: 'istiod', place: '' };
  if (state === 'lost') return `lost: ${reason}; ${REMEDY[kind]}`;
  const certificate = certificateUntil === undefined ? 'no certificate' : `certificate until ${certificateUntil}`;
  return [
    kind === 'istiod' ? certificate : `${certificate}, ${GIVEN[kind]} (${place})`,
    `may be switched off until ${until ?? 'now'}`,
    ...(state === 'cliff' ? [reason] : []),
    ...(trust === undefined ? [] : [trust]),
  ].join('; ');
}

const GIVEN = {
  external: 'from an external CA',
  files: 'from files that others renew',
  'workload-api': 'from a SPIFFE agent',
} as const;

function row({ name, state, since, ports, probe, reason, lastProbe }: ServiceSnapshot, now: Date): readonly string[] {
  const numbers = ports.map(({ number }) => number).join(',');
  const took = lastProbe ? ` ${Math.round(lastProbe.seconds * 1000)} ms` : '';
  return [name, state, ago(since, now), numbers, `${probe.kind}${took}`, reason];
}

function ago(time: string, now: Date): string {
  return duration(Math.max(0, (now.getTime() - Date.parse(time)) / 1000));
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** Seconds in their largest unit: `42 s`, `3 min`, `2 d`. */
function duration(seconds: number): string {
  const [name, size] = UNITS.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${name}`;
}
