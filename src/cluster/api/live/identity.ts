import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { list, mapping, text } from '../../../mesh/unknown.ts';
import { pluginIdentity } from './exec-plugin.ts';
import type { Identity, IdentityContext, IdentitySource } from './identity-source.ts';
import type { Entry } from './kubeconfig-file.ts';
import type { Fields } from './kubeconfig-fields.ts';
import { oidcIdentity } from './oidc.ts';

/** Why a user cannot be used, by kubectl's rules. Pure. */
export function userIssue({ fields }: Pick<Entry, 'fields'>): string | undefined {
  const has = (name: string): boolean => text(fields[name]) !== undefined;
  const cert = has('client-certificate') || has('client-certificate-data');
  if (cert && !has('client-key') && !has('client-key-data')) return 'it has a client certificate and no client key';
  const both = ['client-certificate', 'client-key'].find((name) => has(name) && has(`${name}-data`));
  if (both) return `it has both ${both} and ${both}-data`;
  if (has('token') && (has('username') || has('password'))) return 'it has both a token and a password';
  const [exec, provider] = [fields['exec'] ?? undefined, fields['auth-provider'] ?? undefined];
  if (exec !== undefined && provider !== undefined) return 'it has both exec and auth-provider';
  if (exec !== undefined && !text(mapping(exec)['command'])) return 'its exec has no command';
  const asOthers = ['as-groups', 'as-uid', 'as-user-extra'].find((name) => Object.keys(fields[name] ?? {}).length > 0);
  return asOthers !== undefined && !has('as') ? `it has ${asOthers} without as` : providerIssue(mapping(provider));
}

function providerIssue(provider: Fields): string | undefined {
  const name = text(provider['name']);
  if (name === undefined || name === 'oidc') return undefined;
  const moved: Readonly<Record<string, string>> = { gcp: 'gke-gcloud-auth-plugin', azure: 'kubelogin' };
  const instead = moved[name] === undefined ? '' : `; kubectl has removed it, use the exec plugin ${moved[name]}`;
  return `meshx has no auth-provider ${name}${instead}`;
}

/** The identity of a user, in kubectl's order: static credentials, then a plugin or a provider. */
export function identitySource(user: Entry, world: IdentityContext): IdentitySource {
  const { fields } = user;
  const written = ['token', 'tokenFile', 'username', 'password', 'client-certificate', 'client-certificate-data'];
  if (written.some((name) => text(fields[name]) !== undefined)) return () => writtenIdentity(fields);
  const exec = fields['exec'] ?? undefined;
  if (exec !== undefined) return (signal) => pluginIdentity(mapping(exec), world, signal);
  const provider = mapping(fields['auth-provider']);
  if (provider['name'] === 'oidc') return oidcIdentity(mapping(provider['config']), user, world);
  return () => Promise.resolve({});
}

/** kubectl reads a token file again every minute. */
const TOKEN_FILE_MS = 60_000;

async function writtenIdentity(fields: Fields): Promise<Identity> {
  const certificate = {
    cert: await dataOrFile(fields, 'client-certificate'),
    key: await dataOrFile(fields, 'client-key'),
  };
  const file = text(fields['tokenFile']);
  const token = file === undefined ? text(fields['token']) : await tokenOf(file, text(fields['token']));
  const { username = '', password = '' } = fields;
  const basic = `${String(username ?? '')}:${String(password ?? '')}`;
  return {
    ...(certificate.cert && { cert: certificate.cert }),
    ...(certificate.key && { key: certificate.key }),
    ...(basic !== ':' && { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(file !== undefined && { until: Date.now() + TOKEN_FILE_MS }),
  };
}

/** The file wins over a token beside it, which is used only when the file cannot be read. */
async function tokenOf(file: string, other: string | undefined): Promise<string> {
  try {
    const token = (await readFile(file, 'utf8')).trim();
    if (token !== '') return token;
    throw new Error(`the token file ${file} is empty`);
  } catch (error) {
    if (other !== undefined) return other;
    throw error;
  }
}

/** Certificates are written as base64 or as the path of a file. */
export async function dataOrFile(fields: Fields, name: string): Promise<Buffer | undefined> {
  const data = text(fields[`${name}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const file = text(fields[name]);
  return file === undefined ? undefined : readFile(file);
}

/** The headers by which a user acts as another one. */
export function impersonation(fields: Fields): OutgoingHttpHeaders {
  const user = text(fields['as']);
  if (user === undefined) return {};
  const [uid, groups] = [text(fields['as-uid']), list(fields['as-groups']).map(String)];
  const extra = Object.entries(mapping(fields['as-user-extra'])).map(
    ([name, values]) => [`Impersonate-Extra-${headerName(name)}`, list(values).map(String)] as const,
  );
  return {
    'Impersonate-User': user,
    ...(uid !== undefined && { 'Impersonate-Uid': uid }),
    ...(groups.length > 0 && { 'Impersonate-Group': groups }),
    ...Object.fromEntries(extra),
  };
}

/** Percent-encodes bytes that a header name cannot hold, and the percent sign itself. */
function headerName(name: string): string {
  const escaped = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return [...Buffer.from(name)]
    .map((byte) =>
      /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : escaped(byte),
    )
    .join('');
}
