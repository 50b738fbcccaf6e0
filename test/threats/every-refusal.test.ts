import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorTable, type ErrorCode } from '../../src/model/errors.ts';
import { Secret } from '../../src/model/secret.ts';
import { assertRefused } from '../kit/assert-refused.ts';
import { post } from '../kit/call.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { addIntrospection, introspectionEntry, type Introspecting } from '../kit/introspecting.ts';
import { endSlowRequests, httpServerOf } from '../kit/http-server-of.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { makeSigningKey } from '../kit/signing-key.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab, type LabOptions, type TokenChanges, type TokenLab } from '../kit/start-token-lab.ts';
import { waitUndici } from '../kit/wait-undici.ts';

/** How a row of the error table is provoked from outside. Status, challenge, Retry-After and the rest follow from the row. */
interface Provocation {
  /** Sends what is refused, and waits for the answer. */
  readonly send: (lab: TokenLab) => Promise<Response>;
  /** A lab of its own, bent like this; the usual one otherwise. */
  readonly lab?: () => LabOptions;
  /** Is it known by then who calls? By the stage when not given. */
  readonly isVerified?: boolean;
  /** What reaches the token endpoint and the upstream; by the stage when not given. */
  readonly exchanges?: number;
  readonly calls?: number;
  /** Lets go of what the lab holds back. */
  readonly release?: () => void;
}

const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"GetCountry"}}';
const raw = async (lab: TokenLab, text: string) => readRawAnswer(await sendRaw(lab.gateway.port, text));
const bearer = (lab: TokenLab) => `authorization: Bearer ${lab.token()}`;
let made = 0;
/** A token nobody has seen, so that an exchange is needed. */
const freshToken = (lab: TokenLab) => lab.token({ claims: { jti: `AT.${(made += 1)}` } });

const withToken = (changes: TokenChanges | ((lab: TokenLab) => TokenChanges)): Provocation => ({
  send: (lab) => post(lab.gateway.mcpUrl, lab.token(typeof changes === 'function' ? changes(lab) : changes)),
});
const withHeaders = (headers: Record<string, string>, message: string = body): Provocation => ({
  send: (lab) => post(lab.gateway.mcpUrl, lab.token(), message, headers),
});
const withLines = (lines: (lab: TokenLab) => readonly string[], text: string = body): Provocation => ({
  send: (lab) => raw(lab, rawPost(['connection: close', ...lines(lab)], text)),
});
const holder = makeDpopClient();
/** Of a client with a key, to which its token is bound. */
const withHolder = (headers: (lab: TokenLab, token: string) => Record<string, string>): Provocation => ({
  send: (lab) => post(lab.gateway.mcpUrl, undefined, body, headers(lab, lab.token({ claims: { cnf: holder.cnf } }))),
});
/** The token endpoint answers so. */
const exchanging = (status: number, answer: Record<string, unknown>): Provocation => ({
  async send(lab) {
    const usual = lab.issuer.onToken;
    lab.issuer.onToken = (_, response) => sendJson(response, status, answer);
    const response = await post(lab.gateway.mcpUrl, freshToken(lab));
    lab.issuer.onToken = usual;
    return response;
  },
});
/** The issuer answers so when it is asked about a token. */
function asking(respond: NonNullable<Introspecting['respond']>): Provocation {
  return {
    lab: () => ({
      beforeStart: (issuer) => (addIntrospection(issuer).respond = respond),
      server: (given, issuer) => ({ ...given, authenticate: [introspectionEntry(issuer)] }),
    }),
    send: (lab) => post(lab.gateway.mcpUrl, 'opaque-token-of-somebody'),
  };
}
/** Asks for a task as MCP 2026-07-28 does, without knowing the extension. */
function modern(method: string): Provocation {
  const _meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
  const message = { jsonrpc: '2.0', id: 1, method, params: { taskId: 't', _meta } };
  return withHeaders({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method }, JSON.stringify(message));
}
/** The upstream answers so. */
const answering = (respond: NonNullable<LabOptions['respond']>): Provocation => ({
  lab: () => ({ respond }),
  send: (lab) => post(lab.gateway.mcpUrl, lab.token()),
});

const provocations: Partial<Record<ErrorCode, Provocation>> = {
  headers_too_large: withLines(() => [`x-large: ${'x'.repeat(40_000)}`]),
  request_malformed: { send: (lab) => raw(lab, 'GARBAGE\u0001\r\n\r\n') },
  request_timeout: {
    lab: () => ({}),
    async send(lab) {
      const server = await httpServerOf(lab.gateway.port, '/health');
      const answer = sendRaw(lab.gateway.port, 'POST /mcp HTTP/1.1\r\nhost: localhost\r\n', 10_000);
      await once(server, 'connection');
      await sleep(20);
      await endSlowRequests(server);
      return readRawAnswer(await answer);
    },
  },
  draining: draining(),
  route_not_found: { send: (lab) => post(`${lab.gateway.url}/other`, lab.token()) },
  method_not_allowed: {
    send: (lab) =>
      fetch(lab.gateway.mcpUrl, { method: 'PUT', headers: { authorization: `Bearer ${lab.token()}` }, body }),
  },
  host_not_allowed: {
    send: (lab) =>
      raw(lab, rawPost(['connection: close', bearer(lab)], body).replace('host: localhost', 'host: evil.example')),
  },
  origin_not_allowed: withLines((lab) => [bearer(lab), 'origin: https://evil.example']),

  token_missing: withLines(() => []),
  authorization_malformed: withLines((lab) => [bearer(lab), bearer(lab)]),
  token_malformed: { send: (lab) => post(lab.gateway.mcpUrl, 'opaque-token-of-somebody') },
  token_algorithm_refused: withToken({ header: { alg: 'none' } }),
  token_type_refused: withToken({ header: { typ: 'logout+jwt' } }),
  token_key_unknown: withToken({ key: makeSigningKey() }),
  token_signature_invalid: withToken((lab) => ({ key: { ...makeSigningKey(), kid: lab.key.kid } })),
  issuer_mismatch: withToken({ claims: { iss: 'https://evil.example' } }),
  audience_mismatch: withToken({ claims: { aud: 'backend' } }),
  token_expired: withToken({ claims: { exp: 1 } }),
  token_not_yet_valid: withToken({ claims: { nbf: 9_999_999_999 } }),
  token_claim_invalid: withToken({ claims: { sub: 42 } }),
  token_bound: withToken({ claims: { cnf: holder.cnf } }),
  token_not_bound: withHolder((lab) => ({ authorization: `DPoP ${lab.token()}` })),
  dpop_proof_invalid: withHolder((_, token) => ({ authorization: `DPoP ${token}`, dpop: 'x' })),
  dpop_nonce_needed: {
    ...withHolder((lab, token) => holder.headers({ url: lab.gateway.servers[0]?.resourceUrl ?? '', token })),
    lab: () => ({ server: (given) => ({ ...given, dpop: { nonces: true } }) }),
  },
  keys_unavailable: {
    ...withToken({}),
    lab: () => ({
      beforeStart: (issuer) => {
        issuer.onOther = (_, response) => response.writeHead(500).end() !== undefined;
      },
    }),
  },

  token_inactive: asking((_, response) => sendJson(response, 200, { active: false })),
  introspection_undiscovered: {
    lab: () => ({
      server: (given, issuer) => ({ ...given, authenticate: [introspectionEntry(issuer, { url: undefined })] }),
    }),
    send: (lab) => post(lab.gateway.mcpUrl, 'opaque-token-of-somebody'),
  },
  introspection_unavailable: asking((_, response) => sendJson(response, 500, {})),
  introspection_misconfigured: asking((_, response) => sendJson(response, 401, { error: 'invalid_client' })),
  introspection_answer_invalid: asking((_, response) => sendJson(response, 200, { active: 'true' })),

  body_too_large: {
    lab: () => ({ server: (usual) => ({ ...usual, bodyLimitBytes: 1024 }) }),
    send: (lab) => post(lab.gateway.mcpUrl, lab.token(), body.padEnd(1025)),
  },
  body_holds_token: {
    send: (lab) => {
      const callerToken = lab.token();
      return post(lab.gateway.mcpUrl, callerToken, JSON.stringify({ ...JSON.parse(body), id: callerToken }));
    },
  },
  body_not_json: withHeaders({}, '{'),
  body_not_json_rpc: withHeaders({}, '{"jsonrpc":"1.0","id":1,"method":"ping"}'),
  content_type_refused: withHeaders({ 'content-type': 'text/plain' }),

  params_invalid: withHeaders({}, '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["a"]}}'),
  header_mismatch: withHeaders({ 'mcp-method': 'ping' }),

  insufficient_scope: withToken({ claims: { scp: [] } }),
  tool_unknown: {
    lab: () => ({
      server: (given) => ({
        ...given,
        policy: { required: ['mcp:tools:call'], rules: [{ tools: ['Other'], claims: {} }] },
      }),
    }),
    send: (lab) => post(lab.gateway.mcpUrl, lab.token()),
  },
  session_unknown: withHeaders({ 'mcp-session-id': 'somebody-elses' }),
  task_unknown: withHeaders({}, '{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t"}}'),
  rate_limited: {
    lab: () => ({ server: (given) => ({ ...given, rateLimit: { calls: 1 } }) }),
    async send(lab) {
      await (await post(lab.gateway.mcpUrl, lab.token())).text();
      return post(lab.gateway.mcpUrl, lab.token());
    },
    exchanges: 1,
    calls: 1,
  },
  batch_over_limit: {
    lab: () => ({ server: (given) => ({ ...given, rateLimit: { calls: 60, burst: 1 } }) }),
    send: (lab) => post(lab.gateway.mcpUrl, lab.token(), `[${body},${body}]`),
  },
  method_unknown: modern('tasks/result'),
  capability_missing: modern('tasks/get'),

  exchange_subject_refused: exchanging(400, { error: 'invalid_grant' }),
  exchange_step_up: exchanging(400, { error: 'insufficient_user_authentication', acr_values: 'phr' }),
  exchange_denied: exchanging(400, { error: 'access_denied' }),
  exchange_misconfigured: exchanging(401, { error: 'invalid_client' }),
  // Asked once more: it may have been a passing fault.
  exchange_unavailable: { ...exchanging(503, {}), exchanges: 2 },
  exchange_answer_invalid: exchanging(200, {}),
  exchange_user_refused: {
    lab: () => ({
      server: (usual, { tokenUrl: url }) => ({
        ...usual,
        credential: { strategy: 'client-credentials', url, clientId: '0oaGateway', clientSecret: new Secret('shh') },
      }),
    }),
    exchanges: 0,
    send: (lab) => post(lab.gateway.mcpUrl, lab.token()),
  },

  upstream_unreachable: {
    lab: () => ({}),
    calls: 0,
    async send(lab) {
      await lab.upstream[Symbol.asyncDispose]();
      return post(lab.gateway.mcpUrl, lab.token());
    },
  },
  upstream_timeout: {
    lab: () => ({ respond: () => {} }),
    async send(lab) {
      const answer = post(lab.gateway.mcpUrl, lab.token());
      while (lab.upstream.seen.length === 0) await sleep(5);
      await waitUndici(300_000);
      return answer;
    },
  },
  upstream_failed: answering((_, response) => void response.destroy()),
  upstream_refused_credential: answering((_, response) => void response.writeHead(401).end()),
  upstream_redirected: answering((_, response) => void response.writeHead(307, { location: '/other' }).end()),

  audit_unavailable: {
    lab: () => ({}),
    isVerified: false,
    // The call whose record cannot be written: answered before anybody could know.
    exchanges: 1,
    calls: 1,
    async send(lab) {
      const { auditFile, mcpUrl, url } = lab.gateway;
      const ready = async (status: number) => {
        while ((await fetch(`${url}/ready`)).status !== status) await sleep(10);
      };
      await ready(200);
      await rm(auditFile);
      await mkdir(auditFile);
      await (await post(mcpUrl, lab.token())).text();
      await ready(503);
      const response = await post(mcpUrl, lab.token());
      await rmdir(auditFile);
      await ready(200);
      return response;
    },
  },
  internal: {
    // No configuration that passes its checks comes to this.
    lab: () => ({
      server: ({ credential, upstream }) => ({ authenticate: [{ strategy: 'anonymous' }], credential, upstream }),
    }),
    isVerified: true,
    exchanges: 0,
    send: (lab) => post(lab.gateway.mcpUrl, undefined),
  },
};

/** Refusals that nobody is there to be told of, and how they come about. */
const unanswered: Partial<Record<ErrorCode, (lab: TokenLab) => Promise<Socket>>> = {
  async body_incomplete(lab) {
    const socket = connect(lab.gateway.port, '127.0.0.1');
    socket.write(rawPost([bearer(lab)], body).slice(0, -5));
    // By then the other one was read, and the token verified.
    await (await post(lab.gateway.mcpUrl, lab.token(), '[]')).text();
    await sleep(50);
    return socket.resetAndDestroy();
  },
};

/** Refusals that need more around them than a lab has, and where they are provoked. */
const elsewhere: Partial<Record<ErrorCode, string>> = {
  local_token_refused: './borrowed-login.test.ts',
  operator_login_needed: '../flows/operator-login-ends.test.ts',
  workload_down: '../flows/crashing-server.test.ts',
  upstream_full: '../flows/stdio-server.test.ts',
  dpop_proofs_too_many: '../../src/authenticators/dpop/replay-memory.test.ts',
};

/** A call under way keeps the gateway from being gone; a request begun before is what comes too late. */
function draining(): Provocation {
  const held = Promise.withResolvers<void>();
  return {
    lab: () => ({ respond: (_, response) => void held.promise.then(() => sendJson(response, 200, {})) }),
    release: held.resolve,
    exchanges: 1,
    calls: 1,
    async send(lab) {
      void post(lab.gateway.mcpUrl, lab.token());
      while (lab.upstream.seen.length === 0) await sleep(5);
      const text = rawPost([bearer(lab)], body);
      const socket = connect(lab.gateway.port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      await new Promise((resolve) => socket.write(text.slice(0, 40), resolve));
      await (await fetch(`${lab.gateway.url}/health`)).text();
      void lab.gateway.close();
      socket.write(text.slice(40));
      await once(socket, 'close');
      return readRawAnswer(Buffer.concat(chunks).toString('latin1'));
    },
  };
}

/** Where the caller is known, what a stage lets through to the token endpoint and to the upstream. */
const stages = ['listen', 'route', 'authenticate', 'readCall', 'authorize', 'exchange', 'forward'];
const isBehind = (code: ErrorCode, stage: string) => stages.indexOf(errorTable[code].stage) >= stages.indexOf(stage);

const usual = await startTokenLab();
after(() => usual[Symbol.asyncDispose]());

describe('every refusal, as its row in the error table has it', () => {
  for (const [code, provocation] of Object.entries(provocations) as [ErrorCode, Provocation][]) {
    test(`${code} – answer, challenge, record, and who heard of it`, async () => {
      const { lab: options, send, release } = provocation;
      const lab = options === undefined ? usual : await startTokenLab(options());
      const { status, challenge, scheme } = errorTable[code];
      try {
        await assertRefused(lab, () => send(lab), {
          code,
          status,
          challenge: challenge ?? 'absent',
          scheme,
          isVerified: provocation.isVerified ?? isBehind(code, 'readCall'),
          exchanges: provocation.exchanges ?? (isBehind(code, 'exchange') ? 1 : 0),
          calls: provocation.calls ?? (isBehind(code, 'forward') ? 1 : 0),
        });
      } finally {
        release?.();
        if (lab !== usual) await lab[Symbol.asyncDispose]();
      }
    });
  }

  for (const [code, provoke] of Object.entries(unanswered)) {
    test(`${code} – nobody left to answer: on record, nobody else heard of it`, async () => {
      await using lab = await startTokenLab();
      await provoke(lab);
      let found;
      for (let attempt = 0; attempt < 50 && found === undefined; attempt += 1) {
        found = (await lab.gateway.records()).find((record) => record.code === code);
      }
      assert.equal(found?.decision, 'refused');
      assert.equal(found.status, 0);
      assert.equal(lab.upstream.seen.length + lab.issuer.count('/oauth2/as1/v1/token'), 0);
    });
  }

  test('the error table – every row with a status – has a way to be provoked here', () => {
    const rows = Object.entries(errorTable).filter(([, { status }]) => status > 0);
    const missing = rows
      .map(([code]) => code)
      .filter((code) => !(code in provocations) && !(code in unanswered) && !(code in elsewhere));
    assert.deepEqual(missing, [], 'add an entry to the table above');
    for (const [code, file] of Object.entries(elsewhere))
      assert.ok(readFileSync(new URL(file, import.meta.url), 'utf8').includes(code), `${file} provokes ${code}`);
  });
});
