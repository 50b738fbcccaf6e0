import { Secret } from '../model/secret.ts';
import { isSaid, type PlanDraft } from './import-plan.ts';
import { planSecret } from './plan-authentication.ts';
import type { RemoteAuthConfig, RunConfig } from './run-config.ts';

/** Of a container; without one they say nothing. */
const ofContainers = ['volumes', 'env_vars', 'secrets', 'cmd_args', 'publish'] as const;

/** A server that runs elsewhere. */
export function planRemote(config: RunConfig, draft: PlanDraft): void {
  draft.set('target-uri', 'remote_url', config.remote_url);
  planTransport(config, draft);
  for (const key of ofContainers)
    if (isSaid(config[key])) draft.remark(key, 'is for a container, and this server runs elsewhere');
  if (isSaid(config.image)) draft.refuse('image', 'is given beside remote_url; keep the one that is meant');
  const { remote_auth_config: login, header_forward: headers = {} } = config;
  if (login !== undefined) planLogin(login, draft);
  planHeaders(headers, config, draft);
}

/** How the server is spoken with; Streamable HTTP is what is usual. */
export function planTransport({ transport = '' }: RunConfig, draft: PlanDraft): void {
  if (transport === '' || transport === 'streamable-http') return;
  if (transport === 'stdio' || transport === 'sse') draft.set('transport', 'transport', transport);
  else draft.refuse('transport', `is ${JSON.stringify(transport)}, expected streamable-http, sse or stdio`);
}

function planLogin(login: RemoteAuthConfig, draft: PlanDraft): void {
  const key = (name: keyof RemoteAuthConfig) => `remote_auth_config.${name}`;
  const texts = [
    ['remote-auth-issuer', 'issuer'],
    ['remote-auth-client-id', 'client_id'],
    ['remote-auth-scopes', 'scopes'],
    ['remote-auth-authorize-url', 'authorize_url'],
    ['remote-auth-token-url', 'token_url'],
    ['remote-auth-resource', 'resource'],
    ['remote-auth-scope-param-name', 'scope_param_name'],
  ] as const;
  draft.set('remote-auth', 'remote_auth_config', 'true');
  for (const [flag, name] of texts) draft.set(flag, key(name), login[name]);
  if (isSaid(login.callback_port)) draft.set('remote-auth-callback-port', key('callback_port'), login.callback_port);
  if (isSaid(login.timeout)) draft.set('remote-auth-timeout', key('timeout'), `${(login.timeout ?? 0) / 1e9}`);
  if (login.skip_browser === true) draft.set('remote-auth-skip-browser', key('skip_browser'), 'true');
  const parameters = Object.entries(login.oauth_params ?? {}).map(([name, value]) => `${name}=${value}`);
  draft.set('remote-auth-parameter', key('oauth_params'), parameters);
  planSecretOf(login, 'client_secret', 'remote-auth-client-secret', draft);
  planSecretOf(login, 'bearer_token', 'remote-auth-bearer-token', draft);
  if (login.use_pkce === false) draft.remark(key('use_pkce'), 'PKCE is always used');
  for (const name of ['headers', 'env_vars'] as const)
    if (isSaid(login[name]))
      draft.block(key(name), 'says what its registry wants in headers or variables; Usher sends none of that');
  if (Object.keys(login).some((name) => name.startsWith('cached_')))
    draft.remark('remote_auth_config.cached_…', 'logins are not taken over: Usher asks to sign in once');
  draft.remark('remote_auth_config', 'callers on this machine need a token that Usher writes into their clients');
}

function planSecretOf(
  login: RemoteAuthConfig,
  name: 'client_secret' | 'bearer_token',
  flag: string,
  draft: PlanDraft,
): void {
  const file = login[`${name}_file`];
  if (isSaid(login[name])) planSecret(flag, `remote_auth_config.${name}`, login[name], draft);
  else if (file !== undefined && file !== '') draft.place(flag, `remote_auth_config.${name}_file`, { file });
}

/** One header that is always the same is a credential here; more of them are not. */
function planHeaders(
  { add_plaintext_headers: plain = {}, add_headers_from_secret: kept = {} }: NonNullable<RunConfig['header_forward']>,
  { token_exchange_config: exchange, remote_auth_config: login }: RunConfig,
  draft: PlanDraft,
): void {
  const all = [...Object.entries(plain), ...Object.entries(kept)];
  if (all.length === 0) return;
  const [[name, value] = ['', '']] = all;
  if (all.length > 1 || exchange !== undefined || login !== undefined) {
    draft.block(
      'header_forward',
      'adds headers to calls, and Usher adds one at most, where there is no other credential',
    );
    return;
  }
  const isPlain = Object.hasOwn(plain, name);
  draft.set('static-header-name', 'header_forward', name);
  draft.place('static-header-value', 'header_forward', isPlain ? { secret: new Secret(value) } : { reference: value });
}
