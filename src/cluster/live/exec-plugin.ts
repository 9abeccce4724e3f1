import { spawn } from 'node:child_process';
import { readJson } from '../../documents/json.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { errorText } from '../foreign-error.ts';

/** What a credential plugin answers (client.authentication.k8s.io, ExecCredential.status). */
export interface PluginCredential {
  readonly token?: string;
  /** PEM. */
  readonly certificate?: string;
  readonly key?: string;
}

export interface PluginCall {
  /** `exec` of a user in the kubeconfig. */
  readonly exec: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the plugin may know of the cluster, when it asks for it (provideClusterInfo). */
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a credential plugin once. client-node's own way of running them knows no time limit, so that one which hangs would
 * keep the process alive, and does not tell them about the call, which several of them need (KUBERNETES_EXEC_INFO).
 * Throws an Error with the plugin's own words.
 */
export async function pluginCredential(call: PluginCall): Promise<PluginCredential> {
  const output = await run(call);
  const status = mapping(mapping(readJson(output))['status']);
  const token = text(status['token']);
  const certificate = text(status['clientCertificateData']);
  const key = text(status['clientKeyData']);
  if (token === undefined && certificate === undefined)
    throw new SyntaxError('the plugin gave neither token nor certificate');
  return { ...(token && { token }), ...(certificate && { certificate }), ...(key && { key }) };
}

function run(call: PluginCall): Promise<string> {
  const { exec, env, signal } = call;
  const command = text(exec['command']) ?? '';
  const words = list(exec['args']).map(String);
  const given = list(exec['env']).map(
    (each) => [String(mapping(each)['name']), String(mapping(each)['value'])] as const,
  );
  const environment = { ...env, ...Object.fromEntries(given), KUBERNETES_EXEC_INFO: execInfo(call) };
  return new Promise((resolved, reject) => {
    const options = { env: environment, signal, killSignal: 'SIGKILL' } as const;
    const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
    child.on('error', (error) => {
      // A child of the plugin may hold the pipes open; nobody waits for it.
      child.stdout.destroy();
      child.stderr.destroy();
      reject(error);
    });
    child.on('close', (code) => {
      if (code === 0) resolved(stdout);
      else reject(new Error(errorText(stderr) || `${command} ended with exit code ${String(code)}`));
    });
  });
}

function execInfo({ exec, cluster }: PluginCall): string {
  const info = exec['provideClusterInfo'] === true ? { cluster } : {};
  const apiVersion = text(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1';
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { ...info, interactive: false } });
}
