import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { explainRecord } from '../../src/diagnose/explain-record.ts';
import type { FlavourName } from '../../src/idp/flavours/flavour-name.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import type { ErrorCode } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { post } from '../kit/call.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { exchangeGrant } from '../kit/start-issuer.ts';
import { startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { startTestIdp, type AuthorizeRequest, type SeedData, type TestIdp } from '../kit/start-test-idp.ts';

/** How the gateway's exchange is set up: rightly, but for one thing. */
interface Exchange {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}

type Fault = readonly [name: string, change: Partial<Exchange>, code: ErrorCode, cause: string];

/** What people get wrong at one provider, each fault a server of its own behind one gateway. */
interface FlavourFaults {
  readonly flavour: FlavourName;
  readonly callerAudience: string;
  readonly callScope: string;
  readonly signIn: AuthorizeRequest;
  readonly good: Omit<Exchange, 'url'>;
  readonly strategy: 'token-exchange' | 'entra-obo';
  readonly bend: (seed: SeedData) => void;
  readonly faults: readonly Fault[];
}

const secret = 'another-development-secret';
const service = { label: 'Another', type: 'service', clientSecret: secret, grantTypes: [exchangeGrant] };
const untickedGrants = { grantTypes: ['client_credentials'] };
const as = (clientId: string): Partial<Exchange> => ({ clientId, clientSecret: secret });
const entraGateway = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';
const entraBackend = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
const firstApi = 'http://localhost:8000/mcp';

const table: readonly FlavourFaults[] = [
  {
    flavour: 'keycloak',
    callerAudience: 'mcpserver',
    callScope: 'mcp:tools:call',
    signIn: { scope: 'openid mcp:tools:call' },
    good: {
      clientId: 'mcpserver',
      clientSecret: 'gateway-development-secret',
      audience: ['backend'],
      scopes: ['backend-api:read'],
    },
    strategy: 'token-exchange',
    bend: (seed) =>
      void seed.apps.push(
        { ...service, clientId: 'stranger' },
        { ...service, clientId: 'unticked', ...untickedGrants },
      ),
    faults: [
      ['wrong-secret', { clientSecret: 'wrong' }, 'exchange_misconfigured', 'keycloak-secret-wrong'],
      ['unknown-client', { clientId: 'nobody' }, 'exchange_misconfigured', 'keycloak-client-unknown'],
      ['switch-off', as('unticked'), 'exchange_misconfigured', 'keycloak-exchange-off'],
      ['not-in-audience', as('stranger'), 'exchange_misconfigured', 'keycloak-not-in-audience'],
      ['unknown-audience', { audience: ['nobody'] }, 'exchange_misconfigured', 'keycloak-audience-unknown'],
      ['no-scope', { scopes: [] }, 'exchange_misconfigured', 'keycloak-audience-not-available'],
      ['unknown-scope', { scopes: ['nobody:read'] }, 'exchange_misconfigured', 'keycloak-scope-invalid'],
    ],
  },
  {
    flavour: 'auth0',
    callerAudience: firstApi,
    callScope: 'mcp:tools:call',
    signIn: { scope: 'openid mcp:tools:call', params: { audience: firstApi } },
    good: {
      clientId: 'gateway',
      clientSecret: 'gateway-development-secret',
      audience: ['https://countries.example.com'],
      scopes: ['backend-api:read'],
    },
    strategy: 'token-exchange',
    bend: (seed) =>
      void seed.apps.push(
        { ...service, clientId: 'stranger', api: 'backend' },
        { ...service, clientId: 'ungranted', api: 'mcpserver' },
        { ...service, clientId: 'unticked', api: 'mcpserver', ...untickedGrants },
        { ...service, clientId: 'asking', api: 'mcpserver', consent: 'required' },
      ),
    faults: [
      ['wrong-secret', { clientSecret: 'wrong' }, 'exchange_misconfigured', 'auth0-client-unauthorized'],
      ['unknown-client', { clientId: 'nobody' }, 'exchange_misconfigured', 'auth0-client-unknown'],
      ['switch-off', as('unticked'), 'exchange_misconfigured', 'auth0-grant-not-allowed'],
      ['no-client-grant', as('ungranted'), 'exchange_misconfigured', 'auth0-client-grant-missing'],
      ['wrong-api', as('stranger'), 'exchange_subject_refused', 'auth0-subject-token-invalid'],
      ['unknown-audience', { audience: ['nobody'] }, 'exchange_misconfigured', 'auth0-api-unknown'],
      ['consent', as('asking'), 'exchange_misconfigured', 'auth0-consent-required'],
    ],
  },
  {
    flavour: 'entra',
    callerAudience: entraGateway,
    callScope: 'mcp.tools.call',
    signIn: { clientId: '1b4e28ba-2fa1-41d2-883f-0016d3cca427', scope: `openid ${entraGateway}/mcp.tools.call` },
    good: {
      clientId: entraGateway,
      clientSecret: 'gateway-development-secret',
      audience: [entraBackend],
      scopes: [`api://${entraBackend}/Countries.Read`],
    },
    strategy: 'entra-obo',
    bend: (seed) => {
      const rule = { name: 'Bob', grantTypes: [exchangeGrant], scopes: '*', people: { users: ['bob@example.com'] } };
      const policies = [{ name: 'Gateway', clients: [entraGateway], rules: [rule] }];
      const api = { name: 'An API', scheme: 'http', scopes: [{ name: 'Read' }] };
      seed.servers.push(
        { ...api, id: 'alien', audience: 'alien', policies: [] },
        { ...api, id: 'bobs', audience: 'bobs', policies },
      );
      seed.apps.push({ ...service, clientId: 'stranger' }, { ...service, clientId: 'unticked', ...untickedGrants });
    },
    faults: [
      ['wrong-secret', { clientSecret: 'wrong' }, 'exchange_misconfigured', 'entra-secret-wrong'],
      ['unknown-client', { clientId: 'nobody' }, 'exchange_misconfigured', 'entra-client-unknown'],
      ['not-allowed', as('unticked'), 'exchange_misconfigured', 'entra-obo-not-allowed'],
      ['another-app', as('stranger'), 'exchange_misconfigured', 'entra-assertion-audience'],
      ['no-consent', { scopes: ['alien/Read'] }, 'exchange_denied', 'entra-consent-missing'],
      ['not-assigned', { scopes: ['bobs/Read'] }, 'exchange_denied', 'entra-user-not-assigned'],
      ['unknown-api', { scopes: ['api://nobody/Read'] }, 'exchange_misconfigured', 'entra-resource-unknown'],
      ['unknown-scope', { scopes: [`${entraBackend}/None`] }, 'exchange_misconfigured', 'entra-scope-invalid'],
      [
        'two-apis',
        { scopes: [`${entraBackend}/.default`, 'bobs/Read'] },
        'exchange_misconfigured',
        'entra-scope-of-two-apis',
      ],
      ['short-scope', { scopes: ['Countries.Read'] }, 'exchange_misconfigured', 'entra-scope-invalid'],
    ],
  },
];

for (const { flavour, callerAudience, callScope, signIn, good, strategy, bend, faults } of table) {
  describe(`usher idp --flavour ${flavour}, set up wrongly`, () => {
    let idp: TestIdp;
    let upstream: TestServer;
    let gateway: TestGateway;
    let callerToken: string;

    before(async () => {
      idp = await startTestIdp(bend, { flavour });
      upstream = await startHttpServer((_, response) => sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }));
      const { issuer, tokenUrl } = idp.server('backend');
      const server = (name: string, change: Partial<Exchange>) => {
        const { clientSecret, audience, scopes, ...exchange } = { url: tokenUrl, ...good, ...change };
        const shared = {
          ...exchange,
          clientSecret: new Secret(clientSecret),
          audience: [...audience],
          scopes: [...scopes],
        };
        return {
          path: `/${name}/mcp`,
          authenticate: [{ strategy: 'jwt' as const, issuer, audience: [callerAudience] }],
          policy: { strategy: 'scopes' as const, required: [callScope] },
          credential: strategy === 'entra-obo' ? { ...shared, strategy } : { ...shared, strategy, provider: flavour },
          upstream: { strategy: 'http' as const, url: `${upstream.url}/mcp` },
        };
      };
      const all = [['good', {}] as const, ...faults];
      gateway = await startTestGateway(Object.fromEntries(all.map(([name, change]) => [name, server(name, change)])));
      callerToken = String((await idp.signIn('mcpserver', signIn)).body['access_token']);
    });
    after(async () => {
      await gateway?.close();
      await upstream?.[Symbol.asyncDispose]();
      await idp?.[Symbol.asyncDispose]();
    });

    async function call(name: string): Promise<{ status: number; record: AuditRecord | undefined }> {
      const { resourceUrl = '' } = gateway.servers.find((one) => one.name === name) ?? {};
      const { status } = await post(resourceUrl, callerToken);
      return { status, record: (await gateway.records()).findLast(({ server }) => server === name) };
    }

    test(`${flavour} – everything as it should be – the call goes on`, async () => {
      const { status, record } = await call('good');
      assert.equal(status, 200, record?.hint);
    });

    for (const [name, , code, cause] of faults) {
      test(`${flavour}, ${name} – the audit trail and usher explain – name ${cause}`, async () => {
        const seen = upstream.seen.length;
        const { record } = await call(name);
        assert.ok(record !== undefined);
        assert.deepEqual([record.code, record.cause], [code, cause], record.hint);
        assert.equal(explainRecord(record).diagnosis?.id, cause);
        assert.equal(upstream.seen.length, seen, 'nothing goes on');
      });
    }
  });
}
