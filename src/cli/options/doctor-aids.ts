import { readFileSync } from 'node:fs';
import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import type { Aids } from '../../diagnose/check.ts';
import { describe } from '../../lib/describe-error.ts';
import { isLoopbackHost } from '../../lib/loopback.ts';
import { parseObject } from '../../lib/parse-object.ts';
import { plain } from '../../lib/plain.ts';
import { Secret } from '../../model/secret.ts';
import type { CommandContext } from '../command-module.ts';
import { note } from '../print.ts';
import { readSecretOption } from './read-secret-option.ts';
import type { SimpleOption, SimpleValues } from './simple-options.ts';

const group = 'Checks';
// Those of the set-up commands. Okta's own OKTA_API_TOKEN is left alone: it is in many an environment, and would go wherever a
// token endpoint looks like Okta's.
const oktaVariable = 'USHER_OKTA_API_TOKEN';
const clientVariable = 'USHER_CLIENT_SECRET';
const keycloakVariable = 'USHER_KEYCLOAK_ADMIN_PASSWORD';
/** What an operator can give beside the configuration. */
export const aidOptions = {
  callerTokenFile: {
    flags: '--caller-token-file <PATH>',
    help: 'File with an access token that a client got: then the whole exchange is tried with it',
    group,
  },
  clientId: {
    flags: '--client-id <ID>',
    help: 'Client that people sign in with: then its redirect URIs are tried',
    group,
  },
  signIn: {
    flags: '--sign-in',
    help: 'Sign in with a browser as that client, and try the whole exchange with the token; with a proof of possession where this server wants one',
    group,
  },
  clientSecretFile: {
    flags: '--client-secret-file <PATH>',
    help: `File with the secret of that client, where it has one; or the secret itself in the environment [${clientVariable}]`,
    group,
  },
  redirectUri: {
    flags: '--redirect-uri <URI>',
    help: 'Where --sign-in is sent back to: on this machine, registered with the client',
    group,
    byDefault: 'http://127.0.0.1:33418/',
  },
  tool: { flags: '--tool <NAME>', help: 'Tool without side effects, to be called with the exchanged token', group },
  toolArguments: { flags: '--tool-arguments <JSON>', help: 'Its arguments, one JSON object', group, byDefault: '{}' },
  certificateDays: {
    flags: '--certificate-days <DAYS>',
    help: 'Warn of TLS certificates that end in fewer days (default 14, or a third of the life of short-lived ones)',
    group,
  },
  oktaApiTokenFile: {
    flags: '--okta-api-token-file <PATH>',
    help: `File with an API token of the org: then its servers, trust, apps, policies and rules are read and compared; or the token itself in the environment [${oktaVariable}]`,
    group,
  },
  keycloakAdminPasswordFile: {
    flags: '--keycloak-admin-password-file <PATH>',
    help: `File with the password of an administrator of Keycloak: then clients, scopes and mappers are read and compared; or the password itself in the environment [${keycloakVariable}]`,
    group,
  },
  keycloakAdminUser: {
    flags: '--keycloak-admin-user <NAME>',
    help: 'Whose password that is',
    group,
    byDefault: 'admin',
  },
  keycloakAdminRealm: {
    flags: '--keycloak-admin-realm <REALM>',
    help: 'Where they sign in',
    group,
    byDefault: 'master',
  },
} as const satisfies Record<string, SimpleOption>;

type Environment = CommandContext['environment'];

/** What was given of it; what is wrong is added to the problems. */
export function readAids(values: SimpleValues, environment: Environment): Aids {
  const callerToken = readTokenFile(values);
  const clientId = values.text(aidOptions.clientId);
  const name = values.text(aidOptions.tool);
  const certificateDays = readDays(values);
  const given = parseArguments(values.text(aidOptions.toolArguments) ?? '{}', values.problems);
  const signIn = readSignIn(values, environment, clientId);
  const administration = readAdministration(values, environment);
  return {
    ...(administration.size === 0 ? {} : { administration }),
    ...(callerToken === undefined ? {} : { callerToken }),
    ...(signIn === undefined ? {} : { signIn }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(certificateDays === undefined ? {} : { certificateDays }),
    ...(name === undefined ? {} : { tool: { name, arguments: given } }),
  };
}

/** A secret of a file or of the environment; undefined where neither was given. */
function findSecret(
  values: SimpleValues,
  environment: Environment,
  { option, variable, what }: { option: SimpleOption; variable: string; what: string },
): Secret | undefined {
  const [file, flag] = [values.text(option), option.flags.split(' ')[0] ?? ''];
  if (file === undefined && environment[variable] === undefined) return undefined;
  return readSecretOption({ flag, file, variables: [variable], what }, environment, values.problems);
}

function readSignIn(values: SimpleValues, environment: Environment, clientId: string | undefined): Aids['signIn'] {
  if (!values.isSet(aidOptions.signIn)) return undefined;
  if (clientId === undefined)
    values.problems.push({ where: '--client-id', what: 'is missing; --sign-in needs a client' });
  if (values.text(aidOptions.callerTokenFile) !== undefined)
    values.problems.push({ where: '--sign-in', what: 'is given beside --caller-token-file; keep one of them' });
  const redirectUri = values.text(aidOptions.redirectUri) ?? '';
  const url = URL.parse(redirectUri);
  if (url?.protocol !== 'http:' || !isLoopbackHost(url.hostname) || url.port === '' || url.search + url.hash !== '') {
    const what = `is ${quote(redirectUri)}, expected http, an address of this machine and a port: http://127.0.0.1:33418/`;
    values.problems.push({ where: '--redirect-uri', what });
  }
  const option = aidOptions.clientSecretFile;
  const clientSecret = findSecret(values, environment, { option, variable: clientVariable, what: 'the client secret' });
  return {
    clientId: clientId ?? '',
    ...(clientSecret === undefined ? {} : { clientSecret }),
    redirectUri,
    show: (address) => note(`Open this address in a browser and sign in:\n\n  ${plain(address)}\n`),
  };
}

/** How to look into the set-up of each provider for which a secret was given. */
function readAdministration(values: SimpleValues, environment: Environment): NonNullable<Aids['administration']> {
  const secretOf = (option: SimpleOption, variable: string, what: string) =>
    findSecret(values, environment, { option, variable, what });
  const okta = secretOf(aidOptions.oktaApiTokenFile, oktaVariable, 'an API token');
  const keycloak = secretOf(aidOptions.keycloakAdminPasswordFile, keycloakVariable, 'the password');
  const [user, realm] = [
    values.text(aidOptions.keycloakAdminUser) ?? '',
    values.text(aidOptions.keycloakAdminRealm) ?? '',
  ];
  return new Map([
    ...(okta === undefined ? [] : [['okta', { secret: okta }] as const]),
    ...(keycloak === undefined ? [] : [['keycloak', { secret: keycloak, user, realm }] as const]),
  ]);
}

function readDays(values: SimpleValues): number | undefined {
  const text = values.text(aidOptions.certificateDays);
  if (text === undefined || /^\d{1,4}$/.test(text)) return text === undefined ? undefined : Number(text);
  values.problems.push({ where: '--certificate-days', what: `is ${quote(text)}, expected a number of days` });
  return undefined;
}

function readTokenFile(values: SimpleValues): Secret | undefined {
  const path = values.text(aidOptions.callerTokenFile);
  if (path === undefined) return undefined;
  try {
    const token = readFileSync(path, 'utf8')
      .trim()
      .replace(/^bearer\s+/i, '');
    if (token !== '') return new Secret(token);
    values.problems.push({ where: '--caller-token-file', what: 'names an empty file' });
  } catch (error) {
    values.problems.push({ where: '--caller-token-file', what: `cannot be read: ${describe(error)}` });
  }
  return undefined;
}

function parseArguments(text: string, problems: Problem[]): Readonly<Record<string, unknown>> {
  const value = parseObject(text);
  if (value !== undefined) return value;
  problems.push({ where: '--tool-arguments', what: 'is not a JSON object' });
  return {};
}
