import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorTable } from '../model/errors.ts';
import { fail } from '../model/usher-error.ts';
import type { Facts } from './cause.ts';
import { causes, diagnoseFacts } from './diagnose-facts.ts';

const idOf = (code: ErrorCode | undefined, details: Facts['details'], more: Partial<Facts> = {}) =>
  diagnoseFacts({ code, details, ...more })?.id;

test('causes – ids – are kebab-case, and each code has a row that takes what no other takes', () => {
  for (const { id } of causes) assert.match(id, /^[a-z]+(-[a-z]+)*$/);
  for (const code of new Set(causes.map((row) => row.code))) {
    if (code === 'none') continue;
    assert.ok(
      causes.findLast((row) => row.code === code)?.fits === undefined,
      `${code} needs a last row that fits anything`,
    );
  }
});

test('diagnoseFacts – every refusal there is – a cause and a fix in whole sentences', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const diagnosis = diagnoseFacts({ code, details: {} });
    assert.match(diagnosis?.cause ?? '', /\S.*[.)]$/, code);
    assert.match(diagnosis?.fix ?? '', /\S/, code);
  }
});

const issuer = 'https://example.okta.com/oauth2/aus1';
const issuers = (found: string) => ({ found: JSON.stringify(found), expected: JSON.stringify(issuer) });

for (const [id, found] of [
  ['issuer-trailing-slash', `${issuer}/`],
  ['issuer-scheme', 'http://example.okta.com/oauth2/aus1'],
  ['issuer-other-server', 'https://example.okta.com/oauth2/default'],
  ['issuer-foreign', 'https://evil.example/oauth2/aus1'],
] as const) {
  test(`diagnoseFacts – issuer ${found} – ${id}`, () => {
    assert.equal(idOf('issuer_mismatch', issuers(found)), id);
  });
}

const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const ofEntra = `https://login.microsoftonline.com/${tenant}/v2.0`;

for (const [id, found, expected] of [
  ['issuer-token-version', `https://sts.windows.net/${tenant}/`, ofEntra],
  ['issuer-token-version', ofEntra, `https://sts.windows.net/${tenant}/`],
  ['issuer-tenant-name', ofEntra, 'https://login.microsoftonline.com/common/v2.0'],
  ['issuer-tenant-name', ofEntra, 'https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0'],
  ['issuer-tenant-name', ofEntra.replace(tenant, '{tenantid}'), 'https://login.microsoftonline.com/organizations/v2.0'],
  ['issuer-other-server', ofEntra.replace('72f988bf', '00000000'), ofEntra],
  ['issuer-trailing-slash', `${ofEntra}/`, ofEntra],
] as const) {
  test(`diagnoseFacts – Entra, issuer ${found} where ${expected} is expected – ${id}`, () => {
    const details = { found: JSON.stringify(found), expected: JSON.stringify(expected) };
    assert.equal(idOf('issuer_mismatch', details), id);
  });
}

for (const [id, found, expected] of [
  ['audience-application-id', `api://${tenant}`, tenant],
  ['audience-application-id', tenant, `api://${tenant}`],
  ['audience-other-service', tenant, 'api://another'],
  ['audience-other-service', 'api://mcp', 'mcp'],
] as const) {
  test(`diagnoseFacts – Entra, audience ${found} where ${expected} is expected – ${id}`, () => {
    const details = { found: JSON.stringify(found), expected: JSON.stringify(expected) };
    assert.equal(idOf('audience_mismatch', details, { caller: { aud: found, scp: ['x'] } }), id);
  });
}

for (const code of ['issuer_mismatch', 'audience_mismatch', 'token_signature_invalid'] as const) {
  test(`diagnoseFacts – a token for Microsoft Graph, ${code} – named so, and no forgery`, () => {
    for (const aud of ['00000003-0000-0000-c000-000000000000', 'https://graph.microsoft.com'])
      assert.equal(idOf(code, {}, { caller: { aud, scp: ['User.Read'] } }), 'token-of-graph');
    assert.notEqual(idOf(code, {}, { caller: { aud: tenant, scp: ['User.Read'] } }), 'token-of-graph');
  });
}

test('diagnoseFacts – another audience – an ID token is told from a token for another service', () => {
  const details = { found: '"demo"', expected: '"mcpserver"' };
  assert.equal(idOf('audience_mismatch', details, { caller: { aud: 'demo', sub: 'a' } }), 'id-token-sent');
  assert.equal(
    idOf('audience_mismatch', details, { caller: { aud: 'demo', scp: ['x'], clientId: 'demo' } }),
    'audience-other-service',
  );
});

test("diagnoseFacts – what a provider is known to say – its catalogue's cause and fix, with the source", () => {
  const url = `${issuer}/v1/token`;
  const { details, code } = fail('exchange_misconfigured', {
    url,
    status: 400,
    error: 'unauthorized_client',
    description: 'The client is not authorized to use the provided grant type. Configured grant types: [x].',
  });
  const diagnosis = diagnoseFacts({ code, details });
  assert.equal(diagnosis?.id, 'okta-grant-not-ticked');
  assert.equal(diagnosis?.provider, 'Okta');
  assert.match(diagnosis?.source ?? '', /^https:/);
});

test('diagnoseFacts – words nobody knows – a row of our own', () => {
  const details = {
    url: 'https://idp.example/token',
    status: 404,
    error: '(no error code)',
    description: '(no description)',
  };
  assert.equal(idOf('exchange_misconfigured', details), 'token-endpoint-wrong');
});

for (const [id, words] of [
  ['server-wants-other-issuer', 'invalid_token: its issuer is not trusted here'],
  ['server-wants-other-audience', 'invalid_token: its audience is not "api"'],
  ['server-refuses-token', 'it does not say why'],
] as const) {
  test(`diagnoseFacts – a server behind that says ${words} – ${id}`, () => {
    assert.equal(idOf('upstream_refused_credential', { target: 'http://127.0.0.1/mcp', words }), id);
  });
}

test('diagnoseFacts – a code of a later version – nothing, rather than an error', () => {
  const later: string = 'something_new';
  assert.equal(diagnoseFacts({ code: later as ErrorCode, details: {} }), undefined);
});

test('diagnoseFacts – a call that went through – nothing, or what the status of the server behind says', () => {
  assert.equal(idOf(undefined, {}, { upstreamStatus: 200 }), undefined);
  assert.equal(idOf(undefined, {}, { upstreamStatus: 403 }), 'server-forbids');
});

test('diagnoseFacts – a call beyond a limit, or a batch that always is – named, with whom and what to raise', () => {
  const details = {
    limit: '60 calls in 60 s per user',
    setting: 'rateLimit.rules[0]',
    whom: 'user "alice" of https://i',
    seconds: 3,
  };
  const found = diagnoseFacts({ code: 'rate_limited', details });
  assert.equal(found?.id, 'rate-limit');
  assert.equal(found.who, 'operator');
  assert.match(
    found.cause,
    /than rateLimit\.rules\[0\] allows, which is 60 calls in 60 s per user; counted together: user "alice"/,
  );
  const batch = diagnoseFacts({ code: 'batch_over_limit', details: { limit: 'x', count: 9, most: 5 } });
  assert.equal(batch?.id, 'batch-over-limit');
  assert.match(batch.cause, /9 calls, and x lets 5 through/);
});

test('diagnoseFacts – a refusal of another credential than an exchange – the fix names its own flags', () => {
  const details = {
    url: 'https://login.microsoftonline.com/t/oauth2/v2.0/token',
    status: 401,
    error: 'invalid_client',
    description: '(no description)',
  };
  const fixOf = (credential?: string) =>
    diagnoseFacts({ code: 'exchange_misconfigured', details, credential })?.fix ?? '';
  assert.match(fixOf(), /--token-exchange-client/);
  assert.match(fixOf('entra-obo'), /--entra-obo-client/);
  assert.doesNotMatch(fixOf('entra-obo'), /token-exchange/);
});
