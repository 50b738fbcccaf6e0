import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { FlavourName } from '../../src/idp/flavours/flavour-name.ts';
import {
  callThrough,
  followOnDevice,
  startLoginProgram,
  startSilentServer,
  type LoginProgram,
} from '../kit/login-program.ts';
import { signInAt } from '../kit/sign-in-at.ts';
import type { TestServer } from '../kit/start-http-server.ts';
import { startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';

const gatewayId = '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b';
const backendId = '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d';
const secret = 'gateway-development-secret';

interface Row {
  readonly flavour: FlavourName;
  /** A native app and a web app, by their ids. */
  readonly native: string;
  readonly web: string;
  /** What is asked for, and what it is exchanged for. */
  readonly options: (tokenUrl: string) => string;
  readonly audience: string;
  readonly saidNo: string;
  /** What a client that may not use the grant hears, with a code in hand or without. */
  readonly mayNot: RegExp;
}

/** What a person writes for each provider. */
const rows: readonly Row[] = [
  {
    flavour: 'keycloak',
    native: 'demo',
    web: 'vscode',
    options: (tokenUrl) =>
      `--remote-auth-scopes openid,mcp:tools:call --provider keycloak --token-exchange-url ${tokenUrl}
      --token-exchange-client-id mcpserver --token-exchange-client-secret ${secret}
      --token-exchange-audience backend --token-exchange-scopes backend-api:read`,
    audience: 'backend',
    saidNo: 'access_denied',
    mayNot: /the provider answered unauthorized_client: Client is not allowed to initiate OAuth 2\.0 Device/,
  },
  {
    flavour: 'entra',
    native: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
    web: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    options: (tokenUrl) =>
      `--remote-auth-scopes openid,api://${gatewayId}/mcp.tools.call --entra-obo-url ${tokenUrl}
      --entra-obo-client-id ${gatewayId} --entra-obo-client-secret ${secret}
      --entra-obo-audience ${backendId} --entra-obo-scopes api://${backendId}/Countries.Read`,
    audience: backendId,
    saidNo: 'authorization_declined',
    mayNot: /the provider answered unsupported_grant_type: AADSTS70003/,
  },
  {
    flavour: 'auth0',
    native: 'demo',
    web: 'vscode',
    options: (tokenUrl) =>
      `--remote-auth-scopes openid,mcp:tools:call --remote-auth-parameter audience=http://localhost:8000/mcp
      --provider auth0 --token-exchange-url ${tokenUrl} --token-exchange-client-id gateway
      --token-exchange-client-secret ${secret} --token-exchange-audience https://countries.example.com
      --token-exchange-scopes backend-api:read`,
    audience: 'https://countries.example.com',
    saidNo: 'access_denied',
    mayNot: /the provider answered unauthorized_client: Grant type '.*device_code' not allowed for the client/,
  },
];

/** `usher proxy --remote-auth` on a machine without a browser, at a provider that is not Okta. */
for (const row of rows) {
  describe(`signing in on another device, at ${row.flavour}`, () => {
    let idp: TestIdp;
    let behind: TestServer;
    before(async () => {
      idp = await startTestIdp(
        (seed) => {
          seed['lifetimes'] = { devicePollSeconds: 1 };
        },
        { flavour: row.flavour },
      );
      behind = await startSilentServer();
    });
    after(async () => {
      await idp[Symbol.asyncDispose]();
      await behind[Symbol.asyncDispose]();
    });

    const start = (context: TestContext, login: string) => {
      const { issuer, tokenUrl } = idp.server('backend');
      const flags = `--remote-auth-issuer ${issuer} ${row.options(tokenUrl)} ${login}`;
      return startLoginProgram(context, { target: behind.url, flags });
    };
    const asWeb = `--remote-auth-client-id ${row.web} --remote-auth-client-secret vscode-development-secret`;
    const assertCalls = async (usher: LoginProgram) => {
      const { aud } = await callThrough(usher, behind);
      assert.equal(aud, row.audience);
    };

    test(`${row.flavour} – the person types the code in – calls go on with the API’s token for them`, async (context) => {
      const usher = start(context, `--remote-auth-client-id ${row.native} --remote-auth-flow device`);
      assert.match(await followOnDevice(usher), /You are signed in/);
      await assertCalls(usher);
    });

    test(`${row.flavour} – the person says no – one sentence, exit code 7`, async (context) => {
      const usher = start(context, `--remote-auth-client-id ${row.native} --remote-auth-flow device`);
      assert.match(await followOnDevice(usher, { says: 'no' }), /not let in/);
      assert.equal(await usher.exited, 7, usher.output().stderr);
      assert.match(usher.output().stderr, new RegExp(`the provider answered ${row.saidNo}`));
      assert.match(usher.output().stderr, /Whoever signed in said no/);
    });

    test(`${row.flavour} – a client that may not, where a code was asked for – says so`, async (context) => {
      const usher = start(context, `${asWeb} --remote-auth-flow device`);
      assert.equal(await usher.exited, 7, usher.output().stderr);
      assert.match(usher.output().stderr, row.mayNot);
    });

    test(`${row.flavour} – a client that may not, where nobody asked for a code – gets the address`, async (context) => {
      const usher = start(context, asWeb);
      assert.equal((await signInAt(await usher.signInUrl())).status, 200);
      await assertCalls(usher);
    });
  });
}
