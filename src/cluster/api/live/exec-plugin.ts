import { type ChildProcess, spawn } from 'node:child_process';
import { readJson } from '../../../documents/json.ts';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import { errorCode, errorText } from '../foreign-error.ts';
import type { Identity, IdentityContext } from './identity-source.ts';
import type { Fields } from './kubeconfig-fields.ts';

/** A plugin that cannot be started, with the installHint of the kubeconfig. */
export class PluginMissing extends Error {
  override readonly name = 'PluginMissing';
  readonly hint: string | undefined;

  constructor(command: string, hint: string | undefined) {
    super(`the credential plugin ${command} is not installed`);
    this.hint = hint;
  }
}

/** How long a person may take to enter a code that a plugin has shown. */
const ATTENDED_MS = 10 * 60_000;
const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/**
 * Runs a credential plugin once, as kubectl does. Its stderr is shown at once. A silent plugin is stopped after the
 * time limit of a request; one that writes to the operator gets ten minutes.
 */
export async function pluginIdentity(exec: Fields, world: IdentityContext, signal: AbortSignal): Promise<Identity> {
  const apiVersion = text(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1';
  if (!VERSIONS.includes(apiVersion))
    throw new Error(`its exec has the apiVersion ${apiVersion}, which is none of ${VERSIONS.join(', ')}`);
  const answer = mapping(readJson(await run(exec, { apiVersion, world, signal })));
  if (answer['kind'] !== 'ExecCredential' || answer['apiVersion'] !== apiVersion)
    throw new Error(
      `the plugin answered with ${String(answer['kind'])} of ${String(answer['apiVersion'])}, not ExecCredential of ${apiVersion}`,
    );
  return identityOf(mapping(answer['status']));
}

function identityOf(status: Fields): Identity {
  const token = text(status['token']);
  const [cert, key] = [text(status['clientCertificateData']), text(status['clientKeyData'])];
  if ((cert === undefined) !== (key === undefined)) throw new Error('the plugin gave a certificate or a key, not both');
  if (token === undefined && cert === undefined) throw new Error('the plugin gave neither token nor certificate');
  const until = Date.parse(text(status['expirationTimestamp']) ?? '');
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(Number.isFinite(until) && { until }),
  };
}

interface Call {
  readonly apiVersion: string;
  readonly world: IdentityContext;
  readonly signal: AbortSignal;
}

async function run(exec: Fields, { apiVersion, world, signal }: Call): Promise<string> {
  const command = text(exec['command']) ?? '';
  const interactive = isInteractive(exec);
  const info = exec['provideClusterInfo'] === true ? { cluster: await world.cluster() } : {};
  const told = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { ...info, interactive } });
  const given = list(exec['env']).map(
    (each) => [String(mapping(each)['name']), String(mapping(each)['value'])] as const,
  );
  const env = { ...world.env, ...Object.fromEntries(given), KUBERNETES_EXEC_INFO: told };
  const words = list(exec['args']).map(String);
  const child = spawn(command, words, {
    env,
    signal,
    killSignal: 'SIGKILL',
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
  });
  try {
    return await outputOf(child, command, world);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new PluginMissing(command, text(exec['installHint']));
    throw error;
  }
}

/** Whether the plugin may use the terminal: by its interactiveMode, and only if there is one. */
function isInteractive(exec: Fields): boolean {
  const mode = text(exec['interactiveMode']) ?? 'IfAvailable';
  const attended = process.stdin.isTTY === true;
  if (mode === 'Always' && !attended)
    throw new Error('its credential plugin needs a terminal (interactiveMode: Always)');
  if (!['Never', 'IfAvailable', 'Always'].includes(mode))
    throw new Error(`its exec has the interactiveMode ${mode}, which is none of Never, IfAvailable, Always`);
  return attended && mode !== 'Never';
}

function outputOf(child: ChildProcess, command: string, { say, timeoutMs }: IdentityContext): Promise<string> {
  return new Promise((resolved, reject) => {
    let [stdout, stderr] = ['', ''];
    const giveUp = (error: Error): void => {
      clearTimeout(limit);
      // A child of the plugin may hold the pipes open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      reject(error);
    };
    const end = (): void => {
      child.kill('SIGKILL');
      giveUp(new DOMException('the plugin did not end', 'TimeoutError'));
    };
    let limit = setTimeout(end, timeoutMs);
    const hear = live(say);
    child.stdout?.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      if (stderr === '') {
        clearTimeout(limit);
        limit = setTimeout(end, Math.max(timeoutMs, ATTENDED_MS));
      }
      stderr += part;
      hear.more(part);
    });
    child.on('error', giveUp);
    child.on('close', (code) => {
      clearTimeout(limit);
      hear.end();
      if (code === 0) resolved(stdout);
      else reject(new Error(errorText(stderr) || `${command} ended with exit code ${String(code)}`));
    });
  });
}

/** A prompt does not end its line. */
const PROMPT_MS = 200;

/** Passes on whole lines at once, and an unfinished line after a pause. */
function live(say: (text: string) => void): { readonly more: (part: string) => void; readonly end: () => void } {
  let rest = '';
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(timer);
    if (rest !== '') say(rest);
    rest = '';
  };
  const more = (part: string): void => {
    clearTimeout(timer);
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) say(line);
    timer = setTimeout(end, PROMPT_MS);
  };
  return { more, end };
}
