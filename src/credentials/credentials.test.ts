import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, test } from 'node:test';
import type { z } from 'zod';
import { identity, isRefusal } from '../../test/kit/start-exchange.ts';
import { startCredential } from '../../test/kit/start-credential.ts';
import { encodePart } from '../../test/kit/signing-key.ts';
import { sendJson, type SeenRequest } from '../../test/kit/start-http-server.ts';
import { configSchema } from '../config/schema.ts';
import { buildRoutes } from '../gateway/build-routes.ts';
import type { Credential } from '../model/credential.ts';
import type { Identity } from '../model/identity.ts';
import { Secret } from '../model/secret.ts';
import { UsherError } from '../model/usher-error.ts';

type CredentialInput = NonNullable<z.input<typeof configSchema>['servers'][string]['credential']>;

interface Member {
  /** Its settings, with a token endpoint at this address. */
  readonly settings: (url: string) => CredentialInput;
  /** Whose it is: what each caller's token brings, the same for all, or nothing at all. */
  readonly isFor: 'each caller' | 'all callers' | 'nobody';
  /** Is a token asked for? */
  readonly asks: boolean;
}

const clientSecret = new Secret('gateway-secret');
const client = { clientId: 'gateway', clientSecret };

/** Every member of the seam; a folder that is not here fails. */
const members: Readonly<Record<string, Member>> = {
  'token-exchange': {
    settings: (url) => ({ strategy: 'token-exchange', url, ...client, audience: ['backend'] }),
    isFor: 'each caller',
    asks: true,
  },
  'entra-obo': {
    settings: (url) => ({ strategy: 'entra-obo', url, ...client, audience: ['backend'], scopes: ['api://b/.default'] }),
    isFor: 'each caller',
    asks: true,
  },
  'id-jag': {
    settings: (url) => ({
      strategy: 'id-jag',
      url,
      ...client,
      audience: 'https://partner.example',
      target: { url, ...client, audience: ['backend'] },
    }),
    isFor: 'each caller',
    asks: true,
  },
  chain: {
    settings: (url) => ({
      strategy: 'chain',
      steps: [
        { strategy: 'token-exchange', url, ...client, audience: ['backend'] },
        { strategy: 'token-exchange', url, ...client, audience: ['backend'] },
      ],
    }),
    isFor: 'each caller',
    asks: true,
  },
  'client-credentials': {
    settings: (url) => ({ strategy: 'client-credentials', url, ...client, audience: ['backend'], alsoForUsers: true }),
    isFor: 'all callers',
    asks: true,
  },
  'static-header': {
    settings: () => ({ strategy: 'static-header', header: 'X-Api-Key', value: new Secret('key-of-the-api') }),
    isFor: 'all callers',
    asks: false,
  },
  none: { settings: () => ({ strategy: 'none' }), isFor: 'nobody', asks: false },
};

/** A token endpoint for every grant: each token is another one, and what is asked for. */
async function start({ settings }: Member) {
  let issued = 0;
  const all = await startCredential((url, deps): Credential => {
    const config = configSchema.parse({
      servers: {
        apollo: {
          authenticate: [{ strategy: 'jwt', issuer: 'https://id.example', audience: ['mcpserver'] }],
          credential: settings(url),
          upstream: { strategy: 'http', url: 'http://127.0.0.1:1/mcp' },
        },
      },
    });
    const none = { workloads: new Map(), usedProofs: new Map(), usedSignIns: new Map() };
    const routes = buildRoutes(config, { ...deps, ...none, ca: undefined, port: 1, scheme: 'http' });
    const route = routes.get('/mcp');
    assert.ok(route);
    void route.upstream.close();
    return route.credential;
  });
  all.scene.respond = ({ body }: SeenRequest, response) => {
    const form = new URLSearchParams(body);
    const isGrant = form.get('requested_token_type')?.endsWith('id-jag') === true;
    issued += 1;
    const claims = { aud: isGrant ? 'https://partner.example' : 'backend', jti: `new-${issued}` };
    const header = { alg: 'RS256', ...(isGrant ? { typ: 'oauth-id-jag+jwt' } : {}) };
    const token = `${encodePart(header)}.${encodePart(claims)}.c2lnbmF0dXJl`;
    sendJson(response, 200, {
      access_token: token,
      token_type: isGrant ? 'N_A' : 'Bearer',
      issued_token_type: `urn:ietf:params:oauth:token-type:${isGrant ? 'id-jag' : 'access_token'}`,
      expires_in: 600,
    });
  };
  const connection = { signal: new AbortController().signal };
  return { ...all, obtain: async (user: Identity) => all.credential.obtain(user, connection) };
}

/** Somebody who shows no token. */
function nobody(nowMs: number): Identity {
  const { caller } = identity(nowMs);
  return { callerToken: undefined, caller: { ...caller, issuer: '', subject: 'anonymous', tokenDigest: '' } };
}

test('the contract – every folder of the seam – is held to it', () => {
  const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  // No choice beside the others: it puts the operator in the place of the caller of one of them.
  const around = ['operator-login'];
  assert.deepEqual(folders.toSorted(), [...Object.keys(members), ...around].toSorted());
});

for (const [name, member] of Object.entries(members)) {
  describe(name, () => {
    test('its name – is the one of its folder', async () => {
      await using all = await start(member);
      assert.equal(all.credential.strategy, name);
    });

    test('what it hands out – is never the caller’s token, nor anything with it inside', async () => {
      await using all = await start(member);
      const alice = identity(all.scene.nowMs);
      const { header } = await all.obtain(alice);
      assert.equal(header === undefined, member.isFor === 'nobody');
      assert.ok(!header?.value.reveal().includes(alice.callerToken ?? '?'));
      assert.equal(header?.name, header?.name.toLowerCase());
    });

    test('what it hands out – shows no secret, however it is printed', async () => {
      await using all = await start(member);
      const found = await all.obtain(identity(all.scene.nowMs));
      const secret = found.header?.value.reveal() ?? 'nothing';
      const printed = `${JSON.stringify(found)} ${inspect(found, { depth: 9, showHidden: true })}`;
      assert.ok(!printed.includes(secret.replace('Bearer ', '')));
    });

    test('what it hands out – cannot be changed, be it new or kept', async () => {
      await using all = await start(member);
      const alice = identity(all.scene.nowMs);
      for (const found of [await all.obtain(alice), await all.obtain(alice)]) {
        assert.ok(Object.isFrozen(found));
        assert.equal(found.actsAs, member.isFor === 'all callers' ? 'gateway' : undefined);
      }
    });

    test(`two users – ${member.isFor === 'each caller' ? 'get each their own' : 'get the same'}`, async () => {
      await using all = await start(member);
      const { nowMs } = all.scene;
      const [one, other] = [await all.obtain(identity(nowMs)), await all.obtain(identity(nowMs, 'bob'))];
      const isSame = one.header?.value.reveal() === other.header?.value.reveal();
      assert.equal(isSame, member.isFor !== 'each caller');
    });

    test('a second call – asks nobody', async () => {
      await using all = await start(member);
      const alice = identity(all.scene.nowMs);
      await all.obtain(alice);
      const asked = all.count();
      const kept = await all.obtain(alice);
      assert.equal(all.count(), asked);
      assert.equal(kept.waitedMs, 0);
      assert.equal(kept.source === 'fresh', false);
    });

    test('one that the service refused – another attempt is worth it only where another could come', async () => {
      await using all = await start(member);
      const alice = identity(all.scene.nowMs);
      const fresh = await all.obtain(alice);
      const kept = await all.obtain(alice);
      assert.equal(all.credential.evict(alice, kept), member.asks);
      const next = await all.obtain(alice);
      assert.equal(next.header?.value.reveal() === kept.header?.value.reveal(), !member.asks);
      // One that was asked for just now would be the same again; a kept one that was replaced is gone already.
      assert.equal(all.credential.evict(alice, fresh), false);
      assert.equal((await all.obtain(alice)).header?.value.reveal(), next.header?.value.reveal());
    });

    if (member.isFor === 'each caller') {
      test('a caller without a token – is refused, and nobody is asked', async () => {
        await using all = await start(member);
        await assert.rejects(all.obtain(nobody(all.scene.nowMs)), (error) => isRefusal(error, 'internal'));
        assert.equal(all.count(), 0);
      });
      test('the provider hands the caller’s token back – refused', async () => {
        await using all = await start(member);
        const alice = identity(all.scene.nowMs);
        const usual = all.scene.respond;
        all.scene.respond = (request, response) => {
          const form = new URLSearchParams(request.body);
          if (form.get('requested_token_type') !== null) return void usual?.(request, response);
          sendJson(response, 200, {
            access_token: alice.callerToken,
            token_type: 'Bearer',
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            expires_in: 600,
          });
        };
        await assert.rejects(all.obtain(alice), (error) => isRefusal(error, 'exchange_answer_invalid'));
      });
    } else {
      test('a caller without a token – is served like others', async () => {
        await using all = await start(member);
        const [some, alice] = [await all.obtain(nobody(all.scene.nowMs)), await all.obtain(identity(all.scene.nowMs))];
        assert.equal(some.header?.value.reveal(), alice.header?.value.reveal());
      });
    }

    if (member.asks) {
      test('nobody answers – refused as unavailable, with nothing instead', async () => {
        await using all = await start(member);
        all.scene.respond = (_, response) => response.destroy();
        await assert.rejects(all.obtain(identity(all.scene.nowMs)), (error) =>
          isRefusal(error, 'exchange_unavailable'),
        );
      });
      test('a refusal – quotes neither the caller’s token nor the client’s secret', async () => {
        await using all = await start(member);
        const alice = identity(all.scene.nowMs);
        const words = `no: ${alice.callerToken} ${clientSecret.reveal()}`;
        all.scene.respond = (_, response) => sendJson(response, 400, { error: words, error_description: words });
        const refusal: unknown = await all.obtain(alice).catch((error: unknown) => error);
        assert.ok(refusal instanceof UsherError);
        const shown = `${refusal.message} ${refusal.hint} ${JSON.stringify(refusal.details)}`;
        assert.ok(!shown.includes(alice.callerToken ?? '?') && !shown.includes(clientSecret.reveal()), shown);
      });
    }
  });
}
