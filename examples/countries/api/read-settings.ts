import { config as loadDotenv } from 'dotenv';
import { existsSync } from 'node:fs';
import { CannotStart } from '../lib/cannot-start.ts';
import { findLogFormat, type LogFormat } from '../lib/print-log.ts';
import { trustCaFile } from '../lib/trust-ca-file.ts';

/** Whose tokens the API accepts. */
export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly requiredScopes: readonly string[];
  /** Are tokens refused that are bound to no key (RFC 9449)? */
  readonly requireDpop: boolean;
}

export interface Settings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly logFormat: LogFormat;
  /** Where callers find the API; where it listens when undefined. */
  readonly publicUrl: string | undefined;
  /** Undefined when REQUIRE_AUTH is false: everybody may ask. */
  readonly tokens: TokenSettings | undefined;
}

/** Reads the settings from the environment and from `.env` in the working directory; what the environment says wins.
 * A setting that is there but empty counts as missing. Throws {@link CannotStart} with every problem at once. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const values = readValues(environment, problems);
  const port = readPort(values.PORT, problems);
  const logFormat = findLogFormat(values.LOG_FORMAT);
  if (logFormat === undefined) problems.push(`LOG_FORMAT is "${values.LOG_FORMAT}", expected text or json`);
  const requireAuth = values.REQUIRE_AUTH ?? 'true';
  if (requireAuth !== 'true' && requireAuth !== 'false') {
    problems.push(`REQUIRE_AUTH is "${requireAuth}", expected true or false`);
  }
  const publicUrl = values.PUBLIC_URL;
  if (publicUrl !== undefined && !/^https?:$/.test(URL.parse(publicUrl)?.protocol ?? '')) {
    problems.push(`PUBLIC_URL is "${publicUrl}", expected an http or https URL`);
  }
  const tokens = requireAuth === 'true' ? readTokenSettings(values, problems) : undefined;
  if (problems.length > 0) throw new CannotStart('the countries API', problems);
  return { host: values.HOST ?? '127.0.0.1', port, logFormat: logFormat ?? 'text', publicUrl, tokens };
}

type Values = Readonly<Record<string, string | undefined>>;

function readValues(environment: Values, problems: string[]): Values {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== '') values[name] = value;
  }
  if (existsSync('.env')) {
    const { error } = loadDotenv({ path: '.env', quiet: true, processEnv: values });
    if (error) problems.push(`.env cannot be read (${error.message})`);
  }
  // Node reads this one from the environment before any of our code runs; from .env it is ours to apply.
  if (values.NODE_EXTRA_CA_CERTS && !environment.NODE_EXTRA_CA_CERTS) {
    const problem = trustCaFile(values.NODE_EXTRA_CA_CERTS);
    if (problem) problems.push(`NODE_EXTRA_CA_CERTS: ${problem}`);
  }
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}

function readPort(value: string | undefined, problems: string[]): number {
  const port = Number(value ?? '4000');
  if (!/^\d+$/.test(value ?? '4000') || port > 65_535) {
    problems.push(`PORT is "${value}", expected a whole number from 0 to 65535`);
  }
  return port;
}

function readTokenSettings(values: Values, problems: string[]): TokenSettings {
  const issuer = readIssuer(values, problems);
  const audience = values.OKTA_AUDIENCE ?? '';
  if (audience === '') problems.push('OKTA_AUDIENCE is missing, set it to the aud of the tokens meant for this API');
  const requiredScopes = (values.REQUIRED_SCOPES ?? '').split(/[\s,]+/).filter((scope) => scope !== '');
  if (requiredScopes.length === 0) {
    problems.push('REQUIRED_SCOPES is missing, name the scopes a token must have, for example backend-api:read');
  }
  const requireDpop = values.REQUIRE_DPOP ?? 'false';
  if (requireDpop !== 'true' && requireDpop !== 'false') {
    problems.push(`REQUIRE_DPOP is "${requireDpop}", expected true or false`);
  }
  return { issuer, audience, requiredScopes, requireDpop: requireDpop === 'true' };
}

/** OKTA_ISSUER, or the `default` authorization server of OKTA_DOMAIN, as in Okta's own samples. */
function readIssuer(values: Values, problems: string[]): string {
  const { OKTA_ISSUER: issuer, OKTA_DOMAIN: domain } = values;
  if (issuer !== undefined) {
    if (!URL.canParse(issuer) || new URL(issuer).protocol !== 'https:') {
      problems.push(`OKTA_ISSUER is "${issuer}", expected an https URL`);
    } else if (issuer.endsWith('/')) {
      problems.push(`OKTA_ISSUER is "${issuer}", expected the issuer as in its tokens, which has no slash at the end`);
    }
    return issuer;
  }
  if (domain === undefined) {
    problems.push(
      'OKTA_ISSUER is missing, set it to the issuer of the tokens (or set OKTA_DOMAIN, or REQUIRE_AUTH=false)',
    );
    return '';
  }
  if (/[/{}@?#\s]/.test(domain) || !URL.canParse(`https://${domain}`)) {
    problems.push(`OKTA_DOMAIN is "${domain}", expected a host name without https://, for example example.okta.com`);
  }
  return `https://${domain}/oauth2/default`;
}
