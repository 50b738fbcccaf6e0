import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { post } from '../kit/call.ts';
import { runUsher } from '../kit/run-usher.ts';
import { sendJson } from '../kit/start-http-server.ts';
import { startTokenLab, type TokenLab } from '../kit/start-token-lab.ts';

/** A caller quotes the id of a refusal, the operator asks for it. */
describe('usher explain', () => {
  let lab: TokenLab;
  before(async () => {
    lab = await startTokenLab();
  });
  after(() => lab[Symbol.asyncDispose]());

  const idOf = async (response: Response) => {
    const body = (await response.json()) as { error: { data: { id: string } } };
    const { id } = body.error.data;
    await lab.record(id);
    return id;
  };

  test('an id out of a challenge – stages, found and expected, cause and fix; no token', async (context) => {
    const token = lab.token({ claims: { iss: `${lab.issuer.issuer}/` } });
    const response = await post(lab.gateway.mcpUrl, token);
    const id = /request_id="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1] ?? '';
    await lab.record(id);
    const { code, stdout, stderr } = await runUsher(context, ['explain', id, '--audit-file', lab.gateway.auditFile]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Refused at authenticate, status 401, issuer_mismatch$/m);
    assert.match(stdout, /✔ route +POST \/mcp, server/);
    assert.match(stdout, /✘ authenticate +refused: Cannot accept the token/);
    assert.match(stdout, /· exchange +not reached/);
    assert.match(stdout, /iss {2}found +"http.*\/"\n +expected +"http.*[^/]"/);
    assert.match(stdout, /\[issuer-trailing-slash\]/);
    for (const part of token.split('.')) assert.ok(!stdout.includes(part));
  });

  test("a refused exchange – the provider's own words without secrets, as JSON", async (context) => {
    const usual = lab.issuer.onToken;
    const token = lab.token({ claims: { jti: 'AT.explain' } });
    lab.issuer.onToken = (_, response) =>
      sendJson(response, 400, {
        error: 'invalid_scope',
        error_description: `One or more scopes are not configured; gateway-secret ${token}`,
      });
    const id = await idOf(await post(lab.gateway.mcpUrl, token));
    lab.issuer.onToken = usual;
    const { stdout } = await runUsher(context, ['explain', id, '--audit-file', lab.gateway.auditFile, '--json']);
    const [explained] = JSON.parse(stdout);
    assert.equal(explained.record.id, id);
    assert.equal(explained.answer.error, 'invalid_scope');
    assert.equal(explained.answer.description, 'One or more scopes are not configured; [removed] [removed]');
    assert.equal(explained.diagnosis.who, 'provider');
    assert.equal(explained.stages.find(({ stage }: { stage: string }) => stage === 'exchange').result, 'failed');
  });

  test('an allowed call, by the configuration that names the trail – both tokens, fresh, and nothing wrong', async (context) => {
    const token = lab.token({ claims: { jti: 'AT.allowed' } });
    assert.equal((await post(lab.gateway.mcpUrl, token)).status, 200);
    const record = (await lab.gateway.records()).find(({ caller }) => caller?.jti === 'AT.allowed');
    const config = join(dirname(lab.gateway.auditFile), 'usher.yaml');
    await writeFile(
      config,
      'audit: { file: audit.jsonl }\nservers:\n  a:\n    authenticate: [{ strategy: anonymous }]\n    upstream: { url: http://127.0.0.1:1/mcp }\n',
    );
    const { code, stdout, stderr } = await runUsher(context, ['explain', record?.id ?? '', '-f', config]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Allowed, status 200$/m);
    assert.match(stdout, /✔ exchange +token-exchange: .*fresh from the provider/);
    assert.match(stdout, /Nothing is wrong as far as the gateway sees/);
  });

  test('an id that is not there – exit 1 and where else it may be', async (context) => {
    const { code, stderr } = await runUsher(context, ['explain', 'nobody', '--audit-file', lab.gateway.auditFile]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot explain nobody: it is not in .*audit\.jsonl/);
  });

  for (const [name, args, pattern] of [
    [
      'no id and no trail',
      [],
      /ID: is missing[\s\S]*--audit-file: is missing|--audit-file: is missing[\s\S]*ID: is missing/,
    ],
    [
      'a file that is not there',
      ['a', '--audit-file', '/nowhere/audit.jsonl'],
      /is "\/nowhere\/audit\.jsonl", which cannot be read/,
    ],
    ['two ids', ['a', 'b', '--audit-file', 'x'], /expected one ID/],
    ['an id that cannot be one', ['{"a":1}', '--audit-file', 'x'], /ID: is/],
  ] as const) {
    test(`${name} – exit 2 and what is wanted`, async (context) => {
      const { code, stderr } = await runUsher(context, ['explain', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, pattern);
    });
  }
});
