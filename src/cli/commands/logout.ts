import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import type { NamedLogin, Revocation } from '../../credentials/operator-login/sign-out.ts';
import { plain } from '../../lib/plain.ts';
import type { Secret } from '../../model/secret.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print, warn } from '../print.ts';
import { readCaFile } from '../options/read-ca-file.ts';
import { readSecretOption } from '../options/read-secret-option.ts';
import { setUpOptions } from '../options/set-up-options.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const secretVariable = 'USHER_REMOTE_AUTH_CLIENT_SECRET';
const options = {
  all: { flags: '--all', help: 'Every login there is', group: 'Login' },
  secretFile: {
    flags: '--remote-auth-client-secret-file <PATH>',
    help: `File with the secret of the client that was signed in with, where it has one [${secretVariable}]`,
    group: 'Login',
  },
  caFile: { ...setUpOptions.caFile, group: 'Login' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Output' },
} as const satisfies Record<string, SimpleOption>;

/** As long as a gateway waits for another that refreshes the same login. */
const lockMs = 30_000;
const failedExitCode = 7;

/** `usher logout NAME…` */
export const logoutCommand: CommandModule = {
  build() {
    const command = buildCommand('usher logout', {
      summary:
        'Signs out whoever signed in with --remote-auth: takes the tokens back at the provider where it can, and forgets them here in every case. A gateway that runs with the login uses its token no more from the next call on, and asks for another sign-in.',
      usage: 'NAME… | --all [options]',
      examples: [
        '# By the name of the server, or by the issuer\nusher logout demo-mcp-server\nusher logout https://example.okta.com/oauth2/aus1',
        '# A client with a secret has to prove itself for that\nusher logout demo-mcp-server --remote-auth-client-secret-file client-secret.txt',
      ],
    });
    return addSimpleOptions(command, Object.values(options));
  },
  async execute(command, { tail, environment }) {
    const { operands, problems: unknown } = sortLeftovers(command);
    const values = new SimpleValues(command, environment);
    const problems: Problem[] = [...unknown];
    const clientSecret = readClientSecret(values, environment, problems);
    const ca = readCaFile(values, problems);
    problems.push(...values.problems);
    if (tail !== undefined) problems.push({ where: 'arguments', what: 'are too many: nothing is taken after --' });
    const [{ listLogins, signOut }, { buildHttpClient }] = await Promise.all([
      import('../../credentials/operator-login/sign-out.ts'),
      import('../../lib/http-client.ts'),
    ]);
    const secrets = openSecretStore(environment);
    const logins = listLogins(secrets);
    const chosen = choose(logins, { names: operands, isAll: values.isSet(options.all) }, problems);
    if (clientSecret !== undefined) problems.push(...findForeignClients(chosen));
    if (problems.length > 0) throw reportUsage(problems);
    if (chosen.length === 0) note('Nobody is signed in');
    const http = buildHttpClient(ca === undefined ? {} : { ca });
    let hasFailed = false;
    try {
      for (const login of chosen) {
        const revocation = await signOut(login.name, { http, secrets, clientSecret, lockMs });
        hasFailed = !tell(login, revocation) || hasFailed;
      }
    } finally {
      await http.close();
    }
    return hasFailed ? failedExitCode : 0;
  },
};

function readClientSecret(
  values: SimpleValues,
  environment: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): Secret | undefined {
  const file = values.text(options.secretFile);
  if (file === undefined && environment[secretVariable] === undefined) return undefined;
  const flag = '--remote-auth-client-secret-file';
  return readSecretOption(
    { flag, file, variables: [secretVariable], what: 'the client secret' },
    environment,
    problems,
  );
}

/** Logins by the name of a server, by issuer, or by their own name. */
function choose(
  logins: readonly NamedLogin[],
  { names, isAll }: { readonly names: readonly string[]; readonly isAll: boolean },
  problems: Problem[],
): readonly NamedLogin[] {
  const there = logins.length === 0 ? 'nobody is signed in' : `there are ${logins.map(callIt).join('; ')}`;
  if (isAll && names.length > 0) problems.push({ where: '--all', what: 'is given beside names; keep one of them' });
  if (isAll) return logins;
  if (names.length === 0) problems.push({ where: 'NAME', what: `is missing, or --all; ${there}` });
  const found = names.map((name) => ({ name, logins: logins.filter((login) => isMeant(login, name)) }));
  for (const { name, logins: some } of found)
    if (some.length === 0)
      problems.push({ where: 'NAME', what: `is ${quote(name)}, expected a server, an issuer or a login; ${there}` });
  return [...new Set(found.flatMap(({ logins: some }) => some))];
}

/** A secret is one client's, at one issuer: another must not learn it (RFC 9700 §4.4). */
function findForeignClients(chosen: readonly NamedLogin[]): readonly Problem[] {
  const takers = chosen.filter(({ takesSecret }) => takesSecret);
  const clients = new Set(takers.map(({ issuer, clientId }) => JSON.stringify([issuer, clientId])));
  if (clients.size < 2) return [];
  const what = `is of one client, and these are of ${clients.size}: ${takers.map(callIt).join('; ')}; sign out those of each client by themselves`;
  return [{ where: `--remote-auth-client-secret-file or ${secretVariable}`, what }];
}

function isMeant({ name, issuer, servers }: NamedLogin, given: string): boolean {
  const isIssuer = issuer?.replace(/\/$/, '') === given.replace(/\/$/, '');
  return isIssuer || servers.includes(given) || name === given || name === `login/${given}`;
}

function callIt({ name, issuer, who, servers }: NamedLogin): string {
  const person = who === undefined ? '' : ` as ${who}`;
  const where = issuer === undefined ? '' : ` at ${issuer}`;
  const used = servers.length === 0 ? '' : `, for ${servers.join(', ')}`;
  return plain(`${name} (signed in${where}${person}${used})`);
}

/** @returns is nothing left to do? */
function tell({ name, issuer = '', who }: NamedLogin, revocation: Revocation | undefined): boolean {
  const whose = plain(`${issuer === '' ? name : issuer}${who === undefined ? '' : ` (${who})`}`);
  if (revocation === undefined) {
    print(`${whose}: forgotten here; what was kept could not be read, so nothing was taken back at the provider`);
    return true;
  }
  switch (revocation.end) {
    case 'revoked':
      print(
        `${whose}: signed out; the tokens were taken back at the provider and forgotten here${untilOf(revocation.accessUntilMs, '; the access token cannot be taken back and is good until ')}`,
      );
      return true;
    case 'no endpoint':
      print(
        `${whose}: forgotten here; the provider has no endpoint to take tokens back (RFC 7009)${untilOf(revocation.accessUntilMs, ': the access token is good until ')}`,
      );
      return true;
    case 'failed':
      print(`${whose}: forgotten here; taking the tokens back at the provider failed`);
      warn(`${plain(revocation.reason)}. ${revocation.advice}, or end the session in the provider's console.`);
      return false;
  }
}

function untilOf(ms: number | undefined, words: string): string {
  return ms === undefined || ms <= Date.now() ? '' : `${words}${new Date(ms).toISOString().slice(0, 19)}Z`;
}
