import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../kit/free-port.ts';
import { clientBehaviours, type ClientBehaviour } from './client-behaviour.ts';
import { ClientGaveUp, EmulatedClient, type EmulatedClientOptions } from './emulated-client.ts';
import { adminScope, startShieldLab, staticClients, type ShieldLab } from './start-shield-lab.ts';

/** What a user goes through with a client. Every client goes through each. */
interface Flow {
  readonly title: string;
  /** Only where clients sign in at the provider itself. */
  readonly isDirect?: true;
  readonly run: (behaviour: ClientBehaviour, lab: ShieldLab) => Promise<void>;
}

function start(behaviour: ClientBehaviour, lab: ShieldLab, more: Partial<EmulatedClientOptions> = {}): EmulatedClient {
  const url = lab.gateway.mcpUrl.replace('127.0.0.1', 'localhost');
  return new EmulatedClient(behaviour, { url, alsoAt: [new URL(lab.idp.idp.httpUrl).origin], ...more });
}

async function assertAnswered(answer: Response): Promise<void> {
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.ok('result' in JSON.parse(text), text);
}

function pathOf(step: string | undefined): string {
  return step?.split(' ')[1] ?? '';
}

const flows: readonly Flow[] = [
  {
    title: 'first login: challenge, metadata, registration, sign-in, call',
    async run(behaviour, lab) {
      const client = start(behaviour, lab);
      await assertAnswered(await client.connect());
      await assertAnswered(await client.callTool('GetCountry'));
      assert.equal(client.signIns, 1);
      const first = behaviour.probe === 'GET' ? 'GET /mcp 401' : 'POST /mcp 401';
      // Nothing is looked for in a place where it is not.
      assert.deepEqual(client.trace.slice(0, 2), [first, 'GET /.well-known/oauth-protected-resource/mcp 200']);
      assert.deepEqual(client.trace.slice(-2), ['POST /mcp 200', 'POST /mcp 200']);
    },
  },
  {
    title: 'no registration: the client id its user was given',
    isDirect: true,
    async run(behaviour, lab) {
      // With a secret, where its user may give one.
      const isVsCode = behaviour.redirectUri === 'http://127.0.0.1:33418/';
      const client = start(behaviour, lab, { staticClient: isVsCode ? staticClients.web : staticClients.native });
      await assertAnswered(await client.connect());
      assert.ok(!client.trace.some((step) => pathOf(step).endsWith('/clients')), client.trace.join('\n'));
    },
  },
  {
    title: 'restart: what it kept is enough',
    async run(behaviour, lab) {
      const client = start(behaviour, lab);
      await client.connect();
      const restarted = new EmulatedClient(behaviour, { url: client.url }, client.kept);
      await assertAnswered(await restarted.connect());
      assert.deepEqual(restarted.trace, ['POST /mcp 200']);
    },
  },
  {
    title: 'token expired, refresh token at hand: refreshes without a sign-in',
    async run(behaviour, lab) {
      const client = start({ ...behaviour, wantsOfflineAccess: true }, lab, {
        onRefusal: () => void (lab.clock.aheadMs = 0),
      });
      await client.connect();
      assert.notEqual(client.kept.tokens?.refresh, undefined);
      lab.clock.aheadMs = 2 * 3_600_000;
      await assertAnswered(await client.callTool('GetCountry'));
      assert.equal(client.signIns, 1);
      assert.deepEqual(
        client.trace.slice(-3).map((step) => step.replace(/ \S+\/token /, ' token ')),
        ['POST /mcp 401', 'POST token 200', 'POST /mcp 200'],
      );
    },
  },
  {
    title: 'token expired, nothing to refresh with: signs in again with the same registration',
    async run(behaviour, lab) {
      const client = start(behaviour, lab, { onRefusal: () => void (lab.clock.aheadMs = 0) });
      await client.connect();
      const { clientId, tokens } = client.kept;
      assert.ok(tokens !== undefined);
      client.kept = { ...client.kept, tokens: { ...tokens, refresh: undefined } };
      lab.clock.aheadMs = 2 * 3_600_000;
      await assertAnswered(await client.callTool('GetCountry'));
      assert.deepEqual([client.signIns, client.kept.clientId], [2, clientId]);
    },
  },
  {
    title: 'refresh token revoked: signs in again',
    async run(behaviour, lab) {
      const client = start(behaviour, lab, { onRefusal: () => void (lab.clock.aheadMs = 0) });
      await client.connect();
      const { tokens } = client.kept;
      assert.ok(tokens !== undefined);
      client.kept = { ...client.kept, tokens: { ...tokens, refresh: 'revoked' } };
      lab.clock.aheadMs = 2 * 3_600_000;
      await assertAnswered(await client.callTool('GetCountry'));
      assert.equal(client.signIns, 2);
    },
  },
  {
    title: 'a tool that needs a scope more: steps up, or can say which',
    async run(behaviour, lab) {
      const client = start(behaviour, lab);
      await client.connect();
      const answer = await client.callTool('GetSecret');
      if (behaviour.stepUp === 'tells') {
        const { error } = (await answer.json()) as { error: { message: string } };
        assert.equal(answer.status, 403);
        assert.ok(error.message.includes(adminScope), error.message);
        return;
      }
      await assertAnswered(answer);
      assert.equal(client.signIns, 2);
      // What worked before still does with the new token.
      await assertAnswered(await client.callTool('GetCountry'));
      assert.equal(client.signIns, 2);
    },
  },
  {
    title: 'the port it comes back to is busy: signs in by another, or says so',
    async run(behaviour, lab) {
      const client = start(behaviour, lab, { isPortBusy: true });
      if (behaviour.redirectUriWhenBusy === undefined) {
        await assert.rejects(client.connect(), /the port is taken/);
        return;
      }
      await assertAnswered(await client.connect());
    },
  },
  {
    title: 'a slash behind the URL: is told the right one',
    async run(behaviour, lab) {
      const client = start(behaviour, lab, { url: `${lab.gateway.mcpUrl.replace('127.0.0.1', 'localhost')}/` });
      // A page may read nothing of a server that is not there.
      if (behaviour.origin !== undefined) return await assert.rejects(client.connect(), ClientGaveUp);
      const answer = await client.connect();
      const { error } = (await answer.json()) as { error: { message: string } };
      assert.equal(answer.status, 404);
      assert.match(error.message, /nothing is served at "\/mcp\/"; did you mean "\/mcp"\?/);
    },
  },
];

for (const way of ['at the provider', 'by the façade'] as const) {
  describe(`sign-in ${way}`, () => {
    let lab: ShieldLab;
    before(async () => {
      lab = await startShieldLab(way === 'by the façade' ? { facade: true } : {});
    });
    after(() => lab[Symbol.asyncDispose]());
    for (const behaviour of clientBehaviours) {
      for (const { title, run, isDirect } of flows) {
        if (isDirect && way === 'by the façade') continue;
        test(`${behaviour.title}, ${way} – ${title}`, async () => {
          try {
            await run(behaviour, lab);
          } finally {
            lab.clock.aheadMs = 0;
          }
        });
      }
    }
  });
}

const [sdk] = clientBehaviours.filter(({ title }) => title === 'the SDK client');

describe('where the metadata of the server are looked for', () => {
  for (const place of ['challenge', 'inserted', 'root'] as const) {
    test(`a client that looks ${place === 'challenge' ? 'where the challenge says' : `at the ${place} form`} only – signs in`, async () => {
      await using lab = await startShieldLab();
      const behaviour = { ...sdkClient(), resourceMetadata: [place] };
      await assertAnswered(await start(behaviour, lab).connect());
    });
  }

  // RFC 3986 §6.2.3: https://host and https://host/ are one address, and clients write it either way.
  for (const [spelling, ending] of [
    ['without a slash', ''],
    ['with a slash', '/'],
  ]) {
    for (const resourceCheck of ['exact', 'origin and path prefix'] as const) {
      test(`a server at the root, its resource URL ${spelling}, compared by ${resourceCheck} – signs in`, async () => {
        const port = await freePort();
        await using lab = await startShieldLab({
          port,
          server: (usual) => ({ ...usual, path: '/', resourceUrl: `http://localhost:${port}${ending}` }),
        });
        const client = new EmulatedClient({ ...sdkClient(), resourceCheck }, { url: `http://localhost:${port}/` });
        await assertAnswered(await client.connect());
        assert.equal(lab.upstream.seen.length, 1);
      });
    }
  }
});

function sdkClient(): ClientBehaviour {
  assert.ok(sdk !== undefined);
  return sdk;
}
