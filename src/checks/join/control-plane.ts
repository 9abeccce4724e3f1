import { valueOf } from '../../vm/key-values.ts';
import type { Seen } from '../check.ts';

/** Judges the output of `getent ahosts`, lines that start with an address. */
export function judgeResolves(stdout: string, name: string, expected: readonly string[]): Seen {
  const addresses = stdout.split('\n').map((line) => line.split(' ')[0] ?? '');
  const found = [...new Set(addresses)].filter(Boolean).sort();
  if (found.length === 0)
    return { ok: false, detail: `${name} does not resolve`, hint: `Resolve it on the VM: getent ahosts ${name}` };
  const right = expected.length === 0 || found.some((address) => expected.includes(address));
  const detail = `${name} is ${found.join(', ')}`;
  if (right) return { ok: true, detail };
  return {
    ok: false,
    detail: `${detail}, not ${expected.join(' or ')}`,
    hint: `Find another entry on the VM: grep ${name} /etc/hosts`,
  };
}

/** Whether the control plane completed a TLS handshake with the mesh's root certificate, or accepted a TCP connection. */
export function judgeAnswers(stdout: string, name: string): Seen {
  const [line = '', ...said] = stdout.trim().split('\n');
  const connected = said.includes('connected') ? '; the agent is connected' : '';
  if (line.startsWith('tls '))
    return { ok: true, detail: `${line.slice(4)} has a certificate for ${name} of the mesh's CA${connected}` };
  if (line.startsWith('plain ')) return { ok: true, detail: `${line.slice(6)} accepts connections` };
  if (line.startsWith('tcp '))
    return {
      ok: true,
      detail: `${line.slice(4)} accepts connections (no openssl to check its certificate)${connected}`,
    };
  const reason = said.filter((each) => each !== 'connected').join('; ');
  const detail =
    line === 'no address'
      ? `${name} does not resolve`
      : `${line.replace(/^no \w+ /, '')} does not answer as ${name}${reason && `: ${reason}`}`;
  return {
    ok: false,
    detail,
    hint: 'Check that the address belongs to this mesh and that no firewall is between: meshx expose status',
  };
}

/** Judges the readiness of the sidecar. */
export function judgeReady(stdout: string): Seen {
  if (stdout.trim() === 'ready') return { ok: true, detail: '127.0.0.1:15021/healthz/ready answers 200' };
  const detail = stdout.trim().split('\n').filter(Boolean).join('; ') || 'it does not answer on 15021';
  return {
    ok: false,
    detail,
    hint: 'Read its log on the VM: tail /var/log/istio/istio.log /var/log/istio/istio.err.log',
  };
}

/** Judges Envoy's counters of accepted and rejected configuration. */
export function judgeSynced(stdout: string): Seen {
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(stdout)?.[1] ?? 0);
  const [clusters, listeners] = [
    count('cluster_manager.cds.update_success'),
    count('listener_manager.lds.update_success'),
  ];
  const refused = count('cluster_manager.cds.update_rejected') + count('listener_manager.lds.update_rejected');
  const detail = `accepted updates: ${clusters} of clusters, ${listeners} of listeners; rejected: ${refused}`;
  if (clusters > 0 && listeners > 0 && refused === 0) return { ok: true, detail };
  const hint =
    'Read what was rejected: grep -i rejected /var/log/istio/istio.log; compare the versions of agent, Envoy and istiod.';
  return { ok: false, detail, hint };
}

/** Judges the lines `UNIT active` of the units that must run. */
export function judgeActive(stdout: string): Seen {
  const lines = stdout.trim().split('\n').filter(Boolean);
  const stopped = lines.filter((line) => !line.endsWith(' active'));
  if (lines.length > 0 && stopped.length === 0) return { ok: true, detail: lines.join(', ') };
  return {
    ok: false,
    detail: stopped.join(', ') || 'no unit answered',
    hint: 'Read why on the VM: journalctl -u istio',
  };
}

/** Judges `ready`, or the state of the agent's unit and the end of its journal. */
export function judgeAgent(stdout: string): Seen {
  const lines = stdout.trim().split('\n').filter(Boolean);
  if (lines[0] === 'ready') return { ok: true, detail: 'it answers' };
  const detail = lines.join(', ') || 'the VM did not answer';
  return { ok: false, detail, hint: 'Read why on the VM: journalctl -u meshx-agent' };
}

/** Judges `capture status`: capture must be on; connections from before capture are counted. */
export function judgeCapture(stdout: string): Seen {
  const [state, older] = [valueOf(stdout, 'capture'), Number(valueOf(stdout, 'older') ?? 0)];
  if (state === 'lost') {
    const detail = `another program removed ${valueOf(stdout, 'missing') ?? ''} rules of capture`;
    return { ok: false, detail, hint: 'Read which on the VM: journalctl -u meshx-watch' };
  }
  if (state !== 'on')
    return { ok: false, detail: 'no rule of Istio is loaded', hint: 'Read why on the VM: journalctl -u meshx-capture' };
  const [are, end] = older === 1 ? ['connection is', 'it ends'] : ['connections are', 'they end'];
  const detail =
    older === 0 ? 'rules are loaded' : `rules are loaded; ${older} ${are} older and without mutual TLS until ${end}`;
  return { ok: true, detail };
}
