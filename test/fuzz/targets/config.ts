import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import { UsherError } from '../../../src/model/usher-error.ts';
import type { Target } from '../target.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'usher.yaml');

/** A configuration that lets nobody in who was not meant, or a report that names the file with each problem. */
export function check(bytes: Buffer): Config | undefined {
  writeFileSync(file, bytes, { mode: 0o600 });
  let config: Config;
  try {
    ({ config } = loadConfig({ file, flags: [], environment: {} }));
  } catch (error) {
    if (!(error instanceof UsherError)) throw error;
    assert.equal(error.code, 'config_invalid');
    // Where the line is still the setting it was: as part of a key that nobody knows it is quoted like any other.
    const text = bytes.toString('latin1');
    const isSetting = text.startsWith('listen: {') && /^ {6}clientSecret: s3cr3t-value$/m.test(text);
    assert.ok(!isSetting || !error.message.includes('s3cr3t-value'), 'the report quotes a secret');
    assert.ok(error.message.split('\n').length > 1, error.message);
    return undefined;
  }
  const servers = Object.values(config.servers);
  assert.ok(servers.length > 0);
  for (const { authenticate, path } of servers) {
    assert.match(path, /^\//);
    for (const one of authenticate) if (one.strategy === 'jwt') assert.ok(one.audience.length > 0 && one.issuer !== '');
    if (!bytes.includes('anonymous')) assert.ok(authenticate.every(({ strategy }) => strategy === 'jwt'));
  }
  assert.ok(!JSON.stringify(config).includes('s3cr3t-value'));
  assert.ok(Object.isFrozen(config.servers));
  return config;
}

const good = `listen: { port: 8000 }
servers:
  apollo:
    path: /mcp
    authenticate:
      - { issuer: https://issuer.example/oauth2/as1, audience: mcpserver }
    policy: { required: [mcp:tools:call] }
    credential:
      strategy: token-exchange
      url: https://issuer.example/token
      clientId: gateway
      clientSecret: s3cr3t-value
      audience: backend
    upstream: { url: http://127.0.0.1:8001/mcp }
`;

export const target: Target = {
  seeds: [
    good,
    good.replace('policy:', 'policy: &p').replace('upstream: {', 'upstream: { <<: *p,'),
    'servers: { a: { authenticate: [{ strategy: anonymous }], upstream: { url: http://127.0.0.1:1/ } } }',
    'servers: { __proto__: { path: / } }\n',
    'a: &a [*a]\n',
    '{"servers":{}}',
  ],
  fuzz: (bytes) => void check(bytes),
};
