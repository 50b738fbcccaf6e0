import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertRefused, type Expected } from '../kit/assert-refused.ts';
import { post, toolCall } from '../kit/call.ts';
import { rawPost, readRawAnswer, sendRaw } from '../kit/send-raw.ts';
import { startTokenLab } from '../kit/start-token-lab.ts';

/** Good tokens that are not where they should be, and requests without one. */
const lab = await startTokenLab();
after(() => lab[Symbol.asyncDispose]());
const { port, mcpUrl } = lab.gateway;
const body = JSON.stringify(toolCall());
const good = lab.token();
const other = lab.token({ claims: { sub: 'bob@example.com' } });

const missing: Expected = { code: 'token_missing', challenge: 'none', secrets: [good] };
const malformed: Expected = {
  code: 'authorization_malformed',
  status: 400,
  challenge: 'invalid_request',
  secrets: [good, other],
};

async function raw(lines: readonly string[]): Promise<Response> {
  return readRawAnswer(await sendRaw(port, rawPost(['connection: close', ...lines], body)));
}

describe('no bearer token', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['no Authorization header', []],
    ['an empty Authorization header', ['authorization:']],
    ['Bearer and nothing', ['authorization: Bearer']],
    ['Bearer and blanks', ['authorization: Bearer    ']],
    ['Basic credentials', ['authorization: Basic YWxpY2U6c2VjcmV0']],
    ['Basic with a good token', [`authorization: Basic ${good}`]],
    ['a good token without a scheme', [`authorization: ${good}`]],
    ['Bearer glued to a good token', [`authorization: Bearer${good}`]],
    ['Bearer: with a colon', [`authorization: Bearer: ${good}`]],
    ['a good token in Proxy-Authorization', [`proxy-authorization: Bearer ${good}`]],
    ['a good token in a cookie', [`cookie: access_token=${good}; token=${good}`]],
    ['a good token in X-Forwarded-Access-Token', [`x-forwarded-access-token: ${good}`]],
    ['a good token in X-Authorization', [`x-authorization: Bearer ${good}`]],
    ['a good token in authorization_', [`authorization_: Bearer ${good}`]],
  ];
  for (const [name, lines] of rows) {
    test(`${name} – 401 with a challenge that names no error`, async () => {
      await assertRefused(lab, () => raw(lines), missing);
    });
  }
  test('a good token in the body as a form – 401', async () => {
    const form = () =>
      fetch(mcpUrl, { method: 'POST', body: new URLSearchParams({ access_token: good, grant_type: 'x' }) });
    await assertRefused(lab, form, missing);
  });
  for (const method of ['GET', 'DELETE']) {
    test(`${method} without a token – 401`, async () => {
      await assertRefused(lab, () => fetch(mcpUrl, { method }), missing);
    });
  }
  test('a long body that comes slowly – 401 before it is read, and the connection ends', async () => {
    const head = rawPost([], body).replace(/content-length: \d+/, 'content-length: 1000000');
    const startedAtMs = performance.now();
    const answer = await sendRaw(port, head, 5_000);
    assert.match(answer, /^HTTP\/1\.1 401 /);
    assert.match(answer, /connection: close/i);
    assert.ok(performance.now() - startedAtMs < 4_000);
  });
});

describe('one credential, in one place', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['the same token in two headers', [`authorization: Bearer ${good}`, `authorization: Bearer ${good}`]],
    ["two users' tokens in two headers", [`authorization: Bearer ${good}`, `Authorization: Bearer ${other}`]],
    ['a token and an empty header', [`authorization: Bearer ${good}`, 'authorization:']],
    ['Basic and a token in two headers', ['authorization: Basic YWJj', `authorization: Bearer ${good}`]],
    ["two users' tokens joined by a comma", [`authorization: Bearer ${good}, Bearer ${other}`]],
    ["two users' tokens joined by a comma alone", [`authorization: Bearer ${good},${other}`]],
    ['two tokens with a blank between', [`authorization: Bearer ${good} ${other}`]],
    ['a token and Basic with a tab between', [`authorization: Bearer ${good}\tBasic`]],
  ];
  for (const [name, lines] of rows) {
    test(`${name} – 400 invalid_request`, async () => {
      await assertRefused(lab, () => raw(lines), malformed);
    });
  }
});

describe('the token in a header that goes on, beside its own', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['a parameter of a tool', `mcp-param-token: ${good}`],
    ['baggage', `baggage: who=alice,token=${good}`],
    ['a trace', `tracestate: usher=${good}`],
    ['the name of a tool, with words around', `mcp-name: Bearer ${good}`],
  ];
  for (const [name, line] of rows) {
    test(`${name} – refused with 400, and goes nowhere`, async () => {
      await assertRefused(lab, () => raw([`authorization: Bearer ${good}`, line]), malformed);
    });
  }

  test('in a header that stays behind – is not looked at', async () => {
    const response = await raw([`authorization: Bearer ${good}`, `x-forwarded-access-token: ${good}`]);
    assert.equal(response.status, 200);
    assert.ok(!JSON.stringify(lab.upstream.seen.at(-1)?.headers).includes(good));
  });
});

describe('a token in the URL', () => {
  const inQuery = (query: string, token?: string) => () => post(`${mcpUrl}?${query}`, token);
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ['alone', `access_token=${good}`, undefined],
    ['behind another parameter', `a=b&access_token=${good}`, undefined],
    ['in upper case', `ACCESS_TOKEN=${good}`, undefined],
    ['with a letter of its name encoded', `access%5Ftoken=${good}`, undefined],
    ['beside the same in the header', `access_token=${good}`, good],
    ['beside another in the header', `access_token=${other}`, good],
    ['under another name, the same as in the header', `jwt=${good}`, good],
    ['encoded, the same as in the header', `jwt=${good.replaceAll('.', '%2E')}`, good],
  ];
  for (const [name, query, token] of rows) {
    test(`${name} – 400 invalid_request, and it goes nowhere`, async () => {
      await assertRefused(lab, inQuery(query, token), malformed);
    });
  }
  test('a query without a token beside a good header – forwarded', async () => {
    assert.equal((await post(`${mcpUrl}?session=1&access=token`, good)).status, 200);
    assert.equal(lab.upstream.seen.at(-1)?.url, '/mcp?session=1&access=token');
  });
});

describe('what passes', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR']) {
    test(`scheme ${scheme} – taken, schemes have no case`, async () => {
      assert.equal((await raw([`authorization: ${scheme} ${good}`])).status, 200);
    });
  }
  test('AUTHORIZATION as header name and blanks around the token – taken', async () => {
    assert.equal((await raw([`AUTHORIZATION:  Bearer   ${good}  `])).status, 200);
  });
});

describe('the token in the body, beside its own header', () => {
  test('in an argument of a tool – refused with 400, and goes nowhere', async () => {
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'GetCountry', arguments: { code: 'CZ', authorization: `Bearer ${good}` } },
    });
    await assertRefused(
      lab,
      async () =>
        readRawAnswer(await sendRaw(port, rawPost([`authorization: Bearer ${good}`, 'connection: close'], text))),
      { code: 'body_holds_token', status: 400, challenge: 'absent', isVerified: true, secrets: [good] },
    );
  });
});

describe('one connection', () => {
  const withToken = rawPost([`authorization: Bearer ${good}`], body);
  const without = rawPost(['connection: close'], body);

  test('a second request without a token on a connection that had a good one – 401', async () => {
    const before = lab.upstream.seen.length;
    const answers = await sendRaw(port, withToken + without);
    assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 401']);
    assert.equal(lab.upstream.seen.length, before + 1);
  });

  test('another user on the same connection – their own token goes upstream', async () => {
    const before = lab.upstream.seen.length;
    const second = rawPost(['connection: close', `authorization: Bearer ${other}`], body);
    await sendRaw(port, withToken + second);
    const subjects = lab.upstream.seen.slice(before).map((one) => {
      const claims = one.headers.authorization?.split('.')[1] ?? '';
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string }).sub;
    });
    assert.deepEqual(subjects, ['alice@example.com', 'bob@example.com']);
  });
});

describe('a token of a megabyte', () => {
  test('sent – 431, on record without the token, and the gateway stays up', async () => {
    const token = `${good}${'A'.repeat(1024 * 1024)}`;
    const response = readRawAnswer(
      await sendRaw(port, rawPost([`authorization: Bearer ${token}`, 'connection: close'], body)),
    );
    assert.equal(response.status, 431);
    const answer = (await response.json()) as { error: { message: string; data: { code: string; id: string } } };
    assert.equal(answer.error.data.code, 'headers_too_large');
    const record = await lab.record(answer.error.data.id);
    assert.equal(record.code, 'headers_too_large');
    assert.ok(JSON.stringify(record).length < 1000);
    assert.equal((await post(mcpUrl, good)).status, 200);
  });
  test('just below the limit of headers – 401 like any other bad token', async () => {
    const token = `${good}${'A'.repeat(28 * 1024)}`;
    await assertRefused(lab, () => post(mcpUrl, token), {
      code: 'token_signature_invalid',
      secrets: [good],
    });
  });
});

describe('the challenge', () => {
  test('a foreign X-Forwarded-Host – addresses in the challenge are those of the configuration', async () => {
    const { headers } = await assertRefused(
      lab,
      () => raw(['x-forwarded-host: evil.example', 'forwarded: host=evil.example', 'x-forwarded-proto: https']),
      missing,
    );
    assert.doesNotMatch(headers.get('www-authenticate') ?? '', /evil/);
  });
});
