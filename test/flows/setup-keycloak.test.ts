import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../kit/config-input.ts';
import { runUsher } from '../kit/run-usher.ts';

test('usher setup keycloak – options that are missing or wrong – all of them at once, exit code 2', async (context) => {
  const args = ['--url', 'http://id.example.com', '--client-id', 'mcpserver', '--oidc-scopes', 'two scopes'];
  const more = ['--redirect-uris', 'nowhere', '--port', 'many'];
  const { code, stderr } = await runUsher(context, ['setup', 'keycloak', ...args, ...more]);
  assert.equal(code, 2);
  for (const says of [
    /--url: is "http:\/\/id.example.com", expected an https URL, or http on this machine/,
    /--realm: is missing/,
    /--admin-password-file: is missing; .*USHER_KEYCLOAK_ADMIN_PASSWORD/,
    /--oidc-scopes: is "two scopes", expected letters/,
    /--redirect-uris: has "nowhere"/,
    /--token-exchange-client-id: has to be another client/,
    /--port: is "many"/,
    /--yes: is missing/,
  ])
    assert.match(stderr, says);
});

test('usher setup keycloak – a password file that is not there or empty – says so', async (context) => {
  const folder = makeFolder(context);
  const empty = join(folder, 'empty.txt');
  await writeFile(empty, '\n');
  for (const file of [empty, join(folder, 'nowhere.txt')]) {
    const args = ['--url', 'https://id.example.com', '--realm', 'mcp', '--dry-run', '--admin-password-file', file];
    const { code, stderr } = await runUsher(context, ['setup', 'keycloak', ...args]);
    assert.equal(code, 2);
    assert.match(stderr, /--admin-password-file: /);
  }
});
