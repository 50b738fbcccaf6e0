import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { SignInAid } from '../../src/diagnose/sign-in-aid.ts';
import { runDoctor } from '../../src/diagnose/run-doctor.ts';
import { Secret } from '../../src/model/secret.ts';
import { freePort } from '../kit/free-port.ts';
import { runUsher } from '../kit/run-usher.ts';
import { signIn } from '../kit/scripted-browser.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { claimsOf, startTestIdp, type TestIdp } from '../kit/start-test-idp.ts';

/** Runs the doctor, and signs alice in with a browser when it asks for it; her client is public. */
async function diagnose(
  idp: TestIdp,
  upstream: TestServer,
  { requireDpop, aid = {} }: { requireDpop: boolean; aid?: Partial<SignInAid> },
) {
  const config = configSchema.parse({
    caFile: idp.idp.caFile,
    servers: {
      one: {
        authenticate: [{ issuer: idp.server('mcpserver').issuer, audience: ['mcpserver'] }],
        dpop: { required: requireDpop },
        policy: { strategy: 'scopes', required: ['mcp:tools:call'] },
        credential: {
          strategy: 'token-exchange',
          url: idp.server('backend').tokenUrl,
          clientId: 'gateway',
          clientSecret: new Secret('gateway-development-secret'),
          audience: ['backend'],
          scopes: ['backend-api:read'],
          dpop: requireDpop,
        },
        upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
      },
    },
  });
  const ca = await readFile(idp.idp.caFile, 'utf8');
  let isOver: Promise<unknown> = Promise.resolve();
  const browse = async (address: string) => {
    const back = await signIn(address, { username: 'alice@example.com', password: 'alice', ca });
    // Whatever else asks there is not the browser coming back.
    assert.equal((await fetch(new URL('/favicon.ico', back))).status, 404);
    assert.match(await (await fetch(back)).text(), /go back to the terminal/);
  };
  const usual: SignInAid = {
    clientId: 'demo',
    redirectUri: `http://127.0.0.1:${await freePort()}/callback`,
    show: (address) => {
      isOver = browse(address);
    },
    ...aid,
  };
  const aids = { signIn: usual, clientId: 'demo', tool: { name: 'GetCountry', arguments: { code: 'CZ' } } };
  const [report] = await runDoctor(config, { aids });
  await isOver;
  return { report, checks: new Map(report?.checks.map((one) => [one.id, one])) };
}

const startServer = () =>
  startHttpServer(({ headers }, response) => {
    if (headers.authorization === undefined) return sendJson(response, 401, {});
    return sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'Prague' }] } });
  });

test('doctor --sign-in – a server that requires DPoP – the sign-in has a proof, and all goes on to the tool call', async () => {
  // The provider wants a nonce in each proof, and the gateway's app bound tokens as well.
  await using idp = await startTestIdp((seed) => {
    for (const app of seed.apps) Object.assign(app, { requireDpop: true });
  });
  await using upstream = await startServer();
  const { report, checks } = await diagnose(idp, upstream, { requireDpop: true });
  for (const id of [
    'user-signs-in',
    'caller-token',
    'policy',
    'exchange',
    'exchanged-user',
    'server-accepts',
    'tool-call',
  ])
    assert.equal(checks.get(id)?.result, 'pass', JSON.stringify(checks.get(id)));
  assert.match(checks.get('user-signs-in')?.evidence ?? '', /with a proof of possession/);
  assert.match(checks.get('caller-token')?.evidence ?? '', /alice@example\.com, client demo, .*; bound to a key/);
  const [type, given] = upstream.seen.at(-1)?.headers.authorization?.split(' ') ?? [];
  assert.equal(type, 'DPoP');
  assert.equal(claimsOf(given)['sub'], 'alice@example.com');
  assert.ok(!JSON.stringify(report).includes('eyJ'));
});

test('doctor --sign-in – a server that takes bearer tokens – passes without a proof', async () => {
  await using idp = await startTestIdp();
  await using upstream = await startServer();
  const { checks } = await diagnose(idp, upstream, { requireDpop: false });
  assert.equal(checks.get('tool-call')?.result, 'pass', JSON.stringify([...checks.values()]));
  assert.doesNotMatch(checks.get('caller-token')?.evidence ?? '', /bound to a key/);
});

test('doctor --sign-in – the provider wants proofs of this client, the server here does not – says which', async () => {
  await using idp = await startTestIdp((seed) => {
    Object.assign(seed.apps.find(({ clientId }) => clientId === 'demo') ?? {}, { requireDpop: true });
  });
  await using upstream = await startServer();
  const { checks } = await diagnose(idp, upstream, { requireDpop: false });
  const found = checks.get('user-signs-in');
  assert.equal(found?.result, 'fail', JSON.stringify(found));
  assert.match(found.evidence, /dpop/i);
  assert.match(found.fix ?? '', /--require-dpop/);
  assert.match(checks.get('caller-token')?.evidence ?? '', /Not tried: user-signs-in failed/);
});

test('doctor --sign-in – a wrong client secret – the provider’s words, without the secret', async () => {
  await using idp = await startTestIdp();
  await using upstream = await startServer();
  const aid = {
    clientId: 'vscode',
    clientSecret: new Secret('not-the-secret-at-all'),
    redirectUri: 'http://127.0.0.1:33418',
  };
  const { report, checks } = await diagnose(idp, upstream, { requireDpop: false, aid });
  const found = checks.get('user-signs-in');
  // On a machine where something has VS Code's port nobody can come back there.
  if (found?.result === 'unknown') return assert.match(found.evidence, /EADDRINUSE|in use/);
  assert.equal(found?.result, 'fail', JSON.stringify(found));
  assert.match(found.evidence, /invalid_client/);
  assert.ok(!JSON.stringify(report).includes('not-the-secret'));
});

test('doctor --sign-in – nobody signs in, or the port is taken – unknown, and how to', async () => {
  await using idp = await startTestIdp();
  await using upstream = await startServer();
  const late = await diagnose(idp, upstream, { requireDpop: false, aid: { show: () => undefined, patienceMs: 50 } });
  assert.match(late.checks.get('user-signs-in')?.evidence ?? '', /nobody signed in within 0\.05 s/);
  const redirectUri = `http://127.0.0.1:${upstream.port}/callback`;
  const taken = await diagnose(idp, upstream, { requireDpop: false, aid: { redirectUri } });
  assert.equal(taken.checks.get('user-signs-in')?.result, 'unknown');
  assert.match(taken.checks.get('user-signs-in')?.fix ?? '', /its port free/);
});

test('usher doctor --sign-in – without a client, beside a token, back to somewhere else – exit 2 with each', async (context) => {
  const wrong = ['--sign-in', '--caller-token-file', '/dev/null', '--redirect-uri', 'https://example.com/callback'];
  const { code, stderr } = await runUsher(context, ['doctor', ...wrong, 'http://127.0.0.1:1/mcp']);
  assert.equal(code, 2);
  assert.match(stderr, /--client-id: is missing; --sign-in needs a client/);
  assert.match(stderr, /--sign-in: is given beside --caller-token-file; keep one of them/);
  assert.match(stderr, /--redirect-uri: is "https:\/\/example\.com\/callback", expected http/);
});
