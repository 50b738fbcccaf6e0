import assert from 'node:assert/strict';
import { errorTable, type ErrorCode } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { signInUser, type SignedIn } from '../../src/demo/sign-in-user.ts';
import { assertAbsent } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { assertScenario, findRecord } from './assert-scenario.ts';
import { startCountries, type Countries } from './start-countries.ts';

/** How the gateway asks for the API's token. */
export interface ExchangeChoice {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: readonly string[];
  readonly resource?: readonly string[];
  readonly scopes: readonly string[];
  /** Asks for a token that names the gateway as actor, too. */
  readonly actorFromClient?: boolean;
}

/** How a call is refused. */
export interface ExpectedRefusal {
  readonly code: ErrorCode;
  /** The provider's own, in the hint and nowhere else. */
  readonly words: RegExp;
  /** Which known refusal it is; looked at where it is said. */
  readonly cause?: string | undefined;
}

/** A real provider, as the gateway is told of it. */
export interface RealLabOptions {
  /** Of the callers' tokens. */
  readonly issuer: string;
  /** Of the API's tokens. */
  readonly apiIssuer: string;
  /** Each is a server of its own, by its name; `good` is the one that works. */
  readonly exchanges: Readonly<Record<string, ExchangeChoice>>;
  /** Of the people's client. */
  readonly client: { readonly clientId: string; readonly clientSecret?: string };
}

type User = { readonly username: string; readonly password: string };

export interface RealLab extends AsyncDisposable {
  readonly countries: Countries;
  readonly gateway: TestGateway;
  mcpUrl(server: string): string;
  /** Plays the scenario as this user, at `good`; returns the user's subject. */
  assertScenario(user: User): Promise<string>;
  /** As an MCP client does it, starting at `good`. */
  signIn(user: User): Promise<SignedIn>;
  /** Calls a tool at this server: refused with this code, for the reason in the provider's words, which the operator alone
   * reads; the API hears nothing.
   */
  assertRefused(server: string, callerToken: string, expected: ExpectedRefusal): Promise<void>;
}

/** The scenario around a real provider: countries behind the gateway, and servers whose exchange is set up wrongly. */
export async function startRealLab(options: RealLabOptions): Promise<RealLab> {
  const { issuer, apiIssuer, exchanges, client } = options;
  await using started = new AsyncDisposableStack();
  const countries = started.use(await startCountries(apiIssuer));
  const server = (name: string, { clientSecret, audience, resource = [], scopes, ...exchange }: ExchangeChoice) => ({
    path: `/${name}/mcp`,
    authenticate: [{ strategy: 'jwt' as const, issuer, audience: ['mcpserver'] }],
    policy: { strategy: 'scopes' as const, required: ['mcp:tools:call'] },
    credential: {
      strategy: 'token-exchange' as const,
      ...exchange,
      clientSecret: new Secret(clientSecret),
      audience: [...audience],
      resource: [...resource],
      scopes: [...scopes],
    },
    upstream: { strategy: 'http' as const, url: countries.mcpUrl },
  });
  const servers = Object.fromEntries(Object.entries(exchanges).map(([name, choice]) => [name, server(name, choice)]));
  const gateway = started.use(await startTestGateway(servers));
  const resources = started.move();

  const mcpUrl = (name: string) => {
    const found = gateway.servers.find((one) => one.name === name);
    assert.ok(found !== undefined, `no server ${name}`);
    return found.resourceUrl;
  };
  const signIn: RealLab['signIn'] = (user) =>
    signInUser({ mcpUrl: mcpUrl('good'), ...client, redirectUri: 'http://127.0.0.1:33418/', ...user });
  return {
    countries,
    gateway,
    mcpUrl,
    signIn,
    assertScenario: (user) =>
      assertScenario({
        mcpUrl: mcpUrl('good'),
        countries,
        issuers: { caller: issuer, api: apiIssuer },
        signIn: () => signIn(user),
        records: () => gateway.records(),
      }),
    async assertRefused(name, callerToken, { code, words, cause }) {
      const before = countries.accepted.length + countries.refused.length;
      const answer = await post(mcpUrl(name), callerToken);
      const text = await answer.text();
      const { error } = JSON.parse(text) as { error: { message: string; data: { code: string; id: string } } };
      const record = await findRecord(
        () => gateway.records(),
        ({ id }) => id === error.data.id,
      );
      assert.equal(error.data.code, code, record?.hint);
      assert.equal(answer.status, errorTable[code].status);
      assert.equal(answer.headers.has('www-authenticate'), answer.status === 401, 'a challenge only where it helps');
      assert.match(record?.hint ?? '', words);
      if (cause !== undefined) assert.equal(record?.cause, cause, record?.hint);
      assert.doesNotMatch(text, words);
      assert.equal(countries.accepted.length + countries.refused.length, before, 'the API hears nothing');
      const shown = [text, JSON.stringify(record), ...gateway.logged].join('\n');
      for (const secret of [callerToken, exchanges[name]?.clientSecret ?? '']) assertAbsent(secret, shown);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
