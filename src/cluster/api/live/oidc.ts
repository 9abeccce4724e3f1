import { readFile } from 'node:fs/promises';
import { readJson, tryJson } from '../../../documents/json.ts';
import { withTimeLimit } from '../../../time-limit.ts';
import { mapping, text } from '../../../mesh/unknown.ts';
import { present } from '../../../present.ts';
import { errorText } from '../foreign-error.ts';
import { exchange, type ExchangeAnswer } from './http-exchange.ts';
import type { Identity, IdentityContext, IdentitySource } from './identity-source.ts';
import type { Entry } from './kubeconfig-file.ts';
import type { Fields } from './kubeconfig-fields.ts';
import { keepProviderConfig } from './kubeconfig-write.ts';
import { environmentProxy, proxyAgent } from './proxy.ts';

/** A token must still be valid when it arrives. */
const EARLY_MS = 10_000;

/**
 * The id-token of an auth-provider oidc, as in kubectl. An expired one is renewed at the issuer and written back into
 * the kubeconfig, because an issuer may accept a refresh token only once.
 */
export function oidcIdentity(
  config: Fields,
  user: Pick<Entry, 'name' | 'file'>,
  world: IdentityContext,
): IdentitySource {
  let current = config;
  return async (signal) => {
    const token = text(current['id-token']);
    const until = token === undefined ? 0 : endOf(token) - EARLY_MS;
    if (token !== undefined && until > Date.now()) return identity(token, until);
    const fresher = await withTimeLimit(world.timeoutMs, signal, (limited) => renewed(current, world, limited));
    current = { ...current, ...fresher };
    await keepProviderConfig(user, current).catch((error: unknown) => {
      world.say(`warning: ${user.file} does not hold the renewed tokens of user ${user.name}: ${errorText(error)}`);
    });
    const fresh = text(current['id-token']) ?? '';
    return identity(fresh, endOf(fresh) - EARLY_MS);
  };
}

function identity(token: string, until: number): Identity {
  return { authorization: `Bearer ${token}`, until };
}

/** When a token expires, milliseconds since 1970. Only the API server checks its signature. */
function endOf(token: string): number {
  const claims = mapping(tryJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  const end = claims['exp'];
  if (typeof end !== 'number') throw new Error('its id-token does not say when it ends');
  return end * 1000;
}

async function renewed(config: Fields, world: IdentityContext, signal: AbortSignal): Promise<Fields> {
  const [issuer, client, refresh] = ['idp-issuer-url', 'client-id', 'refresh-token'].map((name) => text(config[name]));
  if (issuer === undefined || client === undefined)
    throw new Error('its auth-provider oidc has no idp-issuer-url or no client-id');
  if (refresh === undefined) throw new Error('its id-token has run out and there is no refresh-token: log in again');
  const ca = await issuerCa(config);
  const ask = (url: string, call: IssuerCall = {}): Promise<ExchangeAnswer> =>
    askIssuer(url, call, { ca, world, signal });
  const known = await ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const endpoint = text(mapping(valueOf(known, issuer))['token_endpoint']);
  if (endpoint === undefined) throw new Error(`the issuer ${issuer} names no token_endpoint`);
  const secret = text(config['client-secret']) ?? '';
  const form = { grant_type: 'refresh_token', refresh_token: refresh };
  const basic = Buffer.from(`${encodeURIComponent(client)}:${encodeURIComponent(secret)}`).toString('base64');
  // Some issuers accept the client's secret only in a header, others only in the form.
  const byHeader = await ask(endpoint, { form, authorization: `Basic ${basic}` });
  const inForm = { ...form, client_id: client, ...(secret && { client_secret: secret }) };
  const answer = mapping(valueOf(byHeader.status === 200 ? byHeader : await ask(endpoint, { form: inForm }), issuer));
  const token = text(answer['id_token']);
  if (token === undefined) throw new Error(`the issuer ${issuer} renewed no id_token`);
  return { 'id-token': token, 'refresh-token': text(answer['refresh_token']) ?? refresh };
}

async function issuerCa(config: Fields): Promise<Buffer | undefined> {
  const data = text(config['idp-certificate-authority-data']);
  if (data !== undefined) return Buffer.from(data, 'base64');
  // kubectl reads it relative to the working directory.
  const file = text(config['idp-certificate-authority']);
  return file === undefined ? undefined : readFile(file);
}

interface IssuerCall {
  readonly form?: Readonly<Record<string, string>>;
  readonly authorization?: string;
}

function valueOf({ status, body }: ExchangeAnswer, issuer: string): unknown {
  if (status === 200) return readJson(body);
  const { error, error_description: more } = mapping(tryJson(body));
  const reason = text(more) ?? text(error) ?? 'no reason was given';
  throw new Error(`the issuer ${issuer} answered ${status}: ${reason.slice(0, 200)}`);
}

interface IssuerWay {
  readonly ca: Buffer | undefined;
  readonly world: IdentityContext;
  readonly signal: AbortSignal;
}

async function askIssuer(url: string, { form, authorization }: IssuerCall, way: IssuerWay): Promise<ExchangeAnswer> {
  const target = new URL(url);
  const proxy = environmentProxy(target, way.world.env);
  const body = form && new URLSearchParams(form).toString();
  return exchange(target, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(authorization && { authorization }),
      ...(body && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    signal: way.signal,
    mostMiB: 1,
    ...present({ body, ca: way.ca, agent: proxy && (await proxyAgent(proxy, target)) }),
  });
}
