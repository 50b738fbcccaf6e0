import type { Config, CredentialConfig, ServerConfig } from '../../config/schema.ts';
import type { RunningGateway } from '../../gateway/running-gateway.ts';
import { nameProgram } from '../target/describe-target.ts';
import { paint } from '../print.ts';

/** What is served where, who may call, and as whom the server behind is called; for the operator, without secrets. */
export function summarize(config: Config, gateway: RunningGateway): string {
  const lines = [`${paint('bold', 'Usher')} listens on ${gateway.url}`];
  for (const { name, resourceUrl, target } of gateway.servers) {
    const server = config.servers[name];
    if (server === undefined) continue;
    lines.push(`  ${paint('bold', name)}  ${paint('cyan', resourceUrl)}`);
    lines.push(...callers(name, server), ...exchanges(server), `    server    ${upstream(server, target)}`);
  }
  if (config.state !== undefined) lines.push(`  shared state  ${config.state.url}`);
  lines.push(`  audit trail  ${config.audit.file === '-' ? 'stdout' : config.audit.file}`);
  return lines.join('\n');
}

function callers(name: string, { authenticate, policy }: ServerConfig): string[] {
  const scopes = policy.required.length === 0 ? '' : ` with ${plural('scope', policy.required)}`;
  return authenticate.map((entry) =>
    !('issuer' in entry)
      ? `    callers   ${entry.strategy === 'anonymous' ? paint('yellow', 'everybody, without a token') : `with the token that usher secret get caller/${name} prints`}`
      : `    callers   ${entry.strategy === 'introspection' ? 'opaque ' : ''}token of ${entry.issuer} for ${entry.audience.join(' or ')}${scopes}`,
  );
}

/** One line for all issuers, or one for each. */
function exchanges({ authenticate, credential, remoteAuth }: ServerConfig): string[] {
  if (remoteAuth?.enabled === true) {
    const how = credential.strategy === 'none' ? 'with their token itself' : exchange(credential);
    return [`    as        the person who signed in, ${how}`];
  }
  const own = authenticate.flatMap((entry) => (!('issuer' in entry) ? [] : [entry]));
  if (own.every((entry) => entry.credential === undefined)) return [`    exchange  ${exchange(credential)}`];
  return own.map((entry) => `    exchange  of ${entry.issuer} ${exchange(entry.credential ?? credential)}`);
}

function exchange(credential: CredentialConfig): string {
  switch (credential.strategy) {
    case 'none':
      return 'none: the server behind gets no token';
    case 'static-header':
      return `none: every call carries the same ${credential.header}`;
    case 'client-credentials':
      return `none: every call goes on as the gateway itself, with ${wantedToken(credential)}`;
    case 'id-jag':
      return `for ${wantedToken({ ...credential, audience: [credential.audience] })}, and its grant for a token at ${credential.target.url}`;
    case 'chain':
      return `in ${credential.steps.length} steps: ${credential.steps.map(({ strategy, url }) => `${strategy} at ${url}`).join(', then ')}`;
    case 'token-exchange':
    case 'entra-obo':
      return `for ${wantedToken(credential)}`;
  }
}

interface WantedToken {
  readonly audience: readonly string[];
  readonly resource?: readonly string[];
  readonly scopes: readonly string[];
  readonly url: string;
  readonly clientId: string;
}

function wantedToken({ audience, resource = [], scopes, url, clientId }: WantedToken): string {
  const target = [...audience, ...resource].join(', ');
  const wanted = scopes.length === 0 ? '' : ` with ${plural('scope', scopes)}`;
  return `a token${target === '' ? '' : ` for ${target}`}${wanted}, at ${url} as client ${clientId}`;
}

/** Arguments are left out: they may hold what is not for a log. */
function upstream({ upstream: settings }: ServerConfig, target: string): string {
  if (settings.strategy === 'http') return target;
  if (settings.strategy === 'container')
    return `${target}, the container of ${settings.image}${countArguments(settings.args)}`;
  const [program = '', ...args] = settings.command;
  return `${target}, run as ${nameProgram(program)}${countArguments(args)}`;
}

function countArguments(args: readonly string[]): string {
  return args.length === 0 ? '' : ` with ${args.length} argument${args.length === 1 ? '' : 's'}`;
}

function plural(noun: string, items: readonly string[]): string {
  return `${noun}${items.length === 1 ? '' : 's'} ${items.join(' ')}`;
}
